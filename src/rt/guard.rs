//! L0 · looks over a block of samples for what no loudspeaker may get: not-a-numbers, infinities, far too much level.
//!
//! Thread: whichever owns the samples. Invariant: what is found is exact, whatever the length.
//! Deliberately absent: what to do about it (the engine's policy) and any memory of earlier blocks.

/// What a look over a block found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Some sample is NaN or infinite.
    pub non_finite: bool,
    /// Some sample is beyond the limit.
    pub loud: bool,
}

/// Samples taken side by side.
const LANES: usize = 16;
/// All bits of a sample but the sign.
const MAGNITUDE: u32 = 0x7fff_ffff;
/// The highest bit of the exponent: set in NaNs, infinities and everything from 2.0 up.
const TWO_OR_MORE: u32 = 0x4000_0000;

/// `[audio]` The bits of all samples laid over one another, at one operation each. To be joined with those of further
/// channels by `|`, and asked by [`unsuspicious`] and [`is_zero`].
#[inline]
pub fn overlay(samples: &[f32]) -> u32 {
    let mut lanes = [0_u32; LANES];
    let mut rows = samples.chunks_exact(LANES);
    for row in &mut rows {
        for (lane, sample) in lanes.iter_mut().zip(row) {
            *lane |= sample.to_bits();
        }
    }
    let mut all = lanes.iter().fold(0, |all, lane| all | lane);
    if !rows.remainder().is_empty() {
        all |= rows.remainder().iter().fold(0, |all, sample| all | sample.to_bits());
    }
    all
}

/// `[audio]` Whether samples of this overlay are certainly finite and within the limit: none of them has the highest bit
/// of the exponent, so all are below 2.0. If not, [`look`] tells.
#[inline]
pub fn unsuspicious(overlay: u32, limit: f32) -> bool {
    overlay & TWO_OR_MORE == 0 && limit >= 2.0
}

/// `[audio]` Whether all samples of this overlay are zero.
#[inline]
pub fn is_zero(overlay: u32) -> bool {
    overlay & MAGNITUDE == 0
}

/// `[audio]` Looks at samples one by one if their overlay does not say enough.
#[inline]
pub fn look(samples: &[f32], limit: f32) -> Look {
    let all = overlay(samples);
    if unsuspicious(all, limit) { Look { non_finite: false, loud: false } } else { look_closely(samples, limit) }
}

#[cold]
fn look_closely(samples: &[f32], limit: f32) -> Look {
    let non_finite = samples.iter().fold(false, |found, sample| found | !sample.is_finite());
    let loud = samples.iter().fold(false, |found, sample| found | (sample.abs() > limit));
    Look { non_finite, loud }
}

/// `[audio]` Whether no sample is beyond the limit; a NaN is.
pub fn all_within(samples: &[f32], limit: f32) -> bool {
    samples.iter().fold(true, |all, sample| all & (sample.abs() <= limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bad_sample_is_found_wherever_it_is() {
        for length in [1, 7, 16, 17, 127, 128, 129, 441, 512] {
            for at in 0..length {
                for (bad, non_finite) in
                    [(f32::NAN, true), (f32::INFINITY, true), (f32::NEG_INFINITY, true), (-8.001, false)]
                {
                    let mut block = vec![0.5_f32; length];
                    block[at] = bad;
                    let found = look(&block, 8.0);
                    assert_eq!(found.non_finite, non_finite, "{bad} at {at} of {length}");
                    assert_eq!(found.loud, !bad.is_nan(), "{bad} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn silence_and_the_faintest_sound_are_told_apart() {
        assert!(is_zero(overlay(&[0.0, -0.0, 0.0])));
        for at in 0..130 {
            let mut block = vec![0.0_f32; 130];
            block[at] = -f32::from_bits(1);
            assert!(!is_zero(overlay(&block)));
        }
    }

    proptest! {
        #[test]
        fn the_quick_look_agrees_with_the_plain_one(
            block in prop::collection::vec(prop_oneof![9 => -9.0_f32..9.0, 9 => -1.5_f32..1.5, 1 => prop::num::f32::ANY], 0..700),
            limit in 0.1_f32..12.0,
        ) {
            let found = look(&block, limit);
            prop_assert_eq!(found.non_finite, block.iter().any(|sample| !sample.is_finite()));
            prop_assert_eq!(found.loud, block.iter().any(|sample| sample.abs() > limit));
            prop_assert_eq!(is_zero(overlay(&block)), block.iter().all(|sample| *sample == 0.0));
        }
    }
}
