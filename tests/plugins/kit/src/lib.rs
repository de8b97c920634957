//! The plugin side of VST3, just large enough for our demo plugins.
//!
//! A plugin is a [`Plugin`] table (names, buses, parameters, programs) and a [`Dsp`] (sound, nothing else). The kit turns
//! both into COM objects; [`export!`] turns them into a module that a host can load. Files, from the inside out:
//!
//! | file | what |
//! |---|---|
//! | `param` `text` `plugin` | the tables, and values ↔ text |
//! | `dsp` `smooth` | what a plugin's sound is written against |
//! | `curve` `runner` `exclusive` | the audio half: points, chunks, bypass, silence flags |
//! | `state` | saved values |
//! | `object` + one file per interface | the COM half |
//! | `factory` `module_info` | how a host finds the classes |
//! | `rig` | a small host for tests (feature `rig`) |
//!
//! Deliberately absent: editor windows, several plugins in one module, latency (none of our plugins needs one).

mod component;
mod connection;
mod controller;
mod curve;
mod door;
mod dsp;
mod exclusive;
mod factory;
mod midi;
mod module_info;
mod object;
mod param;
mod plugin;
mod processor;
#[cfg(feature = "rig")]
pub mod rig;
mod runner;
mod smooth;
mod state;
mod text;
mod units;
mod wide;

pub use dsp::{Config, Dsp, Event, Io, Transport, flush};
pub use factory::factory;
pub use module_info::module_info;
pub use param::{Param, Role, Taper, discrete, list, number, steps, switch};
pub use plugin::{Bus, Expression, Layouts, Plugin, Program, Uid, VENDOR, need};
pub use smooth::Smooth;
pub use text::Text;
pub use vst3;

/// Exports the functions a VST3 module must have, for a `fn() -> &'static Plugin`.
///
/// On macOS the names start with a lower-case letter; hosts refuse a bundle without them.
#[macro_export]
macro_rules! export {
    ($plugin:path) => {
        /// Gives the host a new reference to the factory.
        #[unsafe(no_mangle)]
        pub extern "system" fn GetPluginFactory() -> *mut $crate::vst3::Steinberg::IPluginFactory {
            $crate::factory($plugin)
        }

        /// Writes `moduleinfo.json` for this module (at most `len` bytes) and answers its full length.
        ///
        /// # Safety
        /// `buffer` is null or has room for `len` bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn sonic_module_info(buffer: *mut u8, len: usize) -> usize {
            let text = $crate::module_info($plugin());
            if !buffer.is_null() {
                // SAFETY: the caller gives `len` writable bytes; the text is a fresh allocation.
                unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer, text.len().min(len)) };
            }
            text.len()
        }

        /// Called by the host after loading.
        #[cfg(all(unix, not(target_os = "macos")))]
        #[unsafe(no_mangle)]
        pub extern "system" fn ModuleEntry(_library: *mut std::ffi::c_void) -> bool {
            true
        }

        /// Called by the host before unloading.
        #[cfg(all(unix, not(target_os = "macos")))]
        #[unsafe(no_mangle)]
        pub extern "system" fn ModuleExit() -> bool {
            true
        }

        /// Called by the host after loading.
        #[cfg(target_os = "macos")]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn bundleEntry(_bundle: *mut std::ffi::c_void) -> bool {
            true
        }

        /// Called by the host before unloading.
        #[cfg(target_os = "macos")]
        #[unsafe(no_mangle)]
        #[allow(non_snake_case)]
        pub extern "system" fn bundleExit() -> bool {
            true
        }

        /// Called by the host after loading.
        #[cfg(windows)]
        #[unsafe(no_mangle)]
        pub extern "system" fn InitDll() -> bool {
            true
        }

        /// Called by the host before unloading.
        #[cfg(windows)]
        #[unsafe(no_mangle)]
        pub extern "system" fn ExitDll() -> bool {
            true
        }
    };
}
