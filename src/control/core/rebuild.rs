//! L3 · putting a chain together again: for another rate, other channels, another latency, or because somebody wants it.
//!
//! Thread: main. Invariant: number, queues and stream of the instance stay; what could not be made as wished is made as it was,
//! and what could not be made at all is lost, and said to be.

use super::{
    CoreError, What,
    assembly::{self, Shape},
    instance::Instance,
    playable::{Desk, Playable},
};
use crate::{
    control::{chain::Chain, starting},
    engine::LoadedNode,
    plugin::{Controller, Format, Setup, State},
};

impl Instance {
    /// `[main]` Everything anew: state saved, plugins made again in this shape, state restored.
    pub fn rebuild(&mut self, format: &dyn Format, shape: Shape) -> Result<(), CoreError> {
        let states = match self.chain {
            Some(_) => self.states()?,
            None => return Err(self.lost()),
        };
        let (schedule, desk) = self.claim()?.apart();
        self.unload_chain(Some(schedule.into_nodes()));
        self.build_again(format, shape, &states, desk)
    }

    fn build_again(
        &mut self,
        format: &dyn Format,
        shape: Shape,
        states: &[State],
        desk: Desk,
    ) -> Result<(), CoreError> {
        let mut refused = Vec::new();
        let mut restore = |position: usize, controller: &mut dyn Controller| {
            if let Some(state) = states.get(position)
                && let Err(error) = controller.set_state(state)
            {
                refused.push(format!("{error}; it plays with its defaults"));
            }
            Ok(())
        };
        let built = match assembly::build(format, &shape, &mut restore) {
            Ok(built) => {
                self.shape = shape;
                Ok((built, None))
            }
            // As it was before is better than nothing.
            Err(error) if shape != self.shape => {
                assembly::build(format, &self.shape, &mut restore).map(|built| (built, Some(error)))
            }
            Err(error) => Err(error),
        };
        match built {
            Ok(((mut chain, schedule), error)) => {
                chain.warnings.append(&mut refused);
                self.install(chain, schedule, desk);
                error.map_or(Ok(()), Err)
            }
            Err(error) => {
                self.lose(desk, error.to_string());
                Err(self.lost())
            }
        }
    }

    /// There is nothing that could play.
    fn lose(&mut self, desk: Desk, why: String) {
        self.line.set_lost(true);
        self.why_lost = why.trim_end_matches('.').to_owned();
        self.desk = Some(desk);
        self.tell(What::Failed { member: 0, reason: self.lost().to_string() });
    }

    /// `[main]` Another rate, block or mode: stops and starts the plugins; channels stay.
    pub fn prepare(&mut self, format: &dyn Format, setup: Setup) -> Result<(), CoreError> {
        let shape = Shape { setup, ..self.shape.clone() };
        let states = self.states();
        let (schedule, desk) = self.claim()?.apart();
        let mut nodes = schedule.into_nodes();
        let _words = self.words("it was prepared for another sample rate or block");
        let Some(mut chain) = self.chain.take() else { return Err(self.lost()) };
        if restart_all(&mut chain, &mut nodes, &setup)
            && let Ok(schedule) = assembly::schedule(&mut chain, std::mem::take(&mut nodes), &setup)
        {
            self.shape = shape;
            let members = self.line.members();
            self.put_together(chain, schedule, desk, members);
            return Ok(());
        }
        // It refused, or wants other channels: everything anew, with what was saved.
        self.chain = Some(chain);
        self.unload_chain(Some(nodes));
        match states {
            Ok(states) => self.build_again(format, shape, &states, desk),
            Err(error) => {
                self.lose(desk, error.to_string());
                Err(self.lost())
            }
        }
    }

    /// `[main]` Another schedule of the same plugins, one of which has a new audio half.
    pub(super) fn recompile(
        &mut self,
        format: &dyn Format,
        playable: Box<Playable>,
        fresh: Vec<(usize, LoadedNode)>,
    ) -> Result<(), CoreError> {
        let (schedule, desk) = playable.apart();
        let mut nodes = schedule.into_nodes();
        for (node, loaded) in fresh {
            nodes[node] = Some(loaded);
        }
        let Some(mut chain) = self.chain.take() else { return Err(self.lost()) };
        let fits = chain.members.iter().all(|member| nodes[member.node].is_some()) && channels_fit(&chain);
        let setup = self.shape.setup;
        if fits && let Ok(schedule) = assembly::schedule(&mut chain, std::mem::take(&mut nodes), &setup) {
            let members = self.line.members();
            self.put_together(chain, schedule, desk, members);
            return Ok(());
        }
        // Of copies the first one's counts; they come one after the other.
        let mut states = Ok(Vec::new());
        let mut last = None;
        for member in chain.members.iter_mut().filter(|member| last.replace(member.plugin) != Some(member.plugin)) {
            states = states.and_then(|mut all: Vec<State>| {
                all.push(member.controller.state()?);
                Ok::<_, CoreError>(all)
            });
        }
        self.chain = Some(chain);
        self.unload_chain(Some(nodes));
        match states {
            Ok(states) => self.build_again(format, self.shape.clone(), &states, desk),
            Err(error) => {
                self.lose(desk, error.to_string());
                Err(self.lost())
            }
        }
    }
}

/// Stops all and starts all again. False when one refused; what is active is in `nodes` then.
fn restart_all(chain: &mut Chain, nodes: &mut [Option<LoadedNode>], setup: &Setup) -> bool {
    for member in &mut chain.members {
        if let Some(loaded) = nodes[member.node].take()
            && let Err(error) = member.controller.deactivate(loaded.processor)
        {
            tracing::warn!(%error, "a plugin could not be stopped");
            return false;
        }
    }
    for member in &mut chain.members {
        match starting::start(&mut *member.controller, setup) {
            Ok(loaded) => nodes[member.node] = Some(loaded),
            Err(error) => {
                tracing::warn!(%error, "a plugin could not be started again");
                return false;
            }
        }
    }
    channels_fit(chain)
}

/// The cables of the graph still lead somewhere.
fn channels_fit(chain: &Chain) -> bool {
    chain.members.iter().all(|member| {
        let layout = member.controller.layout();
        let ends = |at: fn(&crate::model::Edge) -> &crate::model::Port| {
            let ports = chain.graph.edges.iter().map(at).filter(|port| port.node == member.node);
            ports.map(|port| usize::from(port.channels.end)).max().unwrap_or(0)
        };
        let (inputs, outputs) = (ends(|edge| &edge.to), ends(|edge| &edge.from));
        inputs <= layout.main_input_channels() && outputs <= layout.main_output_channels()
    })
}
