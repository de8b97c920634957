//! Values that move without clicks. Thread: audio.
//!
//! Invariant: moves per sample, so the host's block size is not heard; comes to rest exactly on its target.

/// An exponential approach to a target.
#[derive(Clone, Copy, Debug)]
pub struct Smooth {
    current: f64,
    target: f64,
    pull: f64,
}

impl Smooth {
    /// `[any]` At rest on a value.
    pub const fn new(value: f64) -> Self {
        Self { current: value, target: value, pull: 1.0 }
    }

    /// `[audio]` Time to cover 63 % of the way; zero jumps.
    pub fn set_time(&mut self, seconds: f64, rate: f64) {
        self.pull = if seconds <= 0.0 { 1.0 } else { 1.0 - (-1.0 / (seconds * rate)).exp() };
    }

    /// `[audio]` A new target; with `snap` it is there already.
    pub fn set(&mut self, target: f64, snap: bool) {
        self.target = target;
        if snap {
            self.current = target;
        }
    }

    /// `[audio]` The value at the next sample.
    #[inline]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> f64 {
        if self.current != self.target {
            let way = self.target - self.current;
            // Below −200 dB nobody hears the last step.
            self.current = if way.abs() <= 1e-10 * (1.0 + self.target.abs()) || self.pull >= 1.0 {
                self.target
            } else {
                self.current + way * self.pull
            };
        }
        self.current
    }

    /// `[audio]` The value without moving.
    pub fn current(&self) -> f64 {
        self.current
    }

    /// `[audio]` Where it goes.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// `[audio]` Is it there?
    pub fn resting(&self) -> bool {
        self.current == self.target
    }
}
