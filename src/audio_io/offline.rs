//! The offline clock: pulls blocks from files, runs a schedule, writes a file – as fast as it goes.
//!
//! Thread: any one at a time; [`OfflineRun::step`] blocks on files, so it is not for a real-time thread.
//! Invariant: the output is as long as the input plus the tail, and lies where the input lay: latency is fed, then trimmed.
//! Deliberately absent: the schedule itself (lent for each step, because its threads are control's business), progress
//! display, cancelling (stop calling, and drop the run: nothing stays behind).

use super::{
    AudioWriter, AutomationTrack, FileError, InputFeed, MAX_CHANNELS, Song, TailRule, TempoMap, Written,
    feed::Feed,
    tail::{TailWatch, Verdict},
};
use crate::{
    engine::{BlockReport, Schedule},
    model::{Event, ParamPoint, Transport},
    plugin::Tail,
};

/// What the clock needs of a [`Schedule`]; a trait, so that tests can run the clock on something simpler.
pub trait BlockRunner {
    /// `[any]` Longest block.
    fn max_block(&self) -> usize;
    /// `[any]` Samples from the inputs to the output.
    fn latency(&self) -> u32;
    /// `[any]` Longest tail of any way through.
    fn tail(&self) -> Tail;
    /// `[audio]` An input node's channel, to be filled before [`Self::process`].
    fn input_mut(&mut self, node: usize, channel: usize, frames: usize) -> &mut [f32];
    /// `[audio]` An output node's channel after [`Self::process`].
    fn output(&self, node: usize, channel: usize, frames: usize) -> &[f32];
    /// `[audio]` For the next block; false when there is no room.
    fn queue_param(&mut self, node: usize, point: ParamPoint) -> bool;
    /// `[audio]` For the next block; false when there is no room.
    fn queue_event(&mut self, node: usize, event: Event) -> bool;
    /// `[audio]` One block.
    fn process(&mut self, frames: usize, transport: &Transport) -> BlockReport;
}

impl BlockRunner for Schedule {
    fn max_block(&self) -> usize {
        Schedule::max_block(self)
    }
    fn latency(&self) -> u32 {
        Schedule::latency(self)
    }
    fn tail(&self) -> Tail {
        Schedule::tail(self)
    }
    fn input_mut(&mut self, node: usize, channel: usize, frames: usize) -> &mut [f32] {
        Schedule::input_mut(self, node, channel, frames)
    }
    fn output(&self, node: usize, channel: usize, frames: usize) -> &[f32] {
        Schedule::output(self, node, channel, frames)
    }
    fn queue_param(&mut self, node: usize, point: ParamPoint) -> bool {
        Schedule::queue_param(self, node, point)
    }
    fn queue_event(&mut self, node: usize, event: Event) -> bool {
        Schedule::queue_event(self, node, event)
    }
    fn process(&mut self, frames: usize, transport: &Transport) -> BlockReport {
        Schedule::process(self, frames, transport)
    }
}

/// Notes for plugins.
#[derive(Clone, Debug)]
pub struct SongFeed {
    /// The song, at the schedule's sample rate.
    pub song: Song,
    /// Positions in the graph spec, each with the samples by which sound reaches it late.
    pub nodes: Vec<(usize, u32)>,
}

/// All that a run needs besides the schedule.
#[derive(Debug)]
pub struct OfflineJob {
    /// The file that gives the length; none for instruments.
    pub input: Option<InputFeed>,
    /// Side-chains: shorter ones are padded with silence, longer ones cut.
    pub sidechains: Vec<InputFeed>,
    /// Notes.
    pub song: Option<SongFeed>,
    /// Moving parameters.
    pub automation: Vec<AutomationTrack>,
    /// Position of the output node in the graph spec; it has as many channels as the file.
    pub output_node: usize,
    /// The file to write.
    pub writer: AudioWriter,
    /// Hz.
    pub sample_rate: u32,
    /// Wanted block length; the schedule's longest block is the limit.
    pub block: usize,
    /// The host's tempo where there is no song that has one, in quarters per minute (in 4/4).
    pub tempo: f64,
    /// How to go on after the end.
    pub tail: TailRule,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// More to do.
    Working {
        /// Frames processed.
        done: u64,
        /// Frames to process before the tail, where that is known.
        total: Option<u64>,
    },
    /// The declared tail is over, and values moved since it was declared: ask the plugins once more and tell
    /// [`OfflineRun::answer_tail`], or go on without.
    AskTail,
    /// Call [`OfflineRun::finish`].
    Finished,
}

/// A node of a schedule whose latencies changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Realigned {
    /// Position in the graph spec.
    pub node: usize,
    /// Samples by which sound reaches it late now.
    pub delay: u32,
    /// It was restarted and has forgotten what it was told.
    pub restarted: bool,
}

/// What a finished run has done.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderSummary {
    /// The file.
    pub written: Written,
    /// Frames before the tail.
    pub length: u64,
    /// Frames of tail written.
    pub tail: u64,
    /// The tail was still sounding when it had to end.
    pub tail_cut: bool,
    /// Latency trimmed.
    pub latency: u32,
    /// Frames processed, latency and silence at the end included.
    pub processed: u64,
    /// Blocks processed.
    pub blocks: u64,
    /// Samples of the input files that were no numbers.
    pub repaired: u64,
    /// Events and points that found no room.
    pub dropped: u64,
    /// Blocks in which a node failed, was guarded, was too loud or broke another rule; the schedule's node statistics
    /// tell which and how.
    pub unclean: u64,
}

/// A run under way. Made for one schedule; the same must be lent to every step.
#[derive(Debug)]
pub struct OfflineRun {
    feeds: Vec<Feed>,
    has_input: bool,
    song: Option<SongFeed>,
    cursors: Vec<usize>,
    tempo: TempoMap,
    automation: Vec<AutomationTrack>,
    output_node: usize,
    writer: AudioWriter,
    block: usize,
    latency: u32,
    length: Option<u64>,
    rate: f64,
    watch: TailWatch,
    held: Vec<Vec<f32>>,
    /// The clock: where the next block lies.
    processed: u64,
    /// Frames of output that were taken, written or not.
    taken: u64,
    /// Frames before the clock's furthest point, which are heard again.
    replay: u64,
    /// Frames by which the clock was set back so far.
    set_back: u64,
    /// Frames of the last block, and how many of them the tail's judge has seen, when it was to end within.
    rest: Option<(usize, usize)>,
    tail_asked: bool,
    finished: bool,
    blocks: u64,
    dropped: u64,
    unclean: u64,
}

impl OfflineRun {
    /// `[main]` Prepares a run of this schedule.
    pub fn new(job: OfflineJob, runner: &impl BlockRunner) -> Self {
        let block = job.block.clamp(1, runner.max_block().max(1));
        let has_input = job.input.is_some();
        let song_length = job.song.as_ref().map_or(0, |feed| feed.song.length);
        let length = match &job.input {
            Some(feed) => feed.source.frames().map(|frames| frames.max(song_length)),
            None => Some(song_length),
        };
        let feed = |feed| Feed::new(feed, block);
        let rate = f64::from(job.sample_rate);
        Self {
            feeds: job.input.into_iter().chain(job.sidechains).map(feed).collect(),
            has_input,
            cursors: vec![0; job.song.as_ref().map_or(0, |feed| feed.nodes.len())],
            tempo: job.song.as_ref().map_or_else(|| TempoMap::steady(rate, job.tempo), |feed| feed.song.tempo.clone()),
            song: job.song,
            automation: job.automation,
            output_node: job.output_node,
            held: vec![Vec::new(); job.writer.channels()],
            writer: job.writer,
            block,
            latency: runner.latency(),
            length,
            rate,
            watch: TailWatch::new(job.tail, runner.tail(), rate),
            processed: 0,
            taken: 0,
            replay: 0,
            set_back: 0,
            rest: None,
            tail_asked: false,
            finished: false,
            blocks: 0,
            dropped: 0,
            unclean: 0,
        }
    }

    /// `[any]` One block: read, process, write.
    pub fn step(&mut self, runner: &mut impl BlockRunner) -> Result<Step, FileError> {
        if let Some((frames, seen)) = self.rest.take_if(|_| !self.finished) {
            self.judge(runner, seen, frames)?;
        }
        let frames = self.next_frames();
        if frames == 0 {
            self.finished = true;
        }
        if self.finished {
            return Ok(self.ended());
        }
        let start = self.processed;
        let again = self.replay > 0;
        self.feed(runner, frames)?;
        self.queue(runner, start, frames, again);
        let mut transport = self.tempo.transport(start);
        transport.continuous += self.set_back as i64;
        let report = runner.process(frames, &transport);
        self.unclean += u64::from(!report.is_clean());
        self.blocks += 1;
        self.processed += frames as u64;
        self.collect(runner, start, frames)?;
        if self.finished {
            return Ok(self.ended());
        }
        let total = self.length.map(|length| length + u64::from(self.latency));
        Ok(Step::Working { done: self.processed, total })
    }

    /// What to say at the end: a tail that was declared before values moved may be longer by now.
    fn ended(&mut self) -> Step {
        let moved = !self.automation.is_empty() || self.song.is_some() || self.set_back > 0;
        if moved && self.watch.ran_out() && !std::mem::replace(&mut self.tail_asked, true) {
            return Step::AskTail;
        }
        Step::Finished
    }

    /// `[any]` After [`Step::AskTail`]: what the plugins declare now. A longer tail is played on.
    pub fn answer_tail(&mut self, declared: Tail) {
        if self.watch.lengthen(declared, self.rate) {
            self.finished = false;
            self.tail_asked = false;
        }
    }

    /// `[any]` The latency of the schedule changed, or its plugins were started anew: the clock is set back to the last
    /// frame that was written, and the input is heard again from there, so that nothing is missing and nothing is late.
    /// Automation stands still meanwhile: the value that changed the latency must not be taken back.
    pub fn realign(&mut self, runner: &impl BlockRunner, nodes: &[Realigned]) {
        let back = self.processed - self.taken.min(self.processed);
        self.processed -= back;
        self.replay += back;
        self.set_back += back;
        self.latency = runner.latency();
        self.rest = None;
        let now = self.processed;
        let delay_of = |node: usize| nodes.iter().find(|realigned| realigned.node == node);
        for track in &mut self.automation {
            if let Some(realigned) = delay_of(track.node) {
                track.delay(u64::from(realigned.delay));
            }
        }
        let Some(SongFeed { song, nodes }) = &mut self.song else { return };
        for ((node, delay), cursor) in nodes.iter_mut().zip(&mut self.cursors) {
            let Some(realigned) = delay_of(*node) else { continue };
            *delay = realigned.delay;
            if realigned.restarted {
                *cursor = song.events.partition_point(|event| event.at + u64::from(*delay) < now);
            }
        }
    }

    /// `[any]` Completes the output and lets it appear. After [`Step::Finished`].
    pub fn finish(self) -> Result<RenderSummary, FileError> {
        let length = self.length.unwrap_or(self.processed);
        let repaired = self.feeds.iter().map(Feed::repaired).sum();
        let written = self.writer.finish()?;
        Ok(RenderSummary {
            tail: written.frames.saturating_sub(length),
            written,
            length,
            tail_cut: self.watch.cut(),
            latency: self.latency,
            processed: self.processed,
            blocks: self.blocks,
            repaired,
            dropped: self.dropped,
            unclean: self.unclean,
        })
    }

    /// Length of the next block: up to the next change of tempo, and not beyond an end that is known; 0 is the end.
    fn next_frames(&self) -> usize {
        let mut frames = self.block as u64;
        if let Some(change) = self.tempo.next_change(self.processed) {
            frames = frames.min(change - self.processed);
        }
        if self.replay > 0 {
            frames = frames.min(self.replay);
        }
        if let (Some(length), Some(tail)) = (self.length, self.watch.exact()) {
            frames = frames.min((length + tail + u64::from(self.latency)).saturating_sub(self.processed));
        }
        frames as usize
    }

    fn feed(&mut self, runner: &mut impl BlockRunner, frames: usize) -> Result<(), FileError> {
        let again = self.replay as usize;
        let keep = self.latency as usize + again;
        for (index, feed) in self.feeds.iter_mut().enumerate() {
            let end = feed.fill(runner, frames, again, keep)?;
            if let Some(end) = end.filter(|_| index == 0 && self.has_input && self.length.is_none()) {
                let song_length = self.song.as_ref().map_or(0, |feed| feed.song.length);
                self.length = Some((self.processed + end as u64).max(song_length));
            }
        }
        self.replay -= self.replay.min(frames as u64);
        Ok(())
    }

    fn queue(&mut self, runner: &mut impl BlockRunner, start: u64, frames: usize, again: bool) {
        for track in self.automation.iter_mut().filter(|_| !again) {
            let node = track.node;
            track.emit(start, frames, |point| self.dropped += u64::from(!runner.queue_param(node, point)));
        }
        let Some(SongFeed { song, nodes }) = &self.song else { return };
        for ((node, delay), cursor) in nodes.iter().zip(&mut self.cursors) {
            while let Some(event) = song.events.get(*cursor) {
                // After the delay became shorter, some are late.
                let at = (event.at + u64::from(*delay)).max(start);
                if at >= start + frames as u64 {
                    break;
                }
                let event = Event { offset: (at - start) as u32, bus: 0, body: event.body };
                self.dropped += u64::from(!runner.queue_event(*node, event));
                *cursor += 1;
            }
        }
    }

    /// Takes the output of a block: nothing of the latency, all of the song, of the tail what is worth it.
    fn collect(&mut self, runner: &impl BlockRunner, start: u64, frames: usize) -> Result<(), FileError> {
        let due = self.taken + u64::from(self.latency);
        let skip = due.saturating_sub(start).min(frames as u64) as usize;
        let body = match self.length {
            Some(length) => length.saturating_sub(self.taken).min((frames - skip) as u64) as usize,
            None => frames - skip,
        };
        self.taken += (frames - skip) as u64;
        if body > 0 {
            self.writer.write(&self.planar(runner, 0, frames)[..self.writer.channels()], skip..skip + body)?;
        }
        if self.length.is_none() || skip + body == frames {
            return Ok(());
        }
        self.judge(runner, skip + body, frames)
    }

    /// The last block's output from a frame on.
    fn planar<'a>(&self, runner: &'a impl BlockRunner, from: usize, frames: usize) -> [&'a [f32]; MAX_CHANNELS] {
        let mut planar: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        for (channel, slice) in planar[..self.writer.channels()].iter_mut().enumerate() {
            *slice = &runner.output(self.output_node, channel, frames)[from..];
        }
        planar
    }

    /// Judges a piece of the tail.
    fn judge(&mut self, runner: &impl BlockRunner, from: usize, frames: usize) -> Result<(), FileError> {
        let planar = self.planar(runner, from, frames);
        let planar = &planar[..self.writer.channels()];
        let Verdict { write, hold, ends } = self.watch.judge(planar);
        if write > 0 {
            let held = self.held[0].len();
            self.writer.write(&self.held, 0..held)?;
            self.held.iter_mut().for_each(Vec::clear);
            self.writer.write(planar, 0..write)?;
        }
        for (held, slice) in self.held.iter_mut().zip(planar.iter()) {
            held.extend_from_slice(&slice[write..write + hold]);
        }
        self.finished = ends;
        let seen = from + write + hold;
        self.rest = Some((frames, seen)).filter(|_| seen < frames);
        Ok(())
    }
}
