//! L2 · the way from a spec and loaded nodes to a schedule.
//!
//! Thread: any, not audio. Invariant: processors are never lost: they come back in the error, or live in the schedule.

use super::{
    GraphError, Schedule,
    colouring::colour,
    lowering::lower,
    plan::Plan,
    shape::{NodeShape, Shape},
    timing::Timing,
    verify::verify,
};
use crate::{
    model::{ErrorCode, GraphSpec, NodeKind},
    plugin::{Processor, Tail},
};
use std::fmt;

/// Samples a graph may keep, pool and delays together (1 GiB).
const MOST_SAMPLES: u64 = 1 << 28;

/// A plugin, active and ready to run.
pub struct LoadedNode {
    /// Its audio half.
    pub processor: Box<dyn Processor>,
    /// For messages.
    pub name: String,
    /// Channels of its active input buses.
    pub inputs: usize,
    /// Channels of its active output buses.
    pub outputs: usize,
    /// Samples between input and output.
    pub latency: u32,
    /// How long it sounds after its input ended.
    pub tail: Tail,
    /// It may be skipped while it hears nothing and its tail is over. Not for generators, nor for plugins with a life of
    /// their own.
    pub sleeps: bool,
}

impl fmt::Debug for LoadedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedNode")
            .field("name", &self.name)
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("latency", &self.latency)
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}

/// For which clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompileSetup {
    /// Hz.
    pub sample_rate: f64,
    /// No block will be longer.
    pub max_block: usize,
}

/// Why there is no schedule, and the plugins that would have been in it.
#[derive(Debug)]
pub struct CompileError {
    /// Boxed to keep results small.
    reason: Box<GraphError>,
    graph: String,
    nodes: Vec<Option<LoadedNode>>,
}

impl CompileError {
    /// `[any]` What is wrong.
    pub fn reason(&self) -> &GraphError {
        &self.reason
    }

    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        self.reason.code()
    }

    /// `[any]` Gives the loaded nodes back, in their places.
    pub fn into_nodes(self) -> Vec<Option<LoadedNode>> {
        self.nodes
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.graph.is_empty() { write!(f, "{}", self.reason) } else { write!(f, "{}: {}", self.graph, self.reason) }
    }
}

impl std::error::Error for CompileError {}

/// `[any, not audio]` Compiles, verifies and assembles. `nodes[i]` is a loaded plugin exactly where node `i` of the spec is
/// a plugin node.
pub fn compile(
    spec: &GraphSpec,
    nodes: Vec<Option<LoadedNode>>,
    setup: &CompileSetup,
) -> Result<Schedule, CompileError> {
    match prepare(spec, &nodes, setup) {
        Ok((plan, tail)) => Ok(Schedule::assemble(spec, plan, nodes, setup, tail)),
        Err(reason) => Err(CompileError { reason: Box::new(reason), graph: spec.name.clone(), nodes }),
    }
}

fn prepare(spec: &GraphSpec, nodes: &[Option<LoadedNode>], setup: &CompileSetup) -> Result<(Plan, Tail), GraphError> {
    if !(setup.sample_rate.is_finite() && setup.sample_rate > 0.0) || setup.max_block == 0 {
        return Err(GraphError::Setup { sample_rate: setup.sample_rate, max_block: setup.max_block });
    }
    let shapes = node_shapes(spec, nodes)?;
    let shape = Shape::new(spec, &shapes)?;
    let timing = Timing::new(&shape)?;
    let plan = plan(&shape, &timing)?;
    let delays: u64 = plan.lines.iter().map(|line| u64::from(*line)).sum();
    // A bypassed plugin is replaced by delays of its own latency.
    let bypasses: u64 = shapes.iter().map(|node| u64::from(node.latency) * node.inputs as u64).sum();
    let samples = plan.channels as u64 * setup.max_block as u64 + delays + bypasses;
    if samples > MOST_SAMPLES {
        return Err(GraphError::TooLarge { needs: samples, what: "samples of memory", limit: MOST_SAMPLES });
    }
    let tails: Vec<Tail> = nodes.iter().map(|node| node.as_ref().map_or(Tail::None, |loaded| loaded.tail)).collect();
    Ok((plan, timing.tail(&shape, &tails)))
}

/// The plan of a looked-over graph, proven right.
pub(super) fn plan(shape: &Shape<'_>, timing: &Timing) -> Result<Plan, GraphError> {
    let plan = colour(shape.spec, lower(shape, timing)).map_err(|channels| GraphError::TooLarge {
        needs: channels as u64,
        what: "channels",
        limit: u64::from(u16::MAX),
    })?;
    verify(shape.spec, shape.nodes, &plan).map_err(GraphError::Fault)?;
    Ok(plan)
}

fn node_shapes(spec: &GraphSpec, nodes: &[Option<LoadedNode>]) -> Result<Vec<NodeShape>, GraphError> {
    if spec.nodes.len() != nodes.len() {
        return Err(GraphError::NodeCount { nodes: spec.nodes.len(), loaded: nodes.len() });
    }
    spec.nodes
        .iter()
        .zip(nodes)
        .map(|(node, loaded)| match (&node.kind, loaded) {
            (NodeKind::Plugin, Some(loaded)) => {
                Ok(NodeShape { inputs: loaded.inputs, outputs: loaded.outputs, latency: loaded.latency })
            }
            (NodeKind::Plugin, None) => Err(GraphError::NotLoaded { key: node.key.clone() }),
            (_, Some(_)) => Err(GraphError::NotAPlugin { key: node.key.clone() }),
            (NodeKind::Input { channels }, None) => {
                Ok(NodeShape { outputs: usize::from(*channels), ..NodeShape::default() })
            }
            (NodeKind::Output { channels }, None) => {
                Ok(NodeShape { inputs: usize::from(*channels), ..NodeShape::default() })
            }
        })
        .collect()
}
