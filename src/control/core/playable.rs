//! L3 · a chain ready to play: schedule, what is to happen when, musical time. One value that moves between threads.
//!
//! Thread: whoever holds it; called the audio thread while it runs a frame. Invariant: an event at a sample of a frame sounds
//! like automation at that sample in `render`; whatever note was begun can be ended.
//! Deliberately absent: waiting, measuring, streams.

use super::{
    Frame, FrameEvent, LiveMember,
    agenda::Agenda,
    bypass::Bypass,
    line::{Command, Report},
    musical_time::MusicalTime,
    notes::Notes,
};
use crate::{
    engine::Schedule,
    model::{Event, Transport},
    rt::{Door, guard},
};
use std::{ops::Range, sync::Arc};

/// Blocks in which note-offs are handed over are this long at most.
const LAST_BLOCK: usize = 64;

/// Where a plugin of the chain plays.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// Nodes of its copies.
    pub nodes: Box<[usize]>,
    /// Samples by which sound reaches it late.
    pub delay: u32,
    /// It takes notes.
    pub notes: bool,
}

/// The ends of the queues that stay with the audio side.
pub(super) struct Ports {
    pub fast: rtrb::Consumer<Command>,
    pub slow: rtrb::Consumer<Command>,
    pub reports: rtrb::Producer<Report>,
}

/// What a frame came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    pub guarded: bool,
    pub silent: bool,
    pub dropped: u32,
}

/// Where the chain's nodes are.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    pub routes: Vec<Route>,
    pub input: Option<usize>,
    pub inputs: usize,
    pub output: usize,
    pub outputs: usize,
}

/// Everything but the schedule: it stays when the schedule is made anew.
pub(super) struct Desk {
    pub(super) wiring: Wiring,
    pub(super) members: Arc<Vec<LiveMember>>,
    pub(super) ports: Ports,
    pub(super) agenda: Agenda,
    pub(super) notes: Notes,
    pub(super) time: MusicalTime,
    pub(super) bypass: Bypass,
    /// Samples played.
    pub(super) clock: u64,
    /// What the guard had done to each plugin when it was last looked at: blocks silenced, put out of the way.
    guarded: Vec<(u64, bool)>,
    zeros: Box<[f32]>,
    used: bool,
}

/// A chain ready to play.
pub(super) struct Playable {
    pub(super) schedule: Schedule,
    pub(super) desk: Desk,
}

impl Desk {
    /// `[main]` For a chain that was just loaded.
    pub fn new(ports: Ports) -> Self {
        let wiring = Wiring { routes: Vec::new(), input: None, inputs: 0, output: 0, outputs: 0 };
        Self {
            wiring,
            members: Arc::default(),
            ports,
            agenda: Agenda::new(),
            notes: Notes::new(),
            time: MusicalTime::new(48_000.0),
            bypass: Bypass::new(0, 0, 0, false),
            clock: 0,
            guarded: Vec::new(),
            zeros: Box::default(),
            used: false,
        }
    }

    /// `[main]` With a schedule of this wiring.
    pub fn with(mut self, schedule: Schedule, wiring: Wiring, members: Arc<Vec<LiveMember>>) -> Playable {
        let on = self.bypass.is_on();
        self.bypass = Bypass::new(wiring.inputs, schedule.latency() as usize, schedule.max_block(), on);
        self.guarded = vec![(0, false); wiring.routes.len()];
        self.zeros = vec![0.0; schedule.max_block()].into();
        self.notes.forget();
        self.wiring = wiring;
        self.members = members;
        Playable { schedule, desk: self }
    }
}

impl Playable {
    /// `[main]` Apart again.
    pub fn apart(self) -> (Schedule, Desk) {
        (self.schedule, self.desk)
    }

    /// `[main]` For restarts of single plugins.
    pub fn schedule_mut(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    /// `[main]` Parameters were read anew.
    pub fn set_members(&mut self, members: Arc<Vec<LiveMember>>) {
        self.desk.members = members;
    }

    /// `[any]` Of the whole.
    pub fn latency(&self) -> u32 {
        self.schedule.latency()
    }

    /// `[any]` The longest block.
    pub fn max_block(&self) -> usize {
        self.schedule.max_block()
    }

    /// `[main]` A stream begins: nothing rings, time starts anew.
    pub fn begin(&mut self) {
        self.drain(false);
        let _door = Door::enter();
        if self.desk.used {
            self.hush();
        } else {
            self.schedule.flush();
        }
        self.desk.clock = 0;
        self.desk.time = self.desk.time.begun_again(self.schedule.sample_rate());
    }

    /// `[main]` No block will come for a while: parameters are handed over without sound, events are forgotten.
    pub fn settle(&mut self) {
        let _door = Door::enter();
        self.drain(false);
        self.hand_over_late();
        self.desk.used = true;
        self.schedule.flush();
    }

    /// `[main]` Notes end and nothing rings on.
    pub fn end(&mut self) {
        let _door = Door::enter();
        self.drain(false);
        self.hush();
    }

    /// `[audio]` One frame of any length.
    pub fn run(
        &mut self,
        frame: &Frame,
        channels: usize,
        events: &[FrameEvent],
        mut fill: impl FnMut(usize, Range<usize>, &mut [f32]),
        mut emit: impl FnMut(usize, Range<usize>, &[f32]),
    ) -> Ran {
        let _door = Door::enter();
        let mut ran = Ran::default();
        self.desk.used = true;
        if frame.discontinuity {
            // What was sent for the block before the gap is not for the one behind it.
            self.drain(false);
            self.hush();
        } else {
            self.drain(true);
        }
        ran.dropped = self.plan(frame.frames, events);
        // Zeros at the start are held back: a frame of nothing else is said to be silent instead.
        let (mut at, mut held) = (0, 0);
        while at < frame.frames {
            let length = (frame.frames - at).min(self.schedule.max_block());
            let range = at..at + length;
            self.take_in(frame.silent, &range, &mut fill);
            ran.guarded |= self.block(length, frame.position + at as u64);
            let zero = (0..channels).all(|channel| guard::is_zero(guard::overlay(self.result(channel, length))));
            if zero && held == at {
                held += length;
            } else {
                if held == at {
                    self.say_zeros(held, channels, &mut emit);
                    // Nothing is held from here on.
                    held = usize::MAX;
                }
                for channel in 0..channels {
                    emit(channel, range.clone(), self.result(channel, length));
                }
            }
            at += length;
        }
        ran.silent = held == frame.frames;
        ran
    }

    /// `[audio]` A frame that is not played: what was to happen in it happens with the next one. Answers what found no room.
    pub fn skip(&mut self, events: &[FrameEvent]) -> u32 {
        let _door = Door::enter();
        self.plan(1, events)
    }

    fn say_zeros(&self, until: usize, channels: usize, emit: &mut impl FnMut(usize, Range<usize>, &[f32])) {
        let mut at = 0;
        while at < until {
            let length = (until - at).min(self.desk.zeros.len());
            for channel in 0..channels {
                emit(channel, at..at + length, &self.desk.zeros[..length]);
            }
            at += length;
        }
    }

    fn take_in(&mut self, silent: bool, range: &Range<usize>, fill: &mut impl FnMut(usize, Range<usize>, &mut [f32])) {
        let length = range.len();
        let Desk { wiring, bypass, zeros, .. } = &mut self.desk;
        let Some(node) = wiring.input else { return };
        for channel in 0..wiring.inputs {
            if silent {
                bypass.pass(channel, &zeros[..length]);
                continue;
            }
            let room = self.schedule.input_mut(node, channel, length);
            fill(channel, range.clone(), room);
            mend(room);
            bypass.pass(channel, room);
        }
    }

    /// One block of the schedule. True when the guard acted.
    fn block(&mut self, length: usize, position: u64) -> bool {
        let transport = self.desk.time.transport(position, self.desk.clock);
        self.emit_due(length);
        if self.desk.bypass.is_on() {
            self.schedule.flush();
            self.desk.clock += length as u64;
            return false;
        }
        let report = self.schedule.process(length, &transport);
        self.desk.clock += length as u64;
        let acted = report.non_finite + report.failed + report.bypassed > 0;
        if acted {
            self.tell_guard();
        }
        acted
    }

    #[cold]
    fn tell_guard(&mut self) {
        let Desk { wiring, guarded, ports, .. } = &mut self.desk;
        for (at, (route, before)) in wiring.routes.iter().zip(guarded).enumerate() {
            let stats = route.nodes.iter().map(|node| self.schedule.node_stats(*node));
            let now =
                stats.fold((0, false), |all, stats| (all.0 + stats.non_finite + stats.failed, all.1 | stats.bypassed));
            // A plugin that fails on and on is told once a second at most, by the main thread.
            if now != *before && ports.reports.push(Report::Guard { member: at as u8, bypassed: now.1 }).is_ok() {
                *before = now;
            }
        }
    }

    /// A channel of the result. Fewer channels than asked for: one is everywhere, others are missing.
    fn result(&self, channel: usize, length: usize) -> &[f32] {
        let Desk { wiring, bypass, zeros, .. } = &self.desk;
        if bypass.is_on() {
            return bypass.heard(channel, length).unwrap_or(&zeros[..length]);
        }
        match wiring.outputs {
            1 => self.schedule.output(wiring.output, 0, length),
            outputs if channel < outputs => self.schedule.output(wiring.output, channel, length),
            _ => &zeros[..length],
        }
    }

    /// Notes end, nothing rings, nothing is to come.
    pub(super) fn hush(&mut self) {
        self.hand_over_late();
        let Desk { wiring, notes, .. } = &mut self.desk;
        let mut sent = false;
        notes.end(|member, body| {
            let Some(route) = wiring.routes.get(usize::from(member)) else { return };
            for node in &route.nodes {
                sent |= self.schedule.queue_event(*node, Event { offset: 0, bus: 0, body });
            }
        });
        if sent {
            let length = self.schedule.max_block().min(LAST_BLOCK);
            self.schedule.process(length, &Transport::default());
        }
        self.schedule.flush();
        self.schedule.reset();
        self.desk.bypass.clear();
        self.desk.guarded.iter_mut().for_each(|guarded| guarded.1 = false);
    }
}

/// Samples that are no finite numbers count as 0.
#[inline]
pub(super) fn mend(samples: &mut [f32]) {
    if !guard::unsuspicious(guard::overlay(samples), f32::MAX) {
        samples.iter_mut().filter(|sample| !sample.is_finite()).for_each(|sample| *sample = 0.0);
    }
}
