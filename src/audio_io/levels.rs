//! Peak and RMS of a stream, computed as it passes.
//!
//! Thread: any. Invariant: the result does not depend on how the stream was cut into blocks, up to rounding of the RMS.
//! Deliberately absent: loudness, true peak.

/// Levels of one channel, or of several taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// Largest magnitude.
    pub peak: f32,
    /// Sum of squares.
    pub energy: f64,
    /// Samples seen.
    pub samples: u64,
}

impl Levels {
    /// `[any]` Adds samples.
    pub fn add(&mut self, samples: &[f32]) {
        // Eight lanes each, so that the compiler can keep them in vector registers.
        let (groups, rest) = samples.as_chunks::<8>();
        let mut peaks = [self.peak; 8];
        for piece in groups.chunks(64) {
            let mut sums = [0.0_f32; 8];
            for group in piece {
                for lane in 0..8 {
                    let magnitude = group[lane].abs();
                    peaks[lane] = if magnitude > peaks[lane] { magnitude } else { peaks[lane] };
                    sums[lane] += group[lane] * group[lane];
                }
            }
            self.energy += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
        }
        for sample in rest {
            peaks[0] = peaks[0].max(sample.abs());
            self.energy += f64::from(sample * sample);
        }
        self.peak = peaks.into_iter().fold(0.0, f32::max);
        self.samples += samples.len() as u64;
    }

    /// `[any]` Levels of both together.
    pub fn with(self, other: Self) -> Self {
        Self {
            peak: self.peak.max(other.peak),
            energy: self.energy + other.energy,
            samples: self.samples + other.samples,
        }
    }

    /// `[any]` Root of the mean square; 0 when there were no samples.
    pub fn rms(&self) -> f64 {
        if self.samples == 0 { 0.0 } else { (self.energy / self.samples as f64).sqrt() }
    }

    /// `[any]` Peak in dBFS, −∞ for silence.
    pub fn peak_db(&self) -> f64 {
        20.0 * f64::from(self.peak).log10()
    }

    /// `[any]` RMS in dBFS (a full-scale sine has −3), −∞ for silence.
    pub fn rms_db(&self) -> f64 {
        20.0 * self.rms().log10()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_has_a_peak_of_0_and_an_rms_of_minus_3() {
        let sine: Vec<f32> = (0..48_000).map(|n| (n as f32 / 48.0 * std::f32::consts::TAU).sin()).collect();
        let mut levels = Levels::default();
        for piece in sine.chunks(441) {
            levels.add(piece);
        }
        assert!(levels.peak_db().abs() < 0.01 && (levels.rms_db() + 3.01).abs() < 0.01, "{levels:?}");
        assert_eq!(levels.samples, 48_000);
        assert_eq!(Levels::default().peak_db(), f64::NEG_INFINITY);
    }
}
