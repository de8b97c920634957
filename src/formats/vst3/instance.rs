//! L2 · a loaded VST3 plugin: the main-thread half.
//!
//! Thread: main. Invariant: the component's state is what `active` says, and it is left before anything is torn down.
//! Order of activation: arrangements (configure) → setupProcessing → activateBus → setActive → latency → setProcessing.
#![allow(unsafe_code)]

use super::{
    Vst3Processor, consts, interfaces, layout,
    midi_map::MidiMap,
    objects::{Objects, check_call},
    parameters::Parameters,
    processor::{Parts, process_mode},
    run_loop, states,
    stream::StateType,
    uid::Uid,
    units::Units,
};
use crate::{
    model::{ParamId, ParamInfo, ParamPoint, PluginInfo},
    plugin::{
        Controller, Layout, LayoutRequest, Notice, PluginError, Precision, PresetFile, ProcessMode, Processor, Setup,
        State, Tail, controller::ProgramList,
    },
};
use std::{sync::Arc, time::Duration};
use vst3::Steinberg::{
    Vst::{
        IAudioPresentationLatency, IAudioPresentationLatencyTrait, IAudioProcessorTrait, IComponentTrait, IMidiLearn,
        IMidiLearnTrait, IMidiMapping, IProcessContextRequirements, IProcessContextRequirementsTrait, ProcessSetup,
    },
    kResultOk,
};

/// Reports from the audio half that wait for `poll`. A block of meters from a large plugin fits hundreds of times.
const REPORTS: usize = 16_384;

/// A loaded VST3 plugin.
pub struct Instance {
    info: PluginInfo,
    pub(super) class: Uid,
    offline: bool,
    pub(super) layout: Layout,
    pub(super) request: Option<LayoutRequest>,
    pub(super) units: Units,
    pub(super) parameters: Parameters,
    pub(super) midi: Arc<MidiMap>,
    /// Values set while inactive: the component hears of them at the next activation.
    pending: Vec<ParamPoint>,
    pub(super) active: Option<Active>,
    epoch: u64,
    latency: u32,
    tail: Tail,
    pub(super) routing: Vec<(u32, u32)>,
    context_needs: u32,
    pub(super) gestures: super::restart::Gestures,
    /// Last: everything above may hold interfaces of it.
    pub(super) objects: Objects,
}

/// What is known while the component is active.
pub(super) struct Active {
    pub setup: Setup,
    reports: rtrb::Consumer<ParamPoint>,
}

impl Instance {
    /// `[main]` Loads a plugin and leaves it inactive.
    pub fn load(info: &PluginInfo, offline: bool) -> Result<Self, PluginError> {
        let class = Uid::from_plugin_id(&info.id).ok_or_else(|| PluginError::Load {
            plugin: info.name.clone(),
            step: "reading its id",
            result: format!("“{}” is no VST3 id", info.id),
        })?;
        let objects = Objects::create(&info.path, &class, &info.name, offline)?;
        let units = objects.units();
        let parameters = Parameters::read(&info.name, objects.controller.clone(), &units);
        let mut layout = layout::read(&objects);
        let request = default_request(&layout);
        layout::apply_wishes(&mut layout, &request);
        let midi = Arc::new(MidiMap::new(layout.event_inputs.len()));
        // Asked once, after initialize and before the first activation.
        let context_needs = objects.processor.cast::<IProcessContextRequirements>().map_or(0, |needs| {
            // SAFETY: a live interface on the main thread.
            unsafe { needs.getProcessContextRequirements() }
        });
        let instance = Self {
            info: info.clone(),
            class,
            offline,
            request: None,
            units,
            parameters,
            midi,
            pending: Vec::new(),
            active: None,
            epoch: 0,
            latency: 0,
            tail: Tail::None,
            routing: layout::routing(&objects, &layout),
            layout,
            context_needs,
            gestures: super::restart::Gestures::default(),
            objects,
        };
        instance.rebuild_midi();
        Ok(instance)
    }

    pub(super) fn rebuild_midi(&self) {
        let mapping = self.objects.controller.as_ref().and_then(|controller| controller.cast::<IMidiMapping>());
        self.midi.rebuild(mapping.as_ref());
    }

    /// `[main]` Bits of the process context the plugin asked for (`IProcessContextRequirements`).
    pub fn context_needs(&self) -> u32 {
        self.context_needs
    }

    fn wrong_state(&self, what: &'static str) -> PluginError {
        let state = if self.active.is_some() { "active" } else { "inactive" };
        PluginError::WrongState { plugin: self.info.name.clone(), what, state }
    }

    fn check(&self, step: &'static str, result: i32) -> Result<(), PluginError> {
        check_call(&self.info.name, step, result)
    }

    pub(super) fn reconfigure(&mut self, request: &LayoutRequest) {
        let present = layout::read(&self.objects);
        layout::negotiate(&self.objects, &present, request);
        self.layout = layout::read(&self.objects);
        layout::apply_wishes(&mut self.layout, request);
        if self.layout.event_inputs.len() != present.event_inputs.len() {
            self.midi = Arc::new(MidiMap::new(self.layout.event_inputs.len()));
            self.rebuild_midi();
        }
    }

    /// The component, inactive, is made to run; the processor is not made yet.
    fn start(&mut self, setup: &Setup) -> Result<bool, PluginError> {
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
        self.check("setupProcessing", result)?;
        layout::activate(&self.objects, &mut self.layout);
        // SAFETY: as above.
        let result = unsafe { self.objects.component.setActive(1) };
        self.check("setActive", result)?;
        self.objects.set_exchange_active(true);
        // SAFETY: active now; the latency is asked before processing starts.
        self.latency = unsafe { processor.getLatencySamples() }.min(1 << 24);
        self.tail = self.ask_tail();
        if setup.mode == ProcessMode::Offline {
            self.tell_presentation_latency(0);
        }
        // SAFETY: active; most plugins answer kNotImplemented, which is no failure.
        unsafe { processor.setProcessing(1) };
        Ok(double)
    }

    /// How long it rings with its present values.
    fn ask_tail(&self) -> Tail {
        // SAFETY: a live interface on the main thread, active.
        match unsafe { self.objects.processor.getTailSamples() } {
            0 => Tail::None,
            u32::MAX => Tail::Infinite,
            samples => Tail::Samples(samples),
        }
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

    fn stop(&mut self) {
        // SAFETY: a live interface on the main thread; the processor is back, so nobody is in process().
        unsafe { self.objects.processor.setProcessing(0) };
        self.objects.set_exchange_active(false);
        // SAFETY: as above.
        unsafe { self.objects.component.setActive(0) };
        self.active = None;
    }

    fn make_processor(&mut self, setup: &Setup, double: bool) -> Vst3Processor {
        let (reports, consumer) = rtrb::RingBuffer::new(REPORTS);
        self.epoch += 1;
        self.active = Some(Active { setup: *setup, reports: consumer });
        Vst3Processor::new(Parts {
            processor: self.objects.processor.clone(),
            setup: *setup,
            double,
            inputs: self.layout.inputs.clone(),
            outputs: self.layout.outputs.clone(),
            params: self.parameters.list().len(),
            midi: Arc::clone(&self.midi),
            reports,
            epoch: self.epoch,
        })
    }

    /// The component hears of values that were set while nothing ran.
    fn flush_pending(&mut self) -> Result<(), PluginError> {
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

    pub(super) fn drain_reports(&mut self, notices: &mut Vec<Notice>) {
        let Some(active) = &mut self.active else { return };
        // A meter moves in every block; only where it ended up matters to the controller.
        let mut last: Vec<(ParamId, f64)> = Vec::new();
        while let Ok(point) = active.reports.pop() {
            match last.iter_mut().find(|(param, _)| *param == point.param) {
                Some(entry) => entry.1 = point.value,
                None => last.push((point.param, point.value)),
            }
        }
        for (param, value) in last {
            self.parameters.follow(param, value);
            notices.push(Notice::Output(param, value));
        }
    }

    /// Takes the audio half out of the box, if it is ours and of the present activation.
    fn take_home(&self, processor: Box<dyn Processor>) -> Result<Box<Vst3Processor>, PluginError> {
        match processor.into_any().downcast::<Vst3Processor>() {
            Ok(own) if own.epoch == self.epoch && self.active.is_some() => Ok(own),
            _ => Err(self.wrong_state("deactivating with another plugin's processor")),
        }
    }

    /// Everything anew: state saved, objects made again, state and buses restored.
    pub(super) fn reload(&mut self) -> Result<(), PluginError> {
        let state = states::save(&self.objects, &self.info.id, &self.info.name)?;
        let fresh = Objects::create(&self.info.path, &self.class, &self.info.name, self.offline)?;
        self.parameters = Parameters::read(&self.info.name, fresh.controller.clone(), &Units::default());
        self.objects = fresh;
        states::load(&self.objects, &state, &self.info.name, StateType::Project)?;
        self.units = self.objects.units();
        self.parameters.refresh(&self.units);
        let request = self.request.clone().unwrap_or_else(|| default_request(&self.layout));
        self.reconfigure(&request);
        self.rebuild_midi();
        Ok(())
    }
}

/// Main buses as they are, and whatever else the plugin would like to have on.
pub(super) fn default_request(layout: &Layout) -> LayoutRequest {
    let wish = |buses: &[crate::model::BusInfo]| {
        buses.iter().map(|bus| (bus.index == 0 || bus.default_active).then_some(bus.arrangement)).collect()
    };
    LayoutRequest { inputs: wish(&layout.inputs), outputs: wish(&layout.outputs) }
}

impl Controller for Instance {
    fn plugin(&self) -> &PluginInfo {
        &self.info
    }

    fn interfaces(&self) -> Vec<&'static str> {
        interfaces::list(&self.objects)
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn configure(&mut self, request: &LayoutRequest) -> Result<&Layout, PluginError> {
        if self.active.is_some() {
            return Err(self.wrong_state("changing its buses"));
        }
        self.request = Some(request.clone());
        self.reconfigure(request);
        Ok(&self.layout)
    }

    fn activate(&mut self, setup: &Setup) -> Result<Box<dyn Processor>, PluginError> {
        if self.active.is_some() {
            return Err(self.wrong_state("activating"));
        }
        let double = match self.start(setup) {
            Ok(double) => double,
            Err(error) => {
                self.stop();
                return Err(error);
            }
        };
        let mut processor = self.make_processor(setup, double);
        if !self.pending.is_empty() {
            processor.prime(std::mem::take(&mut self.pending));
            // A longer decay has a longer tail, and the audio half has only heard of it now.
            self.tail = self.ask_tail();
        }
        Ok(Box::new(processor))
    }

    fn deactivate(&mut self, processor: Box<dyn Processor>) -> Result<(), PluginError> {
        let own = self.take_home(processor)?;
        let mut notices = Vec::new();
        own.retire();
        self.drain_reports(&mut notices);
        self.stop();
        Ok(())
    }

    fn restart(&mut self, processor: Box<dyn Processor>) -> Result<Box<dyn Processor>, PluginError> {
        let Some(setup) = self.active.as_ref().map(|active| active.setup) else {
            return Err(self.wrong_state("restarting"));
        };
        let need = self.gestures.take_need();
        self.deactivate(processor)?;
        match need {
            Some(crate::plugin::RestartNeed::Reload) => self.reload()?,
            Some(crate::plugin::RestartNeed::Reconfigure) => {
                let request = self.request.clone().unwrap_or_else(|| default_request(&self.layout));
                self.reconfigure(&request);
            }
            _ => {}
        }
        self.activate(&setup)
    }

    fn latency(&self) -> u32 {
        self.latency
    }

    fn tail(&self) -> Tail {
        self.tail
    }

    fn offers_f64(&self) -> bool {
        // SAFETY: a live interface on the main thread.
        unsafe { self.objects.processor.canProcessSampleSize(consts::SAMPLE_64) == kResultOk }
    }

    fn poll(&mut self) -> Vec<Notice> {
        run_loop::pump(Duration::ZERO);
        let mut notices = Vec::new();
        self.objects.deliver();
        self.drain_events(&mut notices);
        self.drain_reports(&mut notices);
        notices
    }

    fn params(&self) -> &[ParamInfo] {
        self.parameters.list()
    }

    fn normalized(&self, param: ParamId) -> Result<f64, PluginError> {
        self.parameters.normalized(param)
    }

    fn set_normalized(&mut self, param: ParamId, value: f64) -> Result<(), PluginError> {
        self.parameters.set(param, value)?;
        if self.active.is_none() {
            self.pending.retain(|point| point.param != param);
            self.pending.push(ParamPoint { param, offset: 0, value });
        }
        Ok(())
    }

    fn to_plain(&self, param: ParamId, normalized: f64) -> Result<f64, PluginError> {
        self.parameters.to_plain(param, normalized)
    }

    fn normalized_from_plain(&self, param: ParamId, plain: f64) -> Result<f64, PluginError> {
        self.parameters.normalized_from_plain(param, plain)
    }

    fn to_text(&self, param: ParamId, normalized: f64) -> Result<String, PluginError> {
        self.parameters.to_text(param, normalized)
    }

    fn normalized_from_text(&self, param: ParamId, text: &str) -> Result<f64, PluginError> {
        self.parameters.normalized_from_text(param, text)
    }

    fn state(&mut self) -> Result<State, PluginError> {
        self.flush_pending()?;
        states::save(&self.objects, &self.info.id, &self.info.name)
    }

    fn set_state(&mut self, state: &State) -> Result<(), PluginError> {
        if state.plugin != self.info.id {
            return Err(PluginError::State {
                plugin: self.info.name.clone(),
                reason: format!("it belongs to another plugin ({})", state.plugin),
            });
        }
        states::load(&self.objects, state, &self.info.name, StateType::Project)?;
        self.pending.clear();
        Ok(())
    }

    fn load_preset(&mut self, preset: &PresetFile) -> Result<(), PluginError> {
        states::load_preset(&self.objects, &self.info.id, &self.info.name, preset)?;
        self.pending.clear();
        Ok(())
    }

    fn save_preset(&mut self) -> Result<PresetFile, PluginError> {
        let state = self.state()?;
        Ok(states::to_preset(&self.class, state))
    }

    fn program_lists(&self) -> Vec<ProgramList> {
        let params = self.parameters.list();
        let selectors: Vec<(i32, ParamId)> = params
            .iter()
            .filter(|info| info.flags.program_change)
            .filter_map(|info| Some((self.parameters.unit_of(info.id)?, info.id)))
            .collect();
        self.units.program_lists(&selectors)
    }

    fn units(&self) -> Vec<String> {
        self.units.paths()
    }

    fn event_routing(&self) -> &[(u32, u32)] {
        &self.routing
    }

    fn controller_moved(&mut self, bus: u16, channel: i16, number: u16) -> bool {
        let learner = self.objects.controller.as_ref().and_then(|controller| controller.cast::<IMidiLearn>());
        learner.is_some_and(|learner| {
            // SAFETY: a live interface on the main thread.
            let result = unsafe { learner.onLiveMIDIControllerInput(i32::from(bus), channel, number as i16) };
            result == kResultOk
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // A processor that never came home: the plugin is stopped under it, which is only safe because nobody can be in
        // process() any more when the schedule that held it is gone.
        if self.active.is_some() {
            tracing::warn!(plugin = %self.info.name, "torn down while active");
            self.stop();
        }
    }
}
