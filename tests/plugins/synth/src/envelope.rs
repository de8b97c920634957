//! Attack, decay, sustain, release. Thread: audio.
//!
//! Invariant: moves per sample and never jumps, also when a voice is taken over; ends on zero exactly.

/// Times in samples and the sustain level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Straight up.
    pub attack: f64,
    /// 60 dB of the way to the sustain level.
    pub decay: f64,
    /// 0…1.
    pub sustain: f64,
    /// 60 dB down.
    pub release: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Attack,
    Decay,
    Release,
}

/// A running envelope.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    stage: Stage,
    level: f64,
}

/// −100 dB is the end.
const END: f64 = 1e-5;

fn pull(samples: f64) -> f64 {
    1.0 - (-6.9 / samples.max(1.0)).exp()
}

impl Envelope {
    /// `[any]` Silent.
    pub const fn new() -> Self {
        Self { stage: Stage::Idle, level: 0.0 }
    }

    /// `[audio]` A key goes down; starts from where it is.
    pub fn start(&mut self) {
        self.stage = Stage::Attack;
    }

    /// `[audio]` A key comes up.
    pub fn release(&mut self) {
        if self.stage != Stage::Idle {
            self.stage = Stage::Release;
        }
    }

    /// `[audio]` Has it ended?
    pub fn idle(&self) -> bool {
        self.stage == Stage::Idle
    }

    /// `[audio]` 0…1.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// `[audio]` One sample on.
    #[inline]
    pub fn advance(&mut self, times: &Pulls) -> f64 {
        match self.stage {
            Stage::Idle => {}
            Stage::Attack => {
                self.level += times.attack;
                if self.level >= 1.0 {
                    self.level = 1.0;
                    self.stage = Stage::Decay;
                }
            }
            Stage::Decay => self.level += (times.sustain - self.level) * times.decay,
            Stage::Release => {
                self.level -= self.level * times.release;
                if self.level < END {
                    *self = Self::new();
                }
            }
        }
        self.level
    }
}

/// [`Times`] as steps per sample.
#[derive(Clone, Copy, Debug)]
pub struct Pulls {
    attack: f64,
    decay: f64,
    sustain: f64,
    release: f64,
}

impl From<Times> for Pulls {
    fn from(times: Times) -> Self {
        Self {
            attack: 1.0 / times.attack.max(1.0),
            decay: pull(times.decay),
            sustain: times.sustain,
            release: pull(times.release),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_the_time_it_says() {
        let pulls = Pulls::from(Times { attack: 100.0, decay: 200.0, sustain: 0.5, release: 300.0 });
        let mut envelope = Envelope::new();
        assert_eq!(envelope.advance(&pulls), 0.0);
        envelope.start();
        let mut level = 0.0;
        for _ in 0..100 {
            level = envelope.advance(&pulls);
        }
        assert!(level > 0.98, "{level}");
        for _ in 0..201 {
            level = envelope.advance(&pulls);
        }
        assert!((level - 0.5).abs() < 0.001, "{level}");
        envelope.release();
        for _ in 0..300 {
            level = envelope.advance(&pulls);
        }
        assert!((level / 0.5 - 0.001).abs() < 0.0001, "60 dB down: {level}");
        for _ in 0..300 {
            level = envelope.advance(&pulls);
        }
        assert!(envelope.idle() && level == 0.0);
    }
}
