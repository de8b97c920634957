//! One process call: judged first, then done. Thread: audio. Invariant: allocates nothing, locks nothing, and reads no sample
//! before the pointers to it were judged.

use crate::{
    behaviour::{ECHOES, METERS, REQUIREMENTS, SILENCE},
    buses::Buses,
    life::{Call, Life, State},
    params::{BYPASS, GAIN, METER, Param, Values},
    thread,
};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use vst3::{
    ComRef,
    Steinberg::{
        Vst::{
            AudioBusBuffers, Event, Event_::EventTypes_, IEventListTrait, IParamValueQueueTrait,
            IParameterChangesTrait, IProcessContextRequirements_::Flags_ as Need,
            ParameterInfo_::ParameterFlags_ as Flag, ProcessContext, ProcessContext_::StatesAndFlags_ as Valid,
            ProcessData, ProcessSetup,
        },
        kResultOk,
    },
};

/// Points of one queue that are written down.
const POINTS_SHOWN: i32 = 6;
/// Notes that can sound at a time and be told apart.
const NOTES: usize = 256;
/// Parameters per block whose double queues are noticed.
const QUEUES: usize = 64;

/// A note that was started.
#[derive(Clone, Copy, PartialEq)]
struct Note {
    channel: i16,
    pitch: i16,
    id: i32,
}

/// What the audio side remembers between blocks.
pub struct Memory {
    notes: [Option<Note>; NOTES],
    next_sample: Option<i64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { notes: [None; NOTES], next_sample: None }
    }
}

/// A sample of either size.
trait Sample: Copy {
    fn times(self, gain: f64) -> Self;
    fn size(self) -> f64;
    fn channels(bus: &AudioBusBuffers) -> *mut *mut Self;
}

impl Sample for f32 {
    fn times(self, gain: f64) -> Self {
        self * gain as f32
    }
    fn size(self) -> f64 {
        f64::from(self.abs())
    }
    fn channels(bus: &AudioBusBuffers) -> *mut *mut Self {
        unsafe { bus.__field0.channelBuffers32 }
    }
}

impl Sample for f64 {
    fn times(self, gain: f64) -> Self {
        self * gain
    }
    fn size(self) -> f64 {
        self.abs()
    }
    fn channels(bus: &AudioBusBuffers) -> *mut *mut Self {
        unsafe { bus.__field0.channelBuffers64 }
    }
}

/// What a block is judged against.
pub struct Rules<'a> {
    /// The processor's life.
    pub life: &'a Life,
    /// Its buses.
    pub buses: &'a Buses,
    /// What it was set up with, if it was.
    pub setup: Option<ProcessSetup>,
    /// Its parameter values.
    pub values: &'a Values,
}

impl Rules<'_> {
    /// `[audio]` Judges and does one block. `queued` runs commands that wait for a block, after the sound is done.
    ///
    /// # Safety
    /// The block is what a host passed.
    pub unsafe fn process(&self, memory: &mut Memory, data: &mut ProcessData, queued: impl FnOnce(&ProcessData)) {
        let mut call = self.life.free_call("process");
        let state = self.life.state();
        call.rule(state == State::Processing, (6, "process outside setProcessing(true)"));
        call.rule(self.life.in_process.load(SeqCst) == 1, (17, "two process calls at once"));
        call.arg("frames", data.numSamples).arg("mode", data.processMode).arg("size", data.symbolicSampleSize);
        call.arg("flushes", thread::flushes_denormals());
        let usable = self.judge_shape(&mut call, data);
        let sound = usable && data.numSamples > 0;
        if sound {
            call.arg("inPlace", unsafe { in_place(data) });
            if data.symbolicSampleSize == 1 {
                unsafe { self.judge_silence::<f64>(&mut call, data) };
            } else {
                unsafe { self.judge_silence::<f32>(&mut call, data) };
            }
        }
        unsafe { self.judge_params(&mut call, data) };
        unsafe { self.judge_events(memory, &mut call, data) };
        self.judge_context(memory, &mut call, data);
        call.habit(!data.outputParameterChanges.is_null(), (32, "no place for output parameters"));
        call.done();
        let mut peak = 0.0;
        if sound && state == State::Processing {
            peak = if data.symbolicSampleSize == 1 {
                unsafe { self.run::<f64>(data) }
            } else {
                unsafe { self.run::<f32>(data) }
            };
        }
        unsafe { self.keep_params(data) };
        if sound && METERS.load(Relaxed) {
            self.values.set(METER, peak);
            unsafe { send_point(data, METER, data.numSamples - 1, peak) };
        }
        if ECHOES.load(Relaxed) && self.buses.is_active(1, 1, 0) {
            unsafe { echo(data) };
        }
        queued(data);
    }

    fn judge_shape(&self, call: &mut Call, data: &ProcessData) -> bool {
        let frames = data.numSamples;
        call.rule(frames >= 0, (27, "a negative number of samples"));
        let Some(setup) = &self.setup else { return false };
        call.rule(frames <= setup.maxSamplesPerBlock, (27, "the block is longer than set up"));
        call.rule(data.symbolicSampleSize == setup.symbolicSampleSize, (18, "another sample size than set up"));
        let offline = |mode: i32| mode == 2;
        call.rule(
            (0..=2).contains(&data.processMode) && offline(data.processMode) == offline(setup.processMode),
            (20, "to or from offline without a new setup"),
        );
        let flush = data.numInputs == 0 && data.numOutputs == 0;
        if frames == 0 {
            call.habit(flush, (30, "a flush with buses"));
        }
        call.arg("inputs", data.numInputs).arg("outputs", data.numOutputs);
        if flush && frames == 0 {
            return true;
        }
        let mut usable = frames >= 0 && frames <= setup.maxSamplesPerBlock;
        for (direction, count, list, key) in
            [(0, data.numInputs, data.inputs, "in"), (1, data.numOutputs, data.outputs, "out")]
        {
            let right = count == Buses::count(0, direction);
            call.rule(right, (28, "not an entry for every bus"));
            call.rule(count == 0 || !list.is_null(), (28, "no bus array"));
            if list.is_null() || count < 0 || count as usize > crate::buses::MOST {
                usable &= count == 0;
                continue;
            }
            usable &= right;
            let buses = unsafe { std::slice::from_raw_parts(list, count as usize) };
            call.args().nested(Some(key), '[', |line| {
                for bus in buses {
                    line.nested(None, '[', |line| {
                        line.item(bus.numChannels);
                        line.item(bus.silenceFlags);
                    });
                }
            });
            for (index, bus) in buses.iter().enumerate() {
                usable &= self.judge_bus(call, direction, index as i32, bus);
            }
        }
        usable
    }

    fn judge_bus(&self, call: &mut Call, direction: i32, index: i32, bus: &AudioBusBuffers) -> bool {
        let active = self.buses.is_active(0, direction, index);
        let wanted = self.buses.channels(direction, index);
        call.rule(
            bus.numChannels == wanted || (!active && bus.numChannels == 0),
            (28, "another number of channels than the arrangement has"),
        );
        if direction == 1 {
            call.rule(bus.silenceFlags == 0, (33, "output silence flags are set beforehand"));
        }
        let beyond = bus.silenceFlags.checked_shr(bus.numChannels.clamp(0, 64) as u32).unwrap_or(0);
        call.rule(beyond == 0, (33, "silence flags of channels that do not exist"));
        let list = unsafe { bus.__field0.channelBuffers32 };
        if list.is_null() {
            call.rule(bus.numChannels == 0, (28, "no channel array"));
            return bus.numChannels == 0;
        }
        let mut complete = bus.numChannels == wanted;
        for channel in 0..bus.numChannels.clamp(0, 64) as usize {
            complete &= !unsafe { *list.add(channel) }.is_null();
        }
        call.rule(complete || !active, (28, "an active bus lacks sample pointers"));
        complete || !active
    }

    unsafe fn judge_silence<S: Sample>(&self, call: &mut Call, data: &ProcessData) {
        let frames = data.numSamples as usize;
        for index in 0..data.numInputs.max(0) as usize {
            let bus = unsafe { &*data.inputs.add(index) };
            for channel in 0..bus.numChannels.clamp(0, 64) as usize {
                let from = unsafe { *S::channels(bus).add(channel) };
                if bus.silenceFlags & (1 << channel) != 0 && !from.is_null() {
                    let loud = (0..frames).any(|frame| unsafe { *from.add(frame) }.size() != 0.0);
                    call.rule(!loud, (33, "an input flagged silent is not zero"));
                }
            }
        }
    }

    unsafe fn judge_params(&self, call: &mut Call, data: &ProcessData) {
        let Some(changes) = (unsafe { ComRef::from_raw(data.inputParameterChanges) }) else { return };
        let count = unsafe { changes.getParameterCount() };
        call.rule(count >= 0, (31, "a negative number of queues"));
        if count <= 0 {
            return;
        }
        let mut seen = [None; QUEUES];
        // Two passes, as writing down borrows the call: first judged, then shown.
        for index in 0..count {
            let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else {
                call.rule(false, (31, "a queue is missing"));
                continue;
            };
            let id = unsafe { queue.getParameterId() };
            call.rule(!seen.contains(&Some(id)), (31, "two queues for one parameter"));
            if let Some(place) = seen.get_mut(index as usize) {
                *place = Some(id);
            }
            match Param::with_id(id) {
                None => {
                    call.rule(false, (41, "an unknown parameter"));
                }
                Some(param) => {
                    call.rule(param.flags & Flag::kIsReadOnly == 0, (45, "a read-only parameter is written"));
                    call.rule(param.flags & Flag::kIsHidden == 0, (45, "a hidden parameter is written"));
                }
            }
            let points = unsafe { queue.getPointCount() };
            call.habit(points > 0, (31, "a queue without points"));
            let mut before = 0;
            for point in 0..points {
                let (mut offset, mut value) = (i32::MIN, f64::NAN);
                let result = unsafe { queue.getPoint(point, &mut offset, &mut value) };
                call.rule(result == kResultOk, (31, "a point that cannot be read"));
                call.rule((0.0..=1.0).contains(&value), (31, "a value outside 0…1"));
                let end = data.numSamples.max(1);
                call.rule((0..end).contains(&offset), (31, "a point outside the block"));
                call.rule(offset >= before, (31, "points out of order"));
                before = offset;
            }
        }
        call.args().nested(Some("params"), '[', |line| {
            for index in 0..count {
                let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else { continue };
                line.nested(None, '{', |line| {
                    let points = unsafe { queue.getPointCount() };
                    line.member("id", unsafe { queue.getParameterId() });
                    line.member("count", points);
                    line.nested(Some("points"), '[', |line| {
                        for point in 0..points.min(POINTS_SHOWN) {
                            let (mut offset, mut value) = (i32::MIN, f64::NAN);
                            unsafe { queue.getPoint(point, &mut offset, &mut value) };
                            line.nested(None, '[', |line| {
                                line.item(offset);
                                line.item(value);
                            });
                        }
                    });
                });
            }
        });
    }

    unsafe fn judge_events(&self, memory: &mut Memory, call: &mut Call, data: &ProcessData) {
        let Some(events) = (unsafe { ComRef::from_raw(data.inputEvents) }) else { return };
        let count = unsafe { events.getEventCount() };
        call.rule(count >= 0, (37, "a negative number of events"));
        if count <= 0 {
            return;
        }
        let mut before = 0;
        for index in 0..count {
            let mut event: Event = unsafe { std::mem::zeroed() };
            if unsafe { events.getEvent(index, &mut event) } != kResultOk {
                call.rule(false, (37, "an event that cannot be read"));
                continue;
            }
            call.rule(Buses::exists(1, 0, event.busIndex), (37, "an event for a bus that does not exist"));
            call.rule(self.buses.is_active(1, 0, event.busIndex), (37, "an event for an inactive bus"));
            let end = data.numSamples.max(1);
            call.rule((0..end).contains(&event.sampleOffset), (37, "an event outside the block"));
            call.rule(event.sampleOffset >= before, (37, "events out of order"));
            before = event.sampleOffset;
            self.judge_event(memory, call, &event);
        }
        let sounding = memory.notes.iter().flatten().count() as i32;
        self.life.sounding.store(sounding, Relaxed);
        call.args().nested(Some("events"), '[', |line| {
            for index in 0..count {
                let mut event: Event = unsafe { std::mem::zeroed() };
                unsafe { events.getEvent(index, &mut event) };
                line.nested(None, '{', |line| show(line, &event));
            }
        });
    }

    fn judge_event(&self, memory: &mut Memory, call: &mut Call, event: &Event) {
        let key = |channel: i16, pitch: i16| (0..16).contains(&channel) && (0..128).contains(&pitch);
        match u32::from(event.r#type) as EventKind {
            EventTypes_::kNoteOnEvent => {
                let on = unsafe { event.__field0.noteOn };
                call.rule(key(on.channel, on.pitch), (37, "a note outside 16 channels × 128 keys"));
                call.rule((0.0..=1.0).contains(&on.velocity), (37, "a velocity outside 0…1"));
                call.habit(on.velocity > 0.0, (37, "a note-on without velocity"));
                let note = Note { channel: on.channel, pitch: on.pitch, id: on.noteId };
                let twice = on.noteId != -1 && memory.notes.iter().flatten().any(|other| other.id == on.noteId);
                call.rule(!twice, (37, "the note id is sounding already"));
                if let Some(place) = memory.notes.iter_mut().find(|place| place.is_none()) {
                    *place = Some(note);
                }
            }
            EventTypes_::kNoteOffEvent => {
                let off = unsafe { event.__field0.noteOff };
                call.rule(key(off.channel, off.pitch), (37, "a note outside 16 channels × 128 keys"));
                call.rule((0.0..=1.0).contains(&off.velocity), (37, "a velocity outside 0…1"));
                let found = memory.notes.iter_mut().find(|place| {
                    place.is_some_and(|note| {
                        (note.channel, note.pitch) == (off.channel, off.pitch)
                            && (off.noteId == -1 || note.id == off.noteId)
                    })
                });
                call.rule(found.is_some(), (37, "a note-off without its note-on"));
                if let Some(place) = found {
                    *place = None;
                }
            }
            EventTypes_::kDataEvent => {
                let data = unsafe { event.__field0.data };
                call.rule(data.size == 0 || !data.bytes.is_null(), (37, "data without bytes"));
            }
            EventTypes_::kPolyPressureEvent => {
                let poly = unsafe { event.__field0.polyPressure };
                call.rule(key(poly.channel, poly.pitch), (37, "a note outside 16 channels × 128 keys"));
                call.rule((0.0..=1.0).contains(&poly.pressure), (37, "a pressure outside 0…1"));
            }
            EventTypes_::kNoteExpressionValueEvent => {
                let value = unsafe { event.__field0.noteExpressionValue };
                call.rule((0.0..=1.0).contains(&value.value), (58, "a note expression outside 0…1"));
                let known = memory.notes.iter().flatten().any(|note| note.id == value.noteId);
                call.habit(known, (58, "a note expression for no sounding note"));
            }
            EventTypes_::kLegacyMIDICCOutEvent => {
                call.rule(false, (55, "a raw controller as input event"));
            }
            _ => {}
        }
    }

    fn judge_context(&self, memory: &mut Memory, call: &mut Call, data: &ProcessData) {
        let needs = REQUIREMENTS.load(Relaxed);
        let Some(context) = (unsafe { data.processContext.as_ref() }) else {
            call.rule(needs == 0, (26, "no process context, though one was asked for"));
            return;
        };
        let state = context.state;
        for (need, valid) in [
            (Need::kNeedSystemTime, Valid::kSystemTimeValid),
            (Need::kNeedContinousTimeSamples, Valid::kContTimeValid),
            (Need::kNeedProjectTimeMusic, Valid::kProjectTimeMusicValid),
            (Need::kNeedBarPositionMusic, Valid::kBarPositionValid),
            (Need::kNeedCycleMusic, Valid::kCycleValid),
            (Need::kNeedSamplesToNextClock, Valid::kClockValid),
            (Need::kNeedTempo, Valid::kTempoValid),
            (Need::kNeedTimeSignature, Valid::kTimeSigValid),
        ] {
            call.rule(
                needs & (need as u32) == 0 || state & (valid as u32) != 0,
                (26, "a field that was asked for is not valid"),
            );
        }
        let has = |valid: ValidKind| state & (valid as u32) != 0;
        let rate = self.setup.as_ref().map_or(context.sampleRate, |setup| setup.sampleRate);
        call.rule(context.sampleRate == rate, (26, "the context has another sample rate"));
        call.rule(
            !has(Valid::kTempoValid) || (context.tempo.is_finite() && context.tempo > 0.0),
            (26, "an impossible tempo"),
        );
        let signature = context.timeSigNumerator > 0 && context.timeSigDenominator > 0;
        call.rule(!has(Valid::kTimeSigValid) || signature, (26, "an impossible time signature"));
        call.rule(
            !has(Valid::kProjectTimeMusicValid) || context.projectTimeMusic.is_finite(),
            (26, "an impossible musical time"),
        );
        call.rule(
            !has(Valid::kBarPositionValid)
                || !has(Valid::kProjectTimeMusicValid)
                || context.barPositionMusic <= context.projectTimeMusic + 1e-9,
            (26, "the bar begins after now"),
        );
        call.rule(
            !has(Valid::kCycleActive) || context.cycleStartMusic < context.cycleEndMusic,
            (26, "an active cycle without length"),
        );
        if has(Valid::kPlaying) && data.numSamples > 0 {
            let steady = memory.next_sample.is_none_or(|next| next == context.projectTimeSamples);
            call.habit(steady || has(Valid::kCycleActive), (26, "the playing position jumps"));
            memory.next_sample = Some(context.projectTimeSamples + i64::from(data.numSamples));
        } else if !has(Valid::kPlaying) {
            memory.next_sample = None;
        }
        show_context(call, context);
    }

    /// Remembers the last value of each parameter.
    unsafe fn keep_params(&self, data: &ProcessData) {
        let Some(changes) = (unsafe { ComRef::from_raw(data.inputParameterChanges) }) else { return };
        for index in 0..unsafe { changes.getParameterCount() } {
            let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else { continue };
            let (mut offset, mut value) = (0, f64::NAN);
            let last = unsafe { queue.getPointCount() } - 1;
            if last >= 0
                && unsafe { queue.getPoint(last, &mut offset, &mut value) } == kResultOk
                && (0.0..=1.0).contains(&value)
            {
                self.values.set(unsafe { queue.getParameterId() }, value);
            }
        }
    }

    /// The sound: out = in × gain, each point of the gain holding from its sample on. The aux output is the side-chain × gain.
    unsafe fn run<S: Sample>(&self, data: &mut ProcessData) -> f64 {
        let frames = data.numSamples;
        let inputs = unsafe { buses_of(data.inputs, data.numInputs) };
        let mut peak = 0.0_f64;
        let (mut start, mut gain) = (0, self.values.get(GAIN) * 2.0);
        let mut point = 0;
        let bypassed = self.values.get(BYPASS) >= 0.5;
        while start < frames {
            // The stretch up to the next point of the gain.
            let mut end = frames;
            while let Some((offset, value)) = unsafe { gain_point(data, point) } {
                if offset > start {
                    end = offset.min(frames);
                    break;
                }
                gain = value * 2.0;
                point += 1;
            }
            let factor = if bypassed { 1.0 } else { gain };
            let factor = if SILENCE.load(Relaxed) == 2 { 0.0 } else { factor };
            for (index, output) in unsafe { buses_of_mut(data.outputs, data.numOutputs) }.iter_mut().enumerate() {
                for channel in 0..output.numChannels.max(0) as usize {
                    let to = unsafe { *S::channels(output).add(channel) };
                    if to.is_null() || !self.buses.is_active(0, 1, index as i32) {
                        continue;
                    }
                    let source = inputs.get(index).filter(|input| (channel as i32) < input.numChannels);
                    let from = source.map_or(std::ptr::null_mut(), |input| unsafe { *S::channels(input).add(channel) });
                    let active = self.buses.is_active(0, 0, index as i32) && !from.is_null();
                    for frame in start as usize..end as usize {
                        let place = unsafe { to.add(frame) };
                        // What is not active counts as silence; the output's own memory times 0 could be NaN.
                        let sample = if active { unsafe { *from.add(frame) }.times(factor) } else { zero::<S>() };
                        unsafe { place.write(sample) };
                        if index == 0 {
                            peak = peak.max(sample.size());
                        }
                    }
                }
            }
            start = end;
        }
        for (index, output) in unsafe { buses_of_mut(data.outputs, data.numOutputs) }.iter_mut().enumerate() {
            let all = (1_u64 << output.numChannels.clamp(0, 63)) - 1;
            let source = inputs.get(index);
            output.silenceFlags = match SILENCE.load(Relaxed) {
                0 => 0,
                1 if source.is_none() || !self.buses.is_active(0, 0, index as i32) => all,
                1 => source.map_or(0, |source| source.silenceFlags & all),
                _ => all,
            };
        }
        peak.min(1.0)
    }
}

type EventKind = EventTypesKind;
type EventTypesKind = vst3::Steinberg::Vst::Event_::EventTypes;
type ValidKind = vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags;

fn zero<S: Sample>() -> S {
    // All bits zero is 0.0 in both sizes.
    unsafe { std::mem::zeroed() }
}

unsafe fn buses_of<'a>(list: *mut AudioBusBuffers, count: i32) -> &'a [AudioBusBuffers] {
    if list.is_null() || count <= 0 { &[] } else { unsafe { std::slice::from_raw_parts(list, count as usize) } }
}

unsafe fn buses_of_mut<'a>(list: *mut AudioBusBuffers, count: i32) -> &'a mut [AudioBusBuffers] {
    if list.is_null() || count <= 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(list, count as usize) } }
}

/// Whether any output channel is also an input channel.
unsafe fn in_place(data: &ProcessData) -> bool {
    let inputs = unsafe { buses_of(data.inputs, data.numInputs) };
    let outputs = unsafe { buses_of(data.outputs, data.numOutputs) };
    let pointers = |bus: &AudioBusBuffers| {
        let list = unsafe { bus.__field0.channelBuffers32 };
        let count = if list.is_null() { 0 } else { bus.numChannels.max(0) as usize };
        (0..count).map(move |channel| unsafe { *list.add(channel) }).filter(|pointer| !pointer.is_null())
    };
    outputs.iter().flat_map(pointers).any(|out| inputs.iter().flat_map(pointers).any(|input| input == out))
}

/// A point of the gain by its number, if the block brings one.
unsafe fn gain_point(data: &ProcessData, number: i32) -> Option<(i32, f64)> {
    let changes = unsafe { ComRef::from_raw(data.inputParameterChanges) }?;
    for index in 0..unsafe { changes.getParameterCount() } {
        let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else { continue };
        if unsafe { queue.getParameterId() } == GAIN {
            let (mut offset, mut value) = (0, 0.0);
            let found = number < unsafe { queue.getPointCount() }
                && unsafe { queue.getPoint(number, &mut offset, &mut value) } == kResultOk;
            return found.then_some((offset, value));
        }
    }
    None
}

/// `[audio]` Sends an output parameter point; whether the host took it.
///
/// # Safety
/// The block is the one being processed.
pub unsafe fn send_point(data: &ProcessData, id: u32, offset: i32, value: f64) -> bool {
    let Some(changes) = (unsafe { ComRef::from_raw(data.outputParameterChanges) }) else { return false };
    let mut index = 0;
    // The queue may exist already: the host finds or makes it.
    let Some(queue) = (unsafe { ComRef::from_raw(changes.addParameterData(&id, &mut index)) }) else { return false };
    unsafe { queue.addPoint(offset, value, &mut index) == kResultOk }
}

unsafe fn echo(data: &ProcessData) {
    let (Some(from), Some(to)) =
        (unsafe { ComRef::from_raw(data.inputEvents) }, unsafe { ComRef::from_raw(data.outputEvents) })
    else {
        return;
    };
    for index in 0..unsafe { from.getEventCount() } {
        let mut event: Event = unsafe { std::mem::zeroed() };
        let notes = [EventTypes_::kNoteOnEvent as u16, EventTypes_::kNoteOffEvent as u16];
        if unsafe { from.getEvent(index, &mut event) } == kResultOk && notes.contains(&event.r#type) {
            unsafe { to.addEvent(&mut event) };
        }
    }
}

fn show(line: &mut crate::line::Line, event: &Event) {
    line.member("type", event.r#type);
    line.member("bus", event.busIndex);
    line.member("offset", event.sampleOffset);
    match u32::from(event.r#type) as EventKind {
        EventTypes_::kNoteOnEvent => {
            let on = unsafe { event.__field0.noteOn };
            line.member("channel", on.channel);
            line.member("pitch", on.pitch);
            line.member("velocity", on.velocity);
            line.member("id", on.noteId);
        }
        EventTypes_::kNoteOffEvent => {
            let off = unsafe { event.__field0.noteOff };
            line.member("channel", off.channel);
            line.member("pitch", off.pitch);
            line.member("id", off.noteId);
        }
        EventTypes_::kPolyPressureEvent => {
            let poly = unsafe { event.__field0.polyPressure };
            line.member("pitch", poly.pitch);
            line.member("pressure", poly.pressure);
        }
        EventTypes_::kNoteExpressionValueEvent => {
            let value = unsafe { event.__field0.noteExpressionValue };
            line.member("typeId", value.typeId);
            line.member("id", value.noteId);
            line.member("value", value.value);
        }
        _ => {}
    }
}

fn show_context(call: &mut Call, context: &ProcessContext) {
    call.args().nested(Some("context"), '{', |line| {
        line.member("state", context.state);
        line.member("samples", context.projectTimeSamples);
        line.member("music", context.projectTimeMusic);
        line.member("tempo", context.tempo);
        line.member("bar", context.barPositionMusic);
    });
}
