//! L2 · from one channel per signal to as few channels as do.
//!
//! Thread: any, not audio. Invariant: two signals share a channel only when the one is never read after the other is
//! first written. Channels of the graph's inputs are not shared at all (the clock fills them between blocks), those of its
//! outputs are kept to the end of the block (the clock reads them afterwards).

use super::{
    lowering::Signal,
    plan::{Plan, Ports, Step},
};
use crate::{
    model::{GraphSpec, NodeKind},
    rt::Channel,
};

/// `[any, not audio]` Drops copies that nobody needs, and gives every signal a channel. `Err` is the number of channels
/// where a pool cannot have so many.
pub(super) fn colour(spec: &GraphSpec, mut plan: Plan<Signal>) -> Result<Plan<Channel>, usize> {
    let last = last_uses(spec, &plan);
    let same = drop_copies(&mut plan, &last);
    rename(&mut plan, |signal| same[signal as usize]);
    let last = last_uses(spec, &plan);
    let (channel_of, channels) = assign(spec, &plan, &last);
    if channels > usize::from(u16::MAX) {
        return Err(channels);
    }
    let name = |signal: Signal| Channel(channel_of[signal as usize] as u16);
    let names = |signals: Vec<Signal>| signals.into_iter().map(name).collect();
    Ok(Plan {
        steps: plan.steps.into_iter().map(|step| step.map(name)).collect(),
        ports: plan
            .ports
            .into_iter()
            .map(|ports| Ports { inputs: names(ports.inputs), outputs: names(ports.outputs) })
            .collect(),
        runners: plan.runners,
        lines: plan.lines,
        channels,
        latency: plan.latency,
    })
}

fn rename(plan: &mut Plan<Signal>, mut name: impl FnMut(Signal) -> Signal) {
    for step in &mut plan.steps {
        *step = step.map(&mut name);
    }
    for signal in plan.ports.iter_mut().flat_map(|ports| ports.inputs.iter_mut().chain(&mut ports.outputs)) {
        *signal = name(*signal);
    }
}

/// Signals a step reads or writes.
fn touched(plan: &Plan<Signal>, step: Step<Signal>, mut visit: impl FnMut(Signal)) {
    match step {
        Step::Silence { to } => visit(to),
        Step::Copy { from, to } | Step::Add { from, to } | Step::Delay { from, to, .. } => {
            visit(from);
            visit(to);
        }
        Step::Run { runner } => {
            let ports = &plan.ports[plan.runners[runner as usize]];
            ports.inputs.iter().chain(&ports.outputs).for_each(|signal| visit(*signal));
        }
    }
}

/// The last step that uses each signal; outputs of the graph are used after the last step.
fn last_uses(spec: &GraphSpec, plan: &Plan<Signal>) -> Vec<usize> {
    let mut last = vec![0; plan.channels];
    for (at, step) in plan.steps.iter().enumerate() {
        touched(plan, *step, |signal| last[signal as usize] = at);
    }
    for (node, ports) in spec.nodes.iter().zip(&plan.ports) {
        if matches!(node.kind, NodeKind::Output { .. }) {
            ports.inputs.iter().for_each(|signal| last[*signal as usize] = plan.steps.len());
        }
    }
    last
}

/// A copy is needed only while somebody still wants the original. Returns the name each signal goes by afterwards.
fn drop_copies(plan: &mut Plan<Signal>, last: &[usize]) -> Vec<Signal> {
    let mut same: Vec<Signal> = (0..plan.channels as Signal).collect();
    let mut kept = Vec::with_capacity(plan.steps.len());
    for (at, step) in plan.steps.iter().enumerate() {
        match *step {
            Step::Copy { from, to } if last[from as usize] == at => same[to as usize] = same[from as usize],
            _ => kept.push(*step),
        }
    }
    plan.steps = kept;
    same
}

/// Walks over the steps, handing out channels where signals begin and taking them back where they end. Returns each
/// signal's channel (signals that a dropped copy made redundant have none that matters) and how many there are.
fn assign(spec: &GraphSpec, plan: &Plan<Signal>, last: &[usize]) -> (Vec<usize>, usize) {
    let mut channel_of: Vec<Option<usize>> = vec![None; plan.channels];
    let mut is_input = vec![false; plan.channels];
    let mut count = 0;
    let mut fresh = || {
        count += 1;
        count - 1
    };
    for (node, ports) in spec.nodes.iter().zip(&plan.ports) {
        if matches!(node.kind, NodeKind::Input { .. }) {
            for signal in &ports.outputs {
                channel_of[*signal as usize] = Some(fresh());
                is_input[*signal as usize] = true;
            }
        }
    }
    let (mut free, mut here) = (Vec::new(), Vec::new());
    for (at, step) in plan.steps.iter().enumerate() {
        here.clear();
        touched(plan, *step, |signal| here.push(signal as usize));
        here.sort_unstable();
        here.dedup();
        // Everything this step touches has its channel before any is taken back: what a step writes never lies where it reads.
        for &signal in &here {
            channel_of[signal].get_or_insert_with(|| free.pop().unwrap_or_else(&mut fresh));
        }
        free.extend(
            here.iter().filter(|signal| last[**signal] == at && !is_input[**signal]).filter_map(|s| channel_of[*s]),
        );
    }
    (channel_of.into_iter().map(Option::unwrap_or_default).collect(), count)
}
