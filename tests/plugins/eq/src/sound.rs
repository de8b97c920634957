//! The sound of Sonic EQ: the bands one after the other, then the output level. Thread: audio.
//!
//! Invariant: coefficients follow a change per sample, within about 25 ms. With all gains at 0 dB and no cut on, the
//! output is the input bit for bit.

use crate::band::{Band, Kind};
use plugin_kit::{Config, Dsp, Io, Smooth};

/// Number of bands.
pub const BANDS: usize = 6;
/// Rows of the parameter table per band.
pub const ROWS: usize = 5;

/// State of the sound.
#[derive(Debug)]
pub struct Sound {
    rate: f64,
    bands: [Band; BANDS],
    output: Smooth,
}

impl Sound {
    /// `[main]` Lets everything through until prepared.
    pub fn new() -> Self {
        Self { rate: 48_000.0, bands: std::array::from_fn(|_| Band::new()), output: Smooth::new(1.0) }
    }
}

impl Dsp for Sound {
    fn prepare(&mut self, config: &Config) {
        self.rate = config.rate;
        self.output.set_time(0.005, config.rate);
        for band in &mut self.bands {
            band.prepare(config.rate, config.channels);
        }
    }

    fn reset(&mut self) {
        self.bands.iter_mut().for_each(Band::reset);
    }

    fn param(&mut self, index: usize, plain: f64, snap: bool) {
        let Some(band) = self.bands.get_mut(index / ROWS) else {
            self.output.set(10f64.powf(plain / 20.0), snap);
            return;
        };
        match index % ROWS {
            0 => {
                if band.idle() {
                    band.reset();
                }
                band.knobs.on = plain > 0.5;
            }
            1 => band.knobs.kind = Kind::at(plain as usize),
            2 => band.knobs.frequency = plain,
            3 => band.knobs.gain = plain,
            _ => band.knobs.q = plain,
        }
        band.aim(snap);
    }

    fn process(&mut self, io: &mut Io<'_>) {
        let (main, frames) = io.all();
        for band in &mut self.bands {
            for frame in frames.clone() {
                // Asked per sample: a band may come to rest anywhere, and stretches are cut anywhere.
                if band.idle() {
                    break;
                }
                band.process(main, frame);
            }
        }
        for frame in frames {
            let level = self.output.next();
            for channel in &mut *main {
                channel[frame] *= level;
            }
        }
    }

    fn tail(&self) -> u32 {
        let seconds = self.bands.iter().map(|band| band.knobs.ring()).fold(0.0, f64::max);
        (seconds * self.rate).ceil() as u32
    }
}
