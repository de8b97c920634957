//! L2 · VST 3: modules, classes, and the objects a plugin expects of its host.
//!
//! Thread: everything here belongs to the main thread, except what a plugin may call from elsewhere (handler, proxy, data
//! exchange, messages) – those only queue – and the audio half of an instance.
//! Invariant: a plugin's code is entered by way of this folder only, and each callback it makes into us passes one door
//! ([`com::door`]). Deliberately absent: views.

mod activation;
pub mod attributes;
#[cfg_attr(target_os = "macos", path = "binary_mac.rs")]
#[cfg_attr(windows, path = "binary_win.rs")]
#[cfg_attr(all(unix, not(target_os = "macos")), path = "binary_linux.rs")]
mod binary;
mod buffers;
pub mod com;
pub mod consts;
mod context;
pub mod context_menu;
pub mod data_exchange;
mod event_list;
pub mod factory;
pub mod handler;
pub mod host_app;
pub mod instance;
mod interfaces;
mod layout;
pub mod main_cell;
#[cfg_attr(target_os = "macos", path = "main_loop_mac.rs")]
#[cfg_attr(windows, path = "main_loop_win.rs")]
#[cfg_attr(all(unix, not(target_os = "macos")), path = "main_loop_unix.rs")]
mod main_loop;
pub mod message;
mod midi_map;
pub mod module;
mod objects;
mod orphans;
mod param_changes;
mod parameters;
mod pending;
pub mod preset;
pub mod preset_folders;
pub mod processor;
pub mod proxy;
mod quiet;
mod restart;
mod room;
pub mod run_loop;
mod sounding;
mod states;
pub mod stream;
pub mod strings;
pub mod supported;
mod told;
pub mod uid;
pub mod units;

pub use instance::Instance;
pub use processor::Vst3Processor;

use crate::{
    model::PluginInfo,
    plugin::{Controller, Format, PluginError},
};
use std::path::Path;

/// The VST 3 format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vst3;

impl Format for Vst3 {
    fn probe(&self, path: &Path) -> Result<Vec<PluginInfo>, PluginError> {
        let module = module::Module::load(path)?;
        factory::plugins(&module)
    }

    fn load(&self, plugin: &PluginInfo, offline: bool) -> Result<Box<dyn Controller>, PluginError> {
        Ok(Box::new(Instance::load(plugin, offline)?))
    }
}
