//! L2 · from nodes and cables to steps, with a new channel for every signal.
//!
//! Thread: any, not audio. Invariant: a channel is written by one step (sums: by a first copy, then additions) before it
//! is read. Signals are added to a sum as soon as they exist, so that a thousand branches into one mix need one channel.
//! Deliberately absent: thrift. Needless copies and memory are `colouring`'s business.

use super::{
    plan::{Plan, Ports, Step},
    shape::Shape,
    timing::Timing,
};
use crate::model::{Edge, NodeKind};
use std::collections::HashMap;

/// A signal on its way; numbers are given once.
pub(super) type Signal = u32;

/// What is known of one input channel of a node.
#[derive(Clone, Copy, Default)]
struct Inlet {
    /// Cables that end here.
    cables: u32,
    /// The only one's signal, or the sum of those that have arrived.
    signal: Option<Signal>,
}

struct Lowering<'a> {
    shape: &'a Shape<'a>,
    timing: &'a Timing,
    plan: Plan<Signal>,
    inlets: Vec<Vec<Inlet>>,
    next: Signal,
}

/// `[any, not audio]` The plan in its wasteful form; `channels` counts signals.
pub(super) fn lower(shape: &Shape<'_>, timing: &Timing) -> Plan<Signal> {
    let mut inlets: Vec<Vec<Inlet>> = shape.nodes.iter().map(|node| vec![Inlet::default(); node.inputs]).collect();
    for edge in &shape.spec.edges {
        for channel in edge.to.channels.clone() {
            inlets[edge.to.node][usize::from(channel)].cables += 1;
        }
    }
    let plan = Plan {
        steps: Vec::new(),
        ports: vec![Ports::default(); shape.nodes.len()],
        runners: Vec::new(),
        lines: Vec::new(),
        channels: 0,
        latency: timing.latency,
    };
    let mut lowering = Lowering { shape, timing, plan, inlets, next: 0 };
    for &node in &timing.order {
        lowering.node(node);
    }
    lowering.plan.channels = lowering.next as usize;
    lowering.plan
}

impl Lowering<'_> {
    fn signal(&mut self) -> Signal {
        self.next += 1;
        self.next - 1
    }

    fn node(&mut self, node: usize) {
        let plugin = self.shape.spec.nodes[node].kind == NodeKind::Plugin;
        let inputs: Vec<Signal> =
            (0..self.inlets[node].len()).map(|channel| self.inlet(node, channel, plugin)).collect();
        let outputs: Vec<Signal> = (0..self.shape.nodes[node].outputs).map(|_| self.signal()).collect();
        if plugin {
            self.plan.steps.push(Step::Run { runner: self.plan.runners.len() as u32 });
            self.plan.runners.push(node);
        }
        self.plan.ports[node] = Ports { inputs, outputs };
        let mut delayed = HashMap::new();
        for position in 0..self.shape.leaving[node].len() {
            let edge = &self.shape.spec.edges[self.shape.leaving[node][position]];
            self.cable(edge, &mut delayed);
        }
    }

    /// The signal at an input channel. A plugin may scribble on what it hears, so it gets a copy of what others may need.
    fn inlet(&mut self, node: usize, channel: usize, scribbles: bool) -> Signal {
        let inlet = self.inlets[node][channel];
        match inlet.signal {
            None => {
                let to = self.signal();
                self.plan.steps.push(Step::Silence { to });
                to
            }
            Some(from) if scribbles && inlet.cables == 1 => {
                let to = self.signal();
                self.plan.steps.push(Step::Copy { from, to });
                to
            }
            Some(signal) => signal,
        }
    }

    /// Takes what a node said to where it is heard. `delayed` has what this node's signals are like later.
    fn cable(&mut self, edge: &Edge, delayed: &mut HashMap<(Signal, u32), Signal>) {
        let late = self.timing.arrival[edge.to.node] - self.timing.departure[edge.from.node];
        for (from, to) in edge.from.channels.clone().zip(edge.to.channels.clone()) {
            let mut signal = self.plan.ports[edge.from.node].outputs[usize::from(from)];
            if late > 0 {
                signal = match delayed.get(&(signal, late)) {
                    Some(known) => *known,
                    None => {
                        let later = self.signal();
                        let line = self.plan.lines.len() as u32;
                        self.plan.lines.push(late);
                        self.plan.steps.push(Step::Delay { line, from: signal, to: later });
                        delayed.insert((signal, late), later);
                        later
                    }
                };
            }
            let inlet = self.inlets[edge.to.node][usize::from(to)];
            let arrived = match inlet.signal {
                None if inlet.cables == 1 => signal,
                None => {
                    let sum = self.signal();
                    self.plan.steps.push(Step::Copy { from: signal, to: sum });
                    sum
                }
                Some(sum) => {
                    self.plan.steps.push(Step::Add { from: signal, to: sum });
                    sum
                }
            };
            self.inlets[edge.to.node][usize::from(to)].signal = Some(arrived);
        }
    }
}
