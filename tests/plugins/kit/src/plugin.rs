//! What a plugin is, apart from its sound. Thread: any; built once, then only read.

use crate::{dsp::Dsp, param::Param};
use vst3::Steinberg::{TUID, Vst::IProcessContextRequirements_::Flags_};

/// Maker of all our plugins.
pub const VENDOR: &str = "Sonic-Core";

/// What a plugin wants to know about musical time; add them up for [`Plugin::needs`].
#[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
pub mod need {
    use super::Flags_;
    /// Beats per minute.
    pub const TEMPO: u32 = Flags_::kNeedTempo as u32;
    /// Playing or stopped.
    pub const TRANSPORT: u32 = Flags_::kNeedTransportState as u32;
}

/// A class id as its four groups, the same text on every system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uid(pub u32, pub u32, pub u32, pub u32);

impl Uid {
    /// `[any]` The bytes a host passes around; their order differs on Windows.
    pub fn tuid(self) -> TUID {
        vst3::uid(self.0, self.1, self.2, self.3)
    }

    /// `[any]` 32 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:08X}{:08X}{:08X}{:08X}", self.0, self.1, self.2, self.3)
    }
}

/// An audio bus; stereo until the host asks for something else.
#[derive(Clone, Copy, Debug)]
pub struct Bus {
    /// Shown to the user.
    pub name: &'static str,
    /// A side-chain, off by default.
    pub aux: bool,
}

impl Bus {
    /// `[any]` The ordinary way.
    pub const fn main(name: &'static str) -> Self {
        Self { name, aux: false }
    }

    /// `[any]` A side-chain.
    pub const fn aux(name: &'static str) -> Self {
        Self { name, aux: true }
    }
}

/// Channel counts a plugin can run with. A side-chain is always mono or stereo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layouts {
    /// As many out as in, up to 64.
    SameWidth,
    /// 1 → 1, 1 → 2, 2 → 2.
    UpToStereo,
    /// No input; mono or stereo out.
    Source,
}

/// A factory sound: plain values that differ from the defaults.
#[derive(Clone, Debug)]
pub struct Program {
    /// Shown to the user.
    pub name: &'static str,
    /// Parameter id and plain value.
    pub values: Vec<(u32, f64)>,
}

/// What a single note can be bent by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// 0.25 is unity, 1 is +12 dB.
    Volume,
    /// 0.5 is in tune, the ends are ±120 semitones.
    Tuning,
}

/// A plugin, apart from its sound.
#[derive(Debug)]
pub struct Plugin {
    /// Shown to the user.
    pub name: &'static str,
    /// "1.2.3".
    pub version: &'static str,
    /// "Fx|EQ" and the like.
    pub categories: &'static str,
    /// Four letters at the head of a saved state, so that another plugin's state is refused.
    pub code: [u8; 4],
    /// Class id of the component.
    pub class: Uid,
    /// Class id of the controller; `None` makes one object that is both.
    pub controller: Option<Uid>,
    /// Audio inputs, the main one first.
    pub inputs: Vec<Bus>,
    /// Audio outputs, the main one first.
    pub outputs: Vec<Bus>,
    /// Takes notes: implements MIDI mapping and note expression.
    pub instrument: bool,
    /// Channel counts.
    pub layouts: Layouts,
    /// Sum of [`need`].
    pub needs: u32,
    /// The parameter table.
    pub params: Vec<Param>,
    /// Factory sounds, chosen by the parameter with that role.
    pub programs: Vec<Program>,
    /// MIDI controller number → parameter id, on all channels.
    pub midi: Vec<(i16, u32)>,
    /// Per-note expressions.
    pub expressions: Vec<Expression>,
    /// Makes the sound.
    pub create: fn() -> Box<dyn Dsp>,
}

impl Plugin {
    /// `[any]` Position of a parameter in the table.
    pub fn index_of(&self, id: u32) -> Option<usize> {
        self.params.iter().position(|param| param.id == id)
    }

    /// `[any]` Names of the groups, in order of first use.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups = Vec::new();
        for param in &self.params {
            if !param.group.is_empty() && !groups.contains(&param.group.as_str()) {
                groups.push(param.group.as_str());
            }
        }
        groups
    }

    /// `[any]` Normalized value each parameter takes with a program; `None` for those a program leaves alone.
    pub fn program_values(&self, program: usize) -> impl Iterator<Item = Option<f64>> {
        use crate::param::Role;
        let values = self.programs.get(program).map_or(&[][..], |program| &program.values);
        // Controllers of the performance (wheels, pedal) belong to the player, not to the program.
        let played = move |id| self.midi.iter().any(|&(_, param)| param == id);
        self.params.iter().map(move |param| {
            (param.role == Role::Knob && !played(param.id)).then(|| {
                let plain = values.iter().find(|&&(id, _)| id == param.id).map_or(param.default, |&(_, value)| value);
                param.normalized(plain)
            })
        })
    }

    /// `[any]` Can it run with these speaker masks?
    pub fn accepts(&self, inputs: &[u64], outputs: &[u64]) -> bool {
        if inputs.len() != self.inputs.len() || outputs.len() != self.outputs.len() {
            return false;
        }
        let width = |masks: &[u64]| masks.first().map_or(0, |mask| mask.count_ones());
        let main = match (self.layouts, width(inputs), width(outputs)) {
            (Layouts::SameWidth, i, o) => i == o && i > 0,
            (Layouts::UpToStereo, i, o) => matches!((i, o), (1, 1 | 2) | (2, 2)),
            (Layouts::Source, 0, o) => matches!(o, 1 | 2),
            (Layouts::Source, ..) => false,
        };
        main && inputs.iter().skip(1).all(|mask| matches!(mask.count_ones(), 1 | 2))
    }
}
