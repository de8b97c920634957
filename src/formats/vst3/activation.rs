//! L2 · starting and stopping an instance, and starting it anew.
//!
//! Thread: main. Invariant: one step at a time and back the same way: arrangements (configure) → setupProcessing →
//! activateBus → setActive → latency → setProcessing. A step that fails leaves the component where the step before it did.
#![allow(unsafe_code)]

use super::{
    Vst3Processor, consts,
    instance::{Active, Instance, default_request},
    layout,
    midi_map::MidiMap,
    objects::{Objects, check_call},
    parameters::Parameters,
    processor::{Parts, process_mode},
    states,
    stream::StateType,
    told::Told,
    units::Units,
};
use crate::plugin::{
    Controller, LayoutRequest, PluginError, Precision, ProcessMode, Processor, RestartNeed, Setup, Tail,
};
use std::{
    rc::Rc,
    sync::{Arc, atomic::AtomicBool},
};
use vst3::Steinberg::{
    Vst::{
        IAudioPresentationLatency, IAudioPresentationLatencyTrait, IAudioProcessorTrait, IComponentTrait,
        IPrefetchableSupport, IPrefetchableSupportTrait, ProcessSetup,
    },
    kResultOk,
};

/// Reports from the audio half that wait for `poll`. A block of meters from a large plugin fits hundreds of times.
const REPORTS: usize = 16_384;
/// Frames of the longest block anybody may prepare for.
const MAX_BLOCK: u32 = 1 << 22;

impl Instance {
    pub(super) fn reconfigure(&mut self, request: &LayoutRequest) {
        let present = layout::read(&self.objects);
        layout::negotiate(&self.objects, &present, request);
        self.layout = layout::read(&self.objects);
        layout::apply_wishes(&mut self.layout, request);
        self.routing = layout::routing(&self.objects, &self.layout);
        if self.layout.event_inputs.len() != present.event_inputs.len() {
            self.midi = Arc::new(MidiMap::new(self.layout.event_inputs.len()));
            self.rebuild_midi();
        }
    }

    /// The component, inactive, is made to run.
    pub(super) fn start(&mut self, setup: &Setup) -> Result<Box<dyn Processor>, PluginError> {
        self.check_setup(setup)?;
        let setup = &Setup { mode: self.possible_mode(setup.mode), ..*setup };
        let processor = self.objects.processor.clone();
        // SAFETY: a live interface on the main thread, inactive; so in the whole of this function.
        let offers_double = unsafe { processor.canProcessSampleSize(consts::SAMPLE_64) } == kResultOk;
        let double = setup.precision == Precision::F64 && offers_double;
        let mut raw = ProcessSetup {
            processMode: process_mode(setup.mode),
            symbolicSampleSize: if double { consts::SAMPLE_64 } else { consts::SAMPLE_32 },
            maxSamplesPerBlock: setup.max_block as i32,
            sampleRate: setup.sample_rate,
        };
        // SAFETY: as above, and a live local.
        let result = unsafe { processor.setupProcessing(&mut raw) };
        check_call(&self.info.name, "setupProcessing", result)?;
        layout::activate(&self.objects, &mut self.layout);
        // SAFETY: as above.
        let result = unsafe { self.objects.component.setActive(1) };
        // A plugin that refuses is as inactive as before: there is nothing to undo.
        check_call(&self.info.name, "setActive", result)?;
        self.objects.set_exchange_active(true);
        // SAFETY: active now; the latency is asked before processing starts.
        self.latency = unsafe { processor.getLatencySamples() }.min(1 << 24);
        self.tail = self.declared_tail();
        if setup.mode == ProcessMode::Offline {
            self.tell_presentation_latency(0);
        }
        // SAFETY: active; most plugins answer kNotImplemented, which is no failure.
        unsafe { processor.setProcessing(1) };
        let mut processor = self.make_processor(setup, double);
        if !self.pending.is_empty() {
            processor.prime(self.pending.take());
            // A longer decay has a longer tail, and the audio half has only heard of it now.
            self.tail = self.declared_tail();
        }
        Ok(Box::new(processor))
    }

    /// How long it rings with its present values.
    pub(super) fn declared_tail(&self) -> Tail {
        // SAFETY: a live interface on the main thread, active.
        match unsafe { self.objects.processor.getTailSamples() } {
            0 => Tail::None,
            u32::MAX => Tail::Infinite,
            samples => Tail::Samples(samples),
        }
    }

    fn check_setup(&self, setup: &Setup) -> Result<(), PluginError> {
        let rate = setup.sample_rate;
        let fits = (1..=MAX_BLOCK).contains(&setup.max_block) && rate.is_finite() && rate > 0.0;
        if fits {
            return Ok(());
        }
        Err(PluginError::Call {
            plugin: self.info.name.clone(),
            step: "preparing to play",
            result: format!("{rate} Hz and blocks of {}, which nobody can play", setup.max_block),
        })
    }

    /// Computing ahead is for those who say that they can be; others run as in real time.
    fn possible_mode(&self, wanted: ProcessMode) -> ProcessMode {
        if wanted != ProcessMode::Prefetch {
            return wanted;
        }
        let Some(asked) = self.objects.component.cast::<IPrefetchableSupport>() else { return wanted };
        let mut support = consts::YET_PREFETCHABLE;
        // SAFETY: a live interface on the main thread, inactive, and a live local to write to.
        let result = unsafe { asked.getPrefetchableSupport(&mut support) };
        if result == kResultOk && support != consts::YET_PREFETCHABLE { ProcessMode::Realtime } else { wanted }
    }

    /// What is between the plugin's output and somebody's ear; known only where there is no device: none.
    fn tell_presentation_latency(&self, samples: u32) {
        let Some(listener) = self.objects.component.cast::<IAudioPresentationLatency>() else { return };
        for bus in self.layout.inputs.iter().chain(&self.layout.outputs).filter(|bus| bus.active) {
            // SAFETY: a live interface on the main thread, active.
            unsafe {
                listener.setAudioPresentationLatencySamples(
                    layout::bus_direction(bus.direction),
                    bus.index as i32,
                    samples,
                )
            };
        }
    }

    /// The component, whose processor is back or was dropped, is stopped.
    pub(super) fn stop(&mut self) {
        self.objects.stop();
        self.active = None;
    }

    fn make_processor(&mut self, setup: &Setup, double: bool) -> Vst3Processor {
        let (reports, consumer) = rtrb::RingBuffer::new(REPORTS);
        let gone = Arc::new(AtomicBool::new(false));
        let state_loaded = Arc::new(AtomicBool::new(false));
        self.active = Some(Active {
            setup: *setup,
            reports: consumer,
            gone: Arc::clone(&gone),
            state_loaded: Arc::clone(&state_loaded),
        });
        // Values only where a controller can jump: asking for them takes time at every start.
        let turned = if self.midi.is_empty() { &[] } else { self.parameters.list() };
        let told = turned.iter().filter_map(|info| Some((info.id, self.parameters.normalized(info.id).ok()?)));
        let told = Told::new(told);
        Vst3Processor::new(Parts {
            processor: self.objects.processor.clone(),
            setup: *setup,
            double,
            inputs: self.layout.inputs.clone(),
            outputs: self.layout.outputs.clone(),
            event_inputs: self.layout.event_inputs.iter().map(|bus| bus.active).collect(),
            params: self.parameters.list().len(),
            midi: Arc::clone(&self.midi),
            told,
            restart: self.objects.handler.restart_asked(),
            reports,
            needs: self.context_needs,
            gone,
            state_loaded,
        })
    }

    /// The component hears of values that were set while nothing ran.
    pub(super) fn flush_pending(&mut self) -> Result<(), PluginError> {
        if self.pending.is_empty() || self.active.is_some() {
            return Ok(());
        }
        let setup =
            Setup { sample_rate: 48_000.0, max_block: 1024, mode: ProcessMode::Offline, precision: Precision::F32 };
        let processor = self.activate(&setup)?;
        let mut own = self.take_home(processor)?;
        own.settle();
        self.deactivate(own)
    }

    /// Takes the audio half out of the box, if it is ours and of the present activation.
    pub(super) fn take_home(&self, processor: Box<dyn Processor>) -> Result<Box<Vst3Processor>, PluginError> {
        let fits = |own: &Vst3Processor| self.active.as_ref().is_some_and(|active| own.is_of(&active.gone));
        match processor.into_any().downcast::<Vst3Processor>() {
            Ok(own) if fits(&own) => Ok(own),
            _ => Err(self.wrong_state("deactivating with another plugin's processor")),
        }
    }

    /// What a plugin wants done while it is stopped.
    pub(super) fn redo(&mut self, need: Option<RestartNeed>) -> Result<(), PluginError> {
        match need {
            Some(RestartNeed::Reload) => self.reload()?,
            Some(RestartNeed::Reconfigure) => {
                let request = self.request.clone().unwrap_or_else(|| default_request(&self.layout));
                self.reconfigure(&request);
            }
            Some(RestartNeed::Reactivate) | None => {}
        }
        Ok(())
    }

    /// Everything anew: state saved, objects made again, state and buses restored.
    fn reload(&mut self) -> Result<(), PluginError> {
        // What the old handler heard last is not lost, and what it heard begin is ended.
        let mut late = std::mem::take(&mut self.late);
        self.drain_events(&mut late);
        self.close_gestures(&mut late);
        self.late.append(&mut late);
        let state = states::save(&self.objects, &self.info.id, &self.info.name)?;
        let fresh = Objects::create(&self.info.path, &self.class, &self.info.name, self.offline)?;
        self.parameters = Parameters::read(&self.info.name, fresh.controller.clone(), &Units::default());
        self.context_needs = fresh.context_needs();
        self.objects = Rc::new(fresh);
        states::load(&self.objects, &state, &self.info.name, StateType::Project)?;
        self.units = self.objects.units();
        self.parameters.refresh(&self.units);
        let request = self.request.clone().unwrap_or_else(|| default_request(&self.layout));
        self.reconfigure(&request);
        self.rebuild_midi();
        // Set while nothing ran: the new controller shows it at once, the component hears of it at the next start.
        for point in self.pending.iter() {
            self.parameters.follow(point.param, point.value);
        }
        Ok(())
    }
}
