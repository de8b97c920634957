//! L2 · a loaded VST3 plugin: the main-thread half.
//!
//! Thread: main. Invariant: the component's state is what `active` says, and it is left before anything is torn down.
//! Deliberately absent: starting and stopping ([`super::activation`]) and what the plugin calls back ([`super::restart`]).
#![allow(unsafe_code)]

use super::{
    consts, interfaces, layout, midi_map::MidiMap, objects::Objects, orphans, parameters::Parameters, pending::Pending,
    run_loop, states, stream::StateType, uid::Uid, units::Units,
};
use crate::{
    model::{ParamId, ParamInfo, ParamPoint, PluginInfo},
    plugin::{
        Controller, Layout, LayoutRequest, Notice, PluginError, PresetFile, Processor, Setup, State, Tail,
        controller::ProgramList,
    },
};
use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    time::Duration,
};
use vst3::Steinberg::{
    Vst::{IAudioProcessorTrait, IMidiLearn, IMidiLearnTrait},
    kResultOk,
};

/// A loaded VST3 plugin.
pub struct Instance {
    pub(super) info: PluginInfo,
    pub(super) class: Uid,
    pub(super) offline: bool,
    pub(super) layout: Layout,
    pub(super) request: Option<LayoutRequest>,
    pub(super) units: Units,
    pub(super) parameters: Parameters,
    pub(super) midi: Arc<MidiMap>,
    /// Values set while inactive: the component hears of them at the next activation.
    pub(super) pending: Pending,
    pub(super) active: Option<Active>,
    pub(super) latency: u32,
    pub(super) tail: Tail,
    pub(super) routing: Vec<(u32, u32)>,
    pub(super) context_needs: u32,
    pub(super) gestures: super::restart::Gestures,
    /// What happened outside of `poll`, for the next one.
    pub(super) late: Vec<Notice>,
    /// Last: everything above may hold interfaces of it. Shared with the orphans only.
    pub(super) objects: Rc<Objects>,
}

/// What is known while the component is active.
pub(super) struct Active {
    pub setup: Setup,
    pub reports: rtrb::Consumer<ParamPoint>,
    /// The audio half was dropped.
    pub gone: Arc<AtomicBool>,
    /// A state was loaded since: what was set before is old.
    pub state_loaded: Arc<AtomicBool>,
}

impl Instance {
    /// `[main]` Loads a plugin and leaves it inactive.
    pub fn load(info: &PluginInfo, offline: bool) -> Result<Self, PluginError> {
        orphans::bury();
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
        let context_needs = objects.context_needs();
        let instance = Self {
            info: info.clone(),
            class,
            offline,
            request: None,
            units,
            parameters,
            midi,
            pending: Pending::default(),
            active: None,
            latency: 0,
            tail: Tail::None,
            routing: layout::routing(&objects, &layout),
            layout,
            context_needs,
            gestures: super::restart::Gestures::default(),
            late: Vec::new(),
            objects: Rc::new(objects),
        };
        instance.rebuild_midi();
        Ok(instance)
    }

    pub(super) fn rebuild_midi(&self) {
        self.midi.rebuild(self.objects.controller.as_ref());
    }

    /// `[main]` Bits of the process context the plugin asked for (`IProcessContextRequirements`).
    pub fn context_needs(&self) -> u32 {
        self.context_needs
    }

    pub(super) fn wrong_state(&self, what: &'static str) -> PluginError {
        let state = if self.active.is_some() { "active" } else { "inactive" };
        PluginError::WrongState { plugin: self.info.name.clone(), what, state }
    }

    /// What was set before a state was loaded is old.
    fn forget_pending(&mut self) {
        self.pending.take();
        self.midi.mark_stale();
        if let Some(active) = &self.active {
            active.state_loaded.store(true, Release);
        }
    }

    pub(super) fn drain_reports(&mut self, notices: &mut Vec<Notice>) {
        let Some(active) = &mut self.active else { return };
        // A meter moves in every block; only where it ended up matters to the controller.
        let mut last: Pending = std::iter::from_fn(|| active.reports.pop().ok()).collect();
        for ParamPoint { param, value, .. } in last.take() {
            if self.parameters.follow(param, value) {
                notices.push(Notice::Output(param, value));
            }
        }
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
        self.start(setup)
    }

    fn deactivate(&mut self, processor: Box<dyn Processor>) -> Result<(), PluginError> {
        drop(self.take_home(processor)?);
        let mut late = std::mem::take(&mut self.late);
        self.drain_reports(&mut late);
        self.late = late;
        self.stop();
        Ok(())
    }

    fn restart(&mut self, processor: Box<dyn Processor>) -> Result<Box<dyn Processor>, PluginError> {
        let Some(setup) = self.active.as_ref().map(|active| active.setup) else {
            return Err(self.wrong_state("restarting"));
        };
        self.deactivate(processor)?;
        self.redo(self.gestures.need())?;
        let processor = self.start(&setup)?;
        // Owed until here: a restart that failed half-way is done by the next one.
        self.gestures.need_is_met();
        Ok(processor)
    }

    fn latency(&self) -> u32 {
        self.latency
    }

    fn tail(&self) -> Tail {
        self.tail
    }

    fn ask_tail(&mut self) -> Tail {
        if self.active.is_some() {
            self.tail = self.declared_tail();
        }
        self.tail
    }

    fn offers_f64(&self) -> bool {
        // SAFETY: a live interface on the main thread.
        unsafe { self.objects.processor.canProcessSampleSize(consts::SAMPLE_64) == kResultOk }
    }

    fn poll(&mut self) -> Vec<Notice> {
        run_loop::pump(Duration::ZERO);
        orphans::bury();
        let mut notices = std::mem::take(&mut self.late);
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
            self.pending.set(param, value);
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
        self.forget_pending();
        Ok(())
    }

    fn load_preset(&mut self, preset: &PresetFile) -> Result<(), PluginError> {
        states::load_preset(&self.objects, &self.info.id, &self.info.name, preset)?;
        self.forget_pending();
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
        match self.active.take() {
            // The audio half is somewhere, perhaps in the middle of a block: the plugin is stopped when it is gone.
            Some(active) if !active.gone.load(Acquire) => orphans::keep(Rc::clone(&self.objects), active.gone),
            Some(_) => self.objects.stop(),
            None => {}
        }
    }
}
