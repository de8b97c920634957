//! L3 · everything that can stop a render, in whole sentences.

use super::param_text::ParamError;
use crate::{
    audio_io::{AutomationError, FileError, MidiError},
    catalog::{FindError, VerifyError},
    model::ErrorCode,
    plugin::PluginError,
};
use std::path::PathBuf;

/// Why nothing was rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The plugin is not known, ambiguous or blocked.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The plugin is not the file that was scanned.
    #[error(transparent)]
    Stale(#[from] VerifyError),
    /// The plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// A parameter or its value was not understood.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The automation file is not understood.
    #[error(transparent)]
    Automation(#[from] AutomationError),
    /// The MIDI file is not understood.
    #[error(transparent)]
    Midi(#[from] MidiError),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The plugins cannot be put in a line.
    #[error("the plugins cannot be connected: {0}")]
    Graph(String),
    /// The plugin's channels do not fit.
    #[error("{plugin} cannot be used here: {why}")]
    Layout {
        /// Its name.
        plugin: String,
        /// Why, in a clause.
        why: String,
    },
    /// A preset name that is neither a file nor a program.
    #[error("“{preset}” is neither a file nor a program of {plugin}; `sonic-bridge info` lists its programs")]
    NoPreset {
        /// Plugin's name.
        plugin: String,
        /// What was asked for.
        preset: String,
    },
    /// A state file that is none.
    #[error("{path} is no state of {plugin}: it is {what}", path = path.display())]
    NoState {
        /// Plugin's name.
        plugin: String,
        /// Which file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A plugin that did not do its work.
    #[error("{plugin} {what}; nothing was written. Give --keep-going to write the output all the same")]
    Failed {
        /// Plugin's name.
        plugin: String,
        /// What it did, in a clause.
        what: &'static str,
    },
    /// A side-chain file, and no plugin that listens.
    #[error("none of the plugins has a side-chain input; leave out --sidechain")]
    NoSidechain,
    /// Notes, and no plugin that plays them.
    #[error("none of the plugins plays notes; leave out --midi")]
    NoNotes,
    /// Neither input nor notes.
    #[error("there is nothing to render: give an input file, or --midi FILE for an instrument")]
    NothingToDo,
    /// A file that is no audio could not be read.
    #[error("{path} cannot be read: {reason}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The audio thread ended in a panic.
    #[error("rendering failed inside the bridge; this is a fault of sonic-bridge, please report it")]
    Internal,
    /// The user stopped it.
    #[error("stopped; nothing was written")]
    Cancelled,
}

impl RenderError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Find(error) => error.code(),
            Self::Stale(error) => error.code(),
            Self::Plugin(error) => error.code(),
            Self::Param(error) => error.code(),
            Self::File(error) => error.code(),
            Self::Automation(error) => error.code(),
            Self::Midi(error) => error.code(),
            Self::Graph(_) | Self::Internal => ErrorCode::GRAPH_INVALID,
            Self::Layout { .. } | Self::NoSidechain | Self::NoNotes => ErrorCode::LAYOUT_REFUSED,
            Self::Failed { .. } => ErrorCode::GUARD_TRIPPED,
            Self::NoPreset { .. } | Self::NoState { .. } => ErrorCode::STATE_REJECTED,
            Self::NothingToDo => ErrorCode::FIELD_MISSING,
            Self::Read { .. } => ErrorCode::FILE,
            Self::Cancelled => ErrorCode::CANCELLED,
        }
    }
}
