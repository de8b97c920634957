//! L3 · a way for sound through a loaded chain, worked whenever a frame is handed in.
//!
//! Thread: any one at a time, called the audio thread while it processes. Invariant: [`Stream::process`] answers every
//! frame, allocates nothing, and waits for nobody; while the plugins are away (a restart) the answer is the input.
//! Deliberately absent: sequence numbers, credits, sockets.

use super::{StreamId, Timings};
use crate::model::EventBody;

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
    id: StreamId,
}

impl Stream {
    /// `[any]` Its number.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// `[any]` Channels of its frames, in and out: (2, 2).
    pub fn channels(&self) -> (usize, usize) {
        todo!()
    }

    /// `[any]` The longest block the plugins are prepared for.
    pub fn max_block(&self) -> usize {
        todo!()
    }

    /// `[any]` Hz.
    pub fn sample_rate(&self) -> f64 {
        todo!()
    }

    /// `[any]` Samples; may change while it runs.
    pub fn latency(&self) -> u32 {
        todo!()
    }

    /// `[any]` Nobody will process it any more.
    pub fn is_closed(&self) -> bool {
        todo!()
    }

    /// `[any]` What it measured so far.
    pub fn timings(&self) -> Timings {
        todo!()
    }

    /// `[any]` Forgets what it measured.
    pub fn reset_timings(&self) {
        todo!()
    }

    /// `[audio]` Processes one frame. `fill` is called for each input channel with room for its samples, `emit` for each
    /// output channel in order with the result. Samples that are no finite numbers count as 0.
    pub fn process(
        &self,
        frame: &Frame,
        events: &[FrameEvent],
        fill: impl FnMut(usize, std::ops::Range<usize>, &mut [f32]),
        emit: impl FnMut(usize, std::ops::Range<usize>, &[f32]),
    ) -> Outcome {
        let _ = (frame, events, fill, emit);
        todo!()
    }
}
