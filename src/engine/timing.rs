//! L2 · in which order the nodes run, and how late sound is at each of them.
//!
//! Thread: any, not audio. Invariant: a node comes after everything it hears. Of the nodes that may run, the one that
//! became ready last runs first: a branch is run to its end before the next one begins, so that few channels are alive
//! at once. (Running branches side by side would want the opposite; that is for the day it happens.)

use super::{GraphError, shape::Shape};
use crate::plugin::Tail;

/// Samples of latency along one way that can be compensated (almost six minutes at 48 kHz).
const MOST_LATENCY: u64 = 1 << 24;

/// Order and times of a graph.
#[derive(Debug)]
pub(super) struct Timing {
    /// Positions of the nodes in running order.
    pub order: Vec<usize>,
    /// How late everything a node hears is made to be.
    pub arrival: Vec<u32>,
    /// How late what it says is.
    pub departure: Vec<u32>,
    /// The same at all outputs of the graph.
    pub latency: u32,
}

impl Timing {
    /// `[any, not audio]` Refuses circles and latencies without bounds.
    pub fn new(shape: &Shape<'_>) -> Result<Self, GraphError> {
        let order = order(shape)?;
        let count = shape.nodes.len();
        let (mut arrival, mut departure) = (vec![0_u64; count], vec![0_u64; count]);
        for &node in &order {
            departure[node] = arrival[node] + u64::from(shape.nodes[node].latency);
            if departure[node] > MOST_LATENCY {
                let key = shape.key(node);
                return Err(GraphError::Latency { key, latency: departure[node], limit: MOST_LATENCY });
            }
            for &edge in &shape.leaving[node] {
                let to = shape.spec.edges[edge].to.node;
                arrival[to] = arrival[to].max(departure[node]);
            }
        }
        let latency = (0..count).filter(|&node| shape.is_output(node)).map(|node| arrival[node]).max().unwrap_or(0);
        for node in (0..count).filter(|&node| shape.is_output(node)) {
            arrival[node] = latency;
            departure[node] = latency;
        }
        // All are at most MOST_LATENCY.
        let narrow = |times: Vec<u64>| times.into_iter().map(|time| time as u32).collect();
        Ok(Self { order, arrival: narrow(arrival), departure: narrow(departure), latency: latency as u32 })
    }

    /// `[any, not audio]` How long the graph sounds after its inputs ended: the longest sum of tails along a way to an
    /// output (to any node when there is no output).
    pub fn tail(&self, shape: &Shape<'_>, tails: &[Tail]) -> Tail {
        let mut heard = vec![Tail::None; tails.len()];
        let mut longest = Tail::None;
        let no_outputs = !(0..tails.len()).any(|node| shape.is_output(node));
        for &node in &self.order {
            heard[node] = after(heard[node], tails[node]);
            if no_outputs || shape.is_output(node) {
                longest = longer(longest, heard[node]);
            }
            for &edge in &shape.leaving[node] {
                let to = shape.spec.edges[edge].to.node;
                heard[to] = longer(heard[to], heard[node]);
            }
        }
        longest
    }
}

fn after(first: Tail, second: Tail) -> Tail {
    match (first, second) {
        (Tail::Infinite, _) | (_, Tail::Infinite) => Tail::Infinite,
        (Tail::None, other) | (other, Tail::None) => other,
        (Tail::Samples(a), Tail::Samples(b)) => Tail::Samples(a.saturating_add(b)),
    }
}

fn longer(a: Tail, b: Tail) -> Tail {
    match (a, b) {
        (Tail::Infinite, _) | (_, Tail::Infinite) => Tail::Infinite,
        (Tail::None, other) | (other, Tail::None) => other,
        (Tail::Samples(a), Tail::Samples(b)) => Tail::Samples(a.max(b)),
    }
}

fn order(shape: &Shape<'_>) -> Result<Vec<usize>, GraphError> {
    let edges = &shape.spec.edges;
    let mut waiting = vec![0_usize; shape.nodes.len()];
    for edge in edges {
        waiting[edge.to.node] += 1;
    }
    let mut ready: Vec<usize> = (0..shape.nodes.len()).rev().filter(|&node| waiting[node] == 0).collect();
    let mut order = Vec::with_capacity(shape.nodes.len());
    while let Some(node) = ready.pop() {
        order.push(node);
        for &edge in shape.leaving[node].iter().rev() {
            let to = edges[edge].to.node;
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    if order.len() == shape.nodes.len() { Ok(order) } else { Err(circle(shape, &waiting)) }
}

/// Walks against the cables among the nodes that never became ready: each of them hears another such node, so the walk
/// must come back to where it has been.
fn circle(shape: &Shape<'_>, waiting: &[usize]) -> GraphError {
    let mut heard_from = vec![None; waiting.len()];
    for edge in &shape.spec.edges {
        if waiting[edge.from.node] > 0 && waiting[edge.to.node] > 0 {
            heard_from[edge.to.node].get_or_insert(edge.from.node);
        }
    }
    let mut visited_at = vec![None; waiting.len()];
    let mut walk = Vec::new();
    let mut next = waiting.iter().position(|count| *count > 0);
    while let Some(node) = next {
        walk.push(node);
        if let Some(first) = visited_at[node] {
            let keys = walk[first..].iter().rev().map(|&node| shape.key(node)).collect();
            return GraphError::Cycle { keys };
        }
        visited_at[node] = Some(walk.len() - 1);
        next = heard_from[node];
    }
    GraphError::Cycle { keys: walk.iter().rev().map(|&node| shape.key(node)).collect() }
}
