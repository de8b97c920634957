//! The parameters. Thread: any. Invariant: ids are stable and are not indices, values are atomics shared by whoever holds them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::{
    kCanAutomate, kIsBypass, kIsHidden, kIsList, kIsProgramChange, kIsReadOnly, kIsWrapAround,
};

/// What a parameter is.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Id.
    pub id: u32,
    /// Title.
    pub title: &'static str,
    /// Unit of the plain value.
    pub units: &'static str,
    /// Steps; 0 for continuous.
    pub steps: i32,
    /// Plain value of 1.0, where 0.0 is 0.
    pub top: f64,
    /// Default.
    pub default: f64,
    /// Flags.
    pub flags: i32,
    /// Unit it belongs to.
    pub unit: i32,
}

/// Gain factor: plain = normalized × 2.
pub const GAIN: u32 = 100;
/// Bypass.
pub const BYPASS: u32 = 7;
/// Program selector.
pub const PROGRAM: u32 = 2000;
/// Peak of the last block.
pub const METER: u32 = 33;
/// A list of four.
pub const CHOICE: u32 = 4;
/// Hidden.
pub const HIDDEN: u32 = 555;
/// An angle that wraps around.
pub const PHASE: u32 = 66;
/// Not to be automated.
pub const FIXED: u32 = 71;
/// Assigned to controller 1.
pub const WHEEL: u32 = 8;
/// Assigned to pitch bend.
pub const BEND: u32 = 9;

const fn param(
    id: u32,
    title: &'static str,
    units: &'static str,
    steps: i32,
    top: f64,
    default: f64,
    flags: i32,
) -> Param {
    Param { id, title, units, steps, top, default, flags, unit: 0 }
}

/// All of them, in the order the plugin lists them.
pub const PARAMS: [Param; 10] = [
    param(GAIN, "Gain", "×", 0, 2.0, 0.5, kCanAutomate),
    param(BYPASS, "Bypass", "", 1, 1.0, 0.0, kCanAutomate | kIsBypass),
    param(PROGRAM, "Program", "", 7, 7.0, 0.0, kCanAutomate | kIsList | kIsProgramChange),
    param(METER, "Meter", "", 0, 1.0, 0.0, kIsReadOnly),
    param(CHOICE, "Choice", "", 3, 3.0, 0.0, kCanAutomate | kIsList),
    param(HIDDEN, "Hidden", "", 0, 1.0, 0.25, kIsHidden),
    param(PHASE, "Phase", "°", 0, 360.0, 0.0, kCanAutomate | kIsWrapAround),
    param(FIXED, "Fixed", "", 0, 1.0, 0.0, 0),
    Param { unit: 1, ..param(WHEEL, "Mod Wheel", "", 0, 1.0, 0.0, kCanAutomate) },
    Param { unit: 1, ..param(BEND, "Pitch Bend", "st", 0, 4.0, 0.5, kCanAutomate) },
];

/// Words of the list parameter.
const CHOICES: [&str; 4] = ["North", "East", "South", "West"];

/// Counts how often titles were changed by a command; they show it.
pub static TITLES: AtomicU32 = AtomicU32::new(0);

impl Param {
    /// `[any]` The parameter with this id.
    pub fn with_id(id: u32) -> Option<&'static Self> {
        PARAMS.iter().find(|param| param.id == id)
    }

    /// `[any]` Plain value of a normalized one.
    pub fn plain(&self, normalized: f64) -> f64 {
        if self.steps > 0 {
            (normalized * f64::from(self.steps + 1)).floor().min(f64::from(self.steps))
        } else {
            normalized * self.top
        }
    }

    /// `[any]` Normalized value of a plain one.
    pub fn normalized(&self, plain: f64) -> f64 {
        (plain / self.top).clamp(0.0, 1.0)
    }

    /// `[main]` Its title at present.
    pub fn present_title(&self) -> String {
        match TITLES.load(Relaxed) {
            0 => self.title.to_owned(),
            count => format!("{} {}", self.title, count + 1),
        }
    }

    /// `[main]` Text of a normalized value.
    pub fn text(&self, normalized: f64) -> String {
        let plain = self.plain(normalized);
        match self.id {
            CHOICE => CHOICES[(plain.max(0.0) as usize).min(3)].to_owned(),
            PROGRAM => program_name(plain as i32),
            BYPASS => if plain > 0.0 { "On" } else { "Off" }.to_owned(),
            _ => format!("{plain:.3}"),
        }
    }

    /// `[main]` Normalized value of a text.
    pub fn parse(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        if self.steps > 0 {
            let steps = 0..=self.steps;
            let found =
                steps.map(f64::from).find(|plain| self.text(self.normalized(*plain)).eq_ignore_ascii_case(text));
            if let Some(plain) = found {
                return Some(self.normalized(plain));
            }
        }
        let number = text.strip_suffix(self.units).unwrap_or(text).trim().parse::<f64>().ok()?;
        number.is_finite().then(|| self.normalized(number))
    }
}

/// `[main]` Name of a factory program.
pub fn program_name(index: i32) -> String {
    format!("Program {}", index + 1)
}

/// Present values in the order of [`PARAMS`].
#[derive(Debug)]
pub struct Values([AtomicU64; PARAMS.len()]);

impl Default for Values {
    fn default() -> Self {
        Self(PARAMS.map(|param| AtomicU64::new(param.default.to_bits())))
    }
}

impl Values {
    /// `[any]` The value of a parameter; 0 for an unknown one.
    pub fn get(&self, id: u32) -> f64 {
        let index = PARAMS.iter().position(|param| param.id == id);
        index.map_or(0.0, |index| f64::from_bits(self.0[index].load(Relaxed)))
    }

    /// `[any]` Sets the value of a parameter; false for an unknown one.
    pub fn set(&self, id: u32, value: f64) -> bool {
        let index = PARAMS.iter().position(|param| param.id == id);
        if let Some(index) = index {
            self.0[index].store(value.to_bits(), Relaxed);
        }
        index.is_some()
    }

    /// `[main]` All values, as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.load(Relaxed).to_le_bytes()).collect()
    }

    /// `[main]` Takes over values saved by [`Self::bytes`].
    pub fn load(&self, bytes: &[u8]) {
        for (place, part) in self.0.iter().zip(bytes.chunks_exact(8)) {
            place.store(u64::from_le_bytes(part.try_into().expect("eight bytes")), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_values_round_trip() {
        for param in &PARAMS {
            for step in 0..=20 {
                let plain = param.plain(f64::from(step) / 20.0);
                let text = param.text(param.normalized(plain));
                let back = param.parse(&text).unwrap_or_else(|| panic!("{}: {text}", param.title));
                assert!((param.plain(back) - plain).abs() < 1e-3, "{}: {plain} became {text}", param.title);
            }
        }
    }
}
