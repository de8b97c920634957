//! L2 · opening a module's binary on Windows.
//!
//! Thread: main. Invariant: the library is never freed: threads and thread-local data of plugins do not survive it.
//! Deliberately absent: finding the file.
#![allow(unsafe_code)]

use libloading::os::windows::{LOAD_WITH_ALTERED_SEARCH_PATH, Library};
use std::{mem::ManuallyDrop, path::Path};
use vst3::Steinberg::IPluginFactory;

/// An opened library and its entry points.
pub(super) struct Binary {
    entry: Option<unsafe extern "C" fn() -> bool>,
    exit: Option<unsafe extern "C" fn() -> bool>,
    factory: unsafe extern "system" fn() -> *mut IPluginFactory,
}

impl Binary {
    /// `[main]` Opens the file; the reason of a failure is a clause. Runs the library's `DllMain`.
    pub(super) fn open(_bundle: &Path, file: &Path) -> Result<Self, String> {
        // Libraries beside the plugin are found as if it were the program. Plugins that ask where they live often cannot
        // cope with the prefix `\\?\` of canonical paths.
        // SAFETY: runs foreign code, which is what the caller asked for; that it behaves cannot be checked.
        let library = unsafe { Library::load_with_flags(dunce::simplified(file), LOAD_WITH_ALTERED_SEARCH_PATH) };
        let library = ManuallyDrop::new(library.map_err(super::module::reason)?);
        // SAFETY: the documented signature of this symbol.
        let entry = unsafe { library.get(b"InitDll\0") }.ok().map(|symbol| *symbol);
        // SAFETY: the documented signature of this symbol.
        let exit = unsafe { library.get(b"ExitDll\0") }.ok().map(|symbol| *symbol);
        // SAFETY: the documented signature of this symbol.
        let factory = unsafe { library.get(b"GetPluginFactory\0") }
            .map_err(|_| "does not export GetPluginFactory, so it is not a VST3 module".to_owned())?;
        Ok(Self { entry, exit, factory: *factory })
    }

    /// `[main]` The module's own entry, if it has one.
    pub(super) fn enter(&self) -> Result<(), String> {
        match self.entry {
            // SAFETY: the documented call; the library is open.
            Some(entry) if !unsafe { entry() } => Err("its InitDll answered no".into()),
            _ => Ok(()),
        }
    }

    /// `[main]` The factory, one reference handed over; null if the module has none to give.
    pub(super) fn factory(&self) -> *mut IPluginFactory {
        // SAFETY: the documented call, after `enter`.
        unsafe { (self.factory)() }
    }

    /// `[main]` The module's own exit, after everything of it has been released.
    pub(super) fn leave(&self) {
        if let Some(exit) = self.exit {
            // SAFETY: the documented call; the library is open.
            unsafe { exit() };
        }
    }
}
