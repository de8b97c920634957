//! A plugin format: finds out what a file holds, and loads from it.

use super::{Controller, PluginError};
use crate::model::PluginInfo;
use std::path::Path;

/// One plugin format.
pub trait Format {
    /// `[main]` Runs the module's code to list its plugins. Only ever called in a process that may die.
    fn probe(&self, path: &Path) -> Result<Vec<PluginInfo>, PluginError>;

    /// `[main]` Loads one plugin, inactive. `offline` tells it from the start that it will never run in real time.
    fn load(&self, plugin: &PluginInfo, offline: bool) -> Result<Box<dyn Controller>, PluginError>;
}
