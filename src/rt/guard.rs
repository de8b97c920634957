//! L0 · looks over a block of samples for what no loudspeaker may get: not-a-numbers, infinities, far too much level.
//!
//! Thread: whichever owns the samples. Invariant: [`look`] is exact for `non_finite` and `loud`; `sum` is for asking
//! "is there anything at all".
//! Deliberately absent: what to do about it (the engine's policy) and any memory of earlier blocks.

/// What a look over a block found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Sum of all absolute values; zero exactly when all samples are zero (denormals count as zero where they are flushed).
    pub sum: f32,
    /// Some sample is NaN or infinite.
    pub non_finite: bool,
    /// Some sample is beyond the limit.
    pub loud: bool,
}

/// Samples taken side by side.
const LANES: usize = 16;
/// Samples of a lane that are summed before the sum is compared with the limit. A lane of full-scale samples stays below
/// a limit of +18 dBFS, so ordinary sound never needs the second, slower look.
const ROWS: usize = 8;

/// `[audio]` One pass over the samples; a second one only when the first finds something suspicious.
///
/// No sample can be beyond the limit when the sum of a few absolute values is not, and a NaN or infinity stays in the sum
/// for ever. Both are asked with a single comparison per lane.
#[inline]
pub fn look(samples: &[f32], limit: f32) -> Look {
    let mut total = [0.0_f32; LANES];
    let mut suspicious = [0_u32; LANES];
    let mut large = samples.chunks_exact(LANES * ROWS);
    for chunk in &mut large {
        let mut sums = [0.0_f32; LANES];
        for row in chunk.chunks_exact(LANES) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += sample.abs();
            }
        }
        for lane in 0..LANES {
            suspicious[lane] |= u32::from(!at_most(sums[lane], limit));
            total[lane] += sums[lane];
        }
    }
    let rest = large.remainder();
    if !rest.is_empty() {
        let mut sums = [0.0_f32; LANES];
        for row in rest.chunks(LANES) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += sample.abs();
            }
        }
        for lane in 0..LANES {
            suspicious[lane] |= u32::from(!at_most(sums[lane], limit));
            total[lane] += sums[lane];
        }
    }
    let sum = total.iter().sum();
    if suspicious.iter().all(|lane| *lane == 0) {
        return Look { sum, non_finite: false, loud: false };
    }
    look_closely(samples, limit, sum)
}

/// False for a NaN.
#[inline]
fn at_most(value: f32, limit: f32) -> bool {
    value <= limit
}

#[cold]
fn look_closely(samples: &[f32], limit: f32, sum: f32) -> Look {
    let non_finite = samples.iter().fold(false, |found, sample| found | !sample.is_finite());
    let loud = samples.iter().fold(false, |found, sample| found | (sample.abs() > limit));
    Look { sum, non_finite, loud }
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
        assert_eq!(look(&[0.0, -0.0, 0.0], 8.0).sum, 0.0);
        for at in 0..130 {
            let mut block = vec![0.0_f32; 130];
            block[at] = -1e-20;
            assert!(look(&block, 8.0).sum > 0.0);
        }
    }

    proptest! {
        #[test]
        fn the_quick_look_agrees_with_the_plain_one(
            block in prop::collection::vec(prop_oneof![9 => -9.0_f32..9.0, 1 => prop::num::f32::ANY], 0..700),
        ) {
            let found = look(&block, 8.0);
            prop_assert_eq!(found.non_finite, block.iter().any(|sample| !sample.is_finite()));
            prop_assert_eq!(found.loud, block.iter().any(|sample| sample.abs() > 8.0));
        }
    }
}
