//! One band: a state-variable filter with trapezoidal integrators. Thread: audio.
//!
//! Invariant: its response is the bilinear transform of the analog prototype, the same curve as the well-known biquad
//! formulas with equal frequency, gain and Q, at any sample rate. It stays stable while its coefficients move.

use plugin_kit::{Smooth, flush};
use std::f64::consts::PI;

/// Names of the kinds, in the order of [`Kind`].
pub const KINDS: &[&str] = &["Bell", "Low Shelf", "High Shelf", "Low Cut", "High Cut", "Notch"];

/// Shape of a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lifts or lowers around the frequency.
    Bell,
    /// Lifts or lowers below.
    LowShelf,
    /// Lifts or lowers above.
    HighShelf,
    /// 12 dB per octave below.
    LowCut,
    /// 12 dB per octave above.
    HighCut,
    /// Takes the frequency out.
    Notch,
}

impl Kind {
    /// `[any]` By its place in [`KINDS`].
    pub fn at(place: usize) -> Self {
        use Kind::{Bell, HighCut, HighShelf, LowCut, LowShelf, Notch};
        [Bell, LowShelf, HighShelf, LowCut, HighCut, Notch][place.min(5)]
    }
}

/// What the knobs of a band say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knobs {
    /// Off lets everything through.
    pub on: bool,
    /// Shape.
    pub kind: Kind,
    /// Hz.
    pub frequency: f64,
    /// dB; not for cuts and notches.
    pub gain: f64,
    /// Quality.
    pub q: f64,
}

impl Knobs {
    /// `[any]` Integrator gain, damping, and how much of input, band and low goes into the output.
    fn coefficients(&self, rate: f64) -> [f64; 5] {
        let a = 10f64.powf(self.gain / 40.0);
        let g = (PI * self.frequency.min(0.49 * rate) / rate).tan();
        let k = 1.0 / self.q;
        let [g, k, input, band, low] = match self.kind {
            Kind::Bell => [g, k / a, 1.0, k / a * (a * a - 1.0), 0.0],
            Kind::LowShelf => [g / a.sqrt(), k, 1.0, k * (a - 1.0), a * a - 1.0],
            Kind::HighShelf => [g * a.sqrt(), k, a * a, k * (1.0 - a) * a, 1.0 - a * a],
            Kind::LowCut => [g, k, 1.0, -k, -1.0],
            Kind::HighCut => [g, k, 0.0, 0.0, 1.0],
            Kind::Notch => [g, k, 1.0, -k, 0.0],
        };
        if self.on { [g, k, input, band, low] } else { [g, k, 1.0, 0.0, 0.0] }
    }

    /// `[any]` Seconds until it has rung down by 120 dB.
    pub fn ring(&self) -> f64 {
        let a = 10f64.powf(self.gain.abs() / 40.0);
        let sharp = if self.kind == Kind::Bell { self.q * a } else { self.q };
        if self.on { 13.8 * sharp.max(0.5) / (PI * self.frequency) * a } else { 0.0 }
    }
}

/// A band with its memory for each channel.
#[derive(Debug)]
pub struct Band {
    /// What the knobs say; call [`Band::aim`] after a change.
    pub knobs: Knobs,
    rate: f64,
    coefficients: [Smooth; 5],
    memory: Vec<[f64; 2]>,
}

impl Band {
    /// `[main]` Lets everything through.
    pub fn new() -> Self {
        let knobs = Knobs { on: false, kind: Kind::Bell, frequency: 1000.0, gain: 0.0, q: 0.7 };
        Self { knobs, rate: 48_000.0, coefficients: [Smooth::new(0.0); 5], memory: Vec::new() }
    }

    /// `[main]` Room for the channels.
    pub fn prepare(&mut self, rate: f64, channels: usize) {
        self.rate = rate;
        self.memory = vec![[0.0; 2]; channels];
        for coefficient in &mut self.coefficients {
            coefficient.set_time(0.005, rate);
        }
    }

    /// `[audio]` Silence inside.
    pub fn reset(&mut self) {
        self.memory.fill([0.0; 2]);
    }

    /// `[audio]` Goes where the knobs say.
    pub fn aim(&mut self, snap: bool) {
        for (smooth, target) in self.coefficients.iter_mut().zip(self.knobs.coefficients(self.rate)) {
            smooth.set(target, snap);
        }
    }

    /// `[audio]` Nothing to do: off, and everything has come to rest.
    pub fn idle(&self) -> bool {
        !self.knobs.on && self.coefficients.iter().all(Smooth::resting)
    }

    /// `[audio]` Filters one sample of each channel.
    #[inline]
    pub fn process(&mut self, main: &mut [Vec<f64>], frame: usize) {
        let [g, k, input, band, low] = self.coefficients.each_mut().map(Smooth::next);
        let a1 = 1.0 / (1.0 + g * (g + k));
        let (a2, a3) = (g * a1, g * g * a1);
        for (channel, [one, two]) in main.iter_mut().zip(&mut self.memory) {
            let x = channel[frame];
            let v3 = x - *two;
            let v1 = a1 * *one + a2 * v3;
            let v2 = *two + a2 * *one + a3 * v3;
            *one = flush(2.0 * v1 - *one);
            *two = flush(2.0 * v2 - *two);
            channel[frame] = input * x + band * v1 + low * v2;
        }
    }
}
