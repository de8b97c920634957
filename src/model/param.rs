//! Parameters: what a plugin lets you turn.

/// The plugin's own, stable number of a parameter. Its position in the list is not its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub u32);

/// Everything known about a parameter without asking for its value.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamInfo {
    /// Stable number.
    pub id: ParamId,
    /// Full name.
    pub name: String,
    /// Short name, may be empty.
    pub short: String,
    /// Unit of the plain value ("dB", "%"), may be empty.
    pub unit: String,
    /// Group path from the root, parts joined by "/"; empty at the root.
    pub group: String,
    /// Number of steps between the values: 0 is continuous, 1 is a switch, n−1 for a list of n.
    pub steps: u32,
    /// Normalized default.
    pub default: f64,
    /// Plain value at normalized 0 and 1.
    pub range: (f64, f64),
    /// What may be done with it.
    pub flags: ParamFlags,
}

/// How a parameter is best shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Continuous.
    Float,
    /// Whole steps.
    Int,
    /// On or off.
    Bool,
    /// One of a list of names.
    Enum,
}

/// What the plugin says of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct ParamFlags {
    pub automatable: bool,
    pub read_only: bool,
    pub wrap: bool,
    pub list: bool,
    pub hidden: bool,
    pub program_change: bool,
    pub bypass: bool,
}

impl ParamInfo {
    /// How a parameter is best shown.
    pub fn kind(&self) -> ParamKind {
        match self.steps {
            0 => ParamKind::Float,
            _ if self.flags.list => ParamKind::Enum,
            1 => ParamKind::Bool,
            _ => ParamKind::Int,
        }
    }

    /// The step a normalized value falls into, `min(steps, floor(norm × (steps + 1)))` (VST3, Parameters & Automation);
    /// `None` for continuous parameters.
    pub fn step_of(&self, normalized: f64) -> Option<u32> {
        (self.steps > 0).then(|| {
            let step = (normalized * (f64::from(self.steps) + 1.0)).floor().max(0.0);
            (step as u32).min(self.steps)
        })
    }

    /// The normalized value of a step, `step / steps`.
    pub fn normalized_of_step(&self, step: u32) -> f64 {
        if self.steps == 0 { 0.0 } else { f64::from(step.min(self.steps)) / f64::from(self.steps) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_normalized_values_are_inverse() {
        for steps in 1..200 {
            let info = ParamInfo {
                id: ParamId(0),
                name: String::new(),
                short: String::new(),
                unit: String::new(),
                group: String::new(),
                steps,
                default: 0.0,
                range: (0.0, 1.0),
                flags: ParamFlags::default(),
            };
            for step in 0..=steps {
                assert_eq!(info.step_of(info.normalized_of_step(step)), Some(step));
            }
        }
    }
}
