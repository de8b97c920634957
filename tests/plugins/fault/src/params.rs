//! Parameters: a gain, a lookahead, and whatever else the mode wants. Thread: main.

use crate::{factory::fill16, modes::Fault, which};
use vst3::Steinberg::{
    Vst::{ParameterInfo, ParameterInfo_::ParameterFlags_::kCanAutomate},
    kInvalidArgument, kResultOk, tresult,
};

/// Gain: normalized × 2 is the factor, so 0.5 leaves the sound as it is.
pub const GAIN: u32 = 0;
/// Lookahead: normalized × 1000 samples, in the mode that has it.
pub const LOOKAHEAD: u32 = 1;

/// `[any]` Whether this is one of the modes with a lookahead.
pub fn looks_ahead() -> bool {
    matches!(which::mode().fault, Fault::LatencyByParam | Fault::LatencyByAutomation)
}

/// `[main]` How many there are. `generation` counts the changes made by the mode that changes them.
pub fn count(generation: u32) -> i32 {
    match which::mode().fault {
        Fault::Params100k => 100_000,
        Fault::CountsHuge => i32::MAX,
        Fault::CountsNegative => -1,
        Fault::LatencyByParam | Fault::LatencyByAutomation => 2,
        Fault::ParamsEveryBlock => 1 + (generation % 7) as i32,
        _ => 1,
    }
}

/// `[main]` Describes one.
pub fn describe(index: i32, generation: u32, info: &mut ParameterInfo) -> tresult {
    if index < 0 || index >= count(generation) {
        return kInvalidArgument;
    }
    info.id = index as u32;
    let title = match info.id {
        GAIN if which::is(Fault::ParamsEveryBlock) => format!("Gain {generation}"),
        GAIN => "Gain".to_owned(),
        LOOKAHEAD if looks_ahead() => "Lookahead".to_owned(),
        other => format!("Parameter {other}"),
    };
    fill16(&mut info.title, &title);
    fill16(&mut info.shortTitle, &title);
    fill16(&mut info.units, if info.id == GAIN { "×" } else { "" });
    info.stepCount = if which::is(Fault::StepsNegative) { -1 } else { 0 };
    info.defaultNormalizedValue = match which::mode().fault {
        Fault::ValuesWild => -3.0,
        _ if info.id == GAIN => 0.5,
        _ => 0.0,
    };
    info.unitId = 0;
    info.flags = kCanAutomate;
    kResultOk
}

/// `[main]` Plain value of a normalized one.
pub fn plain(id: u32, normalized: f64) -> f64 {
    match id {
        _ if which::is(Fault::ValuesWild) => 1e300,
        GAIN => normalized * 2.0,
        LOOKAHEAD if looks_ahead() => (normalized * 1000.0).round(),
        _ => normalized,
    }
}

/// `[main]` Normalized value of a plain one.
pub fn normalized(id: u32, plain: f64) -> f64 {
    match id {
        _ if which::is(Fault::ValuesWild) => f64::NAN,
        GAIN => (plain / 2.0).clamp(0.0, 1.0),
        LOOKAHEAD if looks_ahead() => (plain / 1000.0).clamp(0.0, 1.0),
        _ => plain.clamp(0.0, 1.0),
    }
}
