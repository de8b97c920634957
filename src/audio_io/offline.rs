//! The offline clock: pulls blocks from files, runs a schedule, writes a file – as fast as it goes.
//!
//! Thread: any one at a time; [`OfflineRun::step`] blocks on files, so it is not for a real-time thread.
//! Invariant: the output is as long as the input plus the tail, and lies where the input lay: latency is fed, then trimmed.
//! Deliberately absent: the schedule itself (lent for each step, because its threads are control's business), progress
//! display, cancelling (stop calling, and drop the run: nothing stays behind).

use super::{
    AudioWriter, AutomationTrack, FileError, MAX_CHANNELS, Song, Source, TailRule, TempoMap, Written,
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

/// A file for an input node.
#[derive(Debug)]
pub struct InputFeed {
    /// Position in the graph spec; the node has as many channels as the file, and one more for the mean of them.
    pub node: usize,
    /// The file, at the schedule's sample rate.
    pub source: Source,
    /// The node has that one more channel.
    pub mean: bool,
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
    /// Call [`OfflineRun::finish`].
    Finished,
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
    watch: TailWatch,
    held: Vec<Vec<f32>>,
    processed: u64,
    finished: bool,
    blocks: u64,
    dropped: u64,
    unclean: u64,
}

/// An input file with a block of room.
#[derive(Debug)]
struct Feed {
    node: usize,
    source: Source,
    mean: bool,
    room: Vec<Vec<f32>>,
    ended: bool,
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
        let feed = |InputFeed { node, source, mean }| {
            let room = vec![vec![0.0; block]; source.channels()];
            Feed { node, source, mean, room, ended: false }
        };
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
            watch: TailWatch::new(job.tail, runner.tail(), rate),
            processed: 0,
            finished: false,
            blocks: 0,
            dropped: 0,
            unclean: 0,
        }
    }

    /// `[any]` One block: read, process, write.
    pub fn step(&mut self, runner: &mut impl BlockRunner) -> Result<Step, FileError> {
        let frames = self.next_frames();
        if frames == 0 {
            self.finished = true;
        }
        if self.finished {
            return Ok(Step::Finished);
        }
        let start = self.processed;
        self.feed(runner, frames)?;
        self.queue(runner, start, frames);
        let report = runner.process(frames, &self.tempo.transport(start));
        self.unclean += u64::from(!report.is_clean());
        self.blocks += 1;
        self.processed += frames as u64;
        self.collect(runner, start, frames)?;
        if self.finished {
            return Ok(Step::Finished);
        }
        let total = self.length.map(|length| length + u64::from(self.latency));
        Ok(Step::Working { done: self.processed, total })
    }

    /// `[any]` Completes the output and lets it appear. After [`Step::Finished`].
    pub fn finish(self) -> Result<RenderSummary, FileError> {
        let length = self.length.unwrap_or(self.processed);
        let repaired = self.feeds.iter().map(|feed| feed.source.repaired()).sum();
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
        if let (Some(length), Some(tail)) = (self.length, self.watch.exact()) {
            frames = frames.min((length + tail + u64::from(self.latency)).saturating_sub(self.processed));
        }
        frames as usize
    }

    fn feed(&mut self, runner: &mut impl BlockRunner, frames: usize) -> Result<(), FileError> {
        for (index, feed) in self.feeds.iter_mut().enumerate() {
            let got = if feed.ended { 0 } else { feed.source.read(&mut feed.room, 0..frames)? };
            if got < frames && !feed.ended {
                feed.ended = true;
                if index == 0 && self.has_input && self.length.is_none() {
                    let song_length = self.song.as_ref().map_or(0, |feed| feed.song.length);
                    self.length = Some((self.processed + got as u64).max(song_length));
                }
            }
            for (channel, room) in feed.room.iter().enumerate() {
                let input = runner.input_mut(feed.node, channel, frames);
                input[..got].copy_from_slice(&room[..got]);
                input[got..].fill(0.0);
            }
            if feed.mean {
                let share = 1.0 / feed.room.len() as f32;
                let mean = runner.input_mut(feed.node, feed.room.len(), frames);
                mean.fill(0.0);
                for room in &feed.room {
                    mean[..got].iter_mut().zip(room).for_each(|(mean, sample)| *mean += sample * share);
                }
            }
        }
        Ok(())
    }

    fn queue(&mut self, runner: &mut impl BlockRunner, start: u64, frames: usize) {
        for track in &mut self.automation {
            let node = track.node;
            track.emit(start, frames, |point| self.dropped += u64::from(!runner.queue_param(node, point)));
        }
        let Some(SongFeed { song, nodes }) = &self.song else { return };
        for ((node, delay), cursor) in nodes.iter().zip(&mut self.cursors) {
            while let Some(event) = song.events.get(*cursor) {
                let at = event.at + u64::from(*delay);
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
        let latency = u64::from(self.latency);
        let skip = latency.saturating_sub(start).min(frames as u64) as usize;
        let position = start.saturating_sub(latency);
        let body = match self.length {
            Some(length) => length.saturating_sub(position).min((frames - skip) as u64) as usize,
            None => frames - skip,
        };

        let channels = self.writer.channels();
        let mut planar: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        let planar = &mut planar[..channels];
        for (channel, slice) in planar.iter_mut().enumerate() {
            *slice = runner.output(self.output_node, channel, frames);
        }
        if body > 0 {
            self.writer.write(planar, skip..skip + body)?;
        }
        if self.length.is_none() || skip + body == frames {
            return Ok(());
        }

        for slice in planar.iter_mut() {
            *slice = &slice[skip + body..];
        }
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
        Ok(())
    }
}
