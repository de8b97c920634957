//! L2 · values set while nothing plays, for the next start.
//!
//! Thread: main. Invariant: one value for each parameter, in the order they were set last: a program set before a
//! parameter is told before it. Setting many takes time that grows with their number only.

use crate::model::{ParamId, ParamPoint};
use std::collections::HashMap;

/// Values by parameter.
#[derive(Default)]
pub(super) struct Pending {
    /// Places of older values are empty.
    points: Vec<Option<ParamPoint>>,
    place: HashMap<ParamId, usize>,
}

impl Pending {
    /// `[main]` The latest value of a parameter.
    pub fn set(&mut self, param: ParamId, value: f64) {
        if self.points.len() > 64 && self.points.len() > 2 * self.place.len() {
            *self = self.take().into_iter().collect();
        }
        if let Some(old) = self.place.insert(param, self.points.len()) {
            self.points[old] = None;
        }
        self.points.push(Some(ParamPoint { param, offset: 0, value }));
    }

    /// `[main]` Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.place.is_empty()
    }

    /// `[main]` All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ParamPoint> {
        self.points.iter().flatten()
    }

    /// `[main]` All of them, which are none afterwards.
    pub fn take(&mut self) -> Vec<ParamPoint> {
        self.place.clear();
        std::mem::take(&mut self.points).into_iter().flatten().collect()
    }
}

impl FromIterator<ParamPoint> for Pending {
    fn from_iter<T: IntoIterator<Item = ParamPoint>>(points: T) -> Self {
        let mut pending = Self::default();
        points.into_iter().for_each(|point| pending.set(point.param, point.value));
        pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn the_latest_value_counts_in_the_order_of_setting() {
        let mut pending = Pending::default();
        for (param, value) in [(1, 0.1), (2, 0.2), (1, 0.3), (3, 0.4)] {
            pending.set(ParamId(param), value);
        }
        let told: Vec<(u32, f64)> = pending.take().iter().map(|point| (point.param.0, point.value)).collect();
        assert_eq!(told, [(2, 0.2), (1, 0.3), (3, 0.4)]);
        assert!(pending.is_empty() && pending.iter().next().is_none());
    }

    #[test]
    fn a_hundred_thousand_parameters_set_twice_take_no_time_and_one_set_forever_no_room() {
        let started = Instant::now();
        let mut pending = Pending::default();
        for param in (0..100_000).chain(0..100_000) {
            pending.set(ParamId(param), 0.5);
        }
        assert_eq!(pending.iter().count(), 100_000);
        for turn in 0..100_000 {
            pending.set(ParamId(7), f64::from(turn) / 1e5);
        }
        assert!(pending.points.len() <= 2 * 100_000 + 1, "{}", pending.points.len());
        // A list that is searched each time takes minutes.
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
