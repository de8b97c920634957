//! L0 · a whole number of samples of delay, bit exact, for any block length.
//!
//! Thread: whoever owns the line. Invariant: what comes out is what went in `length` samples earlier, zeros at first; the
//! memory is allocated once.
//! Deliberately absent: fractions of a sample, and delays that change while sound runs.

use super::{Channel, Pool};

/// A delay of one channel.
#[derive(Debug)]
pub struct DelayLine {
    /// The last `length` samples; the oldest is at `at`.
    ring: Box<[f32]>,
    at: usize,
    /// How many of the newest samples in the ring are known to be zero.
    zeros: usize,
}

impl DelayLine {
    /// `[any, not audio]` A line of at least one sample, full of silence.
    pub fn new(length: usize) -> Self {
        assert!(length > 0, "a delay line of no samples is a copy");
        Self { ring: vec![0.0; length].into_boxed_slice(), at: 0, zeros: length }
    }

    /// `[any]` Samples of delay.
    pub fn length(&self) -> usize {
        self.ring.len()
    }

    /// `[audio]` Takes a block from one channel and writes an older one to another. The silence flag of the target is set
    /// when all of it is known to be zero.
    pub fn run(&mut self, pool: &mut Pool, from: Channel, to: Channel, frames: usize) {
        let length = self.ring.len();
        let silent = pool.is_silent(from);
        if silent && self.zeros == length {
            pool.silence(to, frames);
            return;
        }
        let (source, target) = pool.pair_mut(from, to, frames);
        self.exchange(source, target);
        self.zeros = if silent { (self.zeros + frames).min(length) } else { 0 };
    }

    /// `[audio]` Forgets what is on its way.
    pub fn clear(&mut self) {
        self.ring.fill(0.0);
        self.at = 0;
        self.zeros = self.ring.len();
    }

    fn exchange(&mut self, source: &[f32], target: &mut [f32]) {
        let (length, frames) = (self.ring.len(), source.len());
        let through = frames.min(length);
        let first = through.min(length - self.at);
        // The oldest samples go out …
        target[..first].copy_from_slice(&self.ring[self.at..self.at + first]);
        target[first..through].copy_from_slice(&self.ring[..through - first]);
        if frames > length {
            // … the ring is empty now: the rest of the block comes straight from the source, whose end fills the ring.
            target[length..].copy_from_slice(&source[..frames - length]);
            self.ring.copy_from_slice(&source[frames - length..]);
            self.at = 0;
        } else {
            self.ring[self.at..self.at + first].copy_from_slice(&source[..first]);
            self.ring[..through - first].copy_from_slice(&source[first..]);
            self.at = (self.at + frames) % length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_is_exact_for_any_blocks(length in 1_usize..300, blocks in prop::collection::vec(1_usize..200, 1..40)) {
            let mut pool = Pool::new(2, 200);
            let mut line = DelayLine::new(length);
            let mut time = 0;
            for frames in blocks {
                for (sample, t) in pool.channel_mut(Channel(0), frames).iter_mut().zip(time..) {
                    *sample = (t + 1) as f32;
                }
                line.run(&mut pool, Channel(0), Channel(1), frames);
                for (sample, t) in pool.channel(Channel(1), frames).iter().zip(time..) {
                    prop_assert_eq!(*sample, if t < length { 0.0 } else { (t - length + 1) as f32 });
                }
                time += frames;
            }
        }
    }

    #[test]
    fn silence_passes_a_delay_only_after_the_last_sound_has() {
        let mut pool = Pool::new(2, 100);
        let mut line = DelayLine::new(150);
        pool.channel_mut(Channel(0), 100).fill(1.0);
        line.run(&mut pool, Channel(0), Channel(1), 100);
        pool.silence(Channel(0), 100);
        let mut heard = 0.0;
        for block in 0..4 {
            line.run(&mut pool, Channel(0), Channel(1), 100);
            heard += pool.channel(Channel(1), 100).iter().sum::<f32>();
            assert_eq!(pool.is_silent(Channel(1)), block >= 2, "block {block}");
        }
        assert_eq!(heard, 100.0);
    }
}
