//! The component half: IComponent, IAudioProcessor and what belongs to them. Thread: main, but process and setProcessing anywhere.

use crate::{
    allocation,
    behaviour::{
        ACTIVATE_FAILS, ALLOCATES, LATENCY, OFFERS_F64, PREFETCH, PROCESSING_UNIMPLEMENTED, REFUSES, REQUIREMENTS,
        STATE_FAILS, TAIL,
    },
    block::{Memory, Rules},
    buses::Buses,
    command,
    life::{Life, State},
    links::{Links, padding},
    params::Values,
};
use plugin_rig::call::answer;
use std::{
    cell::UnsafeCell,
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
};
use vst3::Steinberg::{
    IBStream, TUID,
    Vst::{BusInfo, ProcessData, ProcessSetup, RoutingInfo, SpeakerArrangement},
    kInternalError, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult,
};

/// What the component's state begins with.
pub const MAGIC: [u8; 4] = *b"SBRC";
/// Values begin here: behind magic, version and instance.
const HEAD: usize = 12;

/// The component half of an object.
pub struct Processor {
    /// Its ties.
    pub links: Arc<Links>,
    /// Its parameter values.
    pub values: Arc<Values>,
    /// The class of its controller, unless it is its own.
    pub controller: Option<TUID>,
    buses: Buses,
    setup: UnsafeCell<Option<ProcessSetup>>,
    memory: UnsafeCell<Memory>,
}

impl Processor {
    /// `[main]` At rest.
    pub fn new(links: Arc<Links>, values: Arc<Values>, controller: Option<TUID>) -> Self {
        Self {
            links,
            values,
            controller,
            buses: Buses::default(),
            setup: UnsafeCell::new(None),
            memory: UnsafeCell::default(),
        }
    }

    /// `[any]` Its life.
    pub fn life(&self) -> &Life {
        &self.links.life
    }

    /// `[main]` IComponent::getControllerClassId.
    pub fn controller_class(&self, class: *mut TUID) -> tresult {
        self.life().early_call("getControllerClassId").done();
        match self.controller {
            Some(id) => {
                unsafe { answer(class, id) };
                kResultOk
            }
            None => kNotImplemented,
        }
    }

    /// `[main]` IComponent::setIoMode.
    pub fn set_io_mode(&self, mode: i32) -> tresult {
        let mut call = self.life().early_call("setIoMode");
        call.arg("mode", mode).rule(self.life().state() == State::Created, (13, "setIoMode after initialize"));
        call.rule(mode != 0, (13, "simple mode without the class flag"));
        call.done();
        kNotImplemented
    }

    /// `[main]` IComponent::getBusCount.
    pub fn bus_count(&self, media: i32, direction: i32) -> i32 {
        let mut call = self.life().call("getBusCount");
        call.arg("media", media).arg("direction", direction).done();
        Buses::count(media, direction)
    }

    /// `[main]` IComponent::getBusInfo.
    pub fn bus_info(&self, media: i32, direction: i32, index: i32, info: *mut BusInfo) -> tresult {
        let mut call = self.life().call("getBusInfo");
        call.arg("media", media).arg("direction", direction).arg("index", index);
        let exists = Buses::exists(media, direction, index);
        call.rule(exists, (21, "no such bus")).done();
        match unsafe { info.as_mut() } {
            Some(info) if exists => {
                self.buses.describe(media, direction, index, info);
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    /// `[main]` IComponent::getRoutingInfo.
    pub fn routing(&self, from: *mut RoutingInfo, to: *mut RoutingInfo) -> tresult {
        let mut call = self.life().call("getRoutingInfo");
        call.rule(!from.is_null() && !to.is_null(), (7, "no place for the answer")).done();
        match (unsafe { from.as_ref() }, unsafe { to.as_mut() }) {
            (Some(from), Some(to)) if Buses::exists(from.mediaType, 0, from.busIndex) => {
                *to = *from;
                kResultOk
            }
            _ => kResultFalse,
        }
    }

    /// `[main]` IComponent::activateBus.
    pub fn activate_bus(&self, media: i32, direction: i32, index: i32, on: bool) -> tresult {
        let life = self.life();
        let mut call = life.call("activateBus");
        call.arg("media", media).arg("direction", direction).arg("index", index).arg("on", on);
        let exists = Buses::exists(media, direction, index);
        call.rule(exists, (21, "no such bus"));
        call.rule(life.state() != State::Processing, (24, "activateBus while processing"));
        call.habit(life.state() != State::Active, (21, "activateBus while active"));
        call.done();
        self.buses.activate(media, direction, index, on);
        if exists { kResultOk } else { kInvalidArgument }
    }

    /// `[main]` IComponent::setActive.
    pub fn set_active(&self, on: bool) -> tresult {
        let life = self.life();
        let mut call = life.call("setActive");
        let state = life.state();
        call.arg("on", on);
        call.rule(life.in_process.load(SeqCst) == 0, (17, "setActive while process runs"));
        if on {
            call.rule(state != State::Initialized, (6, "setActive(true) before setupProcessing"));
            call.rule(state < State::Active, (6, "setActive(true) twice"));
        } else {
            call.rule(state != State::Processing, (6, "setActive(false) before setProcessing(false)"));
            call.rule(state >= State::Active, (6, "setActive(false) while inactive"));
            call.rule(life.sounding.load(Relaxed) == 0, (37, "notes still sound"));
        }
        call.done();
        if on {
            if ACTIVATE_FAILS.load(Relaxed) {
                return kInternalError;
            }
            if life.in_process.load(SeqCst) == 0 {
                // At rest: nobody else looks at the memory.
                unsafe { *self.memory.get() = Memory::default() };
                life.sounding.store(0, Relaxed);
            }
            if state < State::Active {
                life.go(State::Active);
            }
        } else if matches!(state, State::Active | State::Processing) {
            // A host may have come here without a setup; it was told, and is not taken for one that has.
            let set_up = unsafe { (*self.setup.get()).is_some() };
            life.go(if set_up { State::SetUp } else { State::Initialized });
        }
        kResultOk
    }

    /// `[main]` IComponent::setState.
    pub fn set_state(&self, stream: *mut IBStream) -> tresult {
        let mut call = self.life().call("setState");
        let bytes = self.links.read_state(&mut call, stream, MAGIC);
        call.done();
        let Some(bytes) = bytes else {
            return if STATE_FAILS.load(Relaxed) { kInternalError } else { kResultFalse };
        };
        self.values.load(bytes.get(HEAD..).unwrap_or_default());
        kResultOk
    }

    /// `[main]` IComponent::getState.
    pub fn get_state(&self, stream: *mut IBStream) -> tresult {
        let mut call = self.life().call("getState");
        let mut bytes = MAGIC.to_vec();
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(self.life().instance.to_le_bytes());
        bytes.extend(self.values.bytes());
        bytes.extend(padding());
        let result = self.links.write_state(&mut call, stream, &bytes);
        call.done();
        result
    }

    /// `[main]` IAudioProcessor::setBusArrangements.
    pub fn arrange(
        &self,
        inputs: *mut SpeakerArrangement,
        input_count: i32,
        outputs: *mut SpeakerArrangement,
        output_count: i32,
    ) -> tresult {
        let mut call = self.life().resting_call("setBusArrangements");
        let right = (input_count, output_count) == (Buses::count(0, 0), Buses::count(0, 1));
        call.rule(right, (22, "not an arrangement for every bus"));
        let list = |pointer: *mut SpeakerArrangement, count: i32| {
            let count = if pointer.is_null() { 0 } else { count.clamp(0, 64) as usize };
            (0..count).map(|index| unsafe { *pointer.add(index) }).collect::<Vec<_>>()
        };
        let (inputs, outputs) = (list(inputs, input_count), list(outputs, output_count));
        for (key, list) in [("in", &inputs), ("out", &outputs)] {
            call.args().nested(Some(key), '[', |line| list.iter().for_each(|one| line.item(*one)));
        }
        let possible = right && !REFUSES.load(Relaxed) && self.life().state() < State::Active;
        let taken = possible && self.buses.arrange(&inputs, &outputs);
        call.arg("taken", taken).done();
        if taken { kResultOk } else { kResultFalse }
    }

    /// `[main]` IAudioProcessor::getBusArrangement.
    pub fn arrangement(&self, direction: i32, index: i32, place: *mut SpeakerArrangement) -> tresult {
        let mut call = self.life().call("getBusArrangement");
        let exists = Buses::exists(0, direction, index);
        call.arg("direction", direction).arg("index", index).rule(exists, (21, "no such bus")).done();
        if exists && unsafe { answer(place, self.buses.arrangement(direction, index)) } {
            kResultOk
        } else {
            kInvalidArgument
        }
    }

    /// `[main]` IAudioProcessor::canProcessSampleSize.
    pub fn can_process(&self, size: i32) -> tresult {
        let mut call = self.life().call("canProcessSampleSize");
        call.arg("size", size).done();
        if size == 1 {
            self.life().asked_f64.store(true, SeqCst);
        }
        if size == 0 || (size == 1 && OFFERS_F64.load(Relaxed)) { kResultOk } else { kResultFalse }
    }

    /// `[main]` IAudioProcessor::getLatencySamples.
    pub fn latency(&self) -> u32 {
        let mut call = self.life().call("getLatencySamples");
        let state = self.life().state();
        call.rule(state >= State::SetUp, (38, "latency asked before setupProcessing"));
        call.habit(state == State::Active, (38, "latency asked at another time than between activation and start"));
        call.done();
        LATENCY.load(Relaxed)
    }

    /// `[main]` IAudioProcessor::setupProcessing.
    pub fn set_up(&self, setup: *mut ProcessSetup) -> tresult {
        let life = self.life();
        let mut call = life.resting_call("setupProcessing");
        let Some(setup) = (unsafe { setup.as_ref() }) else {
            call.rule(false, (19, "no setup")).done();
            return kInvalidArgument;
        };
        call.arg("mode", setup.processMode).arg("size", setup.symbolicSampleSize);
        call.arg("maxFrames", setup.maxSamplesPerBlock).arg("rate", setup.sampleRate);
        call.rule((0..=2).contains(&setup.processMode), (19, "an unknown process mode"));
        call.rule(setup.maxSamplesPerBlock > 0, (19, "no samples per block"));
        call.rule(setup.sampleRate.is_finite() && setup.sampleRate > 0.0, (19, "an impossible sample rate"));
        call.rule((0..=1).contains(&setup.symbolicSampleSize), (18, "an unknown sample size"));
        let f64_known = life.asked_f64.load(SeqCst) && OFFERS_F64.load(Relaxed);
        call.rule(
            setup.symbolicSampleSize != 1 || f64_known,
            (18, "64 bit without having asked, or in spite of the answer"),
        );
        call.done();
        if life.state() >= State::Active {
            return kInvalidArgument;
        }
        // At rest: nobody else looks at the setup.
        unsafe { *self.setup.get() = Some(*setup) };
        life.go(State::SetUp);
        kResultOk
    }

    /// `[main or audio]` IAudioProcessor::setProcessing.
    pub fn set_processing(&self, on: bool) -> tresult {
        let life = self.life();
        let mut call = life.free_call("setProcessing");
        let state = life.state();
        call.arg("on", on);
        call.rule(life.in_process.load(SeqCst) == 0, (17, "setProcessing while process runs"));
        let wanted = if on { State::Active } else { State::Processing };
        call.rule(
            state == wanted,
            (
                36,
                if on {
                    "setProcessing(true) while not active, or twice"
                } else {
                    "setProcessing(false) while not processing"
                },
            ),
        );
        call.done();
        if state == wanted {
            life.go(if on { State::Processing } else { State::Active });
        }
        if PROCESSING_UNIMPLEMENTED.load(Relaxed) { kNotImplemented } else { kResultOk }
    }

    /// `[audio]` IAudioProcessor::process.
    pub fn process(&self, data: *mut ProcessData) -> tresult {
        let life = self.life();
        let running = life.in_process.fetch_add(1, SeqCst);
        let result = match unsafe { data.as_mut() } {
            // The second of two calls must not touch what the first works on.
            Some(_) if running > 0 => {
                let mut call = life.free_call("process");
                call.rule(false, (17, "two process calls at once")).done();
                kInternalError
            }
            Some(data) => {
                let setup = unsafe { *self.setup.get() };
                let rules = Rules { life, buses: &self.buses, setup, values: &self.values };
                let memory = unsafe { &mut *self.memory.get() };
                allocation::watched(|| {
                    if ALLOCATES.load(Relaxed) {
                        std::hint::black_box(vec![0_u8; 64]);
                    }
                    unsafe { rules.process(memory, data, command::run_in_process) };
                });
                kResultOk
            }
            None => {
                let mut call = life.free_call("process");
                call.rule(false, (27, "no data")).done();
                kInvalidArgument
            }
        };
        life.in_process.fetch_sub(1, SeqCst);
        result
    }

    /// `[main]` IAudioProcessor::getTailSamples.
    pub fn tail(&self) -> u32 {
        let mut call = self.life().call("getTailSamples");
        call.rule(self.life().state() >= State::SetUp, (34, "tail asked before setupProcessing")).done();
        TAIL.load(Relaxed)
    }

    /// `[main]` IProcessContextRequirements::getProcessContextRequirements.
    pub fn requirements(&self) -> u32 {
        let life = self.life();
        let mut call = life.call("getProcessContextRequirements");
        let asked = life.requirements_asked.fetch_add(1, SeqCst);
        call.rule(life.state() < State::Active, (26, "requirements asked while active"));
        call.habit(asked == 0, (26, "requirements asked more than once")).done();
        REQUIREMENTS.load(Relaxed)
    }

    /// `[main]` IAudioPresentationLatency::setAudioPresentationLatencySamples.
    pub fn presentation_latency(&self, direction: i32, index: i32, samples: u32) -> tresult {
        let life = self.life();
        let mut call = life.call("setAudioPresentationLatencySamples");
        call.arg("direction", direction).arg("index", index).arg("samples", samples);
        call.rule(
            matches!(life.state(), State::Active | State::Processing),
            (40, "presentation latency while inactive"),
        );
        call.rule(Buses::exists(0, direction, index), (21, "no such bus")).done();
        kResultOk
    }

    /// `[main]` IPrefetchableSupport::getPrefetchableSupport.
    pub fn prefetchable(&self, place: *mut u32) -> tresult {
        let life = self.life();
        let mut call = life.call("getPrefetchableSupport");
        call.habit(life.state() < State::Active, (39, "prefetch support asked while active")).done();
        if unsafe { answer(place, PREFETCH.load(Relaxed)) } { kResultOk } else { kInvalidArgument }
    }
}
