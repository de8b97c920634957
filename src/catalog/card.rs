//! What the catalog answers with: one card for each plugin, one row for each module.
//!
//! Thread: any. Invariant: plain data; every text is cleaned.

use super::fingerprint::{Fingerprint, VerifyError};
use crate::model::{ErrorCode, PluginId, PluginInfo};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// How the examination of a module ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Can be loaded.
    Ok,
    /// The module refused, or told nonsense.
    Failed,
    /// The module killed the process that examined it.
    Crashed,
    /// The module did not answer in time.
    TimedOut,
    /// Named like a plugin, but none.
    NotAPlugin,
    /// A plugin for another machine.
    WrongArch,
    /// The user does not want it.
    Blocked,
}

impl State {
    /// `[any]` The name used in output and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Failed => "FAILED",
            Self::Crashed => "CRASHED",
            Self::TimedOut => "TIMED_OUT",
            Self::NotAPlugin => "NOT_A_PLUGIN",
            Self::WrongArch => "WRONG_ARCH",
            Self::Blocked => "BLOCKED",
        }
    }

    /// `[any]` The code of an attempt to use a plugin in this state; `None` when it can be used.
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Ok => None,
            Self::Failed | Self::NotAPlugin | Self::WrongArch => Some(ErrorCode::LOAD_FAILED),
            Self::Crashed => Some(ErrorCode::CRASHED),
            Self::TimedOut => Some(ErrorCode::LOAD_TIMEOUT),
            Self::Blocked => Some(ErrorCode::BLOCKLISTED),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One plugin that was found.
#[derive(Clone, Debug)]
pub struct Card {
    /// What it is.
    pub info: PluginInfo,
    /// [`State::Ok`] or [`State::Blocked`].
    pub state: State,
    /// Why it is not OK.
    pub reason: Option<String>,
    /// The module whose class of the same id is preferred: newer, or in a better folder.
    pub shadowed_by: Option<PathBuf>,
    /// Ids of older plugins that this one says it replaces.
    pub replaces: Vec<PluginId>,
    /// When the module's binary was last modified.
    pub modified: SystemTime,
    pub(super) fingerprint: Fingerprint,
}

impl Card {
    /// `[any]` Can be loaded, and is the one that is meant by its id.
    pub fn usable(&self) -> bool {
        self.state == State::Ok && self.shadowed_by.is_none()
    }

    /// `[any]` The file behind the card still is the one that was scanned. To be asked before every load.
    pub fn verify_unchanged(&self) -> Result<(), VerifyError> {
        super::fingerprint::verify_unchanged(self)
    }
}

/// One `.vst3` that was found.
#[derive(Clone, Debug)]
pub struct Module {
    /// Bundle or file, canonical.
    pub path: PathBuf,
    /// How its examination ended.
    pub state: State,
    /// Why it is not OK.
    pub reason: Option<String>,
    /// Number of plugins in it.
    pub plugins: usize,
    /// Its maker, as far as the bundle says without running.
    pub vendor: String,
    /// Its version, as far as the bundle says without running.
    pub version: String,
    /// Ids of its plugins, as far as the bundle says without running.
    pub expected: Vec<PluginId>,
    /// How long its examination took, in milliseconds; `None` when there was none.
    pub took_ms: Option<u64>,
}

impl Module {
    /// `[any]` The file name without its ending, cleaned: the only name of a module that could not be examined.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }
}

/// `[any]` The name a module's file goes by.
pub(super) fn name_of(path: &Path) -> String {
    super::text::clean(&path.file_stem().unwrap_or_default().to_string_lossy(), super::text::MAX_NAME)
}
