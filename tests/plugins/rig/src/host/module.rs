//! Loading a module the way the platform asks for. Thread: main. Invariant: the library is never unloaded.

use std::{
    ffi::c_void,
    path::{Path, PathBuf},
};
use vst3::{
    ComPtr,
    Steinberg::{IPluginFactory, IPluginFactoryTrait, PClassInfo},
};

/// A loaded module.
pub struct Module {
    library: &'static libloading::Library,
    factory: Option<ComPtr<IPluginFactory>>,
}

impl Module {
    /// `[main]` Loads a library, enters it and asks for its factory.
    pub fn load(path: &Path) -> Result<Self, String> {
        let (library, handle) = open(path)?;
        if let Some(entry) = entry(library)
            && !entry(handle)
        {
            return Err("the entry function refused".into());
        }
        type Get = unsafe extern "system" fn() -> *mut IPluginFactory;
        let get = unsafe { library.get::<Get>("GetPluginFactory") }.map_err(|error| error.to_string())?;
        let factory = unsafe { ComPtr::from_raw(get()) };
        Ok(Self { library, factory })
    }

    /// `[main]` The factory, unless the module gave none.
    pub fn factory(&self) -> Option<&ComPtr<IPluginFactory>> {
        self.factory.as_ref()
    }

    /// `[main]` Class ids and names in the factory's order; at most 64 are asked for.
    pub fn classes(&self) -> Vec<PClassInfo> {
        let Some(factory) = &self.factory else { return Vec::new() };
        let count = unsafe { factory.countClasses() }.clamp(0, 64);
        (0..count)
            .filter_map(|index| {
                let mut info: PClassInfo = unsafe { std::mem::zeroed() };
                (unsafe { factory.getClassInfo(index, &mut info) } == 0).then_some(info)
            })
            .collect()
    }

    /// `[any]` An exported function by name.
    pub fn function<F: Copy>(&self, name: &str) -> Option<F> {
        unsafe { self.library.get::<F>(name) }.ok().map(|symbol| *symbol)
    }

    /// `[main]` Whether the module has an entry function.
    pub fn has_entry(&self) -> bool {
        entry(self.library).is_some()
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.factory = None;
        let name = if cfg!(windows) {
            "ExitDll"
        } else if cfg!(target_os = "macos") {
            "bundleExit"
        } else {
            "ModuleExit"
        };
        if let Some(exit) = self.function::<unsafe extern "system" fn() -> bool>(name) {
            unsafe { exit() };
        }
    }
}

#[cfg(unix)]
fn open(path: &Path) -> Result<(&'static libloading::Library, *mut c_void), String> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| error.to_string())?;
    let handle = library.into_raw();
    let library = unsafe { Library::from_raw(handle) };
    Ok((Box::leak(Box::new(library.into())), handle))
}

#[cfg(windows)]
fn open(path: &Path) -> Result<(&'static libloading::Library, *mut c_void), String> {
    let library = unsafe { libloading::Library::new(path) }.map_err(|error| error.to_string())?;
    Ok((Box::leak(Box::new(library)), std::ptr::null_mut()))
}

fn entry(library: &'static libloading::Library) -> Option<Box<dyn Fn(*mut c_void) -> bool>> {
    #[cfg(windows)]
    {
        let entry = unsafe { library.get::<unsafe extern "system" fn() -> bool>("InitDll") }.ok()?;
        let entry = *entry;
        Some(Box::new(move |_| unsafe { entry() }))
    }
    #[cfg(not(windows))]
    {
        let name = if cfg!(target_os = "macos") { "bundleEntry" } else { "ModuleEntry" };
        let entry = unsafe { library.get::<unsafe extern "system" fn(*mut c_void) -> bool>(name) }.ok()?;
        let entry = *entry;
        Some(Box::new(move |handle| unsafe { entry(handle) }))
    }
}

/// `[any]` The library of a fixture crate as Cargo built it, found from the running test binary. Panics when it is missing:
/// a test must not pass because its fixture was not built.
pub fn built_library(crate_name: &str) -> PathBuf {
    let file = format!("{}{}{}", std::env::consts::DLL_PREFIX, crate_name, std::env::consts::DLL_SUFFIX);
    let binary = std::env::current_exe().expect("the test binary has a path");
    let found = binary.ancestors().skip(1).take(2).map(|folder| folder.join(&file)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{file} was not built next to {}", binary.display()))
}

/// `[any]` Copies a built library to `folder` as it would lie in a bundle called `name`, and returns the copy. A copy has its
/// own statics, so tests that use different copies do not disturb each other.
pub fn install(crate_name: &str, folder: &Path, name: &str) -> PathBuf {
    let suffix = if cfg!(target_os = "macos") {
        ""
    } else if cfg!(windows) {
        ".vst3"
    } else {
        ".so"
    };
    let copy = folder.join(format!("{name}{suffix}"));
    std::fs::copy(built_library(crate_name), &copy).expect("the fixture can be copied");
    copy
}
