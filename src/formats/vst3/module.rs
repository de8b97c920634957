//! L2 · modules.
#![allow(unsafe_code)]
use crate::plugin::PluginError;
use std::{
    path::{Path, PathBuf},
    rc::Rc,
};
use vst3::{ComPtr, Steinberg::IPluginFactory};

/// A loaded module.
pub struct Module {
    path: PathBuf,
    factory: ComPtr<IPluginFactory>,
}

impl Module {
    /// `[main]` Loads a bundle, or shares it when it is loaded already.
    pub fn load(path: &Path) -> Result<Rc<Self>, PluginError> {
        Err(PluginError::Module { path: path.into(), reason: "cannot be loaded by this build".into() })
    }
    /// `[main]` Where it was loaded from, canonical.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// `[main]` Its classes.
    pub fn factory(&self) -> &ComPtr<IPluginFactory> {
        &self.factory
    }
}
