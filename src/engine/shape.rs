//! L2 · a graph spec that has been looked over: every cable begins and ends at channels that exist.
//!
//! Thread: any, not audio. Invariant: a [`Shape`] exists only of a spec without structural mistakes; circles are found
//! later, by `timing`.

use super::GraphError;
use crate::model::{GraphSpec, NodeKind, Port};
use std::collections::HashSet;

/// Channels a graph may have over all its nodes; what the 16-bit channel numbers of a pool can name.
const MOST_CHANNELS: u64 = 60_000;

/// What the compiler needs to know of a node, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NodeShape {
    /// Channels in.
    pub inputs: usize,
    /// Channels out.
    pub outputs: usize,
    /// Samples between the two.
    pub latency: u32,
}

/// A looked-over spec.
pub(super) struct Shape<'a> {
    pub spec: &'a GraphSpec,
    pub nodes: &'a [NodeShape],
    /// Positions of the edges that leave each node, in the order they were written.
    pub leaving: Vec<Vec<usize>>,
}

impl<'a> Shape<'a> {
    /// `[any, not audio]` `nodes` has one entry for each node of the spec.
    pub fn new(spec: &'a GraphSpec, nodes: &'a [NodeShape]) -> Result<Self, GraphError> {
        let mut keys = HashSet::new();
        for (position, node) in spec.nodes.iter().enumerate() {
            if node.key.is_empty() {
                return Err(GraphError::EmptyKey { position: position + 1 });
            }
            if !keys.insert(node.key.as_str()) {
                return Err(GraphError::DuplicateKey { key: node.key.clone() });
            }
        }
        let channels: u64 = nodes.iter().map(|node| node.inputs as u64 + node.outputs as u64).sum();
        if channels > MOST_CHANNELS {
            return Err(GraphError::TooLarge { needs: channels, what: "channels", limit: MOST_CHANNELS });
        }
        let mut leaving = vec![Vec::new(); nodes.len()];
        for (position, edge) in spec.edges.iter().enumerate() {
            check_edge(spec, nodes, position)?;
            leaving[edge.from.node].push(position);
        }
        Ok(Self { spec, nodes, leaving })
    }

    /// Key of a node.
    pub fn key(&self, node: usize) -> String {
        self.spec.nodes[node].key.clone()
    }

    pub fn is_output(&self, node: usize) -> bool {
        matches!(self.spec.nodes[node].kind, NodeKind::Output { .. })
    }
}

fn check_edge(spec: &GraphSpec, nodes: &[NodeShape], position: usize) -> Result<(), GraphError> {
    let edge = &spec.edges[position];
    for port in [&edge.from, &edge.to] {
        if port.node >= spec.nodes.len() {
            return Err(GraphError::NoSuchNode { edge: position + 1, node: port.node + 1, nodes: spec.nodes.len() });
        }
    }
    let (first, last) = (&spec.nodes[edge.from.node], &spec.nodes[edge.to.node]);
    let (from, to) = (first.key.clone(), last.key.clone());
    if matches!(first.kind, NodeKind::Output { .. }) || matches!(last.kind, NodeKind::Input { .. }) {
        return Err(GraphError::WrongWay { from, to });
    }
    if edge.from.channels.is_empty() && edge.to.channels.is_empty() {
        return Err(GraphError::EmptyCable { from, to });
    }
    let (from_channels, to_channels) = (edge.from.channels.len(), edge.to.channels.len());
    if from_channels != to_channels {
        return Err(GraphError::CableWidth { from, to, from_channels, to_channels });
    }
    let fits = |port: &Port, has: usize| usize::from(port.channels.end) <= has;
    let wrong = if !fits(&edge.from, nodes[edge.from.node].outputs) {
        Some((&edge.from, from.clone(), nodes[edge.from.node].outputs, "output"))
    } else if !fits(&edge.to, nodes[edge.to.node].inputs) {
        Some((&edge.to, to.clone(), nodes[edge.to.node].inputs, "input"))
    } else {
        None
    };
    match wrong {
        Some((port, at, has, side)) => {
            let channel = has.max(usize::from(port.channels.start)) + 1;
            Err(GraphError::NoSuchChannel { from, to, at, channel, has, side })
        }
        None => Ok(()),
    }
}
