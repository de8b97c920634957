//! The sound of Sonic Reverb: low cut, pre-delay, diffusion, network, width, mix. Thread: audio.
//!
//! Invariant: no latency; the dry part is the input, exact. Everything moves per sample; a new pre-delay or size glides.

use crate::network::{LARGEST, Network};
use plugin_kit::{Config, Dsp, Io, Smooth, flush};
use std::f64::consts::PI;

/// At this frequency the damping is out of the way.
pub const OPEN: f64 = 20_000.0;
const PRE_DELAY: f64 = 0.25;
/// Milliseconds of the diffusing all-passes, left and right.
const DIFFUSION: [[f64; 3]; 2] = [[4.77, 3.59, 12.73], [5.23, 3.83, 11.41]];

/// Places in the parameter table.
pub mod index {
    /// Percent.
    pub const SIZE: usize = 0;
    /// Milliseconds until 60 dB down.
    pub const DECAY: usize = 1;
    /// Hz.
    pub const DAMPING: usize = 2;
    /// Milliseconds.
    pub const PRE_DELAY: usize = 3;
    /// Hz.
    pub const LOW_CUT: usize = 4;
    /// Percent.
    pub const WIDTH: usize = 5;
    /// Percent.
    pub const MIX: usize = 6;
}

/// An all-pass that smears a click.
#[derive(Debug, Default)]
struct Diffuser {
    memory: Vec<f64>,
    at: usize,
}

impl Diffuser {
    #[inline]
    fn process(&mut self, input: f64) -> f64 {
        let old = self.memory[self.at];
        let fed = flush(input + 0.6 * old);
        self.memory[self.at] = fed;
        self.at = (self.at + 1) % self.memory.len();
        old - 0.6 * fed
    }
}

/// One side in front of the network.
#[derive(Debug, Default)]
struct Side {
    low: f64,
    delay: Vec<f64>,
    diffusers: [Diffuser; 3],
}

impl Side {
    #[inline]
    fn process(&mut self, input: f64, pull: f64, write: usize, delay: f64) -> f64 {
        self.low = flush(self.low + (input - self.low) * pull);
        let room = self.delay.len();
        self.delay[write] = input - self.low;
        let whole = delay as usize;
        let at = |back: usize| self.delay[(write + room - back) % room];
        let part = delay - whole as f64;
        let sample = if part == 0.0 { at(whole) } else { at(whole) + (at(whole + 1) - at(whole)) * part };
        self.diffusers.iter_mut().fold(sample, |sample, diffuser| diffuser.process(sample))
    }
}

/// State of the sound.
#[derive(Debug)]
pub struct Sound {
    rate: f64,
    sides: [Side; 2],
    write: usize,
    network: Network,
    decay: f64,
    low_cut: Smooth,
    pre_delay: Smooth,
    width: Smooth,
    mix: Smooth,
}

impl Sound {
    /// `[main]` Silent until prepared.
    pub fn new() -> Self {
        Self {
            rate: 48_000.0,
            sides: [Side::default(), Side::default()],
            write: 0,
            network: Network::new(),
            decay: 1.8,
            low_cut: Smooth::new(0.0),
            pre_delay: Smooth::new(0.0),
            width: Smooth::new(1.0),
            mix: Smooth::new(0.3),
        }
    }
}

impl Dsp for Sound {
    fn prepare(&mut self, config: &Config) {
        self.rate = config.rate;
        self.network.prepare(config.rate);
        for (side, times) in self.sides.iter_mut().zip(DIFFUSION) {
            side.delay = vec![0.0; (PRE_DELAY * config.rate).ceil() as usize + 3];
            for (diffuser, time) in side.diffusers.iter_mut().zip(times) {
                let length = (time / 1000.0 * config.rate).round().max(1.0) as usize;
                *diffuser = Diffuser { memory: vec![0.0; length], at: 0 };
            }
        }
        self.pre_delay.set_time(0.1, config.rate);
        for smooth in [&mut self.low_cut, &mut self.width, &mut self.mix] {
            smooth.set_time(0.01, config.rate);
        }
    }

    fn reset(&mut self) {
        self.network.reset();
        self.write = 0;
        for side in &mut self.sides {
            side.low = 0.0;
            side.delay.fill(0.0);
            for diffuser in &mut side.diffusers {
                diffuser.memory.fill(0.0);
                diffuser.at = 0;
            }
        }
    }

    fn param(&mut self, index: usize, plain: f64, snap: bool) {
        let pull = |frequency: f64| 1.0 - (-2.0 * PI * frequency / self.rate).exp();
        match index {
            index::SIZE => self.network.set_size(0.3 + (LARGEST - 0.3) * plain / 100.0, snap),
            index::DECAY => {
                self.decay = plain / 1000.0;
                self.network.set_decay(self.decay, snap);
            }
            index::DAMPING => self.network.set_damping(if plain >= OPEN { 1.0 } else { pull(plain) }, snap),
            index::PRE_DELAY => self.pre_delay.set((plain / 1000.0 * self.rate).round(), snap),
            index::LOW_CUT => self.low_cut.set(pull(plain), snap),
            index::WIDTH => self.width.set(plain / 100.0, snap),
            index::MIX => self.mix.set(plain / 100.0, snap),
            _ => {}
        }
    }

    fn process(&mut self, io: &mut Io<'_>) {
        let (main, frames) = io.all();
        for frame in frames {
            let (pull, delay) = (self.low_cut.next(), self.pre_delay.next());
            let (width, mix) = (self.width.next(), self.mix.next());
            let (left, right) = match &*main {
                [left, right, ..] => (left[frame], right[frame]),
                [only] => (only[frame], only[frame]),
                [] => return,
            };
            let [one, other] = &mut self.sides;
            let in_left = one.process(left, pull, self.write, delay);
            let in_right = other.process(right, pull, self.write, delay);
            self.write = (self.write + 1) % one.delay.len();
            let (out_left, out_right) = self.network.process(in_left, in_right);
            let (mid, side) = ((out_left + out_right) * 0.5, (out_left - out_right) * 0.5 * width);
            match &mut *main {
                [l, r, ..] => {
                    l[frame] = left + mix * (mid + side - left);
                    r[frame] = right + mix * (mid - side - right);
                }
                [only] => only[frame] = left + mix * (mid - left),
                [] => {}
            }
        }
    }

    /// Pre-delay, and the time to fall 120 dB.
    fn tail(&self) -> u32 {
        (self.pre_delay.target() + (2.0 * self.decay + 0.2) * self.rate).ceil() as u32
    }
}
