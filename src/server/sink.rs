//! L4 · where frames go: a stream of the core, or a stand-in for it in tests.
//!
//! Thread: the connection's. Invariant: every frame that is handed in is answered. Deliberately absent: everything about
//! frames as bytes.

use crate::control::core::{Frame, FrameEvent, Outcome, Stream};
use std::ops::Range;

/// Where frames go.
pub(super) trait FrameSink {
    /// The number in its frames.
    fn number(&self) -> u32;

    /// Channels in and out.
    fn channels(&self) -> (usize, usize);

    /// Nobody will process frames any more.
    fn is_closed(&self) -> bool;

    /// `[audio]` See [`Stream::process`].
    fn process(
        &self,
        frame: &Frame,
        events: &[FrameEvent],
        fill: impl FnMut(usize, Range<usize>, &mut [f32]),
        emit: impl FnMut(usize, Range<usize>, &[f32]),
    ) -> Outcome;
}

impl FrameSink for Stream {
    fn number(&self) -> u32 {
        self.id().0
    }

    fn channels(&self) -> (usize, usize) {
        self.channels()
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }

    fn process(
        &self,
        frame: &Frame,
        events: &[FrameEvent],
        fill: impl FnMut(usize, Range<usize>, &mut [f32]),
        emit: impl FnMut(usize, Range<usize>, &[f32]),
    ) -> Outcome {
        self.process(frame, events, fill, emit)
    }
}
