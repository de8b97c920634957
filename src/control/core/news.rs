//! L3 · what plugins say outside of sound, and what becomes of it.
//!
//! Thread: main. Invariant: a parameter is told at most 60 times a second, and its last value always; a plugin that asks for
//! restarts without end gets some.

use super::{
    What, assembly,
    instance::Instance,
    line::{Command, Report},
    live::is_free,
};
use crate::{
    control::{chain, starting},
    engine::LoadedNode,
    model::ParamId,
    plugin::{Format, Notice},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// How long to wait for the end of a frame when something can as well be done a little later.
const MOMENT: Duration = Duration::from_millis(20);
/// Between two events of one parameter.
const PARAM_PAUSE: Duration = Duration::from_nanos(16_666_667);
/// Between two events about frames that took too long, and about the guard.
const XRUN_PAUSE: Duration = Duration::from_millis(250);

/// Work that may be asked for again and again: so many times at once, and then so often.
#[derive(Debug)]
pub(super) struct Budget {
    left: f64,
    most: f64,
    per_second: f64,
    at: Instant,
    told: bool,
}

impl Budget {
    fn new(most: f64, per_second: f64) -> Self {
        Self { left: most, most, per_second, at: Instant::now(), told: false }
    }

    /// `[main]` Whether it may be done now.
    fn allows(&mut self) -> bool {
        let now = Instant::now();
        self.left = (self.left + now.duration_since(self.at).as_secs_f64() * self.per_second).min(self.most);
        self.at = now;
        self.left >= 1.0
    }

    /// `[main]` It was done.
    fn spend(&mut self) {
        self.left -= 1.0;
    }
}

/// What is still to be told or done for one instance.
#[derive(Debug)]
pub(super) struct News {
    /// Parameters to tell (plugin, position), and whether the plugin moved them.
    waiting: BTreeMap<(usize, usize), bool>,
    told: BTreeMap<(usize, usize), Instant>,
    /// Restarts owed, by position in the chain's list of instances.
    restarts: BTreeSet<usize>,
    restart_budget: Budget,
    /// Plugins whose parameters have to be read again.
    unread: BTreeSet<usize>,
    read_budget: Budget,
    /// Overruns not told yet.
    overruns: u64,
    overruns_told: Option<Instant>,
    guards: BTreeMap<usize, bool>,
    guards_told: Option<Instant>,
}

impl Default for News {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            told: BTreeMap::new(),
            restarts: BTreeSet::new(),
            restart_budget: Budget::new(16.0, 1.0),
            unread: BTreeSet::new(),
            read_budget: Budget::new(8.0, 2.0),
            overruns: 0,
            overruns_told: None,
            guards: BTreeMap::new(),
            guards_told: None,
        }
    }
}

impl Instance {
    /// `[main]` Lets the plugins' own work run, and sees to what came of it.
    pub fn attend(&mut self, format: &dyn Format) {
        let count = self.chain.as_ref().map_or(0, |chain| chain.members.len());
        for at in 0..count {
            let Some(chain) = &mut self.chain else { break };
            let plugin = chain.members[at].plugin;
            let first = at == 0 || chain.members[at - 1].plugin != plugin;
            for notice in chain.members[at].controller.poll() {
                self.take_notice(at, plugin, first, notice);
            }
        }
        self.follow();
        self.read_again();
        self.restart_owed(format);
        self.settle_if_standing();
        self.tell_params();
        self.tell_trouble();
    }

    fn take_notice(&mut self, at: usize, member: usize, first: bool, notice: Notice) {
        match notice {
            Notice::EditBegan(param) => self.tell(What::Gesture { member, param, began: true }),
            Notice::EditEnded(param) => self.tell(What::Gesture { member, param, began: false }),
            Notice::Edited(param, value) => self.edited(at, member, param, value),
            Notice::Output(param, value) if first => self.note(member, param, value),
            Notice::ValuesChanged if first => self.values_changed(member),
            Notice::InfoChanged if first => {
                self.news.unread.insert(member);
            }
            Notice::ProgramsChanged if first => self.tell(What::ProgramsChanged { member }),
            Notice::BusNamesChanged if first => self.tell(What::BusesChanged { member }),
            Notice::Restart(_) => {
                self.news.restarts.insert(at);
            }
            Notice::Dirty if first => self.tell(What::StateDirty { member }),
            Notice::Progress { id, share, text } => self.tell(What::Progress { id, share, text }),
            Notice::Misbehaved(what) => {
                tracing::debug!(instance = self.id.0, member, %what, "misbehaved");
            }
            _ => {}
        }
    }

    /// The plugin turned a knob itself: its audio half hears of it, and its copies do.
    fn edited(&mut self, at: usize, member: usize, param: ParamId, value: f64) {
        if self.slow.push(Command::Param { member: member as u8, param, value }).is_err() {
            tracing::warn!(
                instance = self.id.0,
                "a plugin turns its own parameters faster than they can be taken over"
            );
        }
        if let Some(chain) = &mut self.chain {
            let others =
                chain.members.iter_mut().enumerate().filter(|(other, copy)| *other != at && copy.plugin == member);
            for (_, copy) in others {
                // A copy that has no such parameter has nothing to follow.
                let _ = copy.controller.set_normalized(param, value);
            }
        }
        self.note(member, param, value);
    }

    fn note(&mut self, member: usize, param: ParamId, value: f64) {
        let members = self.line.members();
        let Some(plugin) = members.get(member) else { return };
        if let Some(index) = plugin.position(param) {
            plugin.follow(index, value);
            self.news.waiting.insert((member, index), true);
        }
    }

    /// `[main]` All values of a plugin may be others: reads them.
    pub fn values_changed(&mut self, member: usize) {
        let members = self.line.members();
        if let (Some(plugin), Ok(controller)) = (members.get(member), self.controller(member)) {
            for (index, info) in plugin.params.iter().enumerate() {
                if let Ok(value) = controller.normalized(info.id) {
                    plugin.follow(index, value);
                }
            }
        }
        self.news.waiting.retain(|(of, _), _| *of != member);
        self.tell(What::ValuesChanged { member });
    }

    /// `[main]` Controllers follow what was set, by whoever.
    pub fn follow(&mut self) {
        let mut moved = self.line.take_touched();
        while let Ok(report) = self.reports.pop() {
            match report {
                Report::Moved { member, index } => moved.push((usize::from(member), index as usize)),
                Report::Guard { member, bypassed } => {
                    *self.news.guards.entry(usize::from(member)).or_default() |= bypassed;
                }
            }
        }
        if moved.is_empty() {
            return;
        }
        let members = self.line.members();
        for (member, index) in moved {
            let Some((plugin, info)) = members.get(member).and_then(|plugin| Some((plugin, plugin.params.get(index)?)))
            else {
                continue;
            };
            // First, so that a change after the look is told again.
            plugin.seen(index);
            let value = plugin.value(index);
            if is_free(info)
                && let Ok(copies) = self.copies(member)
            {
                for copy in copies {
                    if let Err(error) = copy.set_normalized(info.id, value) {
                        tracing::debug!(%error, "a controller does not follow");
                    }
                }
            }
            self.news.waiting.entry((member, index)).or_insert(false);
        }
    }

    fn tell_params(&mut self) {
        if self.news.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        self.news.told.retain(|_, at| now.duration_since(*at) < PARAM_PAUSE);
        let told = &self.news.told;
        let due: Vec<_> = self.news.waiting.extract_if(.., |key, _| !told.contains_key(key)).collect();
        let members = self.line.members();
        for (key, by_plugin) in due {
            self.news.told.insert(key, now);
            let (member, index) = key;
            let Some((plugin, info)) = members.get(member).and_then(|plugin| Some((plugin, plugin.params.get(index)?)))
            else {
                continue;
            };
            let Ok(controller) = self.controller(member) else { continue };
            if let Ok(value) = super::params::value(controller, info.id, plugin.value(index)) {
                self.tell(What::ParamChanged { member, param: info.id, value, by_plugin });
            }
        }
    }

    /// Names, units or the list of parameters changed.
    fn read_again(&mut self) {
        if self.news.unread.is_empty() || !self.news.read_budget.allows() {
            return;
        }
        let Ok(chain) = self.chain() else { return };
        let Some(mut playable) = self.line.claim_soon(MOMENT) else { return };
        let all = assembly::members(chain);
        playable.set_members(Arc::clone(&all));
        self.line.hand_over(playable);
        self.news.read_budget.spend();
        self.line.set_members(all);
        self.news.waiting.clear();
        for member in std::mem::take(&mut self.news.unread) {
            self.tell(What::ParamInfoChanged { member });
        }
    }

    /// Restarts that plugins asked for.
    fn restart_owed(&mut self, format: &dyn Format) {
        if self.news.restarts.is_empty() {
            return;
        }
        if !self.news.restart_budget.allows() {
            if !std::mem::replace(&mut self.news.restart_budget.told, true)
                && let Ok(chain) = self.chain_mut()
            {
                let text = "a plugin asks to be restarted again and again; it gets one restart a second";
                chain.warnings.push(text.to_owned());
            }
            return;
        }
        if self.chain.is_none() {
            return;
        }
        let Some(mut playable) = self.line.claim_soon(MOMENT) else { return };
        self.news.restart_budget.spend();
        let _words = self.words("it was restarted");
        let before = (playable.latency(), self.tail);
        let mut fresh: Vec<(usize, LoadedNode)> = Vec::new();
        let mut events = Vec::new();
        if let Some(chain) = &mut self.chain {
            for at in std::mem::take(&mut self.news.restarts) {
                let Some(chain::Member { node, plugin, controller, .. }) = chain.members.get_mut(at) else { continue };
                let known = (controller.latency(), controller.tail(), controller.layout().clone());
                let Some(processor) = playable.schedule_mut().take_processor(*node) else { continue };
                match controller.restart(processor) {
                    Ok(processor) => {
                        if known.2 != *controller.layout() {
                            events.push(What::BusesChanged { member: *plugin });
                        }
                        if known == (controller.latency(), controller.tail(), controller.layout().clone()) {
                            if let Err(processor) = playable.schedule_mut().put_processor(*node, processor) {
                                fresh.push((*node, starting::node_of(&**controller, processor)));
                            }
                        } else {
                            fresh.push((*node, starting::node_of(&**controller, processor)));
                        }
                    }
                    Err(error) => {
                        let reason = format!("it did not come back from a restart it asked for: {error}");
                        events.push(What::Failed { member: *plugin, reason });
                    }
                }
            }
        }
        if fresh.is_empty() {
            self.line.hand_over(playable);
        } else if let Err(error) = self.recompile(format, playable, fresh) {
            tracing::warn!(%error, "a chain could not be put together after a restart");
        }
        events.into_iter().for_each(|event| self.tell(event));
        let latency = self.line.latency.load(std::sync::atomic::Ordering::Relaxed);
        if before != (latency, self.tail) {
            self.tell(What::LatencyChanged { latency, tail: self.tail });
        }
    }

    fn tell_trouble(&mut self) {
        let may = |told: &Option<Instant>| told.is_none_or(|at| at.elapsed() >= XRUN_PAUSE);
        if let Some(stream) = &self.stream {
            self.news.overruns += stream.take_overruns();
            if self.news.overruns > 0 && may(&self.news.overruns_told) {
                let frames = std::mem::take(&mut self.news.overruns);
                self.news.overruns_told = Some(Instant::now());
                self.tell(What::Xrun { stream: stream.id(), frames });
            }
        }
        if !self.news.guards.is_empty() && may(&self.news.guards_told) {
            self.news.guards_told = Some(Instant::now());
            for (member, bypassed) in std::mem::take(&mut self.news.guards) {
                self.tell(What::GuardTripped { member, bypassed });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_lets_some_through_at_once_and_then_few() {
        let mut budget = Budget::new(3.0, 0.001);
        let mut done = 0;
        for _ in 0..10 {
            if budget.allows() {
                budget.spend();
                done += 1;
            }
        }
        assert_eq!(done, 3);
    }
}
