//! L3 · a way for sound through a loaded chain, worked whenever a frame is handed in.
//!
//! Thread: any one at a time, called the audio thread while it processes. Invariant: [`Stream::process`] answers every
//! frame, allocates nothing, and waits for nobody; while the plugins are away (a restart) the answer is the input.
//! Deliberately absent: sequence numbers, credits, sockets.

use super::{
    Owner, StreamId, Timings,
    line::Line,
    meter::Meter,
    playable::{Playable, mend},
};
use crate::model::EventBody;
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Instant,
};

/// Frames of a part of a dry answer; it lies on the stack.
const DRY_BLOCK: usize = 512;

/// One frame to process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Samples per channel: 1 … 65535; longer than the prepared block is split.
    pub frames: usize,
    /// Where its first sample stands on the client's clock.
    pub position: u64,
    /// The input is silence; `fill` is not called.
    pub silent: bool,
    /// What came before is not what came before: everything that rings is forgotten first.
    pub discontinuity: bool,
    /// It takes as long as it takes: may wait for a plugin that is away, up to 30 s.
    pub offline: bool,
    /// Do not process, answer with the input (the frame is late).
    pub skip: bool,
}

/// Something to happen at a sample of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameEvent {
    /// Samples from the start of the frame; behind its end counts as its last sample.
    pub offset: u32,
    /// Which plugin of the chain; 255 = every one that takes notes (notes only).
    pub member: u8,
    /// What.
    pub kind: FrameEventKind,
}

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FrameEventKind {
    /// A parameter takes a normalized value.
    Param(u32, f64),
    /// A note or controller.
    Event(EventBody),
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The samples are the input, unprocessed.
    pub dry: bool,
    /// The guard silenced a plugin in it.
    pub guarded: bool,
    /// Every sample is zero; `emit` was not called.
    pub silent: bool,
    /// Microseconds that processing took.
    pub micros: u32,
    /// Events that found no room or no parameter.
    pub dropped: u32,
}

/// An open stream. A handle: clones are the same stream. It is closed by [`super::Core::close_stream`], and when its
/// instance goes.
#[derive(Clone, Debug)]
pub struct Stream {
    way: Arc<Way>,
}

#[derive(Debug)]
struct Way {
    id: StreamId,
    line: Arc<Line>,
    channels: usize,
    sample_rate: f64,
    closed: AtomicBool,
    meter: Meter,
}

/// Gives the plugins back, whatever happens.
struct Borrowed<'a> {
    line: &'a Line,
    playable: Option<Box<Playable>>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(playable) = self.playable.take() {
            self.line.give_back(playable);
        }
    }
}

impl Stream {
    /// `[main]` Through this line.
    pub(super) fn new(id: StreamId, line: Arc<Line>, channels: usize, sample_rate: f64) -> Self {
        let (closed, meter) = (AtomicBool::new(false), Meter::default());
        Self { way: Arc::new(Way { id, line, channels, sample_rate, closed, meter }) }
    }

    /// `[any]` Its number.
    pub fn id(&self) -> StreamId {
        self.way.id
    }

    /// `[any]` Channels of its frames, in and out: (2, 2).
    pub fn channels(&self) -> (usize, usize) {
        (self.way.channels, self.way.channels)
    }

    /// `[any]` The longest block the plugins are prepared for.
    pub fn max_block(&self) -> usize {
        self.way.line.max_block.load(Relaxed) as usize
    }

    /// `[any]` Hz.
    pub fn sample_rate(&self) -> f64 {
        self.way.sample_rate
    }

    /// `[any]` Samples; may change while it runs.
    pub fn latency(&self) -> u32 {
        self.way.line.latency.load(Relaxed)
    }

    /// `[any]` Nobody will process it any more.
    pub fn is_closed(&self) -> bool {
        self.way.closed.load(Acquire)
    }

    /// `[any]` What it measured so far.
    pub fn timings(&self) -> Timings {
        self.way.meter.read()
    }

    /// `[any]` Forgets what it measured.
    pub fn reset_timings(&self) {
        self.way.meter.reset();
    }

    /// `[main]` From here on frames are answered dry.
    pub(super) fn close(&self) {
        self.way.closed.store(true, Release);
    }

    /// `[main]` Whose.
    pub(super) fn owner(&self) -> Owner {
        self.way.line.owner
    }

    /// `[main]` Frames that took longer than they last, since this was last asked.
    pub(super) fn take_overruns(&self) -> u64 {
        self.way.meter.take_overruns()
    }

    /// `[audio]` Processes one frame. `fill` is called for each input channel with room for its samples, `emit` for each
    /// output channel in order with the result; a frame longer than the prepared block comes in parts, told by the range.
    /// Samples that are no finite numbers count as 0.
    pub fn process(
        &self,
        frame: &Frame,
        events: &[FrameEvent],
        mut fill: impl FnMut(usize, Range<usize>, &mut [f32]),
        mut emit: impl FnMut(usize, Range<usize>, &[f32]),
    ) -> Outcome {
        let began = Instant::now();
        let way = &*self.way;
        let mut outcome = Outcome::default();
        let borrowed = if self.is_closed() { None } else { way.line.borrow(frame.offline) };
        let mut borrowed = Borrowed { line: &way.line, playable: borrowed };
        // Waiting for plugins that were away is not processing.
        let came = Instant::now();
        if let Some(playable) = &mut borrowed.playable
            && way.line.take_hush()
        {
            playable.end();
        }
        match borrowed.playable.as_mut().filter(|_| !self.is_closed()) {
            Some(playable) if !frame.skip => {
                let ran = playable.run(frame, way.channels, events, fill, emit);
                (outcome.guarded, outcome.silent, outcome.dropped) = (ran.guarded, ran.silent, ran.dropped);
            }
            kept => {
                outcome.dropped = kept.map_or(events.len() as u32, |playable| playable.skip(events));
                outcome.dry = true;
                outcome.silent = frame.silent || dry(frame.frames, way.channels, &mut fill, &mut emit);
            }
        }
        drop(borrowed);
        let took = if outcome.dry { began.elapsed() } else { came.elapsed() };
        outcome.micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        let lasts = frame.frames as f64 / way.sample_rate;
        let late = !frame.offline && !outcome.dry && took.as_secs_f64() > lasts;
        way.meter.count(took, outcome.dry, outcome.guarded, late);
        outcome
    }
}

/// Answers with the input. True when there was nothing to answer with.
fn dry(
    frames: usize,
    channels: usize,
    fill: &mut impl FnMut(usize, Range<usize>, &mut [f32]),
    emit: &mut impl FnMut(usize, Range<usize>, &[f32]),
) -> bool {
    let mut room = [0.0_f32; DRY_BLOCK];
    let mut at = 0;
    while at < frames {
        let length = (frames - at).min(DRY_BLOCK);
        for channel in 0..channels {
            let room = &mut room[..length];
            room.fill(0.0);
            fill(channel, at..at + length, room);
            mend(room);
            emit(channel, at..at + length, room);
        }
        at += length;
    }
    frames == 0 || channels == 0
}
