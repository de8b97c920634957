//! L2 · opening a module's binary on macOS.
//!
//! Thread: main. Invariant: the library is never closed: Objective-C classes cannot be unloaded. `bundleEntry` and
//! `bundleExit` are required and begin with a small letter. Deliberately absent: finding the file.
#![allow(unsafe_code)]

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::{ffi::c_void, mem::ManuallyDrop, os::unix::ffi::OsStrExt, path::Path, ptr::null};
use vst3::Steinberg::IPluginFactory;

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    fn CFURLCreateFromFileSystemRepresentation(
        allocator: *const c_void,
        buffer: *const u8,
        length: isize,
        is_directory: u8,
    ) -> *const c_void;
    fn CFBundleCreate(allocator: *const c_void, url: *const c_void) -> *const c_void;
    fn CFRelease(object: *const c_void);
}

/// An opened library, its bundle and its entry points.
pub(super) struct Binary {
    bundle: *const c_void,
    entry: unsafe extern "C" fn(*const c_void) -> bool,
    exit: unsafe extern "C" fn() -> bool,
    factory: unsafe extern "system" fn() -> *mut IPluginFactory,
}

impl Binary {
    /// `[main]` Opens the file; the reason of a failure is a clause. Runs the library's static constructors.
    pub(super) fn open(bundle: &Path, file: &Path) -> Result<Self, String> {
        // SAFETY: runs foreign constructors, which is what the caller asked for; that they behave cannot be checked.
        let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(super::module::reason)?;
        let library = ManuallyDrop::new(library);
        // SAFETY: the documented signature of this symbol.
        let entry = unsafe { library.get(b"bundleEntry\0") }.map_err(|_| lacks("bundleEntry"))?;
        // SAFETY: the documented signature of this symbol.
        let exit = unsafe { library.get(b"bundleExit\0") }.map_err(|_| lacks("bundleExit"))?;
        // SAFETY: the documented signature of this symbol.
        let factory = unsafe { library.get(b"GetPluginFactory\0") }.map_err(|_| lacks("GetPluginFactory"))?;
        Ok(Self { bundle: bundle_ref(bundle)?, entry: *entry, exit: *exit, factory: *factory })
    }

    /// `[main]` The module's own entry. Required.
    pub(super) fn enter(&self) -> Result<(), String> {
        // SAFETY: the documented call, with a bundle that is never released; the library is open.
        if unsafe { (self.entry)(self.bundle) } { Ok(()) } else { Err("its bundleEntry answered no".into()) }
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

/// The system's object for a bundle folder. Kept for ever, as the library is.
fn bundle_ref(path: &Path) -> Result<*const c_void, String> {
    let bytes = path.as_os_str().as_bytes();
    let length = isize::try_from(bytes.len()).map_err(|_| "has too long a path".to_owned())?;
    // SAFETY: pointer and length of one slice; a null allocator is the default one.
    let url = unsafe { CFURLCreateFromFileSystemRepresentation(null(), bytes.as_ptr(), length, 1) };
    if url.is_null() {
        return Err("has a path that macOS cannot express".into());
    }
    // SAFETY: `url` is a live CFURL.
    let bundle = unsafe { CFBundleCreate(null(), url) };
    // SAFETY: created above, released once; the bundle keeps its own reference.
    unsafe { CFRelease(url) };
    if bundle.is_null() { Err("is not a bundle for macOS".into()) } else { Ok(bundle) }
}

fn lacks(symbol: &str) -> String {
    format!("does not export {symbol}, so it is not a VST3 module")
}
