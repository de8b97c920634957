//! The plugin: component, processor and controller in one object. Thread: as the interfaces say.
//! Invariant: each deed of the mode happens in one place, at the start of the call it is named after.

use crate::{
    acts,
    buses::Buses,
    factory::fill16,
    modes::Fault,
    params,
    sound::Sound,
    which::{self, is},
};
use plugin_rig::{
    call::{answer, guarded},
    stream::{read_to_end, write_all},
    text::text16_at,
};
use std::{
    cell::UnsafeCell,
    ffi::c_char,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};
use vst3::{
    Class, ComPtr, ComRef, ComWrapper,
    Steinberg::{
        FUnknown, IBStream, IBStreamTrait, IPlugView, IPluginBaseTrait,
        Linux::{IRunLoop, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait},
        TUID,
        Vst::{
            BusInfo, IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentHandler, IComponentHandlerTrait,
            IComponentTrait, IEditController, IEditControllerTrait, IProgress, IProgress_::ID, IProgressTrait,
            ParameterInfo, ProcessData, ProcessSetup, RestartFlags_, RoutingInfo, SpeakerArrangement, String128,
        },
        kInternalError, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult,
    },
};

const MAGIC: &[u8; 4] = b"SBFT";
/// A state ends in front of this size.
const STATE_SIZE: usize = 20;

/// Counts ticks of the host's run loop.
struct Ticker {
    ticks: Arc<AtomicU32>,
}

impl Class for Ticker {
    type Interfaces = (ITimerHandler,);
}

impl ITimerHandlerTrait for Ticker {
    unsafe fn onTimer(&self) {
        self.ticks.fetch_add(1, Relaxed);
    }
}

/// One instance.
pub struct Plugin {
    buses: Mutex<Buses>,
    sound: UnsafeCell<Sound>,
    gain: AtomicU64,
    lookahead: AtomicU64,
    latency: AtomicU32,
    generation: AtomicU32,
    calls: AtomicU32,
    needs_ticks: AtomicBool,
    ticks: Arc<AtomicU32>,
    run_loop: Mutex<Option<(ComPtr<IRunLoop>, ComWrapper<Ticker>)>>,
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    kept: Mutex<Option<ComPtr<FUnknown>>>,
}

impl Class for Plugin {
    type Interfaces = (IComponent, IAudioProcessor, IEditController);
}

impl Plugin {
    /// `[main]` At rest.
    pub fn new() -> Self {
        Self {
            buses: Mutex::default(),
            sound: UnsafeCell::new(Sound::new(1.0, 0)),
            gain: AtomicU64::new(0.5_f64.to_bits()),
            lookahead: AtomicU64::new(0.0_f64.to_bits()),
            latency: AtomicU32::new(0),
            generation: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            needs_ticks: AtomicBool::new(false),
            ticks: Arc::default(),
            run_loop: Mutex::default(),
            handler: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    fn refuses(&self) -> bool {
        matches!(which::mode().fault, Fault::ErrorsEverywhere | Fault::ErrorsAfterInit)
    }

    fn result(&self, result: tresult) -> tresult {
        if self.refuses() { kInternalError } else { result }
    }

    /// Where a parameter's value lives, or nothing for one that is only a number.
    fn value(&self, id: u32) -> Option<&AtomicU64> {
        match id {
            params::GAIN => Some(&self.gain),
            params::LOOKAHEAD if params::looks_ahead() => Some(&self.lookahead),
            _ => None,
        }
    }

    fn handler(&self) -> Option<ComPtr<IComponentHandler>> {
        self.handler.lock().ok()?.clone()
    }

    fn restart(&self, flags: i32) {
        if let Some(handler) = self.handler() {
            unsafe { handler.restartComponent(flags) };
        }
    }

    fn lookahead_samples(&self) -> u32 {
        (f64::from_bits(self.lookahead.load(Relaxed)).clamp(0.0, 1.0) * 1000.0).round() as u32
    }

    /// What the modes named “every block” do; from the audio thread, for that is the fault.
    fn disturb(&self) {
        let call = self.calls.fetch_add(1, Relaxed) + 1;
        match which::mode().fault {
            Fault::LatencyEveryBlock => {
                self.latency.store(call % 512, Relaxed);
                self.restart(RestartFlags_::kLatencyChanged);
            }
            Fault::BusesEveryBlock => {
                if let Ok(mut buses) = self.buses.lock() {
                    buses.toggle_sidechain();
                }
                self.restart(RestartFlags_::kIoChanged);
            }
            Fault::ParamsEveryBlock => {
                self.generation.fetch_add(1, Relaxed);
                self.restart(RestartFlags_::kParamTitlesChanged | RestartFlags_::kParamValuesChanged);
            }
            Fault::RestartInProcess if call == 2 => {
                self.latency.store(64, Relaxed);
                self.restart(RestartFlags_::kLatencyChanged | RestartFlags_::kParamValuesChanged);
            }
            _ => {}
        }
    }

    fn save(&self, stream: *mut IBStream) -> tresult {
        let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return kInvalidArgument };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.gain.load(Relaxed).to_le_bytes());
        bytes.extend(self.lookahead.load(Relaxed).to_le_bytes());
        if write_all(stream, &bytes) { kResultOk } else { kResultFalse }
    }

    fn load(&self, stream: *mut IBStream) -> tresult {
        let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return kInvalidArgument };
        let bytes = read_to_end(stream, STATE_SIZE);
        if bytes.len() < STATE_SIZE || &bytes[..4] != MAGIC {
            return kResultFalse;
        }
        for (place, part) in [(&self.gain, &bytes[4..12]), (&self.lookahead, &bytes[12..20])] {
            place.store(u64::from_le_bytes(part.try_into().expect("eight bytes")), Relaxed);
        }
        kResultOk
    }
}

impl Default for Plugin {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if is(Fault::CrashInDestroy) {
            acts::crash();
        }
    }
}

impl IPluginBaseTrait for Plugin {
    unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
        match which::mode().fault {
            Fault::CrashInInit => acts::crash(),
            Fault::HangInInit => acts::hang(),
            Fault::OomInInit => acts::devour(),
            Fault::SleepInInit => std::thread::sleep(std::time::Duration::from_secs(3)),
            Fault::InitFails | Fault::ErrorsEverywhere => return kInternalError,
            Fault::ThreadOutlives => acts::outlive(),
            Fault::ChangesLocale => acts::change_locale(),
            Fault::ChangesFolder => acts::change_folder(),
            Fault::ChangesSignals => acts::change_signals(),
            Fault::ChangesUmask => acts::change_umask(),
            _ => {}
        }
        let Some(context) = (unsafe { ComRef::from_raw(context) }) else { return kInvalidArgument };
        if is(Fault::KeepsHandler) {
            std::mem::forget(context.to_com_ptr());
        }
        if is(Fault::NeedsRunLoop) && cfg!(target_os = "linux") {
            self.needs_ticks.store(true, Relaxed);
            if let (Some(run_loop), Ok(mut place)) = (context.cast::<IRunLoop>(), self.run_loop.lock()) {
                let ticker = ComWrapper::new(Ticker { ticks: self.ticks.clone() });
                let pointer = ticker.as_com_ref::<ITimerHandler>().expect("a ticker is a timer handler").as_ptr();
                unsafe { run_loop.registerTimer(pointer, 5) };
                *place = Some((run_loop, ticker));
            }
        }
        kResultOk
    }

    unsafe fn terminate(&self) -> tresult {
        match which::mode().fault {
            Fault::CrashInTerminate => acts::crash(),
            Fault::HangInTerminate => acts::hang(),
            _ => {}
        }
        if let Some((run_loop, ticker)) = self.run_loop.lock().ok().and_then(|mut place| place.take()) {
            let pointer = ticker.as_com_ref::<ITimerHandler>().expect("a ticker is a timer handler").as_ptr();
            unsafe { run_loop.unregisterTimer(pointer) };
        }
        if let (Ok(mut handler), Ok(mut kept)) = (self.handler.lock(), self.kept.lock()) {
            *handler = None;
            *kept = None;
        }
        self.result(kResultOk)
    }
}

impl IComponentTrait for Plugin {
    unsafe fn getControllerClassId(&self, _: *mut TUID) -> tresult {
        kNotImplemented
    }

    unsafe fn setIoMode(&self, _: i32) -> tresult {
        kNotImplemented
    }

    unsafe fn getBusCount(&self, media: i32, direction: i32) -> i32 {
        guarded(0, || self.buses.lock().map_or(0, |buses| buses.count(media, direction)))
    }

    unsafe fn getBusInfo(&self, media: i32, direction: i32, index: i32, info: *mut BusInfo) -> tresult {
        guarded(kInternalError, || {
            let Some(info) = (unsafe { info.as_mut() }) else { return kInvalidArgument };
            let buses = self.buses.lock().map(|buses| *buses).unwrap_or_default();
            self.result(buses.describe(media, direction, index, info))
        })
    }

    unsafe fn getRoutingInfo(&self, _: *mut RoutingInfo, _: *mut RoutingInfo) -> tresult {
        kNotImplemented
    }

    unsafe fn activateBus(&self, _: i32, _: i32, _: i32, _: u8) -> tresult {
        self.result(kResultOk)
    }

    unsafe fn setActive(&self, state: u8) -> tresult {
        if state != 0 {
            match which::mode().fault {
                Fault::CrashInActivate => acts::crash(),
                Fault::HangInActivate => acts::hang(),
                Fault::ActivateFails => return kInternalError,
                _ => {}
            }
            let delay = match which::mode().fault {
                Fault::RestartInProcess => self.latency.load(Relaxed),
                _ if params::looks_ahead() => self.lookahead_samples(),
                _ => 0,
            };
            let gain = params::plain(params::GAIN, f64::from_bits(self.gain.load(Relaxed)));
            if params::looks_ahead() {
                self.latency.store(delay, Relaxed);
            }
            // The audio side rests while the state changes: a host that breaks that breaks its own test.
            unsafe { *self.sound.get() = Sound::new(if gain.abs() < 1e9 { gain } else { 1.0 }, delay) };
        }
        self.result(kResultOk)
    }

    unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
        match which::mode().fault {
            Fault::CrashInSetState => acts::crash(),
            Fault::StateFails => return kInternalError,
            Fault::StateShortRead => {
                let mut bytes = [0_u8; 3];
                if let Some(stream) = unsafe { ComRef::from_raw(stream) } {
                    unsafe { stream.read(bytes.as_mut_ptr().cast(), 3, std::ptr::null_mut()) };
                }
                return kResultOk;
            }
            _ => {}
        }
        guarded(kInternalError, || {
            let result = self.load(stream);
            let gain = params::plain(params::GAIN, f64::from_bits(self.gain.load(Relaxed)));
            // Only an atomic of the audio side is written.
            unsafe { &*self.sound.get() }.set_gain(gain);
            self.result(result)
        })
    }

    unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
        match which::mode().fault {
            Fault::CrashInGetState => acts::crash(),
            Fault::HangInGetState => acts::hang(),
            Fault::StateFails => return kInternalError,
            Fault::State10Gb => {
                let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return kInvalidArgument };
                let part = vec![0x5a_u8; 1 << 20];
                let whole = (0..10_000).all(|_| write_all(stream, &part));
                return if whole { kResultOk } else { kResultFalse };
            }
            _ => {}
        }
        guarded(kInternalError, || self.result(self.save(stream)))
    }
}

impl IAudioProcessorTrait for Plugin {
    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        input_count: i32,
        outputs: *mut SpeakerArrangement,
        output_count: i32,
    ) -> tresult {
        guarded(kInternalError, || {
            let list = |pointer: *mut SpeakerArrangement, count: i32| {
                (0..count.max(0) as usize).map(|index| unsafe { *pointer.add(index) }).collect::<Vec<_>>()
            };
            if self.refuses() || (input_count > 0 && inputs.is_null()) || (output_count > 0 && outputs.is_null()) {
                return kInternalError;
            }
            let (inputs, outputs) = (list(inputs, input_count), list(outputs, output_count));
            self.buses.lock().map_or(kInternalError, |mut buses| buses.arrange(&inputs, &outputs))
        })
    }

    unsafe fn getBusArrangement(&self, direction: i32, index: i32, arrangement: *mut SpeakerArrangement) -> tresult {
        guarded(kInternalError, || {
            let found = self.buses.lock().ok().and_then(|buses| buses.arrangement(direction, index));
            let Some(found) = found else { return kInvalidArgument };
            unsafe { answer(arrangement, found) };
            self.result(kResultOk)
        })
    }

    unsafe fn canProcessSampleSize(&self, size: i32) -> tresult {
        let possible = size == 0 || (size == 1 && !params::looks_ahead() && !is(Fault::WritesPastEnd));
        self.result(if possible { kResultOk } else { kResultFalse })
    }

    unsafe fn getLatencySamples(&self) -> u32 {
        self.latency.load(Relaxed)
    }

    unsafe fn setupProcessing(&self, _: *mut ProcessSetup) -> tresult {
        self.result(kResultOk)
    }

    unsafe fn setProcessing(&self, _: u8) -> tresult {
        self.result(kResultOk)
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        let Some(data) = (unsafe { data.as_mut() }) else { return kInvalidArgument };
        if self.refuses() {
            return kInternalError;
        }
        self.disturb();
        let audible = !self.needs_ticks.load(Relaxed) || self.ticks.load(Relaxed) >= 3;
        // Only one process call at a time, and none while inactive: the host's duty.
        let sound = unsafe { &mut *self.sound.get() };
        let before = self.lookahead_samples();
        let result = unsafe {
            sound.process(data, audible, |id, value| {
                if let Some(place) = self.value(id) {
                    place.store(value.to_bits(), Relaxed);
                }
            })
        };
        if is(Fault::LatencyByAutomation) && self.lookahead_samples() != before {
            self.restart(RestartFlags_::kLatencyChanged);
        }
        result
    }

    unsafe fn getTailSamples(&self) -> u32 {
        0
    }
}

impl IEditControllerTrait for Plugin {
    unsafe fn setComponentState(&self, _: *mut IBStream) -> tresult {
        // One object: it knows.
        self.result(kResultOk)
    }

    unsafe fn setState(&self, _: *mut IBStream) -> tresult {
        self.result(kResultOk)
    }

    unsafe fn getState(&self, _: *mut IBStream) -> tresult {
        self.result(kResultOk)
    }

    unsafe fn getParameterCount(&self) -> i32 {
        params::count(self.generation.load(Relaxed))
    }

    unsafe fn getParameterInfo(&self, index: i32, info: *mut ParameterInfo) -> tresult {
        guarded(kInternalError, || {
            let Some(info) = (unsafe { info.as_mut() }) else { return kInvalidArgument };
            self.result(params::describe(index, self.generation.load(Relaxed), info))
        })
    }

    unsafe fn getParamStringByValue(&self, id: u32, value: f64, text: *mut String128) -> tresult {
        guarded(kInternalError, || {
            let Some(text) = (unsafe { text.as_mut() }).filter(|_| !is(Fault::TextFails)) else { return kResultFalse };
            fill16(text, &format!("{:.4}", params::plain(id, value)));
            self.result(kResultOk)
        })
    }

    unsafe fn getParamValueByString(&self, id: u32, text: *mut u16, value: *mut f64) -> tresult {
        guarded(kInternalError, || {
            if is(Fault::TextFails) {
                return kResultFalse;
            }
            match unsafe { text16_at(text, 128) }.trim().parse::<f64>() {
                Ok(plain) => {
                    unsafe { answer(value, params::normalized(id, plain)) };
                    self.result(kResultOk)
                }
                Err(_) => kResultFalse,
            }
        })
    }

    unsafe fn normalizedParamToPlain(&self, id: u32, value: f64) -> f64 {
        params::plain(id, value)
    }

    unsafe fn plainParamToNormalized(&self, id: u32, value: f64) -> f64 {
        params::normalized(id, value)
    }

    unsafe fn getParamNormalized(&self, id: u32) -> f64 {
        if is(Fault::ValuesWild) {
            return [1.7, -3.0, f64::NAN][self.calls.fetch_add(1, Relaxed) as usize % 3];
        }
        self.value(id).map_or(0.0, |place| f64::from_bits(place.load(Relaxed)))
    }

    unsafe fn setParamNormalized(&self, id: u32, value: f64) -> tresult {
        if let Some(place) = self.value(id) {
            place.store(value.to_bits(), Relaxed);
        }
        // Whoever heard of the value first, the audio side or this one: the latency in force is another.
        if params::looks_ahead() && self.lookahead_samples() != self.latency.load(Relaxed) {
            self.restart(RestartFlags_::kLatencyChanged);
        }
        self.result(kResultOk)
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        let handler = unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
        if let Some(handler) = &handler {
            if is(Fault::KeepsHandler) {
                std::mem::forget(handler.clone());
            }
            if is(Fault::ProgressOpen)
                && let Some(progress) = handler.cast::<IProgress>()
            {
                let mut id: ID = 0;
                unsafe { progress.start(0, std::ptr::null(), &mut id) };
                unsafe { progress.update(id, 0.3) };
            }
        }
        if let Ok(mut place) = self.handler.lock() {
            *place = handler;
        }
        self.result(kResultOk)
    }

    unsafe fn createView(&self, _: *const c_char) -> *mut IPlugView {
        std::ptr::null_mut()
    }
}
