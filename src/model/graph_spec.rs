//! What the user wants played: nodes and the cables between them, before anything is loaded or sorted.

use std::ops::Range;

/// A described graph. Nothing is valid until the engine compiled it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct GraphSpec {
    /// Name for messages.
    pub name: String,
    /// Nodes in the order they were written; edges refer to positions here.
    pub nodes: Vec<NodeSpec>,
    /// Cables.
    pub edges: Vec<Edge>,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSpec {
    /// Unique within the graph; names the node across edits.
    pub key: String,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Sound from the clock (a file, a stream, a sound card).
    Input {
        /// Number of channels.
        channels: u16,
    },
    /// Sound back to the clock.
    Output {
        /// Number of channels.
        channels: u16,
    },
    /// A loaded plugin; the processor is handed to the compiler under the node's position.
    Plugin,
}

/// A cable from some channels of one node to as many channels of another. Cables into the same channel are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where the sound comes from.
    pub from: Port,
    /// Where it goes.
    pub to: Port,
}

/// Some neighbouring channels of a node, counted over all its *active* buses in bus order (main first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Position in [`GraphSpec::nodes`].
    pub node: usize,
    /// Which of its output (or input) channels.
    pub channels: Range<u16>,
}
