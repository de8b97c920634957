//! One process call: judged first, then done. Thread: audio. Invariant: allocates nothing, locks nothing, and reads no sample
//! before the pointers to it were judged.

use crate::{
    behaviour::{ECHOES, METERS, SILENCE},
    buses::Buses,
    life::{Life, State},
    notes::{Note, echo},
    params::{BYPASS, GAIN, METER, Values},
    thread,
};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use vst3::{
    ComRef,
    Steinberg::{
        Vst::{AudioBusBuffers, IParamValueQueueTrait, IParameterChangesTrait, ProcessData, ProcessSetup},
        kResultOk,
    },
};

/// Notes that can sound at a time and be told apart.
const NOTES: usize = 256;
/// What the audio side remembers between blocks.
pub struct Memory {
    /// Notes that sound.
    pub notes: [Option<Note>; NOTES],
    /// Where the next block is expected while playing.
    pub next_sample: Option<i64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { notes: [None; NOTES], next_sample: None }
    }
}

/// A sample of either size.
pub trait Sample: Copy {
    /// Times a factor.
    fn times(self, gain: f64) -> Self;
    /// Without its sign.
    fn size(self) -> f64;
    /// The channels of a bus.
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
