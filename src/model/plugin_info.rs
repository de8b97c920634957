//! A plugin on disk, as the catalog knows it without loading it again.

use std::{fmt, path::PathBuf};

/// Names a plugin for ever: the format, a colon, and the format's own class id in canonical text
/// (`vst3:` and 32 upper-case hex digits made from the id's four 32-bit groups, the same on every OS).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginId(pub String);

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Plugin formats that can be hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PluginFormat {
    /// Steinberg VST 3.
    Vst3,
}

impl PluginFormat {
    /// The name used on the wire, in config and in ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vst3 => "vst3",
        }
    }
}

/// What a plugin is for, from its categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PluginKind {
    /// Sound in, sound out.
    Effect,
    /// Notes in, sound out.
    Instrument,
    /// Shows, and passes sound through.
    Analyzer,
    /// Makes sound without input or notes.
    Generator,
    /// Anything else, or unknown.
    Other,
}

impl PluginKind {
    /// Lower-case English name, as used by filters and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Effect => "effect",
            Self::Instrument => "instrument",
            Self::Analyzer => "analyzer",
            Self::Generator => "generator",
            Self::Other => "other",
        }
    }
}

/// One plugin: one class of one module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Identity.
    pub id: PluginId,
    /// The plugin's name.
    pub name: String,
    /// The maker's name; the factory's vendor when the class gives none.
    pub vendor: String,
    /// The plugin's version text.
    pub version: String,
    /// Format.
    pub format: PluginFormat,
    /// What it is for.
    pub kind: PluginKind,
    /// The format's category words in order ("Fx", "Reverb").
    pub categories: Vec<String>,
    /// Version of the SDK it was built with, as it says.
    pub sdk: String,
    /// The bundle folder or file it lives in, canonical.
    pub path: PathBuf,
    /// Component and controller may live in different processes (VST3 `kDistributable`).
    pub distributable: bool,
}
