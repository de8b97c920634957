//! L3 · what a plugin is set to before it plays: state, then preset, then parameters.
//!
//! Thread: main. Invariant: a setting that did nothing is told, one that cannot be right is an error.

use super::{param_text, render_error::RenderError, render_job::PluginUse};
use crate::plugin::{Controller, PresetFile, State};
use std::path::Path;

/// `[main]` Sets everything. The answer is what the user should know.
pub(super) fn apply(controller: &mut dyn Controller, usage: &PluginUse) -> Result<Option<String>, RenderError> {
    let warning = match &usage.state {
        Some(path) => apply_state(controller, path)?,
        None => None,
    };
    if let Some(preset) = &usage.preset {
        apply_preset(controller, preset)?;
    }
    for (name, value) in &usage.params {
        let (id, normalized) = {
            let param = param_text::find(controller, name)?;
            (param.id, param_text::value(controller, param, value)?)
        };
        controller.set_normalized(id, normalized)?;
    }
    Ok(warning)
}

/// The bytes of a component's state can be anything, so what is surely something else is refused, and what made no
/// difference is told.
fn apply_state(controller: &mut dyn Controller, path: &Path) -> Result<Option<String>, RenderError> {
    let bytes = read_file(path)?;
    if bytes.starts_with(b"VST3") {
        controller.load_preset(&PresetFile(bytes))?;
        return Ok(None);
    }
    let name = controller.plugin().name.clone();
    if let Some(what) = something_else(&bytes) {
        return Err(RenderError::NoState { plugin: name, path: path.to_path_buf(), what });
    }
    let before = controller.state()?;
    let state = State { plugin: controller.plugin().id.clone(), component: bytes, controller: Vec::new() };
    controller.set_state(&state)?;
    let unmoved = state.component != before.component && controller.state()? == before;
    Ok(unmoved
        .then(|| format!("{name} took the state {}, but is as it was before; is it one of its own?", path.display())))
}

/// What a file is that is surely no plugin's state.
fn something_else(bytes: &[u8]) -> Option<&'static str> {
    let riff = matches!(bytes.get(..4), Some(b"RIFF" | b"RF64")) && bytes.get(8..12) == Some(b"WAVE");
    let aiff = bytes.starts_with(b"FORM") && matches!(bytes.get(8..12), Some(b"AIFF" | b"AIFC"));
    match bytes {
        [] => Some("an empty file"),
        _ if riff || aiff => Some("a sound file"),
        [b'f', b'L', b'a', b'C', ..] | [b'O', b'g', b'g', b'S', ..] | [b'I', b'D', b'3', ..] => Some("a sound file"),
        [b'M', b'T', b'h', b'd', ..] => Some("a MIDI file"),
        [b'C', b'c', b'n', b'K', ..] => Some("a preset of VST 2"),
        _ => None,
    }
}

/// A preset is a file, or the name of one of the plugin's own programs.
fn apply_preset(controller: &mut dyn Controller, preset: &Path) -> Result<(), RenderError> {
    if preset.is_file() {
        return Ok(controller.load_preset(&PresetFile(read_file(preset)?))?);
    }
    let wanted = preset.to_string_lossy();
    for list in controller.program_lists() {
        let Some(selector) = list.selector else { continue };
        if let Some(at) = list.programs.iter().position(|name| name.eq_ignore_ascii_case(wanted.trim())) {
            let last = list.programs.len().saturating_sub(1).max(1);
            controller.set_normalized(selector, at as f64 / last as f64)?;
            return Ok(());
        }
    }
    Err(RenderError::NoPreset { plugin: controller.plugin().name.clone(), preset: wanted.into_owned() })
}

fn read_file(path: &Path) -> Result<Vec<u8>, RenderError> {
    std::fs::read(path).map_err(|error| RenderError::Read { path: path.to_path_buf(), reason: error.to_string() })
}
