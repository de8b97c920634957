//! The sound of Sonic Gain. Thread: audio.
//!
//! A channel is multiplied by `10^(dB/20)`, by the balance (stereo only: the far side is turned down in a straight line,
//! the near side stays), by −1 when inverted, and by the ducker. The product follows a change per sample with the
//! smoothing time; at 0 ms it is exact on the sample. Without a change it is exact anyway.

use plugin_kit::{Config, Dsp, Io, Smooth, flush};

/// The lower end of the gain, which is silence.
pub const SILENCE: f64 = -96.0;

/// Places in the parameter table.
pub mod index {
    /// Level.
    pub const GAIN: usize = 0;
    /// −100…100.
    pub const BALANCE: usize = 1;
    /// Polarity.
    pub const INVERT: usize = 2;
    /// Milliseconds.
    pub const SMOOTHING: usize = 3;
    /// Percent.
    pub const DUCK: usize = 4;
    /// Milliseconds.
    pub const RELEASE: usize = 5;
}

/// State of the sound.
#[derive(Debug)]
pub struct Sound {
    rate: f64,
    channels: usize,
    gain: f64,
    balance: f64,
    sign: f64,
    smoothing: f64,
    duck: Smooth,
    release: f64,
    envelope: f64,
    factors: [Smooth; 2],
}

impl Sound {
    /// `[main]` Silent until prepared.
    pub fn new() -> Self {
        Self {
            rate: 48_000.0,
            channels: 2,
            gain: 1.0,
            balance: 0.0,
            sign: 1.0,
            smoothing: 0.005,
            duck: Smooth::new(0.0),
            release: 0.2,
            envelope: 0.0,
            factors: [Smooth::new(1.0); 2],
        }
    }

    fn aim(&mut self, snap: bool) {
        let level = self.gain * self.sign;
        let balance = if self.channels == 2 { self.balance } else { 0.0 };
        self.factors[0].set(level * (1.0 - balance.max(0.0)), snap);
        self.factors[1].set(level * (1.0 + balance.min(0.0)), snap);
    }

    /// Opens at once, closes with the release time: a ducker that comes late is no use.
    fn listen(&mut self, peak: f64) {
        self.envelope = flush(peak.min(1.0).max(self.envelope * self.release));
    }

    fn retime(&mut self) {
        for factor in &mut self.factors {
            factor.set_time(self.smoothing, self.rate);
        }
        self.duck.set_time(self.smoothing, self.rate);
    }
}

impl Dsp for Sound {
    fn prepare(&mut self, config: &Config) {
        self.rate = config.rate;
        self.channels = config.channels;
        self.retime();
    }

    fn reset(&mut self) {
        self.envelope = 0.0;
    }

    fn param(&mut self, index: usize, plain: f64, snap: bool) {
        match index {
            index::GAIN => self.gain = if plain <= SILENCE { 0.0 } else { 10f64.powf(plain / 20.0) },
            index::BALANCE => self.balance = plain / 100.0,
            index::INVERT => self.sign = if plain > 0.5 { -1.0 } else { 1.0 },
            index::SMOOTHING => {
                self.smoothing = plain / 1000.0;
                self.retime();
            }
            index::DUCK => self.duck.set(plain / 100.0, snap),
            index::RELEASE => self.release = (-1000.0 / (plain * self.rate)).exp(),
            _ => {}
        }
        self.aim(snap);
    }

    fn process(&mut self, io: &mut Io<'_>) {
        let still = self.factors.iter().all(Smooth::resting) && self.duck.resting();
        if still && self.duck.current() == 0.0 {
            // The usual case, with the same result: one factor per channel.
            for frame in 0..io.frames() {
                self.listen(io.side_peak(frame));
            }
            for channel in 0..io.channels() {
                let factor = self.factors[usize::from(channel == 1)].current();
                io.channel(channel).iter_mut().for_each(|sample| *sample *= factor);
            }
            return;
        }
        for frame in 0..io.frames() {
            let left = self.factors[0].next();
            let right = self.factors[1].next();
            let depth = self.duck.next();
            self.listen(io.side_peak(frame));
            let duck = 1.0 - depth * self.envelope;
            for channel in 0..io.channels() {
                let factor = if channel == 1 { right } else { left };
                io.channel(channel)[frame] *= factor * duck;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(channels: usize, side: usize) -> Sound {
        let mut sound = Sound::new();
        sound.prepare(&Config { rate: 48_000.0, max_block: 512, channels, side });
        for (index, value) in [0.0, 0.0, 0.0, 5.0, 0.0, 200.0].into_iter().enumerate() {
            sound.param(index, value, true);
        }
        sound
    }

    fn run(sound: &mut Sound, main: &mut [Vec<f64>], side: &[Vec<f64>]) {
        let frames = main[0].len();
        sound.process(&mut Io::new(main, side, 0, frames));
    }

    #[test]
    fn the_formula_is_exact() {
        let mut sound = prepared(2, 0);
        sound.param(index::GAIN, -6.0, true);
        sound.param(index::BALANCE, 50.0, true);
        sound.param(index::INVERT, 1.0, true);
        let mut main = vec![vec![0.5; 64], vec![0.25; 64]];
        run(&mut sound, &mut main, &[]);
        let gain = 10f64.powf(-6.0 / 20.0);
        assert!(main[0].iter().all(|s| *s == 0.5 * (-gain * 0.5)));
        assert!(main[1].iter().all(|s| *s == 0.25 * -gain));
    }

    #[test]
    fn the_lower_end_is_silence() {
        let mut sound = prepared(1, 0);
        sound.param(index::GAIN, SILENCE, true);
        let mut main = vec![vec![1.0; 16]];
        run(&mut sound, &mut main, &[]);
        assert_eq!(main[0], [0.0; 16]);
    }

    #[test]
    fn balance_leaves_other_widths_alone() {
        let mut sound = prepared(6, 0);
        sound.param(index::BALANCE, -100.0, true);
        let mut main = vec![vec![1.0; 8]; 6];
        run(&mut sound, &mut main, &[]);
        assert!(main.iter().flatten().all(|s| *s == 1.0));
    }

    #[test]
    fn a_change_is_smooth_or_exact_as_asked() {
        let mut sound = prepared(1, 0);
        sound.param(index::GAIN, SILENCE, false);
        let mut main = vec![vec![1.0; 4800]];
        run(&mut sound, &mut main, &[]);
        assert!(main[0][0] > 0.99 && main[0].is_sorted_by(|a, b| a >= b) && main[0][4799] < 1e-6);
        sound.param(index::SMOOTHING, 0.0, false);
        sound.param(index::GAIN, 6.0, false);
        let mut main = vec![vec![1.0; 4]];
        run(&mut sound, &mut main, &[]);
        assert_eq!(main[0], [10f64.powf(0.3); 4]);
    }

    #[test]
    fn the_ducker_listens_to_the_side_chain() {
        let mut sound = prepared(2, 1);
        sound.param(index::DUCK, 100.0, true);
        let mut side = vec![vec![0.0; 48_000]];
        side[0][..100].fill(1.0);
        let mut main = vec![vec![1.0; 48_000]; 2];
        run(&mut sound, &mut main, &side);
        assert_eq!(main[0][50], 0.0);
        // After the release time the envelope is at 1/e.
        let expected = 1.0 - (-1f64).exp();
        assert!((main[0][99 + 9600] - expected).abs() < 1e-9);
    }
}
