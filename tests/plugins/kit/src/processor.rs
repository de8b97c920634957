//! `IAudioProcessor`: arrangements and setup on the main thread, `process` and `setProcessing` on the audio thread.
//!
//! Invariant: `process` reads the host's buffers before it writes any, so buffers may be shared in place, even crosswise.
#![allow(unsafe_code)]

use crate::{
    component::media,
    door::door,
    dsp::{Event, Transport},
    object::{Object, Setup, ok, put},
    runner::Block,
};
use std::{slice, sync::atomic::Ordering};
use vst3::{
    ComRef,
    Steinberg::{
        TBool,
        Vst::{
            AudioBusBuffers, BusDirection, Event as RawEvent, Event_::EventTypes_, IAudioProcessorTrait, IEventList,
            IEventListTrait, IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait,
            IProcessContextRequirementsTrait, NoteExpressionTypeIDs_, ProcessContext_::StatesAndFlags_, ProcessData,
            ProcessSetup, SpeakerArrangement, SymbolicSampleSizes_,
        },
        int32, kInternalError, kInvalidArgument, kNotInitialized, kResultFalse, kResultOk, tresult, uint32,
    },
};

/// Kinds of event and context flags, as numbers that mean the same on every system.
#[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
mod raw {
    use super::{EventTypes_, StatesAndFlags_, SymbolicSampleSizes_};
    pub(super) const SAMPLE32: i32 = SymbolicSampleSizes_::kSample32 as i32;
    pub(super) const SAMPLE64: i32 = SymbolicSampleSizes_::kSample64 as i32;
    pub(super) const NOTE_ON: u16 = EventTypes_::kNoteOnEvent as u16;
    pub(super) const NOTE_OFF: u16 = EventTypes_::kNoteOffEvent as u16;
    pub(super) const PRESSURE: u16 = EventTypes_::kPolyPressureEvent as u16;
    pub(super) const EXPRESSION: u16 = EventTypes_::kNoteExpressionValueEvent as u16;
    pub(super) const TEMPO_VALID: u32 = StatesAndFlags_::kTempoValid as u32;
    pub(super) const PLAYING: u32 = StatesAndFlags_::kPlaying as u32;
}

/// A host's block, seen through its pointers. Lives only inside `process`.
struct HostBlock<'a> {
    data: &'a ProcessData,
    wide: bool,
}

impl HostBlock<'_> {
    fn buses(&self, direction: BusDirection) -> &[AudioBusBuffers] {
        let (pointer, count) = match direction {
            media::INPUT => (self.data.inputs, self.data.numInputs),
            _ => (self.data.outputs, self.data.numOutputs),
        };
        if pointer.is_null() || count <= 0 {
            return &[];
        }
        // SAFETY: the host gives `count` buses, and they stay for the call.
        unsafe { slice::from_raw_parts(pointer, count as usize) }
    }

    /// Start of a channel's samples; `None` for channels that are not there.
    fn channel(bus: &AudioBusBuffers, channel: usize) -> Option<*mut u8> {
        if i32::try_from(channel).ok()? >= bus.numChannels {
            return None;
        }
        // SAFETY: both members of the union are pointers to pointers, so either may be read.
        let list = unsafe { bus.__field0.channelBuffers32 }.cast::<*mut u8>();
        if list.is_null() {
            return None;
        }
        // SAFETY: the list has `numChannels` pointers.
        let samples = unsafe { *list.add(channel) };
        (!samples.is_null()).then_some(samples)
    }

    fn changes(&self) -> Option<ComRef<'_, IParameterChanges>> {
        // SAFETY: the host lends a live object or null for the call.
        unsafe { ComRef::from_raw(self.data.inputParameterChanges) }
    }

    fn queue(&self, index: usize) -> Option<ComRef<'_, IParamValueQueue>> {
        // SAFETY: a queue lives as long as its list.
        self.changes().and_then(|changes| unsafe { ComRef::from_raw(changes.getParameterData(index as int32)) })
    }

    fn events(&self) -> Option<ComRef<'_, IEventList>> {
        // SAFETY: the host lends a live object or null for the call.
        unsafe { ComRef::from_raw(self.data.inputEvents) }
    }
}

impl Block for HostBlock<'_> {
    fn frames(&self) -> usize {
        self.data.numSamples as usize
    }

    fn read(&self, bus: usize, channel: usize, into: &mut [f64]) -> bool {
        let Some(bus) = self.buses(media::INPUT).get(bus) else { return false };
        if channel < 64 && bus.silenceFlags >> channel & 1 == 1 {
            return false;
        }
        let Some(samples) = Self::channel(bus, channel) else { return false };
        if self.wide {
            // SAFETY: a channel has `numSamples` samples of the size agreed on; nobody writes them now.
            let samples = unsafe { slice::from_raw_parts(samples.cast::<f64>(), into.len()) };
            into.copy_from_slice(samples);
        } else {
            // SAFETY: as above.
            let samples = unsafe { slice::from_raw_parts(samples.cast::<f32>(), into.len()) };
            for (to, from) in into.iter_mut().zip(samples) {
                *to = f64::from(*from);
            }
        }
        true
    }

    fn queues(&self) -> usize {
        // SAFETY: a live object.
        self.changes().map_or(0, |changes| unsafe { changes.getParameterCount() }.max(0) as usize)
    }

    fn queue_id(&self, queue: usize) -> Option<u32> {
        // SAFETY: a live object.
        self.queue(queue).map(|queue| unsafe { queue.getParameterId() })
    }

    fn point(&self, queue: usize, index: i32) -> Option<(i32, f64)> {
        let queue = self.queue(queue)?;
        let (mut offset, mut value) = (0, 0.0);
        // SAFETY: a live object; the answers are written to our own variables.
        let got =
            unsafe { index < queue.getPointCount() && queue.getPoint(index, &mut offset, &mut value) == kResultOk };
        (got && value.is_finite()).then(|| (offset, value.clamp(0.0, 1.0)))
    }

    fn event(&self, index: usize) -> Option<(i32, Option<Event>)> {
        let events = self.events()?;
        // SAFETY: an event is plain numbers (and a pointer that may be null).
        let mut event: RawEvent = unsafe { std::mem::zeroed() };
        // SAFETY: a live object; the answer is written to our own variable.
        let got = unsafe {
            (index as int32) < events.getEventCount() && events.getEvent(index as int32, &mut event) == kResultOk
        };
        got.then(|| (event.sampleOffset, translate(&event)))
    }

    fn transport(&self) -> Transport {
        // SAFETY: the host lends a context or null for the call.
        let Some(context) = (unsafe { self.data.processContext.as_ref() }) else { return Transport::default() };
        let tempo = (context.state & raw::TEMPO_VALID != 0 && context.tempo.is_finite() && context.tempo > 0.0)
            .then_some(context.tempo);
        Transport { tempo, playing: context.state & raw::PLAYING != 0 }
    }

    fn write(&self, channel: usize, samples: &[f64]) {
        let Some(bus) = self.buses(media::OUTPUT).first() else { return };
        let Some(target) = Self::channel(bus, channel) else { return };
        if self.wide {
            // SAFETY: a channel has `numSamples` samples of the size agreed on; all inputs have been read.
            let target = unsafe { slice::from_raw_parts_mut(target.cast::<f64>(), samples.len()) };
            target.copy_from_slice(samples);
        } else {
            // SAFETY: as above.
            let target = unsafe { slice::from_raw_parts_mut(target.cast::<f32>(), samples.len()) };
            for (to, from) in target.iter_mut().zip(samples) {
                *to = *from as f32;
            }
        }
        if channel < 64 {
            let silent = u64::from(samples.iter().all(|sample| *sample == 0.0));
            // SAFETY: the first output bus exists (see above); no reference to it is used afterwards.
            let flags = unsafe { &mut (*self.data.outputs).silenceFlags };
            *flags = *flags & !(1 << channel) | silent << channel;
        }
    }

    fn meter(&self, id: u32, value: f64) {
        // SAFETY: the host lends a live object or null for the call.
        let Some(changes) = (unsafe { ComRef::from_raw(self.data.outputParameterChanges) }) else { return };
        let mut index = 0;
        // SAFETY: a live object; a queue lives as long as its list.
        let queue = unsafe { ComRef::from_raw(changes.addParameterData(&id, &mut index)) };
        if let Some(queue) = queue {
            // SAFETY: a live object. A refused point comes again with the next change.
            unsafe { queue.addPoint(0, value, &mut index) };
        }
    }
}

/// An event as the sound knows it.
fn translate(event: &RawEvent) -> Option<Event> {
    // SAFETY (each arm): `type` says which member of the union was written.
    Some(match event.r#type {
        raw::NOTE_ON => {
            // SAFETY: see above.
            let note = unsafe { event.__field0.noteOn };
            let (channel, key, id) = (note.channel, note.pitch, note.noteId);
            if note.velocity > 0.0 {
                Event::On { channel, key, velocity: f64::from(note.velocity), tuning: f64::from(note.tuning), id }
            } else {
                Event::Off { channel, key, id }
            }
        }
        raw::NOTE_OFF => {
            // SAFETY: see above.
            let note = unsafe { event.__field0.noteOff };
            Event::Off { channel: note.channel, key: note.pitch, id: note.noteId }
        }
        raw::PRESSURE => {
            // SAFETY: see above.
            let note = unsafe { event.__field0.polyPressure };
            Event::Pressure { channel: note.channel, key: note.pitch, value: f64::from(note.pressure), id: note.noteId }
        }
        raw::EXPRESSION => {
            // SAFETY: see above.
            let note = unsafe { event.__field0.noteExpressionValue };
            match note.typeId {
                NoteExpressionTypeIDs_::kVolumeTypeID => Event::Volume { id: note.noteId, gain: 4.0 * note.value },
                NoteExpressionTypeIDs_::kTuningTypeID => {
                    Event::Tuning { id: note.noteId, semitones: 240.0 * (note.value - 0.5) }
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// `[main]` Speaker masks the host lends.
///
/// # Safety
/// `masks` is null or has `count` entries.
unsafe fn masks(masks: *mut SpeakerArrangement, count: int32) -> Option<Vec<u64>> {
    match count {
        0 => Some(Vec::new()),
        1..=64 if !masks.is_null() => {
            // SAFETY: as promised by the caller.
            Some(unsafe { slice::from_raw_parts(masks, count as usize) }.to_vec())
        }
        _ => None,
    }
}

impl<K> IAudioProcessorTrait for Object<K> {
    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        input_count: int32,
        outputs: *mut SpeakerArrangement,
        output_count: int32,
    ) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends both lists with their lengths.
            let (Some(inputs), Some(outputs)) = (unsafe { (masks(inputs, input_count), masks(outputs, output_count)) })
            else {
                return kInvalidArgument;
            };
            if self.active.load(Ordering::Acquire) || !self.plugin.accepts(&inputs, &outputs) {
                return kResultFalse;
            }
            let mut main = self.main();
            (main.inputs, main.outputs) = (inputs, outputs);
            kResultOk
        })
    }

    unsafe fn getBusArrangement(
        &self,
        direction: BusDirection,
        index: int32,
        mask: *mut SpeakerArrangement,
    ) -> tresult {
        door(kInternalError, || {
            let main = self.main();
            let masks = match direction {
                media::INPUT => &main.inputs,
                media::OUTPUT => &main.outputs,
                _ => return kInvalidArgument,
            };
            match usize::try_from(index).ok().and_then(|index| masks.get(index)) {
                // SAFETY: the host gives room for the answer, or null.
                Some(found) => unsafe { put(mask, *found) },
                None => kInvalidArgument,
            }
        })
    }

    unsafe fn canProcessSampleSize(&self, size: int32) -> tresult {
        ok(size == raw::SAMPLE32 || size == raw::SAMPLE64)
    }

    unsafe fn getLatencySamples(&self) -> uint32 {
        0
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a setup or null.
            let Some(setup) = (unsafe { setup.as_ref() }) else { return kInvalidArgument };
            let known = setup.symbolicSampleSize == raw::SAMPLE32 || setup.symbolicSampleSize == raw::SAMPLE64;
            let sane = setup.sampleRate.is_finite() && (1.0..=1e7).contains(&setup.sampleRate);
            if !known || !sane || !(1..=1 << 24).contains(&setup.maxSamplesPerBlock) {
                return kInvalidArgument;
            }
            if self.active.load(Ordering::Acquire) {
                return kResultFalse;
            }
            self.main().setup = Some(Setup {
                rate: setup.sampleRate,
                max_block: setup.maxSamplesPerBlock as usize,
                wide: setup.symbolicSampleSize == raw::SAMPLE64,
            });
            kResultOk
        })
    }

    unsafe fn setProcessing(&self, state: TBool) -> tresult {
        door(kInternalError, || {
            if !self.active.load(Ordering::Acquire) {
                return kNotInitialized;
            }
            if state == 0 {
                return kResultOk;
            }
            ok(self.runner.visit(|runner| runner.reset()).is_some())
        })
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends the block for the call, or gives null.
            let Some(data) = (unsafe { data.as_ref() }) else { return kInvalidArgument };
            if !self.active.load(Ordering::Acquire) {
                return kNotInitialized;
            }
            let wide = self.wide.load(Ordering::Relaxed);
            if data.numSamples < 0 || (data.symbolicSampleSize == raw::SAMPLE64) != wide {
                return kInvalidArgument;
            }
            let block = HostBlock { data, wide };
            let done = self.runner.visit(|runner| {
                self.take_loaded(runner);
                let done = if data.numSamples == 0 {
                    runner.flush(&block);
                    true
                } else {
                    runner.run(&block)
                };
                for (shared, value) in self.values.iter().zip(runner.values()) {
                    shared.store(value.to_bits(), Ordering::Relaxed);
                }
                self.tail.store(runner.tail(), Ordering::Relaxed);
                done
            });
            match done {
                Some(true) => kResultOk,
                Some(false) => kInvalidArgument,
                None => kResultFalse,
            }
        })
    }

    unsafe fn getTailSamples(&self) -> uint32 {
        self.tail.load(Ordering::Relaxed)
    }
}

impl<K> IProcessContextRequirementsTrait for Object<K> {
    unsafe fn getProcessContextRequirements(&self) -> uint32 {
        self.plugin.needs
    }
}
