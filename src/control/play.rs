//! L3 · a render while it runs: the clock on a thread of its own, the plugins' main-thread work here.
//!
//! Threads: main polls and restarts the plugins (their timers and messages live there); a second thread steps the clock.
//! The schedule is a value that moves between the two. Invariant: the clock stands while it does not hold the schedule; a
//! plugin that asks for a restart is restarted before the next block.

use super::{chain::Chain, offline::Progress, render_error::RenderError};
use crate::{
    audio_io::{OfflineRun, Realigned, RenderSummary, Step},
    engine::Schedule,
    model::ParamPoint,
    plugin::{Notice, Tail},
};
use std::{
    sync::{
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

/// How often the plugins' main-thread work is done while the clock runs.
const POLL: Duration = Duration::from_millis(4);
/// A plugin that asks for more restarts than this during one render is played on as it is.
const MOST_RESTARTS: usize = 16;

/// What main asks of the clock's thread.
enum Ask {
    /// Plugins turned parameters themselves; what was turned together is heard together.
    Params(Vec<(usize, ParamPoint)>),
    /// Lend me the schedule.
    Pause,
}

/// What the clock's thread tells main.
enum News {
    /// The schedule, because it was asked for or a plugin asks for a restart.
    Lent(Box<Schedule>),
    /// How long is the tail now?
    Tail,
    /// It is over.
    Finished,
}

/// What main answers.
enum Answer {
    /// The schedule, and what became of the nodes if latencies changed.
    Schedule(Box<Schedule>, Vec<Realigned>),
    /// The tail.
    Tail(Tail),
}

/// `[main]` Runs the clock until the end. Plugins of `strict` nodes must have done their work before an output appears.
pub(super) fn play(
    chain: &mut Chain,
    schedule: Schedule,
    run: OfflineRun,
    strict: &[(usize, String)],
    tell: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> (Schedule, Result<RenderSummary, RenderError>) {
    let (ask, asked) = mpsc::channel();
    let (news, heard) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let (done, total, tired) = (AtomicU64::new(0), AtomicU64::new(u64::MAX), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let clock = scope.spawn(|| {
            let over = news.clone();
            let clock = Clock { asked, news, answers, done: &done, total: &total, tired: &tired, strict, cancel };
            let result = clock.run(schedule, run);
            let _ = over.send(News::Finished);
            result
        });
        let mut desk = Desk { chain, ask, heard: &heard, answer, restarts: 0, tired: &tired };
        loop {
            match heard.recv_timeout(POLL) {
                Ok(News::Lent(schedule)) => desk.attend(Some(schedule)),
                Ok(News::Tail) => {
                    let _ = desk.answer.send(Answer::Tail(desk.chain.ask_tail()));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let total = Some(total.load(Relaxed)).filter(|total| *total != u64::MAX);
                    tell(Progress { done: done.load(Relaxed), total });
                    desk.attend(None);
                }
                Ok(News::Finished) | Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        // The clock does not wait for an answer any more.
        drop(desk);
        match clock.join() {
            Ok(result) => result,
            // The schedule went down with the thread; there is nothing to give back.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Main's side of the conversation.
struct Desk<'a> {
    chain: &'a mut Chain,
    ask: mpsc::Sender<Ask>,
    heard: &'a mpsc::Receiver<News>,
    answer: mpsc::Sender<Answer>,
    restarts: usize,
    tired: &'a AtomicBool,
}

impl Desk<'_> {
    /// The plugins' main-thread work, once. A schedule that was lent goes back.
    fn attend(&mut self, mut lent: Option<Box<Schedule>>) {
        let (mut restart, mut edits) = (Vec::new(), Vec::new());
        for (at, member) in self.chain.members.iter_mut().enumerate() {
            for notice in member.controller.poll() {
                match notice {
                    Notice::Edited(param, value) => {
                        edits.push((member.node, ParamPoint { param, offset: 0, value }));
                    }
                    Notice::Restart(_) => restart.push(at),
                    Notice::Misbehaved(what) => {
                        tracing::debug!(plugin = %member.controller.plugin().name, %what, "misbehaved")
                    }
                    _ => {}
                }
            }
        }
        if !edits.is_empty() {
            let _ = self.ask.send(Ask::Params(edits));
        }
        if !restart.is_empty() {
            self.restarts += 1;
            if self.restarts == MOST_RESTARTS + 1 {
                let warning = "a plugin asks to be restarted again and again; it is played on as it is";
                self.chain.warnings.push(warning.to_owned());
                self.tired.store(true, Relaxed);
            }
            if self.restarts <= MOST_RESTARTS {
                lent = lent.or_else(|| self.borrow());
            } else {
                restart.clear();
            }
        }
        let Some(mut schedule) = lent else { return };
        let nodes = self.chain.restart_all(&restart, &mut schedule);
        let _ = self.answer.send(Answer::Schedule(schedule, nodes));
    }

    /// Asks for the schedule. The clock may be at its end and not listen any more: then there is nothing to restart.
    fn borrow(&mut self) -> Option<Box<Schedule>> {
        self.ask.send(Ask::Pause).ok()?;
        loop {
            match self.heard.recv().ok()? {
                News::Lent(schedule) => return Some(schedule),
                News::Tail => {
                    let _ = self.answer.send(Answer::Tail(self.chain.ask_tail()));
                }
                News::Finished => return None,
            }
        }
    }
}

/// The clock's side of the conversation.
struct Clock<'a> {
    asked: mpsc::Receiver<Ask>,
    news: mpsc::Sender<News>,
    answers: mpsc::Receiver<Answer>,
    done: &'a AtomicU64,
    total: &'a AtomicU64,
    /// Restarts are not asked for any more.
    tired: &'a AtomicBool,
    strict: &'a [(usize, String)],
    cancel: &'a AtomicBool,
}

impl Clock<'_> {
    fn run(self, mut schedule: Schedule, mut run: OfflineRun) -> (Schedule, Result<RenderSummary, RenderError>) {
        loop {
            let mut lend = schedule.wants_restart() && !self.tired.load(Relaxed);
            match self.asked.try_recv() {
                Ok(Ask::Params(edits)) => {
                    for (node, point) in edits {
                        schedule.queue_param(node, point);
                    }
                }
                Ok(Ask::Pause) => lend = true,
                Err(_) => {}
            }
            if lend {
                schedule = match self.lend(schedule, &mut run) {
                    Ok(schedule) => schedule,
                    Err(own) => return (own, Err(RenderError::Internal)),
                };
            }
            if self.cancel.load(Relaxed) {
                return (schedule, Err(RenderError::Cancelled));
            }
            match run.step(&mut schedule) {
                Ok(Step::Working { done, total }) => {
                    self.done.store(done, Relaxed);
                    self.total.store(total.unwrap_or(u64::MAX), Relaxed);
                }
                Ok(Step::AskTail) => {
                    if self.news.send(News::Tail).is_ok()
                        && let Ok(Answer::Tail(tail)) = self.answers.recv()
                    {
                        run.answer_tail(tail);
                    }
                }
                Ok(Step::Finished) => {
                    let result = match self.failed(&schedule) {
                        Some(error) => Err(error),
                        None => run.finish().map_err(RenderError::from),
                    };
                    return (schedule, result);
                }
                Err(error) => return (schedule, Err(error.into())),
            }
        }
    }

    fn lend(&self, schedule: Schedule, run: &mut OfflineRun) -> Result<Schedule, Schedule> {
        if let Err(mpsc::SendError(news)) = self.news.send(News::Lent(Box::new(schedule))) {
            match news {
                News::Lent(own) => return Err(*own),
                News::Tail | News::Finished => unreachable!("what was sent comes back"),
            }
        }
        match self.answers.recv() {
            Ok(Answer::Schedule(own, nodes)) => {
                if !nodes.is_empty() {
                    run.realign(&*own, &nodes);
                }
                Ok(*own)
            }
            // Main is gone: it panicked, and the schedule with it.
            Ok(Answer::Tail(_)) | Err(mpsc::RecvError) => panic!("the main thread did not give the schedule back"),
        }
    }

    /// The first plugin whose work is not in the output.
    fn failed(&self, schedule: &Schedule) -> Option<RenderError> {
        self.strict.iter().find_map(|(node, name)| {
            let stats = schedule.node_stats(*node);
            let what = if stats.bypassed {
                "went on putting out values that are no numbers, and was taken out of the line"
            } else if stats.failed > 0 && stats.failed == stats.blocks {
                "failed in every block"
            } else {
                return None;
            };
            Some(RenderError::Failed { plugin: name.clone(), what })
        })
    }
}
