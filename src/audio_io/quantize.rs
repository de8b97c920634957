//! From float samples to integers: dither, rounding, clipping.
//!
//! Thread: any. Invariant: the same samples give the same integers, however the stream is cut into blocks.
//! Deliberately absent: noise shaping.
//!
//! Dither is triangular noise of ±1 step from a generator with a fixed seed per channel. Samples that lie exactly on a
//! step get none: what was 16 bit before stays the same bit for bit, and silence stays silent.

/// Turns the samples of one channel into integers.
#[derive(Clone, Debug)]
pub struct Quantizer {
    scale: f64,
    dither: bool,
    random: u64,
    clipped: u64,
}

/// Added and taken away again it leaves the nearest integer, without a call: 1.5 × 2⁵².
const ROUND: f64 = 6_755_399_441_055_744.0;

impl Quantizer {
    /// `[any]` For a channel of a file with this many bits, 2 … 31.
    pub fn new(bits: u32, dither: bool, channel: usize) -> Self {
        let random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(channel as u64 + 1) | 1;
        Self { scale: f64::from(1_u32 << (bits - 1)), dither, random, clipped: 0 }
    }

    /// `[any]` Samples that did not fit.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// `[any]` Converts as many samples as both slices have.
    pub fn convert(&mut self, samples: &[f32], integers: &mut [i32]) {
        let (low, high) = (-self.scale, self.scale - 1.0);
        for (integer, sample) in integers.iter_mut().zip(samples) {
            let exact = f64::from(*sample) * self.scale;
            let nearest = (exact + ROUND) - ROUND;
            let noise = if self.dither && nearest != exact { self.triangle() } else { 0.0 };
            // Judged before the noise, so that dither at full scale is not reported as clipping.
            self.clipped += u64::from(nearest < low || nearest > high);
            let rounded = ((exact + noise) + ROUND) - ROUND;
            *integer = rounded.clamp(low, high) as i32;
        }
    }

    /// Sum of two independent even distributions over ±½.
    fn triangle(&mut self) -> f64 {
        // xorshift64*: small, and good in its upper half, of which two 16-bit numbers are taken.
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let bits = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d);
        let (one, two) = ((bits >> 48) as u16, (bits >> 32) as u16);
        (f64::from(one) + f64::from(two) - 65_535.0) / 65_536.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(quantizer: &mut Quantizer, samples: &[f32]) -> Vec<i32> {
        let mut integers = vec![0; samples.len()];
        quantizer.convert(samples, &mut integers);
        integers
    }

    #[test]
    fn what_was_integer_comes_back_bit_for_bit_also_with_dither() {
        let all: Vec<f32> = (-32_768..32_768).map(|n| n as f32 / 32_768.0).collect();
        let mut quantizer = Quantizer::new(16, true, 0);
        assert_eq!(convert(&mut quantizer, &all), (-32_768..32_768).collect::<Vec<_>>());
        assert_eq!(quantizer.clipped(), 0);
        let edge = [-8_388_608, -1, 0, 8_388_607];
        let samples = edge.map(|n| n as f32 / 8_388_608.0);
        assert_eq!(convert(&mut Quantizer::new(24, true, 0), &samples), edge);
    }

    #[test]
    fn clipping_is_counted_and_never_wraps() {
        let mut quantizer = Quantizer::new(16, true, 0);
        assert_eq!(convert(&mut quantizer, &[1.0, -1.5, 1e30, -1e30, 0.5]), [32_767, -32_768, 32_767, -32_768, 16_384]);
        assert_eq!(quantizer.clipped(), 4);
    }

    #[test]
    fn dither_is_the_same_however_the_stream_is_cut_and_has_the_right_size() {
        let samples = vec![0.3 / 32_768.0; 100_000];
        let whole = convert(&mut Quantizer::new(16, true, 3), &samples);
        let mut quantizer = Quantizer::new(16, true, 3);
        let pieces: Vec<i32> = samples.chunks(441).flat_map(|piece| convert(&mut quantizer, piece)).collect();
        assert_eq!(whole, pieces);
        let mean = whole.iter().map(|n| f64::from(*n)).sum::<f64>() / 1e5;
        let spread = whole.iter().map(|n| (f64::from(*n) - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 0.3).abs() < 0.01, "the mean keeps what lies below a step: {mean}");
        assert!((spread - 0.25).abs() < 0.02, "triangular dither makes the error independent of the signal: {spread}");
        assert!(convert(&mut Quantizer::new(16, false, 3), &samples).iter().all(|n| *n == 0));
    }
}
