//! One automated parameter over time, and the points a block needs of it.
//!
//! Thread: any; [`Lane::emit`] allocates nothing. Invariant: the value at every sample is the same however time is cut
//! into blocks; the points of one block are sorted and at most one lies on each sample.
//! Deliberately absent: names and files (see `automation`).
//!
//! Between two points plugins draw a straight line, also from the last point of the block before. So a jump takes a point
//! on the sample before it, and a ramp that goes on takes a point on the last sample of each block.

use super::Curve;

/// A point on the time line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breakpoint {
    /// Samples from the start.
    pub at: u64,
    /// Normalized, 0…1.
    pub value: f64,
    /// How the value gets here.
    pub curve: Curve,
}

/// A parameter's course.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    points: Vec<Breakpoint>,
    next: usize,
    previous: (u64, f64),
}

impl Lane {
    /// `[any]` From points in any order (at equal times the later one counts last), starting with the value the parameter
    /// has before the first of them.
    pub fn new(mut points: Vec<Breakpoint>, initial: f64) -> Self {
        points.sort_by_key(|point| point.at);
        Self { points, next: 0, previous: (0, initial) }
    }

    /// `[audio]` The points of the block of `frames` samples from `start` on, as offsets and values. Blocks must follow
    /// each other.
    pub fn emit(&mut self, start: u64, frames: usize, mut point: impl FnMut(u32, f64)) {
        let end = start + frames as u64;
        let mut last = None;
        while let Some(first) = self.points.get(self.next).copied().filter(|point| point.at < end) {
            let at = first.at.max(start);
            let mut value = first.value;
            let before = self.value_before(&first, at);
            while let Some(same) = self.points.get(self.next).filter(|point| point.at <= at) {
                value = same.value;
                self.next += 1;
            }
            let jumps = first.curve == Curve::Hold || value != first.value;
            if jumps && before != value && at > start && last != Some(at - 1) {
                point((at - 1 - start) as u32, before);
            }
            point((at - start) as u32, value);
            last = Some(at);
            self.previous = (at, value);
        }
        let Some(next) = self.points.get(self.next).copied() else { return };
        let moving = next.curve == Curve::Linear && self.previous.0 < end - 1 && next.value != self.previous.1;
        if moving && last != Some(end - 1) {
            point((end - 1 - start) as u32, self.value_before(&next, end));
        }
    }

    /// The value on the last sample before `at`, on the way to `next`.
    fn value_before(&self, next: &Breakpoint, at: u64) -> f64 {
        let (from, value) = self.previous;
        let sample = at.saturating_sub(1).max(from);
        if next.curve == Curve::Hold || next.at <= from {
            return value;
        }
        value + (next.value - value) * ((sample - from) as f64 / (next.at - from) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> Lane {
        let point = |at, value, curve| Breakpoint { at, value, curve };
        let points = vec![
            point(100, 0.8, Curve::Hold),
            point(300, 0.2, Curve::Linear),
            point(300, 1.0, Curve::Hold),
            point(1000, 0.0, Curve::Linear),
            point(1001, 0.5, Curve::Hold),
        ];
        Lane::new(points, 0.1)
    }

    /// The value of every sample as a plugin draws it, from blocks of this length.
    fn drawn(block: usize) -> Vec<f64> {
        let mut lane = lane();
        let mut values = Vec::new();
        let (mut at, mut value) = (-1_i64, 0.1);
        for start in (0..1200).step_by(block) {
            let mut last = None;
            lane.emit(start, block, |offset, to| {
                assert!((offset as usize) < block && last < Some(offset), "sorted, within the block");
                last = Some(offset);
                let target = start as i64 + i64::from(offset);
                while at < target {
                    let left = (target - at) as f64;
                    at += 1;
                    value += (to - value) / left;
                    values.push(value);
                }
            });
            // What is not told stays.
            while at < (start as i64 + block as i64) - 1 {
                at += 1;
                values.push(value);
            }
            at = start as i64 + block as i64 - 1;
        }
        values.truncate(1200);
        values
    }

    #[test]
    fn a_plugin_draws_the_same_curve_from_blocks_of_any_length() {
        let expected = |n: usize| match n {
            0..100 => 0.1,
            100..300 => 0.8 - 0.6 * (n as f64 - 100.0) / 200.0,
            300..1000 => 1.0 - (n as f64 - 300.0) / 700.0,
            1000 => 0.0,
            _ => 0.5,
        };
        for block in [1, 7, 64, 100, 101, 299, 300, 301, 441, 1200] {
            for (n, value) in drawn(block).into_iter().enumerate() {
                assert!((value - expected(n)).abs() < 1e-9, "block {block}, sample {n}: {value} for {}", expected(n));
            }
        }
    }

    #[test]
    fn a_lane_at_rest_says_nothing() {
        let mut lane = lane();
        lane.emit(0, 1100, |_, _| ());
        lane.emit(1100, 100, |offset, value| panic!("{offset} {value}"));
        let mut still = Lane::new(vec![Breakpoint { at: 500, value: 0.3, curve: Curve::Linear }], 0.3);
        still.emit(0, 100, |offset, value| panic!("{offset} {value}"));
    }
}
