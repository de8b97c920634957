//! L3 · what happens in the core without having been asked for just now.

use super::{InstanceId, Owner, ParamValue, StreamId};
use crate::{model::ParamId, plugin::Tail};
use std::path::PathBuf;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct CoreEvent {
    /// Whom it concerns; `None` = everybody.
    pub owner: Option<Owner>,
    /// The instance it happened in.
    pub instance: Option<InstanceId>,
    /// What.
    pub what: What,
}

/// The kinds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// A chain was loaded.
    Loaded,
    /// A chain is gone.
    Unloaded,
    /// A parameter has another value; comes at most 60 times a second for each parameter.
    ParamChanged {
        /// Which plugin of the chain.
        member: usize,
        /// Which.
        param: ParamId,
        /// Now.
        value: ParamValue,
        /// The plugin moved it, not the owner.
        by_plugin: bool,
    },
    /// All values of a plugin may be others.
    ValuesChanged {
        /// Which plugin of the chain.
        member: usize,
    },
    /// Parameters have other names, units, flags, or there are others.
    ParamInfoChanged {
        /// Which plugin of the chain.
        member: usize,
    },
    /// Programs changed.
    ProgramsChanged {
        /// Which plugin of the chain.
        member: usize,
    },
    /// The plugin's own knob was grasped or let go.
    Gesture {
        /// Which plugin of the chain.
        member: usize,
        /// Which.
        param: ParamId,
        /// Grasped.
        began: bool,
    },
    /// Latency or tail changed.
    LatencyChanged {
        /// Samples, of the whole chain.
        latency: u32,
        /// Of the whole chain.
        tail: Tail,
    },
    /// Buses changed.
    BusesChanged {
        /// Which plugin of the chain.
        member: usize,
    },
    /// The state is worth saving.
    StateDirty {
        /// Which plugin of the chain.
        member: usize,
    },
    /// Long work inside a plugin; `None` at its end.
    Progress {
        /// Names the work.
        id: u64,
        /// 0…1.
        share: Option<f64>,
        /// What is done.
        text: String,
    },
    /// The guard silenced a plugin's output, or put the plugin out of the way.
    GuardTripped {
        /// Which plugin of the chain.
        member: usize,
        /// It is passed by from now on.
        bypassed: bool,
    },
    /// Frames that took longer than they last, since the last event of the kind.
    Xrun {
        /// Which stream.
        stream: StreamId,
        /// How many.
        frames: u64,
    },
    /// The plugin did not come back from a restart it asked for, or failed otherwise; its sound is missing.
    Failed {
        /// Which plugin of the chain.
        member: usize,
        /// In a sentence.
        reason: String,
    },
    /// A module was examined.
    ScanProgress {
        /// So many are done.
        done: usize,
        /// Of so many.
        total: usize,
        /// The last one.
        path: PathBuf,
        /// The catalog's word for it.
        state: &'static str,
    },
    /// The list of plugins is another one.
    PluginsChanged {
        /// Its number.
        rev: u64,
    },
}
