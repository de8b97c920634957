//! L4 · the way from a binary message to its answer without a socket, for tests that throw bytes at it.
//!
//! Thread: any. Invariant: what runs is what runs in a connection. Deliberately absent: plugins; a lane gives back what it
//! gets.

use super::{Limits, frames::Frames, sink::FrameSink};
use crate::control::core::{Frame, FrameEvent, Outcome};
use std::{cell::RefCell, ops::Range, time::Instant};

/// Samples that are handed over at once, as a stream that was prepared for blocks of this length does.
const BLOCK: usize = 128;

/// The frames of a socket with streams 1 to 3, of as many channels.
pub struct Lanes(Frames<Echo>);

impl Lanes {
    /// `[any]` With so many frames in flight for each stream.
    pub fn new(limits: &Limits, credits: usize) -> Self {
        let mut frames = Frames::new(limits);
        for number in 1..=3 {
            frames.agree(number, credits, true);
            frames.open(Echo { number, block: RefCell::default() });
        }
        Self(frames)
    }

    /// `[any]` Messages that were read together, worked one after the other. The answers, and the close code if there
    /// was one; what follows that is not worked.
    pub fn work(&mut self, messages: &[&[u8]]) -> (Vec<Vec<u8>>, Option<u16>) {
        messages.iter().for_each(|message| self.0.seen(message));
        let mut answers = Vec::new();
        for message in messages {
            let (answer, closing) = self.0.work(message, Instant::now());
            answers.push(answer.to_vec());
            if let Some(closing) = closing {
                return (answers, Some(closing.code));
            }
        }
        (answers, None)
    }
}

struct Echo {
    number: u32,
    block: RefCell<Vec<f32>>,
}

impl FrameSink for Echo {
    fn number(&self) -> u32 {
        self.number
    }

    fn channels(&self) -> (usize, usize) {
        (self.number as usize, self.number as usize)
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn process(
        &self,
        frame: &Frame,
        _: &[FrameEvent],
        mut fill: impl FnMut(usize, Range<usize>, &mut [f32]),
        mut emit: impl FnMut(usize, Range<usize>, &[f32]),
    ) -> Outcome {
        let mut block = self.block.borrow_mut();
        for start in (0..frame.frames).step_by(BLOCK).filter(|_| !frame.silent) {
            let range = start..frame.frames.min(start + BLOCK);
            for channel in 0..self.number as usize {
                block.resize(range.len(), 0.0);
                fill(channel, range.clone(), &mut block);
                emit(channel, range.clone(), &block);
            }
        }
        Outcome { dry: frame.skip, silent: frame.silent, ..Outcome::default() }
    }
}
