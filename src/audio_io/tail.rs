//! How long to go on after the input has ended.
//!
//! Thread: any. Invariant: what lies before the end of the input is never cut or judged.
//! Deliberately absent: fades.

use crate::plugin::Tail;

/// Below this (−120 dBFS) a sample counts as silence.
pub const SILENCE: f32 = 1e-6;
/// Longest tail of plugins that name none, or an endless one.
const LONGEST_SECONDS: f64 = 30.0;
/// Silence that ends a tail; longer than the gaps between the echoes of most delays.
const QUIET_SECONDS: f64 = 2.0;
/// Silence that ends it where the plugins say that they have none and nothing contradicts them.
const PROOF_SECONDS: f64 = 0.1;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TailRule {
    /// Until below −120 dBFS, at most as long as the plugins declare, or 30 s where they declare nothing or no end.
    Auto,
    /// Exactly this many seconds.
    Seconds(f64),
}

/// Decides, block by block, what of the tail is written.
#[derive(Clone, Debug)]
pub struct TailWatch {
    fixed: bool,
    /// The plugins named a length.
    declared: bool,
    longest: u64,
    quiet_needed: u64,
    quiet_with_sound: u64,
    seen: u64,
    quiet: u64,
}

/// What to do with a piece of the tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// So many frames of the piece are to be written, after those held back.
    pub write: usize,
    /// So many after these are to be held back.
    pub hold: usize,
    /// The tail ends here; what is held back is dropped.
    pub ends: bool,
}

impl TailWatch {
    /// `[any]` For plugins that declare `declared`.
    pub fn new(rule: TailRule, declared: Tail, sample_rate: f64) -> Self {
        let samples = |seconds: f64| (seconds.max(0.0) * sample_rate).round() as u64;
        let (longest, quiet_needed) = match (rule, declared) {
            (TailRule::Seconds(seconds), _) => (samples(seconds), u64::MAX),
            (TailRule::Auto, Tail::Samples(declared)) => (u64::from(declared), samples(QUIET_SECONDS)),
            // Plugins that never thought about tails say "none", too: trusted, but looked at.
            (TailRule::Auto, Tail::None) => (samples(LONGEST_SECONDS), samples(PROOF_SECONDS)),
            (TailRule::Auto, Tail::Infinite) => (samples(LONGEST_SECONDS), samples(QUIET_SECONDS)),
        };
        let fixed = matches!(rule, TailRule::Seconds(_));
        let declared = !fixed && matches!(declared, Tail::Samples(_));
        Self { fixed, declared, longest, quiet_needed, quiet_with_sound: samples(QUIET_SECONDS), seen: 0, quiet: 0 }
    }

    /// `[any]` The exact length of the tail, if it does not depend on the sound.
    pub fn exact(&self) -> Option<u64> {
        (self.fixed || self.longest == 0).then_some(self.longest)
    }

    /// `[any]` Longest possible tail.
    pub fn longest(&self) -> u64 {
        self.longest
    }

    /// `[any]` Whether the tail was still sounding when it had to end.
    pub fn cut(&self) -> bool {
        !self.fixed && self.seen >= self.longest && self.longest > 0 && self.quiet == 0
    }

    /// `[any]` Whether it ended because what the plugins declared is over, and not because of silence.
    pub fn ran_out(&self) -> bool {
        self.declared && self.seen >= self.longest
    }

    /// `[any]` The plugins declare anew, once more. False when that is no longer than before.
    pub fn lengthen(&mut self, declared: Tail, sample_rate: f64) -> bool {
        let fresh = Self::new(TailRule::Auto, declared, sample_rate);
        let longer = !self.fixed && declared != Tail::None && fresh.longest > self.longest;
        if longer {
            self.longest = fresh.longest;
            self.declared = fresh.declared;
        }
        longer
    }

    /// `[any]` Judges the next piece of the tail.
    pub fn judge(&mut self, channels: &[&[f32]]) -> Verdict {
        let all = channels.first().map_or(0, |channel| channel.len());
        let frames = (all as u64).min(self.longest - self.seen) as usize;
        self.seen += frames as u64;
        if self.fixed {
            return Verdict { write: frames, hold: 0, ends: self.seen >= self.longest };
        }
        let loud = |channel: &&[f32]| channel[..frames].iter().rposition(|sample| sample.abs() >= SILENCE);
        let write = channels.iter().filter_map(loud).max().map_or(0, |last| last + 1);
        if write > 0 {
            self.quiet = 0;
            self.quiet_needed = self.quiet_with_sound;
        }
        self.quiet += (frames - write) as u64;
        Verdict { write, hold: frames - write, ends: self.seen >= self.longest || self.quiet >= self.quiet_needed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Length of the tail written of a sound, judged in blocks.
    fn tail(rule: TailRule, declared: Tail, block: usize, sound: impl Fn(usize) -> f32) -> (usize, bool) {
        let mut watch = TailWatch::new(rule, declared, 1000.0);
        let (mut written, mut held, mut at) = (0, 0, 0);
        if watch.exact() == Some(0) {
            return (0, false);
        }
        loop {
            let piece: Vec<f32> = (at..at + block).map(&sound).collect();
            at += block;
            let verdict = watch.judge(&[&piece]);
            if verdict.write > 0 {
                written += held + verdict.write;
                held = 0;
            }
            held += verdict.hold;
            if verdict.ends {
                return (written, watch.cut());
            }
        }
    }

    #[test]
    fn the_end_lies_on_the_last_sample_above_silence_for_every_block_length() {
        for block in [1, 64, 441, 10_000] {
            let ends_at_777 = |n| if n < 777 { 1e-5 } else { 1e-7 };
            for declared in [Tail::None, Tail::Samples(5000), Tail::Infinite] {
                assert_eq!(tail(TailRule::Auto, declared, block, ends_at_777), (777, false), "{block} {declared:?}");
            }
            let echo = |n| if n == 1800 { 0.5 } else { 0.0 };
            assert_eq!(tail(TailRule::Auto, Tail::Samples(5000), block, echo).0, 1801);
        }
    }

    #[test]
    fn the_longest_tail_is_what_is_declared_or_30_seconds() {
        assert_eq!(tail(TailRule::Auto, Tail::Samples(1234), 64, |_| 0.5), (1234, true));
        assert_eq!(tail(TailRule::Auto, Tail::Samples(40_000), 64, |_| 0.5), (40_000, true));
        assert_eq!(tail(TailRule::Auto, Tail::Infinite, 64, |_| 0.5), (30_000, true));
        assert_eq!(tail(TailRule::Auto, Tail::None, 64, |_| 0.5), (30_000, true));
        assert_eq!(tail(TailRule::Auto, Tail::None, 64, |_| 0.0), (0, false));
    }

    #[test]
    fn seconds_are_exact_also_in_silence() {
        assert_eq!(tail(TailRule::Seconds(1.5), Tail::None, 441, |_| 0.0), (1500, false));
        assert_eq!(tail(TailRule::Seconds(0.0), Tail::Infinite, 441, |_| 1.0), (0, false));
    }
}
