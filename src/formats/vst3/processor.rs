//! L2 · the audio half of a VST3 plugin.
//!
//! Thread: made and unmade on main, otherwise wherever the value is. Invariant: while a processor exists, nobody else
//! calls `process` or `setProcessing`, and the component is active. It never touches a reference count: the interface
//! pointer is borrowed from the instance, which stays alive until the processor is back.
//! Deliberately absent: guarding of outputs (the engine does that for every format).
#![allow(unsafe_code)]

use super::{consts, context, event_list::EventList, midi_map::MidiMap, param_changes::ParamChanges};
use crate::{
    model::{BusInfo, Event, EventBody, ParamPoint},
    plugin::{Block, ProcessError, ProcessMode, Processor, Setup},
};
use std::{any::Any, mem::ManuallyDrop, sync::Arc};
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{
            AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, ProcessContext, ProcessData,
        },
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
    pub params: usize,
    pub midi: Arc<MidiMap>,
    pub reports: rtrb::Producer<ParamPoint>,
    pub epoch: u64,
}

/// The audio half of a VST3 plugin.
pub struct Vst3Processor {
    /// Released by [`Self::retire`] on main; a processor that is dropped elsewhere leaks it rather than free there.
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
    reports: rtrb::Producer<ParamPoint>,
    reports_lost: u64,
    max_block: usize,
    quarters_per_frame: f64,
    double: Option<Double>,
    /// Values set before the first block: a flush may be ignored (DPF does), the first block is not.
    primed: Vec<ParamPoint>,
    /// Keys that are down, by channel: owed a note-off before the plugin stops.
    sounding: [u128; 16],
    /// Names the activation it belongs to.
    pub(super) epoch: u64,
}

// SAFETY: the raw pointers inside point to memory this value owns (buffers, host objects) or to the plugin's processor,
// which VST3 allows to be called from any one thread at a time; the value has exactly one owner.
unsafe impl Send for Vst3Processor {}

/// The buses of one direction as VST3 wants them.
struct Side {
    buses: Box<[AudioBusBuffers]>,
    /// Channel pointers of all buses, one after the other; the buses point into it.
    pointers: Box<[*mut f32]>,
    /// Positions in `pointers` of the active buses' channels, in the order of a block's channels, with bus and bit.
    slots: Box<[Slot]>,
    /// Silence for inactive inputs, or a bin for inactive outputs; the pointers of inactive buses lead here for ever.
    idle: Box<[f64]>,
}

#[derive(Clone, Copy)]
struct Slot {
    pointer: u32,
    bus: u16,
    bit: u16,
}

/// Conversion buffers when the plugin runs in 64 bits.
struct Double {
    inputs: Box<[f64]>,
    outputs: Box<[f64]>,
    stride: usize,
}

impl Side {
    fn new(infos: &[BusInfo], max_block: usize) -> Self {
        let total: usize = infos.iter().map(|bus| bus.channels as usize).sum();
        let mut idle = vec![0.0_f64; max_block.max(1)].into_boxed_slice();
        let idle_start = idle.as_mut_ptr().cast::<f32>();
        let mut pointers = vec![idle_start; total].into_boxed_slice();
        let (mut buses, mut slots, mut first) = (Vec::new(), Vec::new(), 0);
        for (bus, info) in infos.iter().enumerate() {
            let channels = info.channels as usize;
            // A bus without channels gets a valid address all the same.
            let start = pointers[first.min(total)..].as_mut_ptr();
            buses.push(AudioBusBuffers {
                numChannels: info.channels as i32,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 { channelBuffers32: start },
            });
            if info.active {
                slots.extend((0..channels).map(|channel| Slot {
                    pointer: (first + channel) as u32,
                    bus: bus as u16,
                    bit: channel as u16,
                }));
            }
            first += channels;
        }
        Self { buses: buses.into(), pointers, slots: slots.into(), idle }
    }

    /// Points every channel at the idle buffer again.
    fn rest(&mut self) {
        let idle = self.idle.as_mut_ptr().cast::<f32>();
        self.pointers.fill(idle);
    }

    #[inline]
    fn start(&mut self) -> *mut AudioBusBuffers {
        if self.buses.is_empty() { std::ptr::null_mut() } else { self.buses.as_mut_ptr() }
    }
}

impl Vst3Processor {
    /// `[main]` The component is active and processing.
    pub(super) fn new(parts: Parts) -> Self {
        let max_block = parts.setup.max_block as usize;
        let mut inputs = Side::new(&parts.inputs, max_block);
        let mut outputs = Side::new(&parts.outputs, max_block);
        let mut double = parts.double.then(|| {
            let stride = max_block.next_multiple_of(8);
            Double {
                inputs: vec![0.0; stride * inputs.slots.len()].into(),
                outputs: vec![0.0; stride * outputs.slots.len()].into(),
                stride,
            }
        });
        if let Some(double) = &mut double {
            // The 64-bit pointers never change: samples are converted into these buffers and out of them.
            for (side, memory) in [(&mut inputs, &mut double.inputs), (&mut outputs, &mut double.outputs)] {
                for (at, slot) in side.slots.iter().enumerate() {
                    side.pointers[slot.pointer as usize] = memory[at * double.stride..].as_mut_ptr().cast();
                }
            }
        }
        let changes_in = ParamChanges::new(parts.params.clamp(16, 4096), POINTS);
        let changes_out = ParamChanges::new(parts.params.clamp(16, QUEUES_OUT), QUEUES_OUT * 2);
        let events_in = EventList::new(EVENTS);
        let events_out = EventList::new(EVENTS);
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
            processor: ManuallyDrop::new(parts.processor),
            data,
            inputs,
            outputs,
            context,
            changes_in,
            changes_out,
            events_in,
            events_out,
            midi: parts.midi,
            reports: parts.reports,
            reports_lost: 0,
            max_block,
            quarters_per_frame: 1.0 / (60.0 * parts.setup.sample_rate),
            double,
            primed: Vec::new(),
            sounding: [0; 16],
            epoch: parts.epoch,
        }
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
        for event in block.events {
            if let EventBody::Controller { channel, number, value } = event.body {
                if let Some(param) = self.midi.lookup(event.bus, channel, number) {
                    self.changes_in.push(&ParamPoint { param, offset: event.offset, value: value.clamp(0.0, 1.0) });
                }
                continue;
            }
            let at = quarters
                .map_or(0.0, |(start, tempo)| start + f64::from(event.offset) * tempo * self.quarters_per_frame);
            match event.body {
                EventBody::NoteOn { channel, key, .. } => self.sounding[channel as usize & 15] |= 1 << (key & 127),
                EventBody::NoteOff { channel, key, .. } => self.sounding[channel as usize & 15] &= !(1 << (key & 127)),
                _ => {}
            }
            self.events_in.push(event, at);
        }
    }

    /// Points to the block's caller and, over the ring, to the controller.
    fn give_params(&mut self, block: &mut Block<'_>) {
        let (reports, lost, out) = (&mut self.reports, &mut self.reports_lost, &mut *block.out);
        self.changes_out.for_each(|point| {
            out.push_param(point);
            if reports.push(point).is_err() {
                *lost += 1;
            }
        });
        self.changes_out.clear();
    }

    /// `[main]` Values the audio half must hear of before it plays: flushed at once, and again with the first block.
    pub(super) fn prime(&mut self, points: Vec<ParamPoint>) {
        for chunk in points.chunks(POINTS / 2) {
            self.flush(chunk);
        }
        self.primed = points;
    }

    fn push_primed(&mut self) {
        for point in &self.primed {
            self.changes_in.push(point);
        }
        self.primed.clear();
    }

    /// `[main]` Makes sure that the component has heard of primed values, by a short block nobody hears.
    pub(super) fn settle(&mut self) {
        self.push_primed();
        self.idle_block();
    }

    fn idle_block(&mut self) {
        if self.double.is_none() {
            self.inputs.rest();
            self.outputs.rest();
        }
        self.data.numSamples = self.max_block.min(32) as i32;
        // Nobody waits for this block, whatever the plugin answers.
        let _ = self.call();
        self.changes_in.clear();
        self.changes_out.clear();
        self.events_in.clear();
        self.events_out.clear();
    }

    /// `[main]` Sends the note-offs that are still owed, in a short block nobody hears, and lets go of the plugin.
    pub(super) fn retire(mut self) {
        if self.sounding.iter().any(|keys| *keys != 0) {
            for channel in 0..16_i16 {
                for key in (0..128_i16).filter(|key| self.sounding[channel as usize] >> key & 1 == 1) {
                    let body = EventBody::NoteOff { channel, key, velocity: 0.0, note_id: -1 };
                    self.events_in.push(&Event { offset: 0, bus: 0, body }, 0.0);
                }
            }
            self.idle_block();
        }
        // SAFETY: `self` is consumed here, so the pointer is not used again.
        unsafe { ManuallyDrop::drop(&mut self.processor) };
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
        if block.frames > self.max_block || block.frames > block.pool.max_frames() {
            return Err(ProcessError::TooLong { frames: block.frames, max: self.max_block });
        }
        if block.inputs.len() != self.inputs.slots.len() || block.outputs.len() != self.outputs.slots.len() {
            return Err(ProcessError::Channels);
        }
        for bus in &mut self.inputs.buses {
            bus.silenceFlags = 0;
        }
        for bus in &mut self.outputs.buses {
            bus.silenceFlags = 0;
        }
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
        if !self.primed.is_empty() {
            self.push_primed();
        }
        for point in block.params {
            self.changes_in.push(point);
        }
        if !block.events.is_empty() {
            self.take_events(block);
        }
        context::fill(&mut self.context, block.transport);
        self.data.numSamples = block.frames as i32;
        let result = self.call();
        self.changes_in.clear();
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
        for point in params {
            self.changes_in.push(&ParamPoint { offset: 0, ..*point });
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
        self.changes_in.clear();
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

    fn dropped(&self) -> u64 {
        self.changes_in.dropped()
            + self.changes_out.dropped()
            + self.events_in.dropped()
            + self.events_out.dropped()
            + self.reports_lost
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
