//! L3 · preset files and programs of a plugin, by name.
//!
//! Thread: main. Invariant: names are names: nothing is read or written but ordinary files directly in the plugin's own preset
//! folders. Deliberately absent: other file formats.

use super::{CoreError, PresetRecord, ProgramListRecord, instance::Instance};
use crate::{
    audio_io::atomic_file::AtomicFile,
    formats::vst3::preset_folders,
    model::PluginInfo,
    plugin::{Controller, PresetFile, State, controller::ProgramList},
    security::check_name,
};
use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

/// Ending of the files.
const ENDING: &str = "vstpreset";
/// Larger ones are no presets.
const MOST_BYTES: u64 = 256 << 20;
/// More in one folder are not listed.
const MOST_FILES: usize = 10_000;

/// `[main]` The files, the user's own first; of equal names the first counts.
fn files(plugin: &PluginInfo) -> Vec<(PresetRecord, PathBuf)> {
    let own = preset_folders::own_folder(&plugin.vendor, &plugin.name);
    let mut found: Vec<(PresetRecord, PathBuf)> = Vec::new();
    for folder in preset_folders::folders(&plugin.vendor, &plugin.name) {
        let scope = if own.as_ref() == Some(&folder) { "user" } else { "shared" };
        let mut here: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().take(MOST_FILES).collect();
        here.sort_by_key(std::fs::DirEntry::file_name);
        for entry in here {
            let path = entry.path();
            let ending = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING));
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else { continue };
            if ending && path.is_file() && !found.iter().any(|(known, _)| known.name == name) {
                found.push((PresetRecord { name, scope }, path));
            }
        }
    }
    found
}

fn unreadable(path: &Path, error: &std::io::Error) -> CoreError {
    crate::control::RenderError::Read { path: path.to_path_buf(), reason: error.to_string() }.into()
}

fn read(path: &Path) -> Result<PresetFile, CoreError> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(PresetFile(bytes))
}

/// Parameter and value that choose a program.
fn selecting(list: &ProgramList, program: usize) -> Option<(crate::model::ParamId, f64)> {
    let last = list.programs.len().saturating_sub(1).max(1);
    Some((list.selector?, program as f64 / last as f64))
}

/// `[main]` What a name means: a preset file, or else a program.
enum Found {
    File(PresetFile),
    Program(crate::model::ParamId, f64),
}

fn find(controller: &dyn Controller, name: &str) -> Result<Found, CoreError> {
    if let Some((_, path)) = files(controller.plugin()).into_iter().find(|(record, _)| record.name == name) {
        return Ok(Found::File(read(&path)?));
    }
    let lists = controller.program_lists();
    let named = |list: &ProgramList| list.programs.iter().position(|program| program.eq_ignore_ascii_case(name.trim()));
    let found = lists.iter().find_map(|list| selecting(list, named(list)?));
    let unknown = || CoreError::NoPreset { plugin: controller.plugin().name.clone(), name: name.to_owned() };
    found.map(|(param, value)| Found::Program(param, value)).ok_or_else(unknown)
}

/// `[main]` Gives a fresh instance its settings: state, then preset.
pub(super) fn apply(
    controller: &mut dyn Controller,
    state: Option<&State>,
    preset: Option<&str>,
) -> Result<(), CoreError> {
    if let Some(state) = state {
        controller.set_state(state)?;
    }
    if let Some(name) = preset {
        match find(controller, name)? {
            Found::File(file) => controller.load_preset(&file)?,
            Found::Program(param, value) => controller.set_normalized(param, value)?,
        }
    }
    Ok(())
}

impl Instance {
    /// `[main]` Preset files of a plugin.
    pub fn presets(&self, member: usize) -> Result<Vec<PresetRecord>, CoreError> {
        let files = files(self.controller(member)?.plugin());
        Ok(files.into_iter().map(|(record, _)| record).collect())
    }

    /// `[main]` Loads a preset file or chooses a program, by name.
    pub fn load_preset(&mut self, member: usize, name: &str) -> Result<(), CoreError> {
        match find(self.controller(member)?, name)? {
            Found::File(file) => {
                // What was set before is old; what is on its way must not come after.
                self.settle()?;
                let _words = self.words("a preset was loaded");
                for copy in self.copies(member)? {
                    copy.load_preset(&file)?;
                }
                self.values_changed(member);
                Ok(())
            }
            Found::Program(param, value) => self.select(member, param, value),
        }
    }

    /// `[main]` Saves the present state into the user's folder.
    pub fn save_preset(&mut self, member: usize, name: &str, overwrite: bool) -> Result<PresetRecord, CoreError> {
        check_name(name).map_err(|why| CoreError::BadName { name: name.chars().take(100).collect(), why })?;
        self.settle()?;
        let plugin = self.controller(member)?.plugin().clone();
        let failed = |path: &Path, reason: String| CoreError::File { path: path.display().to_string(), reason };
        let folder = preset_folders::own_folder(&plugin.vendor, &plugin.name)
            .ok_or_else(|| failed(Path::new("the preset"), "there is no home folder".to_owned()))?;
        let path = folder.join(format!("{name}.{ENDING}"));
        if path.parent() != Some(&folder) {
            return Err(CoreError::BadName { name: name.to_owned(), why: "it leads out of the folder" });
        }
        let _words = self.words("a preset was saved");
        let Some(copy) = self.copies(member)?.next() else { return Err(CoreError::NoMember { member, plugins: 0 }) };
        let preset = copy.save_preset()?;
        std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error.to_string()))?;
        let file = AtomicFile::create(&path, overwrite).map_err(|error| failed(&path, error.to_string()))?;
        file.file().write_all(&preset.0).map_err(|error| failed(&path, error.to_string()))?;
        file.commit().map_err(|error| failed(&path, error.to_string()))?;
        Ok(PresetRecord { name: name.to_owned(), scope: "user" })
    }

    /// `[main]` Program lists of a plugin.
    pub fn programs(&self, member: usize) -> Result<Vec<ProgramListRecord>, CoreError> {
        let lists = self.controller(member)?.program_lists();
        let live = self.line.live();
        let record = |list: ProgramList| {
            let value = list.selector.and_then(|param| live.normalized(member, param).ok());
            let last = list.programs.len().saturating_sub(1);
            let current = value.map(|value| (value * last as f64).round() as usize);
            ProgramListRecord { id: list.id, name: list.name, programs: list.programs, current }
        };
        Ok(lists.into_iter().map(record).collect())
    }

    /// `[main]` Chooses a program.
    pub fn set_program(&mut self, member: usize, list: i32, program: usize) -> Result<(), CoreError> {
        let controller = self.controller(member)?;
        let lists = controller.program_lists();
        let found = lists.iter().find(|known| known.id == list).filter(|known| program < known.programs.len());
        let Some((param, value)) = found.and_then(|list| selecting(list, program)) else {
            let name = format!("{program} of list {list}");
            return Err(CoreError::NoPreset { plugin: controller.plugin().name.clone(), name });
        };
        self.select(member, param, value)
    }

    fn select(&mut self, member: usize, param: crate::model::ParamId, value: f64) -> Result<(), CoreError> {
        self.line.live().set_normalized(member, param, value)?;
        self.follow();
        // The other values follow when the plugin says so; where it says nothing, they are looked at here.
        self.values_changed(member);
        Ok(())
    }

    /// `[main]` Restores the states of all plugins.
    pub fn set_states(&mut self, states: &[State]) -> Result<(), CoreError> {
        let plugins = self.chain()?.lanes.len();
        if states.len() != plugins {
            let (expected, found) = (format!("one for each of the {plugins} plugins"), states.len().to_string());
            return Err(CoreError::Range { what: "the number of states", expected, found });
        }
        for (member, state) in states.iter().enumerate() {
            let plugin = self.controller(member)?.plugin();
            if plugin.id != state.plugin {
                let reason = format!("it belongs to another plugin ({})", state.plugin);
                return Err(crate::plugin::PluginError::State { plugin: plugin.name.clone(), reason }.into());
            }
        }
        self.settle()?;
        let _words = self.words("a state was restored");
        for (member, state) in states.iter().enumerate() {
            for copy in self.copies(member)? {
                copy.set_state(state)?;
            }
            self.values_changed(member);
        }
        Ok(())
    }
}
