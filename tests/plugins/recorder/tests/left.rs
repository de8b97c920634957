//! What is written when the module is left. Alone in its binary, for it changes the environment.

#![allow(clippy::undocumented_unsafe_blocks, reason = "a bare host calling a fixture")]

mod support;

use support::Recorder;

#[test]
fn a_module_left_with_live_objects_is_judged_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let log = folder.path().join("log.jsonl");
    // No other thread of this process looks at the environment: this is its only test.
    unsafe { std::env::set_var("SONIC_RECORDER_LOG", &log) };
    let Recorder { module, folder: _copy } = Recorder::load();
    let object = support::initialized(&module, 2);
    drop(module);
    let text = std::fs::read_to_string(&log).expect("the log is written when the module is left");
    let first = text.lines().next().unwrap_or_default();
    assert!(first.contains("\"call\":\"entry\""), "{first}");
    assert!(text.contains("6: objects are alive when the module is left"), "{text}");
    std::mem::forget(object);
}
