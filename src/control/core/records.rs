//! L3 · what the core is asked for and answers with: plain data.

use super::CoreError;
use crate::{
    model::{Event, ParamId, ParamInfo, PluginInfo},
    plugin::{Layout, ProcessMode, State, Tail},
};

/// Whose an instance or stream is: a session, or the bridge itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(pub u64);

impl Owner {
    /// The bridge itself: what scripts load for themselves.
    pub const BRIDGE: Self = Self(0);
}

/// A loaded chain of one or more plugins. Never used again after it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

/// An open stream; the number in its frames. Never used again after it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A plugin to load, and what to set before it is activated: state, then preset, then nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Id, exact name, or a unique part of it.
    pub query: String,
    /// A saved state of this plugin.
    pub state: Option<State>,
    /// The name of a preset or program, as `LIST_PRESETS` and `LIST_PROGRAMS` have it.
    pub preset: Option<String>,
}

/// A chain to load.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadRequest {
    /// Whose it will be.
    pub owner: Owner,
    /// In the order sound runs through them; at least one.
    pub plugins: Vec<Wanted>,
    /// Hz.
    pub sample_rate: f64,
    /// Longest block the plugins are prepared for; longer frames of a stream are split.
    pub max_block: u32,
    /// Channels in and out.
    pub channels: usize,
    /// Clock the plugins are told of.
    pub mode: ProcessMode,
}

/// One plugin of a loaded chain.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberRecord {
    /// What it is.
    pub plugin: PluginInfo,
    /// Copies of it: 1, or one per channel where the plugin takes fewer channels than there are.
    pub lanes: usize,
    /// Its buses.
    pub layout: Layout,
    /// Samples.
    pub latency: u32,
    /// After its input ended.
    pub tail: Tail,
    /// Number of its parameters.
    pub params: usize,
    /// What it implements, by the standard names.
    pub interfaces: Vec<&'static str>,
}

/// A loaded chain.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceRecord {
    /// Its number.
    pub id: InstanceId,
    /// Its plugins in order.
    pub members: Vec<MemberRecord>,
    /// Hz.
    pub sample_rate: f64,
    /// Longest block.
    pub max_block: u32,
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Samples, of the whole.
    pub latency: u32,
    /// Of the whole.
    pub tail: Tail,
    /// Switched off: sound runs past it, as late as through it.
    pub bypassed: bool,
    /// The stream that runs through it.
    pub stream: Option<StreamId>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A value of a parameter, in all ways to say it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamValue {
    /// 0…1.
    pub normalized: f64,
    /// In the parameter's unit.
    pub plain: f64,
    /// As the plugin shows it, without the unit.
    pub text: String,
}

/// A parameter with its present value.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamRecord {
    /// What never changes by itself.
    pub info: ParamInfo,
    /// Now.
    pub value: ParamValue,
    /// The plugin's texts of a parameter with up to 64 steps, in order; empty for others.
    pub labels: Vec<String>,
}

/// How a parameter is named: by number, or as a person writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamRef {
    /// The plugin's own number.
    Id(ParamId),
    /// `#ID`, name, group/name or a unique part of it.
    Name(String),
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamInput {
    /// 0…1.
    Normalized(f64),
    /// In the parameter's unit.
    Plain(f64),
    /// As a person writes it.
    Text(String),
}

/// A preset that can be loaded by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresetRecord {
    /// Name, without folder and ending.
    pub name: String,
    /// `user`, `shared` or `factory`.
    pub scope: &'static str,
}

/// A list of programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramListRecord {
    /// The plugin's number of the list.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Names in order.
    pub programs: Vec<String>,
    /// The one that is chosen, where the plugin tells.
    pub current: Option<usize>,
}

/// A stream to open.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRequest {
    /// Whose.
    pub owner: Owner,
    /// What it runs through.
    pub instance: InstanceId,
    /// Hz. The plugins are prepared anew when it differs from what they run at.
    pub sample_rate: f64,
    /// Frames in the longest block that is expected.
    pub block: u32,
    /// Channels of its frames, in and out.
    pub channels: usize,
    /// Realtime or offline.
    pub mode: ProcessMode,
}

/// Musical time, as a client says it is. What is `None` stays as it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TransportChange {
    /// The song runs.
    pub playing: Option<bool>,
    /// Quarters per minute.
    pub tempo: Option<f64>,
    /// Time signature.
    pub signature: Option<(u16, u16)>,
    /// Jump to this position in the song, in samples, at the next block.
    pub position: Option<i64>,
    /// Loop start and end in quarter notes.
    pub cycle: Option<(f64, f64)>,
    /// The loop is on.
    pub cycling: Option<bool>,
}

impl TransportChange {
    /// `[any]` Whether every number can be meant.
    pub fn check(&self) -> Result<(), CoreError> {
        let wrong =
            |what, expected: &str, found: String| Err(CoreError::Range { what, expected: expected.into(), found });
        if let Some(tempo) = self.tempo.filter(|tempo| !(1.0..=999.0).contains(tempo)) {
            return wrong("the tempo", "between 1 and 999 quarters per minute", tempo.to_string());
        }
        if let Some((beats, unit)) = self.signature
            && !((1..=99).contains(&beats) && [1, 2, 4, 8, 16, 32, 64].contains(&unit))
        {
            let expected = "1 to 99 beats of 1, 2, 4, 8, 16, 32 or 64";
            return wrong("the time signature", expected, format!("{beats}/{unit}"));
        }
        if let Some((start, end)) = self.cycle
            && !(start.is_finite() && end.is_finite() && start < end)
        {
            return wrong("the loop", "from a quarter note to a later one", format!("{start} to {end}"));
        }
        if let Some(position) = self.position.filter(|position| position.unsigned_abs() > 1 << 53) {
            return wrong("the position", "a sample within 2^53", position.to_string());
        }
        Ok(())
    }
}

/// Events for an instance: sent with the next block.
#[derive(Clone, Debug, PartialEq)]
pub struct EventBatch {
    /// Which plugin of the chain; `None` = every one that takes notes.
    pub member: Option<usize>,
    /// Sorted or not; offsets count from the start of the next block.
    pub events: Vec<Event>,
}

/// What a stream measured. Times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timings {
    /// Frames processed.
    pub blocks: u64,
    /// Of the processing of one frame.
    pub average: f64,
    /// Of the processing of one frame.
    pub shortest: f64,
    /// Of the processing of one frame.
    pub longest: f64,
    /// Frames whose processing took longer than they last.
    pub overruns: u64,
    /// Frames that came back unprocessed.
    pub dry: u64,
    /// Blocks in which the guard acted.
    pub guarded: u64,
}

/// One plugin in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginCard {
    /// What it is.
    pub info: PluginInfo,
    /// The catalog's word: `OK`, `BLOCKED`, `CRASHED`, `TIMED_OUT`, …
    pub state: &'static str,
    /// Why it is not OK.
    pub reason: Option<String>,
}

/// One module of a scan's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleCard {
    /// Bundle or file.
    pub path: std::path::PathBuf,
    /// The catalog's word.
    pub state: &'static str,
    /// Why it is not OK.
    pub reason: Option<String>,
    /// Number of plugins in it.
    pub plugins: usize,
    /// Milliseconds its examination took.
    pub took_ms: Option<u64>,
}

/// All plugins at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PluginList {
    /// Grows with every change.
    pub rev: u64,
    /// Sorted by name; shadowed ones are left out.
    pub plugins: Vec<PluginCard>,
    /// The report of the last scan.
    pub modules: Vec<ModuleCard>,
}
