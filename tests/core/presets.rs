//! Presets and programs by name.
//!
//! Preset folders hang on the home folder, which belongs to the whole process: a test here runs itself again with a home of
//! its own.

use crate::rig::{ME, Rig, request, wait};
use sonic_bridge::{
    control::core::{PresetRecord, What},
    model::ErrorCode,
};
use std::path::Path;

/// Set in the second run.
const MARK: &str = "SONIC_TEST_HOME";

/// Runs the test of this name again, with a fresh home. Answers the home in the second run.
fn in_a_home_of_its_own(test: &str) -> Option<std::path::PathBuf> {
    if let Some(home) = std::env::var_os(MARK) {
        return Some(home.into());
    }
    let home = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("HOME", home.path())
        .env(MARK, home.path())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    None
}

fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path.display().to_string());
        }
    }
    all.sort();
    all
}

#[test]
fn a_preset_is_saved_listed_and_loaded() {
    let Some(home) = in_a_home_of_its_own("presets::a_preset_is_saved_listed_and_loaded") else { return };
    let mut rig = Rig::new();
    let record = rig.load(&["Sonic EQ", "Sonic Gain"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 1, "Gain");
    let save = |name: &str, overwrite| wait(rig.core.save_preset(ME, record.id, 1, name.to_owned(), overwrite));
    live.set_normalized(1, gain, 0.3).unwrap();
    let saved = PresetRecord { name: "Größe – leise".to_owned(), scope: "user" };
    assert_eq!(save(&saved.name, false).unwrap(), saved);
    let listed = wait(rig.core.presets(ME, record.id, 1)).unwrap();
    assert!(listed.contains(&saved), "{listed:?}");
    assert!(wait(rig.core.presets(ME, record.id, 0)).unwrap().iter().all(|preset| preset.scope != "user"));
    live.set_normalized(1, gain, 0.9).unwrap();
    assert_eq!(save(&saved.name, false).unwrap_err().code(), ErrorCode::FILE, "it is there already");
    wait(rig.core.load_preset(ME, record.id, 1, saved.name.clone())).unwrap();
    assert_eq!(live.normalized(1, gain).unwrap(), 0.3);
    live.set_normalized(1, gain, 0.5).unwrap();
    save(&saved.name, true).unwrap();
    // A fresh instance begins with it.
    let mut again = request(&["Sonic Gain"]);
    again.plugins[0].preset = Some(saved.name.clone());
    let again = wait(rig.core.load(again)).unwrap();
    assert_eq!(rig.core.live(ME, again.id).unwrap().normalized(0, gain).unwrap(), 0.5);
    let error = wait(rig.core.load_preset(ME, record.id, 1, "none of that name".to_owned())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PRESET_NOT_FOUND);
    rig.expect("PARAMS_CHANGED", |what| *what == What::ValuesChanged { member: 1 });
    assert_eq!(files(&home).len(), 1);
    rig.end();
}

#[test]
fn names_of_presets_lead_nowhere_else() {
    let Some(home) = in_a_home_of_its_own("presets::names_of_presets_lead_nowhere_else") else { return };
    let rig = Rig::new();
    let record = rig.load(&["Sonic Gain"]);
    let long = "x".repeat(300);
    for name in [
        "../x",
        "..\\x",
        "C:x",
        "CON",
        "a/b",
        "",
        "x.",
        "x ",
        "a\u{202e}b",
        "p\u{430}ypal",
        "../Sonic Gain-evil/x",
        &long,
    ] {
        let error = wait(rig.core.save_preset(ME, record.id, 0, name.to_owned(), true)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::OUT_OF_RANGE, "{name:?}: {error}");
        let error = wait(rig.core.load_preset(ME, record.id, 0, name.to_owned())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PRESET_NOT_FOUND, "{name:?}: {error}");
    }
    assert_eq!(files(&home), Vec::<String>::new());
    rig.end();
}

#[test]
fn programs_are_listed_and_chosen_by_number_and_by_name() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Synth"]);
    let lists = || wait(rig.core.programs(ME, record.id, 0)).unwrap();
    let list = lists().into_iter().find(|list| list.programs.len() > 2).expect("the synth has programs");
    let other = if list.current == Some(2) { 1 } else { 2 };
    wait(rig.core.set_program(ME, record.id, 0, list.id, other)).unwrap();
    assert_eq!(lists()[0].current, Some(other));
    wait(rig.core.load_preset(ME, record.id, 0, list.programs[0].clone())).unwrap();
    assert_eq!(lists()[0].current, Some(0));
    for (list, program) in [(list.id, 10_000), (list.id + 99, 0)] {
        let error = wait(rig.core.set_program(ME, record.id, 0, list, program)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PRESET_NOT_FOUND, "{error}");
    }
    rig.end();
}
