//! L2 · a compiled graph, ready to run: the plan, its plugins and its memory in one value that moves to the clock's thread.
//!
//! Thread: whichever runs the audio; made and unmade elsewhere. Invariant: the plan has been verified, so channel and line
//! numbers are right; between making and unmaking nothing is allocated or freed.
//! Deliberately absent: clocks, threads and queues between them.

use super::{
    BlockReport, CompileSetup, LoadedNode, NodeStats, Policy,
    plan::{Plan, Step},
    runner::{Now, Runner},
};
use crate::{
    model::{Event, GraphSpec, NodeKind, ParamPoint, Transport},
    plugin::{BlockOut, Processor, Tail},
    rt::{Channel, DelayLine, Door, Pool, guard},
};
use std::fmt;

/// What a node of the spec became.
#[derive(Clone, Copy, Debug)]
enum Role {
    /// Its channels in `Schedule::inputs` begin here.
    Input { first: usize, channels: usize },
    /// Its channels in `Schedule::outputs` begin here.
    Output { first: usize, channels: usize },
    /// Position in `Schedule::runners`.
    Plugin { runner: usize },
}

/// A channel the clock fills before a block.
#[derive(Clone, Copy, Debug)]
struct Inlet {
    channel: Channel,
    filled: bool,
}

/// A graph ready to run.
pub struct Schedule {
    steps: Box<[Step]>,
    roles: Box<[Role]>,
    runners: Box<[Runner]>,
    lines: Box<[DelayLine]>,
    inputs: Box<[Inlet]>,
    outputs: Box<[Channel]>,
    pool: Pool,
    policy: Policy,
    relapse: u64,
    clock: u64,
    sample_rate: f64,
    latency: u32,
    tail: Tail,
}

impl Schedule {
    /// `[any, not audio]` From a verified plan. `nodes` has a plugin exactly where the spec has a plugin node.
    pub(super) fn assemble(
        spec: &GraphSpec,
        plan: Plan,
        mut nodes: Vec<Option<LoadedNode>>,
        setup: &CompileSetup,
        tail: Tail,
    ) -> Self {
        let mut ports: Vec<_> = plan.ports.into_iter().map(Some).collect();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut roles: Vec<Role> = Vec::with_capacity(spec.nodes.len());
        for (node, ports) in spec.nodes.iter().zip(&mut ports) {
            roles.push(match (&node.kind, ports.as_ref()) {
                (NodeKind::Input { .. }, Some(ports)) => {
                    let first = inputs.len();
                    inputs.extend(ports.outputs.iter().map(|&channel| Inlet { channel, filled: false }));
                    Role::Input { first, channels: ports.outputs.len() }
                }
                (NodeKind::Output { .. }, Some(ports)) => {
                    let first = outputs.len();
                    outputs.extend_from_slice(&ports.inputs);
                    Role::Output { first, channels: ports.inputs.len() }
                }
                // The right position comes with the runners below.
                _ => Role::Plugin { runner: usize::MAX },
            });
        }
        let mut runners = Vec::with_capacity(plan.runners.len());
        for node in plan.runners {
            if let (Some(loaded), Some(ports)) = (nodes[node].take(), ports[node].take()) {
                roles[node] = Role::Plugin { runner: runners.len() };
                runners.push(Runner::new(loaded, ports.inputs, ports.outputs));
            }
        }
        let mut schedule = Self {
            steps: plan.steps.into(),
            roles: roles.into(),
            runners: runners.into(),
            lines: plan.lines.into_iter().map(|length| DelayLine::new(length as usize)).collect(),
            inputs: inputs.into(),
            outputs: outputs.into(),
            pool: Pool::new(plan.channels, setup.max_block),
            policy: Policy::default(),
            relapse: 0,
            clock: 0,
            sample_rate: setup.sample_rate,
            latency: plan.latency,
            tail,
        };
        schedule.set_policy(Policy::default());
        schedule
    }

    /// `[any]` How strict to be from now on.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.relapse = (policy.relapse_seconds.max(0.0) * self.sample_rate) as u64;
    }

    /// `[any]` The longest block.
    pub fn max_block(&self) -> usize {
        self.pool.max_frames()
    }

    /// `[any]` Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// `[any]` Samples from the inputs to the outputs, the same on every way.
    pub fn latency(&self) -> u32 {
        self.latency
    }

    /// `[any]` How long it sounds after its inputs ended.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// `[any]` Bytes of sample memory, delays of bypassed plugins not counted.
    pub fn memory(&self) -> usize {
        let delays: usize = self.lines.iter().map(DelayLine::length).sum();
        (self.pool.channels() * self.pool.max_frames() + delays) * size_of::<f32>()
    }

    /// `[audio]` To be filled before each block: a channel of an input node. One that is not asked for is silent in that
    /// block. Samples must be finite. Panics when the node is no input or has no such channel.
    #[inline]
    pub fn input_mut(&mut self, node: usize, channel: usize, frames: usize) -> &mut [f32] {
        match self.roles[node] {
            Role::Input { first, channels } if channel < channels => {
                let inlet = &mut self.inputs[first + channel];
                inlet.filled = true;
                self.pool.channel_mut(inlet.channel, frames)
            }
            role => panic!("node {node} ({role:?}) has no input channel {channel} to fill"),
        }
    }

    /// `[audio]` To be read after each block: a channel of an output node. Panics when the node is no output or has no
    /// such channel.
    #[inline]
    pub fn output(&self, node: usize, channel: usize, frames: usize) -> &[f32] {
        match self.roles[node] {
            Role::Output { first, channels } if channel < channels => {
                self.pool.channel(self.outputs[first + channel], frames)
            }
            role => panic!("node {node} ({role:?}) has no output channel {channel} to read"),
        }
    }

    fn runner(&self, node: usize) -> Option<&Runner> {
        match self.roles.get(node)? {
            Role::Plugin { runner } => self.runners.get(*runner),
            _ => None,
        }
    }

    fn runner_mut(&mut self, node: usize) -> Option<&mut Runner> {
        match self.roles.get(node)? {
            Role::Plugin { runner } => self.runners.get_mut(*runner),
            _ => None,
        }
    }

    /// `[audio]` A parameter point for the next block, in any order. False when the node is no plugin, its queue is full
    /// or the value is no number; values outside 0…1 are moved to the end of the range.
    pub fn queue_param(&mut self, node: usize, point: ParamPoint) -> bool {
        self.runner_mut(node).is_some_and(|runner| runner.queue_param(point))
    }

    /// `[audio]` An event for the next block, in any order. False when the node is no plugin or its queue is full.
    pub fn queue_event(&mut self, node: usize, event: Event) -> bool {
        self.runner_mut(node).is_some_and(|runner| runner.queue_event(event))
    }

    /// `[audio]` Runs one block of 1 … [`Self::max_block`] frames; anything else is refused with silence (and caught in
    /// debug builds).
    pub fn process(&mut self, frames: usize, transport: &Transport) -> BlockReport {
        debug_assert!(frames > 0 && frames <= self.max_block(), "{frames} frames, prepared for {}", self.max_block());
        let mut report = BlockReport::default();
        if frames == 0 || frames > self.pool.max_frames() {
            self.refuse(&mut report);
            return report;
        }
        let door = Door::enter();
        let Self { steps, runners, lines, inputs, pool, policy, .. } = self;
        for inlet in inputs.iter_mut() {
            let filled = std::mem::replace(&mut inlet.filled, false);
            let heard = |pool: &Pool| !guard::is_zero(guard::overlay(pool.channel(inlet.channel, frames)));
            if !filled || (policy.sleep && !heard(pool)) {
                pool.silence(inlet.channel, frames);
            }
        }
        let now = Now { frames, transport, policy, clock: self.clock, relapse: self.relapse, door: &door };
        for step in steps.iter() {
            match *step {
                Step::Run { runner } => runners[runner as usize].run(pool, &now, &mut report),
                Step::Silence { to } => pool.silence(to, frames),
                Step::Copy { from, to } => copy(pool, from, to, frames),
                Step::Add { from, to } => add(pool, from, to, frames, policy.sleep),
                Step::Delay { line, from, to } => lines[line as usize].run(pool, from, to, frames),
            }
        }
        self.clock += frames as u64;
        report
    }

    #[cold]
    fn refuse(&mut self, report: &mut BlockReport) {
        report.refused = true;
        for channel in &self.outputs {
            self.pool.silence(*channel, self.pool.max_frames());
        }
    }

    /// `[audio]` Hands queued parameter points over without sound, for a clock that stands still.
    pub fn flush(&mut self) {
        let door = Door::enter();
        for runner in &mut self.runners {
            runner.flush(&door);
        }
    }

    /// `[audio]` What a plugin sent out in the last block.
    pub fn said(&self, node: usize) -> Option<&BlockOut> {
        self.runner(node).map(Runner::said)
    }

    /// `[audio]` Forgets everything that rings or is on its way, and gives bypassed plugins another chance. What is queued
    /// and counted stays.
    pub fn reset(&mut self) {
        let _door = Door::enter();
        self.runners.iter_mut().for_each(Runner::reset);
        self.lines.iter_mut().for_each(DelayLine::clear);
        self.inputs.iter_mut().for_each(|inlet| inlet.filled = false);
        for channel in 0..self.pool.channels() {
            self.pool.silence(Channel(channel as u16), self.pool.max_frames());
        }
    }

    /// `[audio]` Takes a plugin out for a restart; its node is dry or silent meanwhile. `None` when the node is no plugin
    /// or its processor is away already.
    pub fn take_processor(&mut self, node: usize) -> Option<Box<dyn Processor>> {
        self.runner_mut(node)?.take()
    }

    /// `[audio]` Puts a plugin back, of the same channels and latency (for others compile anew); it is trusted again.
    /// Gives it back when there is no such place or it is taken.
    pub fn put_processor(&mut self, node: usize, processor: Box<dyn Processor>) -> Result<(), Box<dyn Processor>> {
        match self.runner_mut(node) {
            Some(runner) => runner.put(processor),
            None => Err(processor),
        }
    }

    /// `[audio]` Whether a plugin asked to be restarted and nobody heard it yet.
    pub fn wants_restart(&self) -> bool {
        self.runners.iter().any(Runner::wants_restart)
    }

    /// `[any]` The latency a plugin was compiled with.
    pub fn node_latency(&self, node: usize) -> Option<u32> {
        self.runner(node).map(Runner::latency)
    }

    /// `[any]` What was counted of a plugin, for [`Self::count_on`] of the schedule that comes after this one.
    pub fn counted(&self, node: usize) -> NodeStats {
        self.runner(node).map(Runner::counted).unwrap_or_default()
    }

    /// `[any, not audio]` Goes on counting where another schedule ended.
    pub fn count_on(&mut self, node: usize, counted: NodeStats) {
        if let Some(runner) = self.runner_mut(node) {
            runner.count_on(counted);
        }
    }

    /// `[any, not audio]` The loaded nodes, in their places. A processor that is away is not among them.
    pub fn into_nodes(mut self) -> Vec<Option<LoadedNode>> {
        self.take_nodes()
    }

    /// `[any, not audio]` The same, of a schedule that is to be replaced: without its plugins its outputs stand still.
    pub fn take_nodes(&mut self) -> Vec<Option<LoadedNode>> {
        self.steps = Box::default();
        let mut runners: Vec<Option<Runner>> = std::mem::take(&mut self.runners).into_iter().map(Some).collect();
        let node = |role: &Role| match role {
            Role::Plugin { runner } => runners.get_mut(*runner)?.take()?.into_node(),
            _ => None,
        };
        self.roles.iter().map(node).collect()
    }

    /// `[any]` What became of a plugin so far. All zero for other nodes.
    pub fn node_stats(&self, node: usize) -> NodeStats {
        self.runner(node).map(Runner::stats).unwrap_or_default()
    }

    /// `[any]` The name a plugin was loaded under; empty for other nodes.
    pub fn node_name(&self, node: usize) -> &str {
        self.runner(node).map(Runner::name).unwrap_or_default()
    }
}

#[inline]
fn copy(pool: &mut Pool, from: Channel, to: Channel, frames: usize) {
    if pool.is_silent(from) {
        return pool.silence(to, frames);
    }
    let (source, target) = pool.pair_mut(from, to, frames);
    target.copy_from_slice(source);
}

#[inline]
fn add(pool: &mut Pool, from: Channel, to: Channel, frames: usize, skip_silence: bool) {
    // Adding zeros can turn −0 into +0, so whether it is done must not depend on how long the blocks are.
    if skip_silence && pool.is_silent(from) {
        return;
    }
    let (source, target) = pool.pair_mut(from, to, frames);
    for (sum, sample) in target.iter_mut().zip(source) {
        *sum += sample;
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("steps", &self.steps)
            .field("channels", &self.pool.channels())
            .field("plugins", &self.runners.len())
            .field("latency", &self.latency)
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}
