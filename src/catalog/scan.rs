//! Examines modules, several side by side, and gives each a verdict.
//!
//! Thread: the caller's thread tells the news and collects; workers each wait for one child. Invariant: every module gets
//! exactly one verdict, unless the scan is cancelled; a module is marked on disk before its code runs.
//! Deliberately absent: which modules need a verdict (open).

use super::{
    cache::Entry,
    card::{Module, State},
    child::{self, Bounds, Ending, Outcome},
    fingerprint::Fingerprint,
    header::{self, Fault, Target},
    marks::Marks,
    moduleinfo::{self, Hint},
    options::{Options, Progress},
    text,
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Instant,
};

/// A module to be examined.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub module: PathBuf,
    pub binary: PathBuf,
}

enum News {
    Started(PathBuf),
    Ended(PathBuf, Box<Entry>),
}

/// `[any]` Examines all of `tasks`; `keep` is called with each verdict as it comes. The error is `None` when the scan was
/// cancelled, and otherwise why marks could not be written, which stopped nothing.
pub(super) fn run(
    tasks: &[Task],
    options: &Options,
    marks: Option<&Marks>,
    tell: &mut dyn FnMut(Progress),
    keep: &mut dyn FnMut(PathBuf, Entry),
) -> Result<(), Option<std::io::Error>> {
    let next = AtomicUsize::new(0);
    let trouble = Mutex::new(None);
    tell(Progress::Started { modules: tasks.len() });
    std::thread::scope(|scope| {
        let (sender, news) = mpsc::channel();
        for _ in 0..options.jobs.clamp(1, tasks.len().max(1)) {
            let sender = sender.clone();
            let (next, trouble) = (&next, &trouble);
            scope.spawn(move || {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if options.cancel.load(Ordering::Relaxed) {
                        break;
                    }
                    let _ = sender.send(News::Started(task.module.clone()));
                    let marked = Marked { marks, trouble, module: &task.module };
                    if let Some(entry) = verdict(task, options, &marked) {
                        let _ = sender.send(News::Ended(task.module.clone(), Box::new(entry)));
                    }
                }
            });
        }
        drop(sender);
        for one in news {
            match one {
                News::Started(module) => tell(Progress::Examining(module)),
                News::Ended(module, entry) => {
                    tell(Progress::Examined(row(&module, &entry)));
                    keep(module, *entry);
                }
            }
        }
    });
    match trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(Some(error)),
        None if options.cancel.load(Ordering::Relaxed) => Err(None),
        None => Ok(()),
    }
}

/// Marks that cannot be written are told once and do not stop the scan.
struct Marked<'a> {
    marks: Option<&'a Marks>,
    trouble: &'a Mutex<Option<std::io::Error>>,
    module: &'a Path,
}

impl Marked<'_> {
    fn note(&self, result: std::io::Result<()>) {
        if let Err(error) = result {
            self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    fn start(&self, fingerprint: &Fingerprint) {
        self.note(self.marks.map_or(Ok(()), |marks| marks.start(self.module, fingerprint)));
    }

    fn done(&self) {
        self.note(self.marks.map_or(Ok(()), |marks| marks.done(self.module)));
    }
}

/// `None` when cancelled, or when the binary vanished meanwhile.
fn verdict(task: &Task, options: &Options, marked: &Marked<'_>) -> Option<Entry> {
    let began = Instant::now();
    // Before the examination: a file swapped during it must not match.
    let fingerprint = Fingerprint::take(&task.binary).ok()?;
    let hint = moduleinfo::read(&task.module);
    let mut passing = false;
    let (state, reason, plugins) = match header::check(&task.binary, Target::host()) {
        Err(Fault::NotAPlugin(reason)) => (State::NotAPlugin, Some(reason), Vec::new()),
        Err(Fault::WrongArch(reason)) => (State::WrongArch, Some(reason), Vec::new()),
        Ok(()) => {
            marked.start(&fingerprint);
            let bounds = Bounds { timeout: options.timeout, memory: options.memory, cancel: &options.cancel };
            let outcome = child::examine(&options.child, &task.module, &bounds);
            marked.done();
            passing = matches!(outcome.ending, Ending::NotStarted(_));
            match outcome.ending {
                Ending::Cancelled => return None,
                Ending::Report(Ok(plugins)) => (State::Ok, None, plugins),
                _ => {
                    let (state, reason) = judge(outcome, options);
                    (state, Some(reason), Vec::new())
                }
            }
        }
    };
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Some(Entry { fingerprint, state, reason, plugins, hint, took_ms, passing })
}

/// The verdict on an examination without plugins.
fn judge(outcome: Outcome, options: &Options) -> (State, String) {
    let (state, reason) = match outcome.ending {
        Ending::Report(Err(reason)) => return (State::Failed, reason),
        Ending::Report(Ok(_)) | Ending::Cancelled => (State::Failed, "was not examined".to_owned()),
        Ending::NotStarted(error) => {
            return (State::Failed, format!("the process to examine it could not be started ({error})"));
        }
        Ending::Exited(code) => {
            (State::Failed, format!("ended the process that examined it (exit code {code}) instead of answering"))
        }
        Ending::Crashed(signal) if signal == "SIGKILL" => {
            (State::Crashed, "crashed (SIGKILL: it ended itself, or the system ran out of memory)".to_owned())
        }
        Ending::Crashed(signal) => (State::Crashed, format!("crashed ({signal})")),
        Ending::TimedOut => {
            (State::TimedOut, format!("did not answer within {} seconds", options.timeout.as_secs_f32()))
        }
    };
    match last_words(&outcome.output) {
        Some(words) => (state, format!("{reason}; its last words: {words}")),
        None => (state, reason),
    }
}

/// The last line that says something.
fn last_words(output: &str) -> Option<String> {
    output.lines().rev().map(|line| text::clean(line, 200)).find(|line| !line.is_empty())
}

/// `[any]` The row of a module with a verdict.
pub(super) fn row(path: &Path, entry: &Entry) -> Module {
    let hint: &Hint = &entry.hint.clone().unwrap_or_default();
    let first = entry.plugins.first();
    let known = |told: Option<&String>, hinted: &String| told.unwrap_or(hinted).clone();
    Module {
        path: path.to_path_buf(),
        state: entry.state,
        reason: entry.reason.clone(),
        plugins: entry.plugins.len(),
        vendor: known(first.map(|record| &record.vendor), &hint.vendor),
        version: known(first.map(|record| &record.version), &hint.version),
        expected: hint.classes.iter().cloned().map(crate::model::PluginId).collect(),
        took_ms: Some(entry.took_ms),
    }
}
