//! Looking for plugins while everything runs.

use crate::rig::{ME, Rig, frame, level, play, request, wait};
use sonic_bridge::{control::core::What, model::ErrorCode};

#[test]
fn a_search_on_its_own_thread_tells_how_far_it_is_and_changes_nothing_when_nothing_changed() {
    let mut rig = Rig::new();
    let before = rig.core.plugins();
    let record = rig.load(&["Fault none"]);
    let stream = rig.open(record.id);
    let core = rig.core.clone();
    let scanning = std::thread::spawn(move || wait(core.scan(true, None)));
    let mut blocks = 0;
    while !scanning.is_finished() {
        assert!(!play(&stream, &frame(128, blocks * 128), &[], &level(128, 0.1)).1.dry);
        // The main thread answers meanwhile.
        wait(rig.core.instance(ME, record.id)).unwrap();
        blocks += 1;
    }
    let after = scanning.join().unwrap().unwrap();
    assert_eq!((after.rev, after.plugins.len()), (before.rev, before.plugins.len()));
    let progress: Vec<(usize, usize)> = rig
        .happened()
        .into_iter()
        .filter_map(|event| match event.what {
            What::ScanProgress { done, total, .. } => Some((done, total)),
            What::PluginsChanged { .. } => panic!("nothing changed"),
            _ => None,
        })
        .collect();
    assert_eq!(progress.len(), after.modules.len(), "{progress:?}");
    assert!(progress.iter().enumerate().all(|(at, (done, total))| *done == at + 1 && *total == progress.len()));
    rig.end();
}

#[test]
fn what_is_blocked_is_in_the_list_and_cannot_be_loaded() {
    let mut rig = Rig::new();
    let before = rig.core.plugins().rev;
    wait(rig.core.set_blocked("Fault mono-only".to_owned(), true, Some("too narrow".to_owned()))).unwrap();
    rig.expect("PLUGINS_CHANGED", |what| matches!(what, What::PluginsChanged { rev } if *rev == before + 1));
    let list = rig.core.plugins();
    let card = list.plugins.iter().find(|card| card.info.name == "Fault mono-only").unwrap();
    assert_eq!(card.state, "BLOCKED");
    assert!(card.reason.as_ref().unwrap().contains("too narrow"));
    let error = wait(rig.core.load(request(&["Fault mono-only"]))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BLOCKLISTED);
    wait(rig.core.set_blocked("Fault mono-only".to_owned(), false, None)).unwrap();
    rig.load(&["Fault mono-only"]);
    assert!(
        wait(rig.core.set_blocked("Fault mono-only".to_owned(), false, None)).is_err(),
        "it is not blocked any more"
    );
    assert_eq!(
        wait(rig.core.set_blocked("nothing".to_owned(), true, None)).unwrap_err().code(),
        ErrorCode::PLUGIN_NOT_FOUND
    );
    rig.end();
}

#[test]
fn only_modules_inside_the_folders_are_examined() {
    let rig = Rig::new();
    let evil = tempfile::tempdir().unwrap();
    let outside = crate::support::fixtures::bundle(&crate::support::fixtures::fault_plugins(), "Fault crash-in-load");
    for path in [outside, evil.path().to_owned(), "/".into(), "no such file".into()] {
        let error = wait(rig.core.scan(true, Some(path))).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PLUGIN_NOT_FOUND, "{error}");
    }
    let known =
        rig.core.plugins().modules.iter().find(|module| module.path.ends_with("Sonic Gain.vst3")).cloned().unwrap();
    let list = wait(rig.core.scan(true, Some(known.path))).unwrap();
    assert_eq!(list.rev, rig.core.plugins().rev);
    rig.end();
}
