//! L2 · factories.
#![allow(unsafe_code)]
use super::{module::Module, uid::Uid};
use crate::{
    model::{PluginInfo, PluginKind},
    plugin::PluginError,
};
use vst3::{ComPtr, Interface};

/// One class of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassInfo {
    /// Class id.
    pub uid: Uid,
    /// `Audio Module Class` and the like.
    pub category: String,
    /// Name.
    pub name: String,
    /// Maker; the factory's when the class gives none.
    pub vendor: String,
    /// Version text.
    pub version: String,
    /// SDK text.
    pub sdk: String,
    /// Sub-categories in order.
    pub categories: Vec<String>,
    /// What it is for.
    pub kind: PluginKind,
    /// Component and controller may live in different processes.
    pub distributable: bool,
    /// Simple I/O mode may be asked for.
    pub simple_mode: bool,
}

/// `[main]` All classes of a module, of every category.
pub fn classes(_module: &Module) -> Result<Vec<ClassInfo>, PluginError> {
    Ok(Vec::new())
}
/// `[main]` The plugins among the classes, as the catalog keeps them.
pub fn plugins(_module: &Module) -> Result<Vec<PluginInfo>, PluginError> {
    Ok(Vec::new())
}
/// `[main]` Creates an object of a class. `plugin` names it in errors.
pub fn create<I: Interface>(_module: &Module, _class: Uid, plugin: &str) -> Result<ComPtr<I>, PluginError> {
    Err(PluginError::Load { plugin: plugin.into(), step: "createInstance", result: "kNotImplemented".into() })
}
/// `[main]` The module's list of replaced class ids (JSON), if it has one.
pub fn compatibility(_module: &Module) -> Option<String> {
    None
}
