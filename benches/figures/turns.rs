//! Two sides, turn by turn.

/// What both sides took, turn by turn, in the same unit.
pub struct Turns {
    bare: Vec<f64>,
    bridge: Vec<f64>,
}

impl Turns {
    /// Measures both sides `count` times; who begins alternates, so that neither always follows the other's traces in the
    /// caches. One turn before that is thrown away.
    pub fn take(count: usize, mut bare: impl FnMut() -> f64, mut bridge: impl FnMut() -> f64) -> Self {
        bare();
        bridge();
        let mut turns = Self { bare: Vec::with_capacity(count), bridge: Vec::with_capacity(count) };
        for turn in 0..count {
            let (one, other) = if turn % 2 == 0 {
                let one = bare();
                (one, bridge())
            } else {
                let other = bridge();
                (bare(), other)
            };
            turns.bare.push(one);
            turns.bridge.push(other);
        }
        turns
    }

    /// Median of the differences, bridge minus bare.
    pub fn difference(&self) -> f64 {
        median(self.bare.iter().zip(&self.bridge).map(|(bare, bridge)| bridge - bare))
    }

    /// Median of the ratios, bridge over bare.
    pub fn ratio(&self) -> f64 {
        median(self.bare.iter().zip(&self.bridge).map(|(bare, bridge)| bridge / bare))
    }

    /// Ratio of the best turns.
    pub fn ratio_of_best(&self) -> f64 {
        best(&self.bridge) / best(&self.bare)
    }

    /// Best and median of both sides.
    pub fn raw(&self) -> [(&'static str, f64); 4] {
        [
            ("bare best", best(&self.bare)),
            ("bridge best", best(&self.bridge)),
            ("bare median", median(self.bare.iter().copied())),
            ("bridge median", median(self.bridge.iter().copied())),
        ]
    }
}

/// The smallest.
pub fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The middle one.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
