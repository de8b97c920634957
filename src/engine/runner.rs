//! L2 · one plugin in a schedule: gives it a block, looks over what comes back, and replaces it when it fails.
//!
//! Thread: audio, but for making and unmaking. Invariant: after [`Runner::run`] every output channel holds finite samples,
//! whatever the plugin did.
//! Deliberately absent: deadlines and restarts, which belong to whoever owns the plugin.

use super::{BlockReport, LoadedNode, NodeStats, Policy, Prefill};
use crate::{
    model::{Event, ParamPoint, Transport},
    plugin::{Block, BlockOut, Processor, Tail},
    rt::{Channel, DelayLine, Door, Pool, guard},
};

/// Points and events a node can be sent for one block, and can send.
pub(super) const POINTS: usize = 4096;
pub(super) const EVENTS: usize = 1024;
/// The pattern of samples nobody wrote: a NaN with a payload that no arithmetic produces.
const MARK: u32 = 0x7fa1_c0de;
/// Below this (−120 dBFS) a plugin that has nothing to do may be put to sleep.
const INAUDIBLE: f32 = 1e-6;

/// What a runner needs to know of the block besides its own things.
pub(super) struct Now<'a> {
    pub frames: usize,
    pub transport: &'a Transport,
    pub policy: &'a Policy,
    /// Frames since the schedule was made.
    pub clock: u64,
    /// [`Policy::relapse_seconds`] in frames.
    pub relapse: u64,
    pub door: &'a Door,
}

/// One plugin node at work.
pub(super) struct Runner {
    processor: Option<Box<dyn Processor>>,
    inputs: Box<[Channel]>,
    outputs: Box<[Channel]>,
    params: Vec<ParamPoint>,
    events: Vec<Event>,
    out: BlockOut,
    /// When the guard last reset it.
    tripped: Option<u64>,
    /// Frames since it last heard or was sent anything.
    idle: u64,
    /// Its last block was inaudible.
    was_quiet: bool,
    /// It said of itself that its last block was silent.
    said_silent: bool,
    /// Stand in for a bypassed plugin of as many inputs as outputs; empty without latency.
    dry: Vec<DelayLine>,
    lost: u64,
    stats: NodeStats,
    name: String,
    latency: u32,
    tail: Tail,
    sleeps: bool,
}

impl Runner {
    /// `[any, not audio]`
    pub fn new(node: LoadedNode, inputs: Vec<Channel>, outputs: Vec<Channel>) -> Self {
        let lines = if node.latency > 0 && inputs.len() == outputs.len() { inputs.len() } else { 0 };
        Self {
            processor: Some(node.processor),
            params: Vec::with_capacity(POINTS),
            events: Vec::with_capacity(EVENTS),
            out: BlockOut::with_capacity(POINTS, EVENTS),
            tripped: None,
            idle: 0,
            was_quiet: false,
            said_silent: false,
            dry: (0..lines).map(|_| DelayLine::new(node.latency as usize)).collect(),
            lost: 0,
            stats: NodeStats::default(),
            name: node.name,
            latency: node.latency,
            tail: node.tail,
            sleeps: node.sleeps,
            inputs: inputs.into(),
            outputs: outputs.into(),
        }
    }

    /// `[any, not audio]` What it was made from; `None` when the processor is away.
    pub fn into_node(self) -> Option<LoadedNode> {
        Some(LoadedNode {
            processor: self.processor?,
            name: self.name,
            inputs: self.inputs.len(),
            outputs: self.outputs.len(),
            latency: self.latency,
            tail: self.tail,
            sleeps: self.sleeps,
        })
    }

    /// `[audio]`
    pub fn take(&mut self) -> Option<Box<dyn Processor>> {
        self.processor.take()
    }

    /// `[audio]` A processor that comes is trusted anew.
    pub fn put(&mut self, processor: Box<dyn Processor>) -> Result<(), Box<dyn Processor>> {
        if self.processor.is_some() {
            return Err(processor);
        }
        self.processor = Some(processor);
        self.forget();
        Ok(())
    }

    /// `[audio]` As new, but for what was counted and is queued.
    pub fn reset(&mut self) {
        if let Some(processor) = &mut self.processor {
            processor.reset();
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.tripped = None;
        self.stats.bypassed = false;
        self.idle = 0;
        self.was_quiet = false;
        self.said_silent = false;
        self.dry.iter_mut().for_each(DelayLine::clear);
    }

    /// `[audio]`
    pub fn wants_restart(&self) -> bool {
        self.processor.as_ref().is_some_and(|processor| processor.wants_restart())
    }

    pub fn latency(&self) -> u32 {
        self.latency
    }

    /// What was counted here, the processor's own count left out.
    pub fn counted(&self) -> NodeStats {
        NodeStats { dropped: self.lost + self.out.dropped(), ..self.stats }
    }

    /// `[any, not audio]` Goes on counting.
    pub fn count_on(&mut self, counted: NodeStats) {
        self.lost += counted.dropped;
        self.stats = NodeStats { dropped: 0, ..counted };
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn said(&self) -> &BlockOut {
        &self.out
    }

    pub fn stats(&self) -> NodeStats {
        let own = self.processor.as_ref().map_or(0, |processor| processor.dropped());
        NodeStats { dropped: self.lost + self.out.dropped() + own, ..self.stats }
    }

    /// `[audio]` Keeps a point in its place; false when there is no room or the value is no number.
    pub fn queue_param(&mut self, point: ParamPoint) -> bool {
        if self.params.len() == POINTS || !point.value.is_finite() {
            self.lost += 1;
            return false;
        }
        let later = self.params.iter().rev().take_while(|queued| queued.offset > point.offset).count();
        let point = ParamPoint { value: point.value.clamp(0.0, 1.0), ..point };
        self.params.insert(self.params.len() - later, point);
        true
    }

    /// `[audio]` Keeps an event in its place; false when there is no room.
    pub fn queue_event(&mut self, event: Event) -> bool {
        if self.events.len() == EVENTS {
            self.lost += 1;
            return false;
        }
        let later = self.events.iter().rev().take_while(|queued| queued.offset > event.offset).count();
        self.events.insert(self.events.len() - later, event);
        true
    }

    /// `[audio]` Hands queued points over without sound. Events wait for the next block.
    pub fn flush(&mut self, door: &Door) {
        if let Some(processor) = &mut self.processor
            && !self.params.is_empty()
        {
            processor.flush(&self.params);
            self.params.clear();
            self.stats.float_repairs += u64::from(door.repair_floats());
        }
    }

    /// `[audio]` One block.
    #[inline]
    pub fn run(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        self.out.clear();
        if self.stats.bypassed || self.processor.is_none() {
            return self.stand_in(pool, now, report);
        }
        if !(self.params.is_empty() && self.events.is_empty()) {
            self.clip_offsets(now.frames);
        }
        if now.policy.sleep && self.may_sleep(pool, now.frames) {
            return self.sleep(pool, now, report);
        }
        match now.policy.prefill {
            Prefill::Zeros => self.outputs.iter().for_each(|channel| pool.channel_mut(*channel, now.frames).fill(0.0)),
            Prefill::Marks => self.mark(pool, now.frames),
        }
        let Some(processor) = &mut self.processor else { return };
        let result = processor.process(&mut Block {
            frames: now.frames,
            pool,
            inputs: &self.inputs,
            outputs: &self.outputs,
            params: &self.params,
            events: &self.events,
            transport: now.transport,
            out: &mut self.out,
        });
        self.params.clear();
        self.events.clear();
        self.stats.blocks += 1;
        if now.door.repair_floats() {
            self.stats.float_repairs += 1;
            report.float_repairs += 1;
        }
        report.spoke += u32::from(!(self.out.params().is_empty() && self.out.events().is_empty()));
        if cfg!(debug_assertions) && !pool.guards_intact() {
            pool.arm_guards();
            self.stats.overran += 1;
            report.overran += 1;
        }
        if result.is_err() {
            return self.fail(pool, now, report);
        }
        if now.policy.prefill == Prefill::Marks {
            self.silence_unwritten(pool, now, report);
        }
        self.look_over(pool, now, report);
    }

    #[inline]
    fn look_over(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        let bits = self.outputs.iter().fold(0, |all, channel| all | guard::overlay(pool.channel(*channel, now.frames)));
        if !guard::unsuspicious(bits, now.policy.loud) && self.look_closely(pool, now, report) {
            return;
        }
        if now.policy.sleep {
            // Only of interest after a block that brought nothing new.
            let zero = guard::is_zero(bits);
            self.was_quiet = zero || (self.idle > 0 && self.inaudible(pool, now.frames));
            self.said_silent = self.outputs.iter().all(|channel| pool.is_silent(*channel));
            if zero {
                self.silence(pool, now.frames);
            }
        }
    }

    /// True when the output was silenced.
    #[cold]
    fn look_closely(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) -> bool {
        let (mut non_finite, mut loud) = (false, false);
        for channel in &self.outputs {
            let look = guard::look(pool.channel(*channel, now.frames), now.policy.loud);
            non_finite |= look.non_finite;
            loud |= look.loud;
        }
        if non_finite {
            self.trip(pool, now, report);
        } else if loud {
            self.stats.loud += 1;
            report.loud += 1;
        }
        non_finite
    }

    fn inaudible(&self, pool: &Pool, frames: usize) -> bool {
        self.outputs.iter().all(|channel| guard::all_within(pool.channel(*channel, frames), INAUDIBLE))
    }

    fn silence(&self, pool: &mut Pool, frames: usize) {
        for channel in &self.outputs {
            pool.silence(*channel, frames);
        }
    }

    /// Nothing may lie behind the end of the block, e.g. when the caller chose a shorter one.
    fn clip_offsets(&mut self, frames: usize) {
        let last = frames as u32 - 1;
        for point in self.params.iter_mut().rev().take_while(|point| point.offset > last) {
            point.offset = last;
        }
        for event in self.events.iter_mut().rev().take_while(|event| event.offset > last) {
            event.offset = last;
        }
    }

    /// Whether skipping this block would change nothing, as far as the plugin's own word and the last block tell.
    fn may_sleep(&mut self, pool: &Pool, frames: usize) -> bool {
        let heard = self.inputs.iter().any(|channel| !pool.is_silent(*channel));
        if heard || !self.params.is_empty() || !self.events.is_empty() {
            self.idle = 0;
            return false;
        }
        let over = match self.tail {
            Tail::None => Some(u64::from(self.latency)),
            Tail::Samples(tail) => Some(u64::from(self.latency) + u64::from(tail)),
            Tail::Infinite => None,
        };
        // Who hears nothing may be holding a note: then only the plugin's own word counts.
        let quiet = if self.inputs.is_empty() { self.said_silent } else { self.was_quiet };
        let may = self.sleeps && quiet && over.is_some_and(|over| self.idle >= over);
        self.idle += frames as u64;
        may
    }

    fn sleep(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        self.silence(pool, now.frames);
        self.stats.slept += 1;
        report.slept += 1;
    }

    #[cold]
    fn fail(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        self.silence(pool, now.frames);
        self.was_quiet = false;
        self.said_silent = false;
        self.stats.failed += 1;
        report.failed += 1;
    }

    #[cold]
    fn trip(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        self.silence(pool, now.frames);
        self.was_quiet = false;
        self.said_silent = false;
        self.stats.non_finite += 1;
        report.non_finite += 1;
        if self.tripped.is_some_and(|last| now.clock - last < now.relapse) {
            self.stats.bypassed = true;
            return;
        }
        self.tripped = Some(now.clock);
        self.stats.resets += 1;
        if let Some(processor) = &mut self.processor {
            processor.reset();
        }
        now.door.repair_floats();
    }

    /// Apart from the zeros, which are only fast as long as the compiler sees that they are constant.
    #[cold]
    fn mark(&self, pool: &mut Pool, frames: usize) {
        for channel in &self.outputs {
            pool.channel_mut(*channel, frames).fill(f32::from_bits(MARK));
        }
    }

    #[cold]
    fn silence_unwritten(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        let mut unwritten = false;
        for channel in &self.outputs {
            if pool.is_silent(*channel) {
                continue;
            }
            for sample in pool.channel_mut(*channel, now.frames).iter_mut().filter(|sample| sample.to_bits() == MARK) {
                *sample = 0.0;
                unwritten = true;
            }
        }
        self.stats.unwritten += u64::from(unwritten);
        report.unwritten += u32::from(unwritten);
    }

    /// Dry where there are as many inputs as outputs, as late as the plugin would have been; else silence.
    #[cold]
    fn stand_in(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        report.bypassed += 1;
        match &mut self.processor {
            Some(processor) if !self.params.is_empty() => {
                processor.flush(&self.params);
                self.params.clear();
                now.door.repair_floats();
            }
            Some(_) => {}
            // Values wait for a processor that is away, at the beginning of whichever block it comes back for.
            None => self.params.iter_mut().for_each(|point| point.offset = 0),
        }
        self.events.clear();
        if self.inputs.len() != self.outputs.len() {
            return self.silence(pool, now.frames);
        }
        for (at, (from, to)) in self.inputs.iter().zip(&self.outputs).enumerate() {
            match self.dry.get_mut(at) {
                Some(line) => line.run(pool, *from, *to, now.frames),
                None if pool.is_silent(*from) => pool.silence(*to, now.frames),
                None => {
                    let (from, to) = pool.pair_mut(*from, *to, now.frames);
                    to.copy_from_slice(from);
                }
            }
        }
    }
}
