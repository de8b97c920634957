//! A file that fills an input node block by block, and can be heard again from a little earlier.
//!
//! Thread: any one at a time; reading blocks on files. Invariant: what it remembers is no more than it was asked to keep
//! and a block; without latency it remembers nothing.

use super::{BlockRunner, FileError, Source};

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

/// An input file with a block of room.
#[derive(Debug)]
pub(super) struct Feed {
    node: usize,
    source: Source,
    mean: bool,
    room: Vec<Vec<f32>>,
    /// The last frames, in case they are to be heard again.
    past: Vec<Vec<f32>>,
    ended: bool,
}

impl Feed {
    /// `[main]` With room for blocks of this length.
    pub fn new(InputFeed { node, source, mean }: InputFeed, block: usize) -> Self {
        let channels = source.channels();
        Self {
            node,
            source,
            mean,
            room: vec![vec![0.0; block]; channels],
            past: vec![Vec::new(); channels],
            ended: false,
        }
    }

    /// `[any]` Samples that were no numbers.
    pub fn repaired(&self) -> u64 {
        self.source.repaired()
    }

    /// `[any]` Fills the node: `again` frames of the past at most, then what comes next; zeros after the end. So many frames
    /// as `keep` stay within reach. The answer is the number of frames up to the end, when this block has it.
    pub fn fill(
        &mut self,
        runner: &mut impl BlockRunner,
        frames: usize,
        again: usize,
        keep: usize,
    ) -> Result<Option<usize>, FileError> {
        let old = again.min(frames);
        for (room, past) in self.room.iter_mut().zip(&self.past) {
            let from = past.len().saturating_sub(again);
            room[..old].copy_from_slice(&past[from..from + old]);
        }
        let got = if self.ended || old == frames { 0 } else { self.source.read(&mut self.room, old..frames)? };
        let ends = !self.ended && old + got < frames;
        self.ended |= ends;
        for room in &mut self.room {
            room[old + got..frames].fill(0.0);
        }
        if keep > 0 {
            for (room, past) in self.room.iter().zip(&mut self.past) {
                past.extend_from_slice(&room[old..frames]);
                if past.len() > 2 * keep {
                    past.drain(..past.len() - keep);
                }
            }
        }
        for (channel, room) in self.room.iter().enumerate() {
            runner.input_mut(self.node, channel, frames).copy_from_slice(&room[..frames]);
        }
        if self.mean {
            let share = 1.0 / self.room.len() as f32;
            let mean = runner.input_mut(self.node, self.room.len(), frames);
            mean.fill(0.0);
            for room in &self.room {
                mean.iter_mut().zip(room).for_each(|(mean, sample)| *mean += sample * share);
            }
        }
        Ok(ends.then_some(old + got))
    }
}
