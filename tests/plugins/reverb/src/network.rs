//! Sixteen delay lines that feed each other through an orthogonal matrix. Thread: audio.
//!
//! Invariant: the matrix neither adds nor takes energy, so the decay comes from the lines' own gains alone: each line
//! loses exactly what its length asks for to be 60 dB down after the decay time. Lengths glide when the size changes and
//! rest on whole samples, so at rest nothing is interpolated away.

use plugin_kit::{Smooth, flush};

/// Number of lines; a power of two, for the matrix.
pub const LINES: usize = 16;
/// Lengths at 48 kHz and middle size: primes, spread evenly over the octave and a half.
const LENGTHS: [f64; LINES] = [
    1009.0, 1103.0, 1201.0, 1297.0, 1409.0, 1523.0, 1637.0, 1753.0, 1867.0, 1987.0, 2111.0, 2239.0, 2371.0, 2503.0,
    2647.0, 2789.0,
];
/// Largest factor on the lengths.
pub const LARGEST: f64 = 1.8;

#[derive(Debug)]
struct Line {
    memory: Vec<f64>,
    length: Smooth,
    gain: Smooth,
    damped: f64,
}

/// The lines.
#[derive(Debug)]
pub struct Network {
    rate: f64,
    lines: [Line; LINES],
    /// Samples since the reset; each line takes it modulo its own length.
    write: u64,
    pull: Smooth,
    size: f64,
    decay: f64,
}

impl Network {
    /// `[main]` Silent until prepared.
    pub fn new() -> Self {
        let line = |_| Line { memory: vec![], length: Smooth::new(1.0), gain: Smooth::new(0.0), damped: 0.0 };
        Self {
            rate: 48_000.0,
            lines: std::array::from_fn(line),
            write: 0,
            pull: Smooth::new(1.0),
            size: 1.0,
            decay: 1.8,
        }
    }

    /// `[main]` Room for the largest size.
    pub fn prepare(&mut self, rate: f64) {
        self.rate = rate;
        self.pull.set_time(0.02, rate);
        for (line, length) in self.lines.iter_mut().zip(LENGTHS) {
            line.memory = vec![0.0; (length * LARGEST * rate / 48_000.0).ceil() as usize + 4];
            line.length.set_time(0.1, rate);
            line.gain.set_time(0.02, rate);
        }
    }

    /// `[audio]` Silence inside.
    pub fn reset(&mut self) {
        for line in &mut self.lines {
            line.memory.fill(0.0);
            line.damped = 0.0;
        }
        self.write = 0;
    }

    /// `[audio]` Factor on the lengths.
    pub fn set_size(&mut self, size: f64, snap: bool) {
        self.size = size;
        self.aim(snap);
    }

    /// `[audio]` Seconds until 60 dB down.
    pub fn set_decay(&mut self, seconds: f64, snap: bool) {
        self.decay = seconds;
        self.aim(snap);
    }

    /// `[audio]` How much of the new sample a line's low pass takes, 0…1; 1 damps nothing.
    pub fn set_damping(&mut self, pull: f64, snap: bool) {
        self.pull.set(pull, snap);
    }

    fn aim(&mut self, snap: bool) {
        for (line, length) in self.lines.iter_mut().zip(LENGTHS) {
            let samples = (length * self.size * self.rate / 48_000.0).round().max(1.0);
            line.length.set(samples, snap);
            line.gain.set(10f64.powf(-3.0 * samples / (self.decay * self.rate)), snap);
        }
    }

    /// `[audio]` One sample of both sides in, one out.
    #[inline]
    pub fn process(&mut self, left: f64, right: f64) -> (f64, f64) {
        let pull = self.pull.next();
        let mut taps = [0.0; LINES];
        for (tap, line) in taps.iter_mut().zip(&mut self.lines) {
            let length = line.length.next();
            let room = line.memory.len();
            let whole = length as usize;
            let now = (self.write % room as u64) as usize;
            let at = |back: usize| line.memory[(now + room - back) % room];
            let part = length - whole as f64;
            let sample = if part == 0.0 { at(whole) } else { at(whole) + (at(whole + 1) - at(whole)) * part };
            line.damped = flush(line.damped + (sample - line.damped) * pull);
            *tap = line.damped * line.gain.next();
        }
        // Each side hears eight lines, with alternating signs so that they do not add up to a comb.
        let (mut out_left, mut out_right) = (0.0, 0.0);
        for (pair, taps) in taps.chunks_exact(2).enumerate() {
            let sign = if pair % 2 == 0 { 1.0 } else { -1.0 };
            out_left += sign * taps[0];
            out_right += sign * taps[1];
        }
        hadamard(&mut taps);
        for (place, (line, fed)) in self.lines.iter_mut().zip(taps).enumerate() {
            let input = if place % 2 == 0 { left } else { right };
            let now = (self.write % line.memory.len() as u64) as usize;
            line.memory[now] = flush(fed + input);
        }
        self.write += 1;
        (out_left * 0.35, out_right * 0.35)
    }
}

/// The orthogonal matrix: ±1/4 everywhere.
#[inline]
fn hadamard(values: &mut [f64; LINES]) {
    let mut half = 1;
    while half < LINES {
        for start in (0..LINES).step_by(2 * half) {
            for i in start..start + half {
                let (a, b) = (values[i], values[i + half]);
                values[i] = a + b;
                values[i + half] = a - b;
            }
        }
        half *= 2;
    }
    for value in values {
        *value *= 0.25;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_keeps_the_energy() {
        let mut values: [f64; LINES] = std::array::from_fn(|i| (i as f64 * 1.7).sin());
        let before: f64 = values.iter().map(|v| v * v).sum();
        hadamard(&mut values);
        let after: f64 = values.iter().map(|v| v * v).sum();
        assert!((before - after).abs() < 1e-12);
    }
}
