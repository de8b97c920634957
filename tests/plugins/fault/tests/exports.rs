//! The libraries that lack an exported function lack exactly that one.

#![cfg(unix)]

use plugin_rig::host::{Module, built_library};

/// Whether the library exports entry, exit and factory function.
fn exports(crate_name: &str) -> [bool; 3] {
    let names = if cfg!(target_os = "macos") { ["bundleEntry", "bundleExit"] } else { ["ModuleEntry", "ModuleExit"] };
    // SAFETY: the fixtures run nothing when they are loaded.
    let library = unsafe { libloading::Library::new(built_library(crate_name)) }.expect("the library loads");
    // SAFETY: the symbols are looked at, not called.
    [names[0], names[1], "GetPluginFactory"].map(|name| unsafe { library.get::<unsafe extern "C" fn()>(name) }.is_ok())
}

#[test]
fn each_lacks_what_it_is_named_after() {
    assert_eq!(exports("fault"), [true, true, true]);
    assert_eq!(exports("fault_no_entry"), [false, true, true]);
    assert_eq!(exports("fault_no_exit"), [true, false, true]);
    assert_eq!(exports("fault_no_factory"), [true, true, false]);
}

#[test]
fn a_missing_factory_is_told() {
    assert!(Module::load(&built_library("fault_no_factory")).is_err());
    let module = Module::load(&built_library("fault_no_entry")).expect("the bare host is forgiving");
    assert!(!module.has_entry() && module.classes().len() == 1);
}
