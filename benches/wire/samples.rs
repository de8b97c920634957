//! Many single times, and what of them is told.

use crate::turns::median;
use std::time::Duration;

/// Microseconds of one turn.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1e6);
    }

    /// How many took longer.
    pub fn above(&self, limit: f64) -> usize {
        self.0.iter().filter(|time| **time > limit).count()
    }

    /// The time that this share of them does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * share).round() as usize]
    }
}

/// Turns of several sides.
#[derive(Debug, Default)]
pub struct Side(pub Vec<Samples>);

impl Side {
    /// Median over the turns.
    pub fn quantile(&self, share: f64) -> f64 {
        median(self.0.iter().map(|turn| turn.quantile(share)))
    }

    /// Median over the turns of the ratio to the other side's turn.
    pub fn over(&self, other: &Self, share: f64) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(one, other)| one.quantile(share) / other.quantile(share)))
    }
}

/// Measures all sides `turns` times, one after the other; who begins moves on. A turn before that is thrown away.
pub fn take<const SIDES: usize>(turns: usize, mut turn_of: impl FnMut(usize) -> Samples) -> [Side; SIDES] {
    (0..SIDES).for_each(|side| drop(turn_of(side)));
    let mut sides: [Side; SIDES] = std::array::from_fn(|_| Side::default());
    for turn in 0..turns {
        for step in 0..SIDES {
            let side = (turn + step) % SIDES;
            sides[side].0.push(turn_of(side));
        }
    }
    sides
}
