//! What happens to the samples. Thread: audio. Invariant: allocates nothing; reads and writes only what the block holds,
//! unless the mode is to do otherwise.

use crate::{acts, float_mode, modes::Fault, params, which};
use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use vst3::{
    ComRef,
    Steinberg::{
        Vst::{
            Event, Event_::EventTypes_::kNoteExpressionTextEvent, IEventListTrait, IParamValueQueueTrait,
            IParameterChangesTrait, ProcessData,
        },
        kInternalError, kResultOk, tresult,
    },
};

/// Longest lookahead in samples.
const LONGEST: usize = 1000;
/// Channels a lookahead can delay.
const CHANNELS: usize = 8;

/// The audio side's memory.
pub struct Sound {
    gain: AtomicU64,
    calls: AtomicU32,
    delay: usize,
    lines: Box<[[f32; LONGEST]; CHANNELS]>,
    position: usize,
}

impl Sound {
    /// `[main]` At rest, with this gain factor, delaying by `delay` samples.
    pub fn new(gain: f64, delay: u32) -> Self {
        let lines = vec![[0.0; LONGEST]; CHANNELS].try_into().expect("as many lines as channels");
        let delay = (delay as usize).min(LONGEST);
        Self { gain: AtomicU64::new(gain.to_bits()), calls: AtomicU32::new(0), delay, lines, position: 0 }
    }

    /// `[any]` The gain factor.
    pub fn gain(&self) -> f64 {
        f64::from_bits(self.gain.load(Relaxed))
    }

    /// `[any]` Sets the gain factor.
    pub fn set_gain(&self, gain: f64) {
        self.gain.store(gain.to_bits(), Relaxed);
    }

    /// `[audio]` One block. `audible` is false while the plugin waits to become ready; `changed` hears of parameter values.
    ///
    /// # Safety
    /// The block is as the interfaces promise.
    pub unsafe fn process(
        &mut self,
        data: &mut ProcessData,
        audible: bool,
        mut changed: impl FnMut(u32, f64),
    ) -> tresult {
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        let fault = which::mode().fault;
        match fault {
            Fault::CrashInProcess if call == 3 => acts::crash(),
            Fault::AbortInProcess if call == 3 => std::process::abort(),
            Fault::ExitInProcess if call == 3 => acts::exit(),
            Fault::OverflowInProcess if call == 3 => acts::overflow(),
            Fault::HangInProcess if call == 3 => acts::hang(),
            Fault::ProcessFails => return kInternalError,
            Fault::Sleep5 => std::thread::sleep(Duration::from_millis(5)),
            Fault::Sleep50 => std::thread::sleep(Duration::from_millis(50)),
            Fault::Sleep200 => std::thread::sleep(Duration::from_millis(200)),
            _ => {}
        }
        if let Some(changes) = unsafe { ComRef::from_raw(data.inputParameterChanges) } {
            for index in 0..unsafe { changes.getParameterCount() } {
                let Some(queue) = (unsafe { ComRef::from_raw(changes.getParameterData(index)) }) else { continue };
                let (mut offset, mut value) = (0, 0.0);
                let last = unsafe { queue.getPointCount() } - 1;
                if last >= 0 && unsafe { queue.getPoint(last, &mut offset, &mut value) } == kResultOk {
                    let id = unsafe { queue.getParameterId() };
                    if id == params::GAIN {
                        self.set_gain(value * 2.0);
                    }
                    changed(id, value);
                }
            }
        }
        if fault == Fault::ControlVoltage && data.numOutputs > 1 && data.symbolicSampleSize == 0 {
            let bus = unsafe { &*data.outputs.add(1) };
            for channel in 0..bus.numChannels as usize {
                let channel = unsafe { *bus.__field0.channelBuffers32.add(channel) };
                if !channel.is_null() {
                    unsafe { std::slice::from_raw_parts_mut(channel, data.numSamples as usize) }.fill(1.0);
                }
            }
        }
        if data.numSamples > 0 && data.numOutputs > 0 && fault != Fault::OutputUnwritten {
            if data.symbolicSampleSize == 0 {
                unsafe { self.run_f32(data, audible) };
            } else {
                unsafe { self.run_f64(data, audible) };
            }
        }
        match fault {
            Fault::PointsWild => unsafe { wild_points(data) },
            Fault::EventsWild => unsafe { wild_events(data) },
            Fault::FtzOff => float_mode::flush_off(),
            Fault::FpRounding => float_mode::round_to_zero(),
            Fault::FpUnmask => float_mode::unmask(),
            _ => {}
        }
        kResultOk
    }

    unsafe fn run_f32(&mut self, data: &mut ProcessData, audible: bool) {
        let frames = data.numSamples as usize;
        let gain = if audible { self.gain() as f32 } else { 0.0 };
        let fault = which::mode().fault;
        let output = unsafe { &mut *data.outputs };
        let channels = output.numChannels.max(0) as usize;
        let (sources, source_channels) = match unsafe { data.inputs.as_ref() } {
            Some(input) if data.numInputs > 0 => {
                (unsafe { input.__field0.channelBuffers32 }, input.numChannels.max(0) as usize)
            }
            _ => (std::ptr::null_mut(), 0),
        };
        for channel in 0..channels {
            let to = unsafe { *output.__field0.channelBuffers32.add(channel) };
            if to.is_null() {
                continue;
            }
            let from = if channel < source_channels { unsafe { *sources.add(channel) } } else { std::ptr::null_mut() };
            for frame in 0..frames {
                let sample = if from.is_null() { 0.0 } else { unsafe { *from.add(frame) } };
                let delayed = self.delayed(channel, frame, sample);
                let sample = match fault {
                    Fault::OutputLoud => delayed * gain * 1000.0,
                    Fault::OutputDc => delayed * gain + 0.75,
                    Fault::OutputSubnormal => f32::from_bits(1 + (frame as u32 & 0xff)),
                    Fault::OutputNan if frame == frames / 2 => f32::NAN,
                    Fault::OutputInf if frame == frames / 2 => f32::INFINITY,
                    Fault::OutputInf if frame == frames / 3 => f32::NEG_INFINITY,
                    _ => delayed * gain,
                };
                unsafe { *to.add(frame) = sample };
            }
            if fault == Fault::WritesInput && !from.is_null() {
                unsafe { std::slice::from_raw_parts_mut(from, frames) }.fill(1.0);
            }
            if fault == Fault::WritesPastEnd {
                for past in frames..frames + 4 {
                    unsafe { to.add(past).write_volatile(0.25) };
                }
            }
        }
        if self.delay > 0 {
            self.position = (self.position + frames) % self.delay;
        }
        if fault == Fault::FalseSilence {
            output.silenceFlags = (1 << channels) - 1;
        }
    }

    unsafe fn run_f64(&mut self, data: &mut ProcessData, audible: bool) {
        let gain = if audible { self.gain() } else { 0.0 };
        let output = unsafe { &*data.outputs };
        for channel in 0..output.numChannels.max(0) as usize {
            let to = unsafe { *output.__field0.channelBuffers64.add(channel) };
            let from = match unsafe { data.inputs.as_ref() } {
                Some(input) if data.numInputs > 0 && (channel as i32) < input.numChannels => unsafe {
                    *input.__field0.channelBuffers64.add(channel)
                },
                _ => std::ptr::null_mut(),
            };
            for frame in 0..data.numSamples as usize {
                if !to.is_null() {
                    let sample = if from.is_null() { 0.0 } else { unsafe { *from.add(frame) } };
                    unsafe { *to.add(frame) = sample * gain };
                }
            }
        }
    }

    fn delayed(&mut self, channel: usize, frame: usize, sample: f32) -> f32 {
        if self.delay == 0 || channel >= CHANNELS {
            return sample;
        }
        let place = (self.position + frame) % self.delay;
        std::mem::replace(&mut self.lines[channel][place], sample)
    }
}

unsafe fn wild_points(data: &ProcessData) {
    let Some(changes) = (unsafe { ComRef::from_raw(data.outputParameterChanges) }) else { return };
    for number in 0..100_u32 {
        let id = if number % 2 == 0 { params::GAIN } else { 0x8000_0000 | number };
        let mut index = 0;
        let Some(queue) = (unsafe { ComRef::from_raw(changes.addParameterData(&id, &mut index)) }) else { continue };
        for (offset, value) in [(-1, 0.5), (i32::MAX, 1e9), (i32::MIN, -1e9), (0, f64::NAN), (0, f64::INFINITY)] {
            unsafe { queue.addPoint(offset, value, &mut index) };
            unsafe { queue.addPoint(offset, value, std::ptr::null_mut()) };
        }
    }
}

unsafe fn wild_events(data: &ProcessData) {
    let Some(events) = (unsafe { ComRef::from_raw(data.outputEvents) }) else { return };
    for number in 0..1000_i32 {
        let mut event: Event = unsafe { std::mem::zeroed() };
        event.busIndex = [0, -1, 99, i32::MAX][number as usize % 4];
        event.sampleOffset = [0, -1, i32::MAX, i32::MIN][number as usize / 4 % 4];
        event.ppqPosition = f64::NAN;
        event.flags = u16::MAX;
        if number % 3 == 0 {
            event.__field0.noteOn.channel = -7;
            event.__field0.noteOn.pitch = 999;
            event.__field0.noteOn.velocity = f32::NAN;
            event.__field0.noteOn.noteId = i32::MIN;
        } else if number % 3 == 1 {
            event.r#type = kNoteExpressionTextEvent as u16;
            event.__field0.noteExpressionText.textLen = 0xffff;
            event.__field0.noteExpressionText.text = std::ptr::null();
        } else {
            event.r#type = 4242;
        }
        unsafe { events.addEvent(&mut event) };
    }
}
