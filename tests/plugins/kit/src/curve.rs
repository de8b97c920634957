//! A parameter's points within a block. Thread: audio.
//!
//! Invariant: asked at rising positions, it answers the straight line between neighbouring points. The value the last
//! block ended with counts as a point just before this block (at −1), so a line drawn by points at the ends of blocks
//! stays a line.

/// Where a parameter stands and where it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve {
    from: (i32, f64),
    to: Option<(i32, f64)>,
    next: i32,
}

/// A value, and the first position where it may be another one.
pub(crate) struct Reading {
    pub(crate) value: f64,
    pub(crate) until: i32,
}

impl Curve {
    /// `[audio]` Starts a block.
    pub(crate) fn start(value: f64, point: impl Fn(i32) -> Option<(i32, f64)>) -> Self {
        let mut curve = Self { from: (-1, value), to: None, next: 0 };
        curve.fetch(point);
        curve
    }

    fn fetch(&mut self, point: impl Fn(i32) -> Option<(i32, f64)>) {
        self.to = point(self.next);
        self.next += 1;
    }

    /// `[audio]` The value at a position. Parameters with steps jump at their points, others move between them.
    pub(crate) fn at(&mut self, position: i32, moves: bool, point: impl Fn(i32) -> Option<(i32, f64)>) -> Reading {
        while let Some(to) = self.to
            && to.0 <= position
        {
            self.from = to;
            self.fetch(&point);
        }
        match self.to {
            None => Reading { value: self.from.1, until: i32::MAX },
            Some((offset, value)) if moves && value != self.from.1 => {
                let start = f64::from(self.from.0);
                let way = (f64::from(position) - start) / (f64::from(offset) - start);
                Reading { value: self.from.1 + (value - self.from.1) * way, until: position.saturating_add(1) }
            }
            Some((offset, _)) => Reading { value: self.from.1, until: offset },
        }
    }

    /// `[audio]` Somebody else (a program change) moved the parameter.
    pub(crate) fn jump(&mut self, position: i32, value: f64) {
        self.from = (position, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(start: f64, points: &[(i32, f64)], frames: i32, moves: bool) -> Vec<f64> {
        let point = |i: i32| points.get(i as usize).copied();
        let mut curve = Curve::start(start, point);
        (0..frames).map(|i| curve.at(i, moves, point).value).collect()
    }

    #[test]
    fn points_are_met_on_their_sample() {
        assert_eq!(play(0.0, &[(3, 1.0)], 5, true), [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert_eq!(play(0.0, &[(3, 1.0)], 5, false), [0.0, 0.0, 0.0, 1.0, 1.0]);
        assert_eq!(play(0.5, &[(0, 1.0)], 2, true), [1.0, 1.0]);
        // A jump is two points.
        assert_eq!(play(0.0, &[(1, 0.0), (2, 1.0)], 4, true), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(play(0.0, &[(2, 0.0), (2, 1.0)], 4, true), [0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn a_line_over_two_blocks_is_the_same_line() {
        let whole = play(0.0, &[(7, 1.0)], 8, true);
        let first = play(0.0, &[(3, 0.5)], 4, true);
        let second = play(0.5, &[(3, 1.0)], 4, true);
        assert_eq!(whole, [first, second].concat());
    }
}
