//! The parameter table: what a plugin lets you turn. Thread: any.
//!
//! Invariant: `plain(0)` and `plain(1)` are the finite ends of the range, and `normalized` undoes `plain`.

use crate::text::Text;

/// How the normalized value 0…1 maps to the plain one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Taper {
    /// A straight line.
    Linear(f64, f64),
    /// Equal ratios; both ends are above zero.
    Log(f64, f64),
    /// Whole numbers from … to.
    Steps(i32, i32),
    /// Position in a list of names.
    List(&'static [&'static str]),
}

/// What the host should know about a parameter beyond its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An ordinary knob.
    Knob,
    /// The plugin's bypass; the kit does the bypassing.
    Bypass,
    /// Chooses a program; the kit sets the parameters.
    Program,
    /// Written by the sound, read by the host.
    Meter,
    /// Written by the component's "prepared" message: the sample rate.
    SampleRate,
}

/// One row of the parameter table.
#[derive(Clone, Debug)]
pub struct Param {
    /// Stable number.
    pub id: u32,
    /// Full name.
    pub name: String,
    /// Name for narrow displays.
    pub short: String,
    /// Unit of the plain value, empty where the text carries it ("1.20 kHz").
    pub unit: &'static str,
    /// Group, empty for none.
    pub group: String,
    /// Normalized ↔ plain.
    pub taper: Taper,
    /// Plain default.
    pub default: f64,
    /// Plain ↔ text.
    pub text: Text,
    /// What it is for.
    pub role: Role,
}

/// `[any]` A continuous parameter without a group.
pub fn number(id: u32, name: &str, taper: Taper, default: f64, text: Text) -> Param {
    Param {
        id,
        name: name.into(),
        short: name.into(),
        unit: text.unit(),
        group: String::new(),
        taper,
        default,
        text,
        role: Role::Knob,
    }
}

/// `[any]` A parameter of whole numbers.
pub fn steps(id: u32, name: &str, from: i32, to: i32, default: i32, unit: &'static str) -> Param {
    number(id, name, Taper::Steps(from, to), f64::from(default), Text::Number { decimals: 0, unit })
}

/// `[any]` A parameter with a name for each value.
pub fn list(id: u32, name: &str, names: &'static [&'static str], default: usize) -> Param {
    number(id, name, Taper::List(names), default as f64, Text::Name)
}

/// `[any]` An off/on parameter.
pub fn switch(id: u32, name: &str, default: bool) -> Param {
    list(id, name, &["Off", "On"], usize::from(default))
}

/// `[any]` The step a normalized value falls into, of `count` steps above zero.
pub fn discrete(normalized: f64, count: u32) -> u32 {
    ((normalized * (f64::from(count) + 1.0)).floor().max(0.0) as u32).min(count)
}

impl Param {
    /// `[any]` With another short name.
    pub fn short(mut self, short: &str) -> Self {
        self.short = short.into();
        self
    }

    /// `[any]` In a group.
    pub fn group(mut self, group: &str) -> Self {
        self.group = group.into();
        self
    }

    /// `[any]` With another role.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// `[any]` Number of steps above the first; 0 is continuous.
    pub fn step_count(&self) -> u32 {
        match self.taper {
            Taper::Linear(..) | Taper::Log(..) => 0,
            Taper::Steps(from, to) => to.abs_diff(from),
            Taper::List(names) => names.len() as u32 - 1,
        }
    }

    /// `[any]` Plain values at normalized 0 and 1.
    pub fn range(&self) -> (f64, f64) {
        match self.taper {
            Taper::Linear(from, to) | Taper::Log(from, to) => (from, to),
            Taper::Steps(from, to) => (f64::from(from), f64::from(to)),
            Taper::List(names) => (0.0, names.len() as f64 - 1.0),
        }
    }

    /// `[any]` Plain value of a normalized one.
    pub fn plain(&self, normalized: f64) -> f64 {
        let n = if normalized.is_nan() { 0.0 } else { normalized.clamp(0.0, 1.0) };
        let (from, to) = self.range();
        match self.taper {
            // The ends are exact, so that "all the way up" means the same in every host.
            _ if n == 1.0 => to,
            Taper::Linear(..) => from + n * (to - from),
            Taper::Log(..) => from * (to / from).powf(n),
            Taper::Steps(..) | Taper::List(_) => from + f64::from(discrete(n, self.step_count())),
        }
    }

    /// `[any]` Normalized value of a plain one.
    pub fn normalized(&self, plain: f64) -> f64 {
        let (from, to) = self.range();
        let p = if plain.is_nan() { from } else { plain.clamp(from, to) };
        match self.taper {
            Taper::Linear(..) => (p - from) / (to - from),
            Taper::Log(..) => ((p / from).ln() / (to / from).ln()).clamp(0.0, 1.0),
            Taper::Steps(..) | Taper::List(_) => (p - from).round() / (to - from),
        }
    }

    /// `[any]` Normalized default.
    pub fn default_normalized(&self) -> f64 {
        self.normalized(self.default)
    }

    /// `[any]` May the host write it?
    pub fn writable(&self) -> bool {
        matches!(self.role, Role::Knob | Role::Bypass | Role::Program)
    }

    /// `[any]` Is it part of the saved sound?
    pub fn saved(&self) -> bool {
        self.writable()
    }

    /// `[any]` Text of a normalized value.
    pub fn format(&self, normalized: f64) -> String {
        self.text.format(self, self.plain(normalized))
    }

    /// `[any]` Normalized value of a text; `None` when it means nothing or lies outside the range.
    pub fn parse(&self, text: &str) -> Option<f64> {
        let plain = self.text.parse(self, text)?;
        let (from, to) = self.range();
        // A text is rounded; the rounded text of the upper end may lie a hair above it.
        let slack = (to - from) * 1e-4;
        (plain >= from - slack && plain <= to + slack).then(|| self.normalized(plain))
    }
}
