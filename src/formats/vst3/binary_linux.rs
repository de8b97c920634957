//! L2 · opening a module's binary on Linux.
//!
//! Thread: main. Invariant: the library is never closed: static destructors, threads and thread-local data of plugins do not
//! survive it. Deliberately absent: finding the file ([`crate::plugin::bundle`]).
#![allow(unsafe_code)]

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::{ffi::c_void, mem::ManuallyDrop, path::Path};
use vst3::Steinberg::IPluginFactory;

/// An opened library and its entry points.
pub(super) struct Binary {
    handle: *mut c_void,
    entry: unsafe extern "C" fn(*mut c_void) -> bool,
    exit: unsafe extern "C" fn() -> bool,
    factory: unsafe extern "system" fn() -> *mut IPluginFactory,
}

impl Binary {
    /// `[main]` Opens the file; the reason of a failure is a clause. Runs the library's static constructors.
    pub(super) fn open(_bundle: &Path, file: &Path) -> Result<Self, String> {
        // SAFETY: runs foreign constructors, which is what the caller asked for; that they behave cannot be checked.
        let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(super::module::reason)?;
        let handle = library.into_raw();
        // SAFETY: the handle comes from `into_raw`; it stays open for ever, also when we return early.
        let library = ManuallyDrop::new(unsafe { Library::from_raw(handle) });
        // SAFETY: the documented signature of this symbol.
        let entry = unsafe { library.get(b"ModuleEntry\0") }.map_err(|_| lacks("ModuleEntry"))?;
        // SAFETY: the documented signature of this symbol.
        let exit = unsafe { library.get(b"ModuleExit\0") }.map_err(|_| lacks("ModuleExit"))?;
        // SAFETY: the documented signature of this symbol.
        let factory = unsafe { library.get(b"GetPluginFactory\0") }.map_err(|_| lacks("GetPluginFactory"))?;
        Ok(Self { handle, entry: *entry, exit: *exit, factory: *factory })
    }

    /// `[main]` The module's own entry. Required.
    pub(super) fn enter(&self) -> Result<(), String> {
        // SAFETY: the documented call, with the real handle; the library is open.
        if unsafe { (self.entry)(self.handle) } { Ok(()) } else { Err("its ModuleEntry answered no".into()) }
    }

    /// `[main]` The factory, one reference handed over; null if the module has none to give.
    pub(super) fn factory(&self) -> *mut IPluginFactory {
        // SAFETY: the documented call, after `enter`.
        unsafe { (self.factory)() }
    }

    /// `[main]` The module's own exit, after everything of it has been released.
    pub(super) fn leave(&self) {
        // SAFETY: the documented call; the library is open.
        unsafe { (self.exit)() };
    }
}

fn lacks(symbol: &str) -> String {
    format!("does not export {symbol}, so it is not a VST3 module")
}
