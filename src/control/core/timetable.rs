//! L3 · from what was sent and what frames bring to points and events of a block.
//!
//! Thread: audio. Invariant: an event at a sample of a frame sounds like automation at that sample in `render`: as late as sound
//! reaches the plugin, and a jump is a jump. Deliberately absent: ramps.

use super::{
    FrameEvent, FrameEventKind,
    agenda::{Deed, Due},
    line::{Command, Report},
    live::is_free,
    playable::{Desk, Playable},
};
use crate::model::{Event, EventBody, ParamId, ParamPoint};

impl Playable {
    /// What was sent since the last block. Without a stream events are dropped.
    pub(super) fn drain(&mut self, plays: bool) {
        while let Ok(command) = self.desk.ports.slow.pop() {
            self.apply(command, plays);
        }
        while let Ok(command) = self.desk.ports.fast.pop() {
            self.apply(command, plays);
        }
    }

    fn apply(&mut self, command: Command, plays: bool) {
        match command {
            Command::Param { member, param, value } => {
                let Some(route) = self.desk.wiring.routes.get(usize::from(member)) else { return };
                for node in &route.nodes {
                    self.schedule.queue_param(*node, ParamPoint { param, offset: 0, value });
                }
            }
            Command::Event { member, event } if plays => {
                self.plan_event(member.map(usize::from), event.offset, event.body);
            }
            Command::Event { .. } => {}
            Command::Time(change) => self.desk.time.change(&change),
            Command::Hush => self.hush(),
            Command::Bypass(on) => {
                if on && !self.desk.bypass.is_on() {
                    self.hush();
                }
                self.desk.bypass.switch(on);
            }
        }
    }

    /// Notes down what is to happen in a frame. Answers how much of it cannot.
    pub(super) fn plan(&mut self, frames: usize, events: &[FrameEvent]) -> u32 {
        let last = frames.saturating_sub(1) as u32;
        let mut dropped = 0;
        for event in events {
            let offset = event.offset.min(last);
            let member = Some(usize::from(event.member)).filter(|_| event.member != u8::MAX);
            let planned = match (event.kind, member) {
                (FrameEventKind::Param(param, value), Some(member)) => self.plan_param(member, offset, param, value),
                (FrameEventKind::Param(..), None) => false,
                (FrameEventKind::Event(body), member) => self.plan_event(member, offset, body),
            };
            dropped += u32::from(!planned);
        }
        dropped
    }

    fn plan_param(&mut self, member: usize, offset: u32, param: u32, value: f64) -> bool {
        let Desk { wiring, members, agenda, clock, .. } = &mut self.desk;
        let param = ParamId(param);
        let Some((route, plugin)) = wiring.routes.get(member).zip(members.get(member)) else { return false };
        let Some(index) = plugin.position(param).filter(|index| is_free(&plugin.params[*index])) else { return false };
        let at = *clock + u64::from(offset) + u64::from(route.delay);
        let deed = Deed::Param { index: index as u32, param, value: value.clamp(0.0, 1.0) };
        value.is_finite() && agenda.put(Due { at, member: member as u8, deed })
    }

    fn plan_event(&mut self, member: Option<usize>, offset: u32, body: EventBody) -> bool {
        let Desk { wiring, agenda, clock, .. } = &mut self.desk;
        let mut planned = false;
        for (at, route) in wiring.routes.iter().enumerate() {
            if route.notes && member.is_none_or(|member| member == at) {
                let when = *clock + u64::from(offset) + u64::from(route.delay);
                planned |= agenda.put(Due { at: when, member: at as u8, deed: Deed::Event(body) });
            }
        }
        planned
    }

    /// Hands over what is due in the next block.
    pub(super) fn emit_due(&mut self, length: usize) {
        let end = self.desk.clock + length as u64;
        while let Some(due) = self.desk.agenda.next_before(end) {
            self.deliver(due, due.at.saturating_sub(self.desk.clock) as u32);
        }
    }

    /// Parameters whose time has not come take effect now; events are forgotten.
    pub(super) fn hand_over_late(&mut self) {
        while let Some(due) = self.desk.agenda.next_before(u64::MAX) {
            if matches!(due.deed, Deed::Param { .. }) {
                self.deliver(due, 0);
            }
        }
    }

    fn deliver(&mut self, due: Due, offset: u32) {
        let Desk { wiring, members, ports, notes, bypass, .. } = &mut self.desk;
        let member = usize::from(due.member);
        let (Some(route), Some(plugin)) = (wiring.routes.get(member), members.get(member)) else { return };
        match due.deed {
            Deed::Param { index, param, value } => {
                let before = plugin.value(index as usize);
                for node in &route.nodes {
                    // Between two points plugins draw a line: a jump takes a point on the sample before it.
                    if before != value && offset > 0 {
                        self.schedule.queue_param(*node, ParamPoint { param, offset: offset - 1, value: before });
                    }
                    self.schedule.queue_param(*node, ParamPoint { param, offset, value });
                }
                let tell = before != value && plugin.set_value(index as usize, value);
                if tell && ports.reports.push(Report::Moved { member: due.member, index }).is_err() {
                    plugin.seen(index as usize);
                }
            }
            Deed::Event(body) if !bypass.is_on() => {
                notes.follow(due.member, &body);
                for node in &route.nodes {
                    self.schedule.queue_event(*node, Event { offset, bus: 0, body });
                }
            }
            Deed::Event(_) => {}
        }
    }
}
