//! A plugin that takes the process down is named. The test runs itself again, and that run dies.

use crate::rig::{Rig, frame, level, play};

/// Set in the run that dies.
const MARK: &str = "SONIC_TEST_CRASH";

#[test]
fn a_crash_while_a_stream_runs_names_its_plugins() {
    if std::env::var_os(MARK).is_some() {
        let rig = Rig::new();
        let record = rig.load(&["Sonic Gain", "Fault crash-in-process"]);
        let stream = rig.open(record.id);
        for block in 0..10 {
            play(&stream, &frame(128, block * 128), &[], &level(128, 0.25));
        }
        panic!("it lives");
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::a_crash_while_a_stream_runs_names_its_plugins", "--nocapture"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(sonic_bridge::control::last_words::CRASH_EXIT), "{told}");
    assert!(told.contains("Sonic Gain, Fault crash-in-process: a plugin crashed while it processed sound"), "{told}");
}
