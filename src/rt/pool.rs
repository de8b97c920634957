//! The sample memory of a schedule: a fixed number of equally long channels, 64-byte aligned, that never moves.

/// Samples of slack after each channel: cache-line padding, and guard words in debug builds.
const MARGIN: usize = 16;
/// Alignment of each channel in samples (64 bytes).
const LINE: usize = 16;
/// The pattern of guard words: a NaN with a payload that no arithmetic produces.
const GUARD: u32 = 0x7fa5_5a5a;

/// Position of a channel in a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(pub u16);

/// Channels of samples with a silence flag each. Flag set ⇒ every sample of the current block is zero.
#[derive(Debug)]
pub struct Pool {
    memory: Box<[f32]>,
    first: usize,
    stride: usize,
    max_frames: usize,
    silent: Box<[bool]>,
}

impl Pool {
    /// `[any, not audio]` `channels` channels of `max_frames` samples each, all silent.
    pub fn new(channels: usize, max_frames: usize) -> Self {
        assert!(channels <= usize::from(u16::MAX), "a pool has at most 65535 channels");
        let stride = max_frames.next_multiple_of(LINE) + MARGIN;
        let memory = vec![0.0_f32; stride * channels + LINE].into_boxed_slice();
        let first = memory.as_ptr().align_offset(LINE * size_of::<f32>());
        let mut pool = Self { memory, first, stride, max_frames, silent: vec![true; channels].into_boxed_slice() };
        pool.arm_guards();
        pool
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.silent.len()
    }

    /// The longest block these channels can hold.
    pub fn max_frames(&self) -> usize {
        self.max_frames
    }

    /// `[audio]` The first `frames` samples of a channel.
    #[inline]
    pub fn channel(&self, channel: Channel, frames: usize) -> &[f32] {
        let start = self.start(channel);
        &self.memory[start..start + frames.min(self.max_frames)]
    }

    /// `[audio]` The first `frames` samples of a channel, to be written; clears its silence flag.
    #[inline]
    pub fn channel_mut(&mut self, channel: Channel, frames: usize) -> &mut [f32] {
        let start = self.start(channel);
        self.silent[usize::from(channel.0)] = false;
        &mut self.memory[start..start + frames.min(self.max_frames)]
    }

    /// `[audio]` Two different channels, the first to read, the second to write (its silence flag is cleared).
    /// Panics when both are the same: the verifier rules that out.
    #[inline]
    pub fn pair_mut(&mut self, from: Channel, to: Channel, frames: usize) -> (&[f32], &mut [f32]) {
        assert_ne!(from, to, "a channel cannot be read and written at once");
        let (source, target) = (self.start(from), self.start(to));
        let frames = frames.min(self.max_frames);
        self.silent[usize::from(to.0)] = false;
        if source < target {
            let (low, high) = self.memory.split_at_mut(target);
            (&low[source..source + frames], &mut high[..frames])
        } else {
            let (low, high) = self.memory.split_at_mut(source);
            (&high[..frames], &mut low[target..target + frames])
        }
    }

    /// `[audio]` Start of a channel for foreign code, valid for [`Self::max_frames`] samples while the pool lives.
    /// Clears the silence flag of the channel when `write` is set.
    #[inline]
    pub fn pointer(&mut self, channel: Channel, write: bool) -> *mut f32 {
        let start = self.start(channel);
        if write {
            self.silent[usize::from(channel.0)] = false;
        }
        self.memory[start..start + self.max_frames].as_mut_ptr()
    }

    /// `[audio]` Fills the first `frames` samples with zeros and sets the silence flag.
    #[inline]
    pub fn silence(&mut self, channel: Channel, frames: usize) {
        self.channel_mut(channel, frames).fill(0.0);
        self.silent[usize::from(channel.0)] = true;
    }

    /// `[audio]` Whether the channel is known to be all zeros in this block.
    #[inline]
    pub fn is_silent(&self, channel: Channel) -> bool {
        self.silent[usize::from(channel.0)]
    }

    /// `[audio]` Whether everything behind each channel is untouched. Always true in release builds, which have no guards.
    pub fn guards_intact(&self) -> bool {
        !cfg!(debug_assertions)
            || (0..self.silent.len()).all(|channel| {
                let start = self.first + channel * self.stride;
                self.memory[start + self.max_frames..start + self.stride].iter().all(|word| word.to_bits() == GUARD)
            })
    }

    /// `[any]` Writes the guard words anew.
    pub fn arm_guards(&mut self) {
        if cfg!(debug_assertions) {
            for channel in 0..self.silent.len() {
                let start = self.first + channel * self.stride;
                self.memory[start + self.max_frames..start + self.stride].fill(f32::from_bits(GUARD));
            }
        }
    }

    /// What a plugin does that writes one sample too many.
    #[cfg(all(test, debug_assertions))]
    pub(crate) fn overrun(&mut self, channel: Channel) {
        let past = self.start(channel) + self.max_frames;
        self.memory[past] = 0.0;
    }

    #[inline]
    fn start(&self, channel: Channel) -> usize {
        self.first + usize::from(channel.0) * self.stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_aligned_and_do_not_touch() {
        let mut pool = Pool::new(3, 100);
        for channel in 0..3 {
            assert_eq!(pool.pointer(Channel(channel), true) as usize % 64, 0);
            pool.channel_mut(Channel(channel), 100).fill(f32::from(channel) + 1.0);
        }
        assert!(pool.guards_intact());
        assert!(pool.channel(Channel(0), 100).iter().all(|sample| *sample == 1.0));
        let (from, to) = pool.pair_mut(Channel(2), Channel(0), 100);
        to.copy_from_slice(from);
        assert!(pool.channel(Channel(0), 100).iter().all(|sample| *sample == 3.0));
    }

    #[cfg(debug_assertions)]
    #[test]
    fn a_write_past_the_end_is_noticed() {
        let mut pool = Pool::new(2, 100);
        pool.overrun(Channel(0));
        assert!(!pool.guards_intact());
        pool.arm_guards();
        assert!(pool.guards_intact());
    }
}
