//! L2 · an independent proof that a plan plays its spec.
//!
//! Thread: any, not audio. Invariant: a plan that passes reads nothing unwritten or scribbled on, writes nothing it reads,
//! stays inside its memory, runs every plugin once, and brings to every input channel exactly what the cables say, all of
//! it equally late. It shares no code with the compiler: it *plays* the plan with names instead of samples.
//! Deliberately absent: whether the plan is a good one.

use super::{
    plan::{Plan, Step},
    shape::NodeShape,
};
use crate::{
    model::{GraphSpec, NodeKind},
    rt::Channel,
};

/// What is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Violation {
    #[error("the plan has other nodes or channels than the graph")]
    Shape,
    #[error("step {step} uses channel {channel}, which does not exist")]
    NoSuchChannel { step: usize, channel: u16 },
    #[error("step {step} reads channel {channel} before anything is there")]
    Unwritten { step: usize, channel: u16 },
    #[error("step {step} reads channel {channel}, on which a plugin may have scribbled")]
    Scribbled { step: usize, channel: u16 },
    #[error("step {step} uses channel {channel} for two things at once")]
    Aliased { step: usize, channel: u16 },
    #[error("step {step} uses delay line {line}, which is used twice, is of no length or does not exist")]
    Line { step: usize, line: u32 },
    #[error("step {step} runs a plugin a second time or one that does not exist")]
    Runner { step: usize },
    #[error("node {node} never runs")]
    NeverRuns { node: usize },
    #[error("node {node} hears something else on input channel {channel} than the cables say")]
    Wiring { node: usize, channel: usize },
    #[error("node {node} hears its inputs at different times")]
    Misaligned { node: usize },
    #[error("the plan says its latency is {said} samples, but it is {is}")]
    Latency { said: u32, is: u64 },
}

/// One thing that can be heard: an output channel of a node, so many samples after the graph's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Voice {
    node: usize,
    channel: usize,
    time: u64,
}

/// What a channel of the pool holds.
#[derive(Clone, Debug)]
enum Content {
    Unwritten,
    Scribbled,
    /// A sum of voices; silence is a sum of none.
    Voices(Vec<Voice>),
}

struct Player<'a> {
    plan: &'a Plan,
    contents: Vec<Content>,
    /// For each input channel of each node the output channels that the cables bring, sorted.
    wanted: Vec<Vec<Vec<(usize, usize)>>>,
}

/// `[any, not audio]` Refuses a plan that would play anything but `spec`. `nodes` tells the true sizes and latencies.
pub fn verify(spec: &GraphSpec, nodes: &[NodeShape], plan: &Plan) -> Result<(), Violation> {
    check_shape(spec, nodes, plan)?;
    let mut wanted: Vec<Vec<Vec<(usize, usize)>>> = nodes.iter().map(|node| vec![Vec::new(); node.inputs]).collect();
    for edge in &spec.edges {
        for (from, to) in edge.from.channels.clone().zip(edge.to.channels.clone()) {
            wanted[edge.to.node][usize::from(to)].push((edge.from.node, usize::from(from)));
        }
    }
    wanted.iter_mut().flatten().for_each(|voices| voices.sort_unstable());
    let mut player = Player { plan, contents: vec![Content::Unwritten; plan.channels], wanted };
    player.fill_inputs(spec)?;
    let mut used = vec![false; plan.lines.len()];
    let mut has_run = vec![false; plan.runners.len()];
    for (at, step) in plan.steps.iter().enumerate() {
        match *step {
            Step::Silence { to } => player.write(at, to, Vec::new())?,
            Step::Copy { from, to } => {
                let voices = player.read(at, from)?.to_vec();
                player.different(at, from, to)?;
                player.write(at, to, voices)?;
            }
            Step::Add { from, to } => {
                let added = player.read(at, from)?.to_vec();
                player.different(at, from, to)?;
                player.read(at, to)?;
                if let Content::Voices(sum) = player.at(at, to)? {
                    sum.extend(added);
                }
            }
            Step::Delay { line, from, to } => {
                let length = plan.lines.get(line as usize).copied().unwrap_or(0);
                if length == 0 || std::mem::replace(&mut used[line as usize], true) {
                    return Err(Violation::Line { step: at, line });
                }
                let mut voices = player.read(at, from)?.to_vec();
                player.different(at, from, to)?;
                voices.iter_mut().for_each(|voice| voice.time += u64::from(length));
                player.write(at, to, voices)?;
            }
            Step::Run { runner } => {
                let known = plan.runners.get(runner as usize).copied();
                let node = known.filter(|_| !std::mem::replace(&mut has_run[runner as usize], true));
                let node = node.ok_or(Violation::Runner { step: at })?;
                player.run(at, node, u64::from(nodes[node].latency))?;
            }
        }
    }
    if let Some(runner) = has_run.iter().position(|has| !has) {
        return Err(Violation::NeverRuns { node: plan.runners[runner] });
    }
    player.check_outputs(spec)
}

fn check_shape(spec: &GraphSpec, nodes: &[NodeShape], plan: &Plan) -> Result<(), Violation> {
    let same_ports = plan.ports.len() == nodes.len()
        && spec.nodes.len() == nodes.len()
        && plan
            .ports
            .iter()
            .zip(nodes)
            .all(|(ports, node)| ports.inputs.len() == node.inputs && ports.outputs.len() == node.outputs);
    let mut runners = plan.runners.clone();
    runners.sort_unstable();
    let plugins = (0..spec.nodes.len()).filter(|&node| spec.nodes[node].kind == NodeKind::Plugin);
    if same_ports && runners.into_iter().eq(plugins) { Ok(()) } else { Err(Violation::Shape) }
}

impl Player<'_> {
    fn at(&mut self, step: usize, channel: Channel) -> Result<&mut Content, Violation> {
        self.contents.get_mut(usize::from(channel.0)).ok_or(Violation::NoSuchChannel { step, channel: channel.0 })
    }

    fn read(&mut self, step: usize, channel: Channel) -> Result<&[Voice], Violation> {
        match self.at(step, channel)? {
            Content::Voices(voices) => Ok(voices),
            Content::Unwritten => Err(Violation::Unwritten { step, channel: channel.0 }),
            Content::Scribbled => Err(Violation::Scribbled { step, channel: channel.0 }),
        }
    }

    fn write(&mut self, step: usize, channel: Channel, voices: Vec<Voice>) -> Result<(), Violation> {
        *self.at(step, channel)? = Content::Voices(voices);
        Ok(())
    }

    fn different(&self, step: usize, a: Channel, b: Channel) -> Result<(), Violation> {
        if a == b { Err(Violation::Aliased { step, channel: a.0 }) } else { Ok(()) }
    }

    /// Every input channel of the graph has a place of its own, which the clock has filled.
    fn fill_inputs(&mut self, spec: &GraphSpec) -> Result<(), Violation> {
        let plan = self.plan;
        for (node, ports) in plan.ports.iter().enumerate() {
            if matches!(spec.nodes[node].kind, NodeKind::Input { .. }) {
                for (channel, place) in ports.outputs.iter().enumerate() {
                    if !matches!(self.at(0, *place)?, Content::Unwritten) {
                        return Err(Violation::Aliased { step: 0, channel: place.0 });
                    }
                    self.write(0, *place, vec![Voice { node, channel, time: 0 }])?;
                }
            }
        }
        Ok(())
    }

    /// How late a node hears its inputs, which must be what the cables say.
    fn hear(&mut self, step: usize, node: usize) -> Result<Option<u64>, Violation> {
        let plan = self.plan;
        let mut time = None;
        for (channel, place) in plan.ports[node].inputs.iter().enumerate() {
            let voices = self.read(step, *place)?;
            for voice in voices {
                if *time.get_or_insert(voice.time) != voice.time {
                    return Err(Violation::Misaligned { node });
                }
            }
            let mut heard: Vec<_> = voices.iter().map(|voice| (voice.node, voice.channel)).collect();
            heard.sort_unstable();
            if heard != self.wanted[node][channel] {
                return Err(Violation::Wiring { node, channel });
            }
        }
        Ok(time)
    }

    fn run(&mut self, step: usize, node: usize, latency: u64) -> Result<(), Violation> {
        let time = self.hear(step, node)?.unwrap_or(0) + latency;
        let ports = &self.plan.ports[node];
        let mut places: Vec<Channel> = ports.inputs.iter().chain(&ports.outputs).copied().collect();
        places.sort_unstable();
        if let Some(pair) = places.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Violation::Aliased { step, channel: pair[0].0 });
        }
        for place in &ports.inputs {
            *self.at(step, *place)? = Content::Scribbled;
        }
        for (channel, place) in ports.outputs.iter().enumerate() {
            self.write(step, *place, vec![Voice { node, channel, time }])?;
        }
        Ok(())
    }

    fn check_outputs(&mut self, spec: &GraphSpec) -> Result<(), Violation> {
        let end = self.plan.steps.len();
        let outputs = (0..spec.nodes.len()).filter(|&node| matches!(spec.nodes[node].kind, NodeKind::Output { .. }));
        let said = self.plan.latency;
        let mut heard_any = false;
        for node in outputs {
            if let Some(is) = self.hear(end, node)? {
                heard_any = true;
                if is != u64::from(said) {
                    return Err(Violation::Latency { said, is });
                }
            }
        }
        if said != 0 && !heard_any { Err(Violation::Latency { said, is: 0 }) } else { Ok(()) }
    }
}
