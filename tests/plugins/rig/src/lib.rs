//! What the recorder and the fault plugins share, and a bare host ([`host`]) to try them with.
//! Thread: any. Invariant: nothing here misbehaves by itself; misbehaving is the business of the plugins.
//! Deliberately absent: comfort. The plugins built on this must be able to break every rule, so nothing stands between them
//! and the bindings.
//!
//! Safety: every pointer handled here comes from the other side of a VST3 call and is valid for that call by its contract.
//! That one sentence would be the comment on each block, so the lint that asks for it is off.
#![allow(clippy::undocumented_unsafe_blocks, reason = "one contract for all, stated above")]

pub mod bare;
pub mod call;
pub mod host;
pub mod identity;
pub mod stream;
pub mod text;

/// The category of classes that process audio.
pub const AUDIO_EFFECT: &str = "Audio Module Class";
/// The category of controllers that are classes of their own.
pub const CONTROLLER: &str = "Component Controller Class";
/// The category of the class that names predecessors.
pub const COMPATIBILITY: &str = "Plugin Compatibility Class";
/// The vendor of all fixtures.
pub const VENDOR: &str = "Sonic-Core Tests";
/// The version of the interfaces the fixtures are written against.
pub const SDK_VERSION: &str = "VST 3.8.0";

/// Exports the entry points of a module under their names on each system. `$entry` takes the system's handle (null on
/// Windows) and answers whether to go on, `$exit` takes nothing, `$factory` returns a factory with one reference or null.
#[macro_export]
macro_rules! export_module {
    ($entry:path, $exit:path, $factory:path) => {
        $crate::export_entry!($entry);
        $crate::export_exit!($exit);
        $crate::export_factory!($factory);
    };
}

/// Exports only the entry function of a module.
#[macro_export]
macro_rules! export_entry {
    ($entry:path) => {
        /// `[main]` Called right after loading.
        #[cfg(all(unix, not(target_os = "macos")))]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn ModuleEntry(handle: *mut ::std::ffi::c_void) -> bool {
            $entry(handle)
        }
        /// `[main]` Called right after loading.
        #[cfg(target_os = "macos")]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn bundleEntry(handle: *mut ::std::ffi::c_void) -> bool {
            $entry(handle)
        }
        /// `[main]` Called right after loading.
        #[cfg(windows)]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn InitDll() -> bool {
            $entry(::std::ptr::null_mut())
        }
    };
}

/// Exports only the exit function of a module.
#[macro_export]
macro_rules! export_exit {
    ($exit:path) => {
        /// `[main]` Called right before unloading.
        #[cfg(all(unix, not(target_os = "macos")))]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn ModuleExit() -> bool {
            $exit()
        }
        /// `[main]` Called right before unloading.
        #[cfg(target_os = "macos")]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn bundleExit() -> bool {
            $exit()
        }
        /// `[main]` Called right before unloading.
        #[cfg(windows)]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn ExitDll() -> bool {
            $exit()
        }
    };
}

/// Exports only the factory function of a module.
#[macro_export]
macro_rules! export_factory {
    ($factory:path) => {
        /// `[main]` The factory, with a reference for the caller.
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn GetPluginFactory() -> *mut ::vst3::Steinberg::IPluginFactory {
            $factory()
        }
    };
}
