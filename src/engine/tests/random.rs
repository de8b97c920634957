//! Random graphs: compiled right, run right; and plans that were tampered with do not pass.

use super::*;
use crate::{
    engine::{
        CompileSetup, LoadedNode,
        compile::plan,
        fakes::*,
        plan::{Plan, Step},
        shape::{NodeShape, Shape},
        timing::Timing,
        verify::{Violation, verify},
    },
    model::{GraphSpec, NodeKind},
    plugin::Tail,
    rt::Channel,
};
use proptest::prelude::*;

pub fn shape_of(kind: &NodeKind, loaded: Option<&LoadedNode>) -> NodeShape {
    match (kind, loaded) {
        (NodeKind::Input { channels }, _) => NodeShape { outputs: usize::from(*channels), ..NodeShape::default() },
        (NodeKind::Output { channels }, _) => NodeShape { inputs: usize::from(*channels), ..NodeShape::default() },
        (NodeKind::Plugin, Some(loaded)) => {
            NodeShape { inputs: loaded.inputs, outputs: loaded.outputs, latency: loaded.latency }
        }
        (NodeKind::Plugin, None) => NodeShape::default(),
    }
}

pub fn plan_of(spec: &GraphSpec, shapes: &[NodeShape]) -> Plan {
    let shape = Shape::new(spec, shapes).unwrap();
    plan(&shape, &Timing::new(&shape).unwrap()).unwrap()
}

/// A random graph without circles: cables run from lower to higher ranks, ranks are shuffled over positions.
#[derive(Clone, Debug)]
struct Graph {
    spec: GraphSpec,
    shapes: Vec<NodeShape>,
}

impl Graph {
    fn nodes(&self) -> Vec<Option<LoadedNode>> {
        let node = |at: usize| {
            let shape = self.shapes[at];
            (self.spec.nodes[at].kind == NodeKind::Plugin).then(|| mixer(shape.inputs, shape.outputs, shape.latency))
        };
        (0..self.shapes.len()).map(node).collect()
    }
}

fn graphs() -> impl Strategy<Value = Graph> {
    let node = (0_u8..8, 0_usize..4, 0_usize..4, prop_oneof![2 => Just(0_u32), 1 => 1_u32..50]);
    let cable = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<[u8; 3]>());
    (prop::collection::vec(node, 1..12), prop::collection::vec(cable, 0..30), any::<u64>()).prop_map(
        |(nodes, cables, shuffle)| {
            let mut sketch = Sketch::default();
            let mut shapes = Vec::new();
            for (kind, inputs, outputs, latency) in nodes {
                let (kind, inputs, outputs, latency) = match kind {
                    0 | 1 => (NodeKind::Input { channels: outputs as u16 + 1 }, 0, outputs + 1, 0),
                    2 | 3 => (NodeKind::Output { channels: inputs as u16 + 1 }, inputs + 1, 0, 0),
                    _ => (NodeKind::Plugin, inputs, outputs, latency),
                };
                shapes.push(NodeShape { inputs, outputs, latency });
                let key = format!("n{}", shapes.len());
                sketch.add(&key, kind, None);
            }
            let count = shapes.len();
            // A rank for each position: a permutation from a small generator.
            let mut rank: Vec<usize> = (0..count).collect();
            let mut state = shuffle | 1;
            for at in (1..count).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                rank.swap(at, (state >> 33) as usize % (at + 1));
            }
            for (a, b, [width, from, to]) in cables {
                let (mut a, mut b) = (a.index(count), b.index(count));
                if rank[a] > rank[b] {
                    std::mem::swap(&mut a, &mut b);
                }
                let most = shapes[a].outputs.min(shapes[b].inputs);
                if a == b || most == 0 {
                    continue;
                }
                let width = usize::from(width) % most + 1;
                let from = usize::from(from) % (shapes[a].outputs - width + 1);
                let to = usize::from(to) % (shapes[b].inputs - width + 1);
                let range = |start: usize| start as u16..(start + width) as u16;
                sketch.cable((a, range(from)), (b, range(to)));
            }
            Graph { spec: sketch.spec, shapes }
        },
    )
}

/// What each output channel must say, calculated the slow way: every node whole signals at once, delays by shifting.
fn reference(graph: &Graph, signal: impl Fn(usize, usize) -> Vec<f32>, frames: usize) -> Vec<Vec<Vec<f32>>> {
    let count = graph.shapes.len();
    let into = |node: usize| graph.spec.edges.iter().filter(move |edge| edge.to.node == node);
    let mut departs: Vec<Option<usize>> = vec![None; count];
    let mut says: Vec<Vec<Vec<f32>>> = vec![Vec::new(); count];
    let is_output = |node: usize| matches!(graph.spec.nodes[node].kind, NodeKind::Output { .. });
    let arrival = |node: usize, departs: &[Option<usize>]| {
        into(node).map(|edge| departs[edge.from.node]).try_fold(0, |most, one| Some(most.max(one?)))
    };
    let gather = |node: usize, at: usize, departs: &[Option<usize>], says: &[Vec<Vec<f32>>]| {
        let mut heard = vec![vec![0.0_f32; frames]; graph.shapes[node].inputs];
        for edge in into(node) {
            let late = at - departs[edge.from.node].unwrap();
            for (from, to) in edge.from.channels.clone().zip(edge.to.channels.clone()) {
                let source = later(&says[edge.from.node][usize::from(from)], late);
                heard[usize::from(to)].iter_mut().zip(source).for_each(|(sum, sample)| *sum += sample);
            }
        }
        heard
    };
    loop {
        let next = (0..count)
            .filter(|&node| departs[node].is_none() && !is_output(node))
            .find_map(|node| Some((node, arrival(node, &departs)?)));
        let Some((node, at)) = next else { break };
        let shape = graph.shapes[node];
        if graph.spec.nodes[node].kind == NodeKind::Plugin {
            let heard = gather(node, at, &departs, &says);
            let mut sum = vec![0.0_f32; frames];
            for (channel, heard) in heard.iter().enumerate() {
                sum.iter_mut().zip(heard).for_each(|(sum, sample)| *sum += sample * (channel + 1) as f32);
            }
            sum.iter_mut().for_each(|sum| *sum %= MODULUS);
            let sum = later(&sum, shape.latency as usize);
            says[node] = (0..shape.outputs).map(|at| sum.iter().map(|sample| sample + at as f32).collect()).collect();
        } else {
            says[node] = (0..shape.outputs).map(|channel| signal(node, channel)).collect();
        }
        departs[node] = Some(at + shape.latency as usize);
    }
    let outputs = (0..count).filter(|&node| is_output(node));
    let latest = outputs.map(|node| arrival(node, &departs).unwrap()).max().unwrap_or(0);
    (0..count).map(|node| if is_output(node) { gather(node, latest, &departs, &says) } else { Vec::new() }).collect()
}

/// Runs a plan with the graph's plugins, and returns what each output says.
fn run(graph: &Graph, plan: Plan, blocks: &[usize], signal: impl Fn(usize, usize) -> Vec<f32>) -> Vec<Vec<Vec<f32>>> {
    let setup = CompileSetup { sample_rate: 48_000.0, max_block: 64 };
    let mut schedule = Schedule::assemble(&graph.spec, plan, graph.nodes(), &setup, Tail::None);
    let shapes = &graph.shapes;
    let is = |node: usize, input: bool| match graph.spec.nodes[node].kind {
        NodeKind::Input { .. } => input,
        NodeKind::Output { .. } => !input,
        NodeKind::Plugin => false,
    };
    let mut heard: Vec<Vec<Vec<f32>>> =
        (0..shapes.len()).map(|node| vec![Vec::new(); if is(node, false) { shapes[node].inputs } else { 0 }]).collect();
    let mut time = 0;
    for &frames in blocks {
        for node in (0..shapes.len()).filter(|&node| is(node, true)) {
            for channel in 0..shapes[node].outputs {
                let samples = signal(node, channel);
                schedule.input_mut(node, channel, frames).copy_from_slice(&samples[time..time + frames]);
            }
        }
        tick(&mut schedule, frames);
        for (node, channels) in heard.iter_mut().enumerate() {
            for (channel, heard) in channels.iter_mut().enumerate() {
                heard.extend_from_slice(schedule.output(node, channel, frames));
            }
        }
        time += frames;
    }
    heard
}

/// Small whole numbers, so that sums are exact in any order.
fn signal(node: usize, channel: usize, frames: usize) -> Vec<f32> {
    (0..frames).map(|t| ((t * (node + 3) + channel * 7) % 5) as f32).collect()
}

/// One random change of a plan.
fn tamper(plan: &mut Plan, choice: u8, index: prop::sample::Index, other: prop::sample::Index) {
    let steps = plan.steps.len();
    let channel = Channel(other.index(plan.channels + 2) as u16);
    match choice % 9 {
        0 if steps > 0 => {
            plan.steps.remove(index.index(steps));
        }
        1 if steps > 0 => plan.steps.swap(index.index(steps), other.index(steps)),
        2 if steps > 0 => {
            let step = plan.steps[index.index(steps)];
            plan.steps.insert(other.index(steps + 1), step);
        }
        3 if !plan.lines.is_empty() => {
            let line = index.index(plan.lines.len());
            plan.lines[line] = other.index(60) as u32;
        }
        4 | 5 if steps > 0 => {
            let mut first = choice.is_multiple_of(2);
            let step = &mut plan.steps[index.index(steps)];
            *step = step.map(|old| if std::mem::replace(&mut first, true) { channel } else { old });
        }
        6 => {
            let node = index.index(plan.ports.len());
            let ports = &mut plan.ports[node];
            if let Some(port) = ports.inputs.iter_mut().chain(&mut ports.outputs).next() {
                *port = channel;
            }
        }
        7 => plan.latency = other.index(60) as u32,
        _ => plan.channels = plan.channels.saturating_sub(1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_graphs_play_what_their_cables_say(
        graph in graphs(),
        blocks in prop::collection::vec(1_usize..=64, 1..8),
    ) {
        let frames = blocks.iter().sum();
        let plan = plan_of(&graph.spec, &graph.shapes);
        let heard = run(&graph, plan, &blocks, |node, channel| signal(node, channel, frames));
        prop_assert_eq!(heard, reference(&graph, |node, channel| signal(node, channel, frames), frames));
    }

    #[test]
    fn a_plan_that_was_tampered_with_is_refused_or_plays_the_same(
        graph in graphs(),
        choice in any::<u8>(),
        index in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let plan = plan_of(&graph.spec, &graph.shapes);
        let mut tampered = plan.clone();
        tamper(&mut tampered, choice, index, other);
        if verify(&graph.spec, &graph.shapes, &tampered).is_ok() {
            let blocks = [20, 64, 1, 50];
            let source = |node, channel| signal(node, channel, 135);
            prop_assert_eq!(run(&graph, tampered, &blocks, source), run(&graph, plan, &blocks, source));
        }
    }
}

/// Every kind of corruption of one known plan, and that each is refused.
#[test]
fn a_corrupted_schedule_is_refused() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let (slow, side) = (sketch.plugin(late(1, 9)), sketch.plugin(mixer(2, 1, 0)));
    sketch.line(&[input, slow, side, output]);
    sketch.line(&[input, output]);
    let shapes: Vec<_> = sketch
        .spec
        .nodes
        .iter()
        .zip(&sketch.nodes)
        .map(|(node, loaded)| shape_of(&node.kind, loaded.as_ref()))
        .collect();
    let good = plan_of(&sketch.spec, &shapes);
    let refused = |what: &str, change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        let verdict = verify(&sketch.spec, &shapes, &plan);
        assert!(verdict.is_err(), "{what}: {plan:?}");
    };
    for step in 0..good.steps.len() {
        refused("a step is missing", &|plan| {
            plan.steps.remove(step);
        });
        // Copies and silence may well be done twice.
        if !matches!(good.steps[step], Step::Copy { .. } | Step::Silence { .. }) {
            refused("a step is done twice", &|plan| plan.steps.insert(step + 1, plan.steps[step]));
        }
    }
    refused("a delay is too short", &|plan| plan.lines[0] = 8);
    refused("a delay is too long", &|plan| plan.lines[0] = 10);
    refused("a delay is none", &|plan| plan.lines[0] = 0);
    refused("latency is untrue", &|plan| plan.latency = 8);
    refused("memory is too small", &|plan| plan.channels -= 1);
    refused("an input is the output", &|plan| plan.ports[slow].inputs[0] = plan.ports[slow].outputs[0]);
    refused("a plugin hears another", &|plan| plan.ports[side].inputs.swap(0, 1));
    refused("a plugin has one channel less", &|plan| {
        plan.ports[side].inputs.pop();
    });
    refused("a plugin is missing", &|plan| {
        plan.runners.pop();
    });
    refused("the output hears the input", &|plan| plan.ports[output].inputs[0] = plan.ports[input].outputs[0]);
    refused("steps in reverse", &|plan| plan.steps.reverse());
}

#[test]
fn a_plugin_whose_channels_lie_on_one_another_is_refused() {
    let mut sketch = Sketch::default();
    let (input, both) = (sketch.input(1), sketch.plugin(mixer(2, 1, 0)));
    sketch.cable((input, 0..1), (both, 0..1));
    sketch.cable((input, 0..1), (both, 1..2));
    let shapes =
        [shape_of(&sketch.spec.nodes[0].kind, None), shape_of(&sketch.spec.nodes[1].kind, sketch.nodes[1].as_ref())];
    let good = plan_of(&sketch.spec, &shapes);
    let place = good.ports[input].outputs[0];
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        assert!(matches!(verify(&sketch.spec, &shapes, &plan), Err(Violation::Aliased { .. })), "{plan:?}");
    };
    refused(&|plan| plan.ports[both].inputs = vec![place, place]);
    refused(&|plan| plan.ports[both].outputs = vec![place]);
}
