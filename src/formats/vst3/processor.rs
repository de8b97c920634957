//! L2 · the audio half of a VST3 plugin.
//!
//! Thread: made and unmade on main, otherwise wherever the value is. Invariant: while a processor exists, nobody else
//! calls `process` or `setProcessing`, and the component is active. It never touches a reference count: the interface
//! pointer is borrowed from the instance, whose objects outlive the processor (see [`super::orphans`]).
//! Deliberately absent: guarding of outputs (the engine does that for every format).
#![allow(unsafe_code)]

mod stopped;

use super::{
    buffers::{Double, Side},
    consts, context,
    event_list::EventList,
    main_cell::ThreadToken,
    midi_map::MidiMap,
    orphans,
    param_changes::ParamChanges,
    sounding::Sounding,
    told::Told,
};
use crate::{
    model::{BusInfo, Event, EventBody, ParamPoint},
    plugin::{Block, ProcessError, ProcessMode, Processor, Setup},
};
use std::{
    any::Any,
    mem::ManuallyDrop,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, Release},
        },
    },
};
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{IAudioProcessor, IAudioProcessorTrait, ProcessContext, ProcessData},
        kResultOk,
    },
};

/// Points a block may carry into the plugin.
pub(super) const POINTS: usize = 8192;
/// Queues for points out of the plugin; DPF plugins send every meter in every block.
const QUEUES_OUT: usize = 4096;
/// Events per block, in and out.
pub(super) const EVENTS: usize = 1024;

/// `[any]` VST3's number for a clock.
pub(super) fn process_mode(mode: ProcessMode) -> i32 {
    match mode {
        ProcessMode::Realtime => consts::MODE_REALTIME,
        ProcessMode::Prefetch => consts::MODE_PREFETCH,
        ProcessMode::Offline => consts::MODE_OFFLINE,
    }
}

/// What the instance knows when it makes a processor.
pub(super) struct Parts {
    pub processor: ComPtr<IAudioProcessor>,
    pub setup: Setup,
    /// The sample type that `setupProcessing` was told.
    pub double: bool,
    pub inputs: Vec<BusInfo>,
    pub outputs: Vec<BusInfo>,
    /// Which event input buses are on.
    pub event_inputs: Vec<bool>,
    pub params: usize,
    pub midi: Arc<MidiMap>,
    /// Present values, for plugins that controllers turn.
    pub told: Told,
    /// Set while a restart was asked for and not heard of.
    pub restart: Arc<AtomicBool>,
    pub reports: rtrb::Producer<ParamPoint>,
    /// Bits of the process context the plugin asked for.
    pub needs: u32,
    /// To be set when the processor is dropped; names the activation.
    pub gone: Arc<AtomicBool>,
    /// Set when a state is loaded.
    pub state_loaded: Arc<AtomicBool>,
}

/// The audio half of a VST3 plugin.
pub struct Vst3Processor {
    /// Borrowed: never released here.
    processor: ManuallyDrop<ComPtr<IAudioProcessor>>,
    data: ProcessData,
    inputs: Side,
    outputs: Side,
    /// Lent to the plugin; the box never moves.
    context: Box<ProcessContext>,
    changes_in: ParamChanges,
    changes_out: ParamChanges,
    events_in: EventList,
    events_out: EventList,
    midi: Arc<MidiMap>,
    told: Told,
    restart: Arc<AtomicBool>,
    reports: rtrb::Producer<ParamPoint>,
    reports_lost: u64,
    events_refused: u64,
    max_block: usize,
    quarters_per_frame: f64,
    double: Option<Double>,
    needs: u32,
    event_inputs: Box<[bool]>,
    /// Values set before the first block: a flush may be ignored (DPF does), the first block is not.
    primed: Vec<ParamPoint>,
    state_loaded: Arc<AtomicBool>,
    /// Owed a note-off before the plugin stops.
    sounding: Sounding,
    gone: Arc<AtomicBool>,
    home: ThreadToken,
}

// SAFETY: the raw pointers inside point to memory this value owns (buffers, host objects) or to the plugin's processor,
// which VST3 allows to be called from any one thread at a time; the value has exactly one owner.
unsafe impl Send for Vst3Processor {}

impl Vst3Processor {
    /// `[main]` The component is active and processing.
    pub(super) fn new(parts: Parts) -> Self {
        // SAFETY: a live interface; the count that this second owner would give back is never taken, as it is never dropped,
        // and `orphans` keeps the object alive for as long as this value exists.
        let processor = ManuallyDrop::new(unsafe { ComPtr::from_raw_unchecked(parts.processor.as_ptr()) });
        let max_block = parts.setup.max_block as usize;
        let mut inputs = Side::new(&parts.inputs, max_block);
        let mut outputs = Side::new(&parts.outputs, max_block);
        let double = parts.double.then(|| Double::new(&mut inputs, &mut outputs, max_block));
        let ready = parts.setup.mode != ProcessMode::Offline;
        let changes_in = ParamChanges::new(parts.params.clamp(16, 4096), POINTS, ready);
        let changes_out = ParamChanges::new(parts.params.clamp(16, QUEUES_OUT), QUEUES_OUT * 2, ready);
        let events_in = EventList::new(EVENTS, ready);
        let events_out = EventList::new(EVENTS, ready);
        let mut context = Box::new(context::empty(parts.setup.sample_rate));
        let data = ProcessData {
            processMode: process_mode(parts.setup.mode),
            symbolicSampleSize: if parts.double { consts::SAMPLE_64 } else { consts::SAMPLE_32 },
            numSamples: 0,
            numInputs: inputs.buses.len() as i32,
            numOutputs: outputs.buses.len() as i32,
            inputs: inputs.start(),
            outputs: outputs.start(),
            inputParameterChanges: changes_in.pointer(),
            outputParameterChanges: changes_out.pointer(),
            inputEvents: events_in.pointer(),
            outputEvents: events_out.pointer(),
            processContext: &raw mut *context,
        };
        Self {
            processor,
            data,
            inputs,
            outputs,
            context,
            changes_in,
            changes_out,
            events_in,
            events_out,
            midi: parts.midi,
            told: parts.told,
            restart: parts.restart,
            reports: parts.reports,
            reports_lost: 0,
            events_refused: 0,
            max_block,
            quarters_per_frame: 1.0 / (60.0 * parts.setup.sample_rate),
            double,
            needs: parts.needs,
            event_inputs: parts.event_inputs.into(),
            primed: Vec::new(),
            state_loaded: parts.state_loaded,
            sounding: Sounding::new(),
            gone: parts.gone,
            home: ThreadToken::here(),
        }
    }

    /// `[main]` Whether it belongs to the activation this flag was made for.
    pub(super) fn is_of(&self, activation: &Arc<AtomicBool>) -> bool {
        Arc::ptr_eq(&self.gone, activation)
    }

    /// `[main]` The plugin's own interface, for a benchmark that calls this very instance without a host around it. Its
    /// `process` and ours take turns on one thread.
    #[doc(hidden)]
    pub fn interface(&self) -> ComPtr<IAudioProcessor> {
        ComPtr::clone(&self.processor)
    }

    #[inline]
    fn take_events(&mut self, block: &Block<'_>) {
        let quarters = block.transport.quarters.zip(block.transport.tempo);
        let last = block.frames.saturating_sub(1) as u32;
        for event in block.events {
            let offset = event.offset.min(last);
            if let EventBody::Controller { channel, number, value } = event.body {
                if let Some(param) = self.midi.lookup(event.bus, channel, number) {
                    self.turn(ParamPoint { param, offset, value: unit(value) });
                }
                continue;
            }
            if !self.event_inputs.get(usize::from(event.bus)).copied().unwrap_or(false) || self.events_in.is_full() {
                self.events_refused += 1;
                continue;
            }
            let at = quarters.map_or(0.0, |(start, tempo)| start + f64::from(offset) * tempo * self.quarters_per_frame);
            if let Some(event) = self.sounding.pass(event) {
                self.events_in.push(&Event { offset, ..event }, at);
            }
        }
    }

    /// A controller jumps: the old value belongs on the sample before.
    fn turn(&mut self, point: ParamPoint) {
        if self.midi.take_stale() {
            self.told.forget();
        }
        let before = match self.changes_in.latest(point.param) {
            Some((at, value)) => Some(value).filter(|_| at < point.offset),
            None => self.told.last(point.param),
        };
        if point.offset > 0
            && let Some(value) = before.filter(|value| *value != point.value)
        {
            self.changes_in.push(&ParamPoint { offset: point.offset - 1, value, ..point });
        }
        self.changes_in.push(&point);
    }

    /// The points of a call that is over: remembered where it matters, and forgotten.
    #[inline]
    fn end_changes(&mut self) {
        if !self.told.is_empty() {
            let told = &mut self.told;
            self.changes_in.for_latest(|param, value| told.tell(param, value));
        }
        self.changes_in.clear();
    }

    /// Points to the block's caller and, over the ring, to the controller.
    fn give_params(&mut self, block: &mut Block<'_>) {
        let (reports, lost, out) = (&mut self.reports, &mut self.reports_lost, &mut *block.out);
        let told = &mut self.told;
        let last = block.frames.saturating_sub(1) as u32;
        self.changes_out.for_each(|point| {
            told.tell(point.param, point.value);
            let point = ParamPoint { offset: point.offset.min(last), ..point };
            out.push_param(point);
            if reports.push(point).is_err() {
                *lost += 1;
            }
        });
        self.changes_out.clear();
    }

    #[inline]
    fn call(&mut self) -> Result<(), ProcessError> {
        // SAFETY: the processor is alive (the instance keeps it until this value is back), active and processing; `data`
        // points to boxes this value owns and to channels of a pool that the caller holds for the whole call.
        let result = unsafe { self.processor.process(&mut self.data) };
        if result == kResultOk { Ok(()) } else { Err(ProcessError::Result(result)) }
    }
}

impl Processor for Vst3Processor {
    #[inline]
    fn process(&mut self, block: &mut Block<'_>) -> Result<(), ProcessError> {
        if block.frames == 0 {
            self.flush(block.params);
            return Ok(());
        }
        if block.frames > self.max_block || block.frames > block.pool.max_frames() {
            return Err(ProcessError::TooLong { frames: block.frames, max: self.max_block });
        }
        if block.inputs.len() != self.inputs.slots.len() || block.outputs.len() != self.outputs.slots.len() {
            return Err(ProcessError::Channels);
        }
        self.inputs.clear_flags();
        self.outputs.clear_flags();
        match &mut self.double {
            None => {
                for (slot, channel) in self.inputs.slots.iter().zip(block.inputs) {
                    if block.pool.is_silent(*channel) && slot.bit < 64 {
                        self.inputs.buses[usize::from(slot.bus)].silenceFlags |= 1 << slot.bit;
                    }
                    self.inputs.pointers[slot.pointer as usize] = block.pool.pointer(*channel, true);
                }
                for (slot, channel) in self.outputs.slots.iter().zip(block.outputs) {
                    self.outputs.pointers[slot.pointer as usize] = block.pool.pointer(*channel, true);
                }
            }
            Some(double) => {
                for (at, (slot, channel)) in self.inputs.slots.iter().zip(block.inputs).enumerate() {
                    if block.pool.is_silent(*channel) && slot.bit < 64 {
                        self.inputs.buses[usize::from(slot.bus)].silenceFlags |= 1 << slot.bit;
                    }
                    let samples = block.pool.channel(*channel, block.frames);
                    for (wide, sample) in double.inputs[at * double.stride..].iter_mut().zip(samples) {
                        *wide = f64::from(*sample);
                    }
                }
            }
        }
        let last = block.frames.saturating_sub(1) as u32;
        if !self.primed.is_empty() {
            self.push_primed();
        }
        for point in block.params {
            self.changes_in.push(&ParamPoint { offset: point.offset.min(last), value: unit(point.value), ..*point });
        }
        if !block.events.is_empty() {
            self.take_events(block);
        }
        context::fill(&mut self.context, block.transport, self.needs);
        self.data.numSamples = block.frames as i32;
        let result = self.call();
        self.end_changes();
        self.events_in.clear();
        if let Some(double) = &self.double {
            for (at, channel) in block.outputs.iter().enumerate() {
                let wide = &double.outputs[at * double.stride..];
                for (sample, wide) in block.pool.channel_mut(*channel, block.frames).iter_mut().zip(wide) {
                    *sample = *wide as f32;
                }
            }
        }
        for (slot, channel) in self.outputs.slots.iter().zip(block.outputs) {
            let flags = self.outputs.buses[usize::from(slot.bus)].silenceFlags;
            if result.is_err() || (flags != 0 && slot.bit < 64 && flags >> slot.bit & 1 == 1) {
                block.pool.silence(*channel, block.frames);
            }
        }
        if !self.changes_out.is_empty() {
            self.give_params(block);
        }
        if !self.events_out.is_empty() {
            let out = &mut *block.out;
            self.events_out.for_each(block.frames as u32, |event| out.push_event(event));
            self.events_out.clear();
        }
        result
    }

    fn flush(&mut self, params: &[ParamPoint]) {
        self.renew_primed(params);
        for point in params {
            self.changes_in.push(&ParamPoint { offset: 0, value: unit(point.value), ..*point });
        }
        let full = self.data;
        self.data.numSamples = 0;
        self.data.numInputs = 0;
        self.data.numOutputs = 0;
        self.data.inputs = std::ptr::null_mut();
        self.data.outputs = std::ptr::null_mut();
        // Plugins that refuse an empty block have no other way to be told; the controller half knows the values.
        let _ = self.call();
        self.data = full;
        self.end_changes();
        let (reports, lost) = (&mut self.reports, &mut self.reports_lost);
        self.changes_out.for_each(|point| {
            if reports.push(point).is_err() {
                *lost += 1;
            }
        });
        self.changes_out.clear();
        self.events_out.clear();
    }

    fn reset(&mut self) {
        // SAFETY: alive and active, as for `call`; the result is no failure in practice (most plugins answer
        // kNotImplemented).
        unsafe { self.processor.setProcessing(0) };
        // SAFETY: as above.
        unsafe { self.processor.setProcessing(1) };
    }

    fn wants_restart(&self) -> bool {
        self.restart.load(Relaxed)
    }

    fn dropped(&self) -> u64 {
        self.changes_in.dropped()
            + self.changes_out.dropped()
            + self.events_in.dropped()
            + self.events_out.dropped()
            + self.reports_lost
            + self.events_refused
            + self.sounding.refused()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

impl Drop for Vst3Processor {
    fn drop(&mut self) {
        self.end_notes();
        self.gone.store(true, Release);
        if self.home.is_here() {
            orphans::bury();
        }
    }
}

/// A normalized value; what is not a number is 0.
fn unit(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}
