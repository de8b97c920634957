//! L2 · what is wrong with a graph, in the user's words.
//!
//! Thread: any, not audio. Invariant: every message names the node by its key and says what to do.

use super::verify::Violation;
use crate::model::ErrorCode;

/// Why a graph cannot be played.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The setup makes no sense.
    #[error(
        "a graph cannot run at {sample_rate} Hz in blocks of {max_block} frames; give a rate and a block length above 0"
    )]
    Setup {
        /// Asked for.
        sample_rate: f64,
        /// Asked for.
        max_block: usize,
    },
    /// The list of loaded nodes is not as long as the list of nodes.
    #[error("the graph has {nodes} nodes but {loaded} places for loaded plugins; give one place for each node")]
    NodeCount {
        /// In the spec.
        nodes: usize,
        /// Given.
        loaded: usize,
    },
    /// A node without a name.
    #[error("node number {position} has no key; give every node a key of its own")]
    EmptyKey {
        /// Counted from 1.
        position: usize,
    },
    /// Two nodes of the same name.
    #[error("two nodes have the key “{key}”; rename one of them")]
    DuplicateKey {
        /// Their key.
        key: String,
    },
    /// A plugin node without a plugin.
    #[error("the node “{key}” has no loaded plugin; load one for it or take the node out")]
    NotLoaded {
        /// Its key.
        key: String,
    },
    /// A plugin for a node that is none.
    #[error("the node “{key}” is an input or output of the graph and takes no plugin")]
    NotAPlugin {
        /// Its key.
        key: String,
    },
    /// An edge that begins or ends nowhere.
    #[error("cable {edge} names node number {node}, but the graph has only {nodes}; correct the cable")]
    NoSuchNode {
        /// Counted from 1.
        edge: usize,
        /// Counted from 1.
        node: usize,
        /// How many there are.
        nodes: usize,
    },
    /// An edge out of an output or into an input.
    #[error(
        "the cable from “{from}” to “{to}” runs the wrong way: sound leaves the graph at an output and comes in at an input"
    )]
    WrongWay {
        /// Key.
        from: String,
        /// Key.
        to: String,
    },
    /// An edge of no channels.
    #[error("the cable from “{from}” to “{to}” has no channels; give it at least one or take it out")]
    EmptyCable {
        /// Key.
        from: String,
        /// Key.
        to: String,
    },
    /// Different numbers of channels at both ends.
    #[error(
        "the cable from “{from}” to “{to}” has {from_channels} channels at its beginning and {to_channels} at its end; \
         give both ends the same number"
    )]
    CableWidth {
        /// Key.
        from: String,
        /// Key.
        to: String,
        /// At the beginning.
        from_channels: usize,
        /// At the end.
        to_channels: usize,
    },
    /// A channel the node does not have.
    #[error("the cable from “{from}” to “{to}” uses channel {channel} of “{at}”, which has {has} {side} channels")]
    NoSuchChannel {
        /// Key.
        from: String,
        /// Key.
        to: String,
        /// Key of the end that is wrong.
        at: String,
        /// Counted from 1.
        channel: usize,
        /// How many there are.
        has: usize,
        /// "input" or "output".
        side: &'static str,
    },
    /// Sound would run in a circle.
    #[error("the graph runs in a circle: {}; take one of these cables out", keys.join(" → "))]
    Cycle {
        /// Keys along the circle, the first one again at the end.
        keys: Vec<String>,
    },
    /// More than can be compensated.
    #[error("the way to “{key}” has a latency of {latency} samples, more than the {limit} that can be compensated")]
    Latency {
        /// Key of the node where it is too much.
        key: String,
        /// Along the longest way.
        latency: u64,
        /// What is possible.
        limit: u64,
    },
    /// More memory than a graph may use.
    #[error("the graph needs {needs} {what}, more than the {limit} there may be; split it")]
    TooLarge {
        /// How many.
        needs: u64,
        /// Of what.
        what: &'static str,
        /// Allowed.
        limit: u64,
    },
    /// The compiler made a mistake and the verifier caught it.
    #[error(
        "the compiled graph is not what was asked for ({0}); this is a fault of sonic-bridge, please report the graph"
    )]
    Fault(Violation),
}

impl GraphError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::LIMIT_REACHED,
            _ => ErrorCode::GRAPH_INVALID,
        }
    }
}
