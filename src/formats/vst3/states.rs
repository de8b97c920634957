//! L2 · state and presets of an instance.
//!
//! Thread: main, in any state of the plugin, also while it processes.
//! Invariant: loading is component, then controller with the component's bytes, then controller with its own.
#![allow(unsafe_code)]

use super::{
    com::result_name,
    objects::Objects,
    preset::Preset,
    programs,
    stream::{MemoryStream, StateType, StreamAttributes},
    uid::Uid,
};
use crate::{
    model::PluginId,
    plugin::{PluginError, PresetFile, State},
};
use vst3::Steinberg::{
    Vst::{IComponentTrait, IEditControllerTrait},
    kNotImplemented, kResultOk,
};

/// `[main]` Saves both halves.
pub(super) fn save(objects: &Objects, plugin: &PluginId, name: &str) -> Result<State, PluginError> {
    let stream = MemoryStream::writer(&StreamAttributes::default());
    // SAFETY: a live interface on the main thread; the stream lives past the call.
    let result = unsafe { objects.component.getState(MemoryStream::raw(&stream)) };
    let refused = |reason: String| PluginError::State { plugin: name.to_owned(), reason };
    if stream.overflowed() {
        return Err(refused("it wrote more than a state may have".to_owned()));
    }
    if result != kResultOk && result != kNotImplemented {
        return Err(refused(format!("saving it failed with {}", result_name(result))));
    }
    let component = stream.take();
    let mut controller = Vec::new();
    if let Some(other) = objects.controller.as_ref().filter(|_| !objects.single) {
        let stream = MemoryStream::writer(&StreamAttributes::default());
        // SAFETY: as above.
        let result = unsafe { other.getState(MemoryStream::raw(&stream)) };
        if stream.overflowed() {
            return Err(refused("its controller wrote more than a state may have".to_owned()));
        }
        // A controller without a state of its own is common, whatever it answers.
        if result == kResultOk {
            controller = stream.take();
        }
    }
    Ok(State { plugin: plugin.clone(), component, controller })
}

/// `[main]` Restores both halves.
pub(super) fn load(objects: &Objects, state: &State, name: &str, kind: StateType) -> Result<(), PluginError> {
    let about = StreamAttributes { state: kind, file: None };
    if !state.component.is_empty() {
        let stream = MemoryStream::reader(state.component.clone(), &about);
        // SAFETY: a live interface on the main thread; the stream lives past the call.
        let result = unsafe { objects.component.setState(MemoryStream::raw(&stream)) };
        // Some plugins refuse the empty state they themselves saved (DPF's without parameters): what they have already
        // need not be loaded.
        let refused = result != kResultOk && result != kNotImplemented;
        if refused && !has_already(objects, &state.component) {
            return Err(PluginError::State {
                plugin: name.to_owned(),
                reason: format!("the plugin refused it with {}", result_name(result)),
            });
        }
    }
    let Some(controller) = &objects.controller else { return Ok(()) };
    if !state.component.is_empty() && !objects.single {
        let stream = MemoryStream::reader(state.component.clone(), &about);
        // SAFETY: as above. Refusal only means that the controller learns its values in another way.
        unsafe { controller.setComponentState(MemoryStream::raw(&stream)) };
    }
    if !state.controller.is_empty() && !objects.single {
        let stream = MemoryStream::reader(state.controller.clone(), &about);
        // SAFETY: as above.
        unsafe { controller.setState(MemoryStream::raw(&stream)) };
    }
    Ok(())
}

fn has_already(objects: &Objects, component: &[u8]) -> bool {
    let stream = MemoryStream::writer(&StreamAttributes::default());
    // SAFETY: a live interface on the main thread; the stream lives past the call.
    let result = unsafe { objects.component.getState(MemoryStream::raw(&stream)) };
    result == kResultOk && stream.take() == component
}

/// `[main]` Loads a `.vstpreset`.
pub(super) fn load_preset(
    objects: &Objects,
    plugin: &PluginId,
    name: &str,
    file: &PresetFile,
    selected: impl Fn(i32) -> i32,
) -> Result<(), PluginError> {
    let refused = |reason: String| PluginError::State { plugin: name.to_owned(), reason };
    let preset = Preset::parse(&file.0).map_err(|error| refused(error.to_string()))?;
    let owner = preset.class.plugin_id();
    if owner != *plugin {
        return Err(refused(format!("the preset belongs to another plugin ({owner})")));
    }
    let state = State {
        plugin: plugin.clone(),
        component: preset.component,
        controller: preset.controller.unwrap_or_default(),
    };
    load(objects, &state, name, StateType::Preset)?;
    preset.programs.iter().try_for_each(|chunk| programs::load(objects, name, chunk, &selected))
}

/// `[main]` A state as a `.vstpreset`.
pub(super) fn to_preset(class: &Uid, state: State) -> PresetFile {
    let controller = (!state.controller.is_empty()).then_some(state.controller);
    let preset = Preset { class: *class, component: state.component, controller, info: None, programs: Vec::new() };
    PresetFile(preset.to_bytes())
}
