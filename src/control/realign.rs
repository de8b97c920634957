//! L3 · plugins that change in the middle of a render: restarted between two blocks, and the line put in order again.
//!
//! Thread: main, while the clock stands. Invariant: after it the schedule delays every way as its plugins are late now, and
//! what was counted of them is still counted.

use super::chain::{Chain, Member};
use crate::{
    audio_io::Realigned,
    engine::{CompileSetup, Schedule, compile},
    plugin::Tail,
};

impl Chain {
    /// `[main]` Does the restarts that instances asked for, between two blocks. The answer names the nodes when the clock has
    /// to be set back: latencies are others now, or what was on its way through a plugin is gone.
    pub(super) fn restart_all(&mut self, members: &[usize], schedule: &mut Schedule) -> Vec<Realigned> {
        if members.is_empty() {
            return Vec::new();
        }
        let before = schedule.latency();
        let mut complete = true;
        for at in members {
            complete &= self.restart(*at, schedule);
        }
        self.update_delays();
        if complete {
            self.recompile(schedule);
        }
        if before == 0 && schedule.latency() == 0 {
            return Vec::new();
        }
        let realigned = self.members.iter().enumerate().map(|(at, member)| Realigned {
            node: member.node,
            delay: member.delay,
            restarted: members.contains(&at),
        });
        realigned.collect()
    }

    /// False when its processor is lost.
    fn restart(&mut self, member: usize, schedule: &mut Schedule) -> bool {
        let Member { node, controller, .. } = &mut self.members[member];
        let (latency, layout) = (controller.latency(), controller.layout().clone());
        let Some(processor) = schedule.take_processor(*node) else { return false };
        let name = controller.plugin().name.clone();
        let fresh = match controller.restart(processor) {
            Ok(fresh) => fresh,
            Err(error) => {
                self.warnings.push(format!("{name} did not come back from a restart it asked for: {error}"));
                return false;
            }
        };
        if layout != *controller.layout() {
            self.warnings.push(format!("{name} changed its buses in the middle; it is played as it was wired"));
        }
        if latency != controller.latency() {
            self.warnings.push(format!(
                "{name} changed its latency in the middle, from {latency} to {} samples; it was started anew there, and nothing is late",
                controller.latency()
            ));
        }
        if schedule.put_processor(*node, fresh).is_err() {
            self.warnings.push(format!("{name} could not be put back after a restart; it is silent from there"));
            return false;
        }
        true
    }

    /// Sound reaches a plugin late by what those before it need.
    fn update_delays(&mut self) {
        for at in 0..self.members.len() {
            let plugin = self.members[at].plugin;
            let before = self.members.iter().filter(|member| member.plugin + 1 == plugin);
            self.members[at].delay = before.map(|member| member.delay + member.controller.latency()).max().unwrap_or(0);
        }
    }

    /// The same graph with the latencies of now.
    fn recompile(&mut self, schedule: &mut Schedule) {
        let changed = |member: &Member| schedule.node_latency(member.node) != Some(member.controller.latency());
        if !self.members.iter().any(changed) {
            return;
        }
        let setup = CompileSetup { sample_rate: schedule.sample_rate(), max_block: schedule.max_block() };
        let counted: Vec<_> = self.members.iter().map(|member| (member.node, schedule.counted(member.node))).collect();
        let old: Vec<_> = self.members.iter().map(|member| (member.node, schedule.node_latency(member.node))).collect();
        let mut nodes = schedule.take_nodes();
        for member in &self.members {
            if let Some(Some(loaded)) = nodes.get_mut(member.node) {
                (loaded.latency, loaded.tail) = (member.controller.latency(), member.controller.tail());
            }
        }
        let fresh = compile(&self.graph, nodes, &setup).or_else(|error| {
            self.warnings
                .push(format!("the line cannot follow a latency that changed ({error}); it is late from there"));
            let mut nodes = error.into_nodes();
            for (node, latency) in old {
                if let (Some(Some(loaded)), Some(latency)) = (nodes.get_mut(node), latency) {
                    loaded.latency = latency;
                }
            }
            compile(&self.graph, nodes, &setup)
        });
        match fresh {
            Ok(fresh) => *schedule = fresh,
            // It was compiled before with the very same values.
            Err(error) => self.take_back(error.into_nodes()),
        }
        for (node, counted) in counted {
            schedule.count_on(node, counted);
        }
    }

    /// `[main]` How long the line sounds after its input ended, with the values the plugins have now. Nobody is in process().
    pub(super) fn ask_tail(&mut self) -> Tail {
        let mut line = Tail::None;
        for position in 0..self.lanes.len() {
            let lanes = self.members.iter_mut().filter(|member| member.plugin == position);
            let longest = lanes.map(|member| member.controller.ask_tail()).fold(Tail::None, longer);
            line = match (line, longest) {
                (Tail::Samples(before), Tail::Samples(own)) => Tail::Samples(before.saturating_add(own)),
                (Tail::Infinite, _) | (_, Tail::Infinite) => Tail::Infinite,
                (Tail::None, other) | (other, Tail::None) => other,
            };
        }
        line
    }
}

fn longer(one: Tail, other: Tail) -> Tail {
    match (one, other) {
        (Tail::Samples(one), Tail::Samples(other)) => Tail::Samples(one.max(other)),
        (Tail::Infinite, _) | (_, Tail::Infinite) => Tail::Infinite,
        (Tail::None, some) | (some, Tail::None) => some,
    }
}
