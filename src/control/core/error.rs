//! L3 · why the core did not do something, in whole sentences.

use super::{InstanceId, StreamId};
use crate::{
    catalog::{BlockError, OpenError},
    control::{ParamError, RenderError},
    model::ErrorCode,
    plugin::PluginError,
};

/// Why something was not done. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// Unknown, another's, or gone.
    #[error("there is no instance {}; LIST_INSTANCES lists yours", .0.0)]
    NoInstance(InstanceId),
    /// Unknown, another's, or closed.
    #[error("there is no stream {}; OPEN_STREAM opens one", .0.0)]
    NoStream(StreamId),
    /// A chain has fewer plugins.
    #[error("the chain has {plugins} plugins; there is no number {member}")]
    NoMember {
        /// Asked for, from 0.
        member: usize,
        /// There are.
        plugins: usize,
    },
    /// A stream runs through it already.
    #[error("a stream runs through instance {} already; close it first, or load another instance", .0.0)]
    AlreadyOpen(InstanceId),
    /// Loading or connecting failed.
    #[error(transparent)]
    Load(#[from] RenderError),
    /// The plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// A parameter or its value was not understood.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The scan did not end well.
    #[error(transparent)]
    Scan(#[from] OpenError),
    /// The blocklist cannot be changed.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// No preset or program of that name.
    #[error("{plugin} has no preset or program called “{name}”")]
    NoPreset {
        /// Its name.
        plugin: String,
        /// Asked for.
        name: String,
    },
    /// A name that is no name.
    #[error("“{name}” cannot be the name of a preset: {why}")]
    BadName {
        /// Asked for.
        name: String,
        /// Why, in a clause.
        why: &'static str,
    },
    /// A file failed.
    #[error("{path} cannot be written: {reason}")]
    File {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// A number out of its limits.
    #[error("{what} has to be {expected}, not {found}")]
    Range {
        /// What.
        what: &'static str,
        /// In words.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A limit on the number of something.
    #[error("there are {limit} {what} already, which is the limit set in config.lua")]
    Limit {
        /// What.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The command ring of the instance is full.
    #[error("too many changes at once for instance {}; send fewer, or in a frame of the stream", .0.0)]
    Busy(InstanceId),
    /// Events go with the blocks of a stream.
    #[error("no stream runs through instance {}; open one first, with OPEN_STREAM", .0.0)]
    NoStreamOpen(InstanceId),
    /// A plugin did not come back from processing sound.
    #[error("a plugin of instance {} does not come back from processing sound; unload it with UNLOAD_PLUGIN", .0.0)]
    Stuck(InstanceId),
    /// What plays a chain could not be made again.
    #[error("instance {} lost its plugins: {why}; unload it with UNLOAD_PLUGIN and load it anew", .instance.0)]
    Lost {
        /// Which.
        instance: InstanceId,
        /// Why, in a clause.
        why: String,
    },
    /// Nobody waits for the answer any more.
    #[error("cancelled")]
    Cancelled,
    /// The bridge is ending.
    #[error("the bridge is shutting down")]
    ShuttingDown,
}

impl CoreError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoInstance(_) | Self::NoMember { .. } => ErrorCode::INSTANCE_NOT_FOUND,
            Self::NoStream(_) => ErrorCode::STREAM_NOT_FOUND,
            Self::AlreadyOpen(_) => ErrorCode::ALREADY_OPEN,
            Self::Load(error) => error.code(),
            Self::Plugin(error) => error.code(),
            Self::Param(error) => error.code(),
            Self::Scan(error) => error.code(),
            Self::Block(error) => error.code(),
            Self::NoPreset { .. } => ErrorCode::PRESET_NOT_FOUND,
            Self::BadName { .. } | Self::Range { .. } => ErrorCode::OUT_OF_RANGE,
            Self::File { .. } => ErrorCode::FILE,
            Self::Limit { .. } => ErrorCode::LIMIT_REACHED,
            Self::Busy(_) => ErrorCode::BUSY,
            Self::NoStreamOpen(_) => ErrorCode::NOT_ACTIVE,
            Self::Stuck(_) => ErrorCode::BUSY,
            Self::Lost { .. } => ErrorCode::LOAD_FAILED,
            Self::Cancelled => ErrorCode::CANCELLED,
            Self::ShuttingDown => ErrorCode::SHUTTING_DOWN,
        }
    }
}
