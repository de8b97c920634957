//! What the catalog promises, against children that misbehave.

use super::{
    Blocked, Blocklist, Catalog, FindError, OpenError, State, VerifyError,
    blocklist::BlockEntry,
    fingerprint::Fingerprint,
    marks::Marks,
    testing::{Bench, binary_of, library},
};
use crate::model::ErrorCode;
use std::{
    fs,
    path::Path,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

const A: &str = "0123456789ABCDEF0123456789ABCDEF";
const B: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
/// Reports the id in the module's file `id`, and its version.
const HONEST: &str = r#"report "$(cat "$1/id" 2>/dev/null || echo 0123456789ABCDEF0123456789ABCDEF)" "$name" "$(cat "$1/version" 2>/dev/null)""#;

fn state(catalog: &Catalog, name: &str) -> (State, String) {
    let module = catalog.modules().iter().find(|module| module.name() == name).expect("listed");
    (module.state, module.reason.clone().unwrap_or_default())
}

#[test]
fn a_scan_survives_whatever_a_plugin_does_to_its_process() {
    let mut bench = Bench::new(
        r#"case "$name" in
            Good) report 0123456789ABCDEF0123456789ABCDEF Good 1 ;;
            Crash) echo "about to fail" >&2; kill -SEGV $$ ;;
            Abort) kill -ABRT $$ ;;
            Hang) sleep 1000 ;;
            Exit) exit 0 ;;
            Chatty) head -c 100000000 /dev/zero; report BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB Chatty 1 ;;
            Forker) sleep 1000 & echo $! > "$1/pid"; report CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC Forker 1 ;;
            Closer) exec 0<&- 1>&- 2>&-; cd /; umask 777; report DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD Closer 1 ;;
            Late) report EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE Late 1; kill -SEGV $$ ;;
            Garbage) echo '{"token":' > "$2" ;;
            Forged) echo '{"token":"0","plugins":[],"error":null}' > "$2" ;;
            Pipe) mkfifo "$2" ;;
            Nameless) report FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF "" 1 ;;
            Badid) report 12 Badid 1 ;;
        esac"#,
    );
    let names = [
        "Good", "Crash", "Abort", "Hang", "Exit", "Chatty", "Forker", "Closer", "Late", "Garbage", "Forged", "Pipe",
        "Nameless", "Badid",
    ];
    for name in names {
        bench.bundle(&format!("best/{name}.vst3"));
    }
    bench.options.timeout = Duration::from_secs(10);
    let began = Instant::now();
    let catalog = bench.open();
    assert!(began.elapsed() < Duration::from_secs(60), "took {:?}", began.elapsed());
    let state = |name| state(&catalog, name);
    for good in ["Good", "Chatty", "Forker", "Late", "Nameless"] {
        assert_eq!(state(good), (State::Ok, String::new()), "{good}");
        assert!(catalog.find(good).is_ok(), "{good}");
    }
    assert_eq!(state("Crash"), (State::Crashed, "crashed (SIGSEGV); its last words: about to fail".into()));
    assert_eq!(state("Abort"), (State::Crashed, "crashed (SIGABRT)".into()));
    assert_eq!(state("Hang"), (State::TimedOut, "did not answer within 10 seconds".into()));
    assert_eq!(state("Exit").0, State::Failed);
    assert!(state("Exit").1.contains("exit code 0"));
    for nonsense in ["Garbage", "Forged", "Pipe", "Badid"] {
        assert_eq!(state(nonsense).0, State::Failed, "{nonsense}");
        assert!(state(nonsense).1.contains("nonsense"), "{}", state(nonsense).1);
    }
    // The child of a child is gone too. Signal 0 asks only whether the process is there.
    let pid = fs::read_to_string(bench.root.path().join("best/Forker.vst3/pid")).expect("forked");
    let gone = || {
        let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    assert!(
        (0..100).any(|_| gone() || {
            std::thread::sleep(Duration::from_millis(20));
            false
        }),
        "still there: {pid}"
    );
}

#[test]
fn what_is_known_is_not_examined_again_until_it_changes() {
    let mut bench = Bench::new(
        r#"[ "$name" = Bad ] && kill -SEGV $$
           report "$(cat "$1/id")" "$name" 1"#,
    );
    for (name, id) in [("One", A), ("Two", B), ("Bad", B)] {
        fs::write(bench.bundle(&format!("best/{name}.vst3")).join("id"), id).expect("written");
    }
    assert_eq!(bench.open().plugins().len(), 2);
    assert_eq!(bench.examined(), ["Bad", "One", "Two"]);
    let again = bench.open();
    assert_eq!(again.plugins().len(), 2);
    assert_eq!(state(&again, "Bad").0, State::Crashed);
    assert!(bench.examined().is_empty(), "cached");

    let mut other = library().to_vec();
    other.push(0);
    fs::write(binary_of(&bench.root.path().join("best/Two.vst3")), other).expect("written");
    bench.open();
    assert_eq!(bench.examined(), ["Two"], "only what changed");

    bench.options.rescan = true;
    bench.options.folders[0].path = bench.root.path().join("best/Bad.vst3");
    bench.open();
    assert_eq!(bench.examined(), ["Bad"], "only the one that was asked for");
    bench.options.folders[0].path = bench.root.path().join("best");
    bench.open();
    assert_eq!(bench.examined(), ["Bad", "One", "Two"], "everything");
}

#[test]
fn a_module_whose_examination_the_power_cut_ended_is_left_alone_until_scanned_again() {
    let mut bench = Bench::new(HONEST);
    let module = bench.bundle("best/Guilty.vst3");
    fs::write(bench.bundle("best/Other.vst3").join("id"), B).expect("written");
    let cache = bench.options.cache.clone().expect("set");
    let (marks, _) = Marks::try_take(&cache).expect("io").expect("free");
    marks.start(&module, &Fingerprint::take(&binary_of(&module)).expect("taken")).expect("marked");
    drop(marks);

    let catalog = bench.open();
    assert_eq!(state(&catalog, "Guilty").0, State::Crashed);
    assert!(catalog.problems().iter().any(|problem| problem.contains("Guilty")));
    assert_eq!(bench.examined(), ["Other"]);
    let catalog = bench.open();
    assert!(catalog.problems().is_empty(), "told once");
    let error = catalog.find("Guilty").expect_err("not usable");
    assert_eq!(error.code(), ErrorCode::CRASHED);

    bench.options.rescan = true;
    assert_eq!(state(&bench.open(), "Guilty").0, State::Ok);
}

#[test]
fn a_damaged_cache_is_told_about_and_made_anew() {
    let bench = Bench::new(HONEST);
    bench.bundle("best/One.vst3");
    bench.open();
    bench.examined();
    let folder = bench.options.cache.clone().expect("set");
    let file = fs::read_dir(&folder)
        .expect("there")
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|extension| extension == "json"));
    fs::write(file.expect("cache").path(), b"{\"scanner\":1,").expect("written");
    let catalog = bench.open();
    assert!(catalog.problems()[0].contains("damaged"));
    assert_eq!(catalog.plugins().len(), 1);
    assert_eq!(bench.examined(), ["One"]);
    assert!(bench.open().problems().is_empty());
}

#[test]
fn without_a_place_for_the_cache_plugins_are_found_all_the_same() {
    let mut bench = Bench::new(HONEST);
    bench.bundle("best/One.vst3");
    let file = bench.root.path().join("not a folder");
    fs::write(&file, b"").expect("written");
    bench.options.cache = Some(file.join("cache"));
    let catalog = bench.open();
    assert_eq!(catalog.plugins().len(), 1);
    assert!(!catalog.problems().is_empty());
}

#[test]
fn of_a_plugin_found_twice_the_newest_is_kept_and_ties_go_to_the_better_folder() {
    let bench = Bench::new(HONEST);
    for (place, id, version) in [
        ("best/Old.vst3", A, "1.9"),
        ("second/New.vst3", A, "1.10"),
        ("best/Twin.vst3", B, "2.0"),
        ("second/Twin.vst3", B, "2.0.0"),
    ] {
        let bundle = bench.bundle(place);
        fs::write(bundle.join("id"), id).expect("written");
        fs::write(bundle.join("version"), version).expect("written");
    }
    let catalog = bench.open();
    let place = |card: &super::Card| {
        card.info.path.strip_prefix(bench.root.path().canonicalize().expect("there")).expect("inside").to_path_buf()
    };
    assert_eq!(place(catalog.find(A).expect("found")), Path::new("second/New.vst3"));
    assert_eq!(place(catalog.find(&format!("vst3:{B}")).expect("found")), Path::new("best/Twin.vst3"));
    assert_eq!(place(catalog.find("Twin").expect("one is shadowed")), Path::new("best/Twin.vst3"));
    let shadowed: Vec<_> = catalog.plugins().iter().filter(|card| card.shadowed_by.is_some()).map(place).collect();
    assert_eq!(shadowed, [Path::new("best/Old.vst3"), Path::new("second/Twin.vst3")]);

    // Who blocks the newer one wants the older one.
    let mut list = Blocklist::open(bench.options.config.as_deref().expect("set")).expect("empty");
    let path = bench.root.path().join("second/New.vst3").canonicalize().expect("there");
    list.block(BlockEntry { what: Blocked::Path(path), name: "New".into(), reason: "loud".into() }).expect("written");
    let catalog = bench.open();
    assert_eq!(place(catalog.find(A).expect("found")), Path::new("best/Old.vst3"));
    let error = catalog.find("New").expect_err("blocked");
    assert_eq!(error.code(), ErrorCode::BLOCKLISTED);
    assert!(error.to_string().contains("loud"), "{error}");
}

#[test]
fn a_blocked_module_is_not_even_examined() {
    let bench = Bench::new(HONEST);
    let path = bench.bundle("best/Bad.vst3");
    let mut list = Blocklist::open(bench.options.config.as_deref().expect("set")).expect("empty");
    list.block(BlockEntry { what: Blocked::Path(path), name: "Bad".into(), reason: String::new() }).expect("written");
    let catalog = bench.open();
    assert_eq!(state(&catalog, "Bad").0, State::Blocked);
    assert!(bench.examined().is_empty());
    assert_eq!(catalog.find("Bad").map_err(|error| error.code()).err(), Some(ErrorCode::BLOCKLISTED));
}

#[test]
fn a_plugin_is_named_by_id_exact_name_or_a_unique_part() {
    let bench = Bench::new(HONEST);
    for (name, id) in [("Reverb", A), ("Reverb Large", B), ("reverb", "11111111111111111111111111111111")] {
        fs::write(bench.bundle(&format!("best/{name}.vst3")).join("id"), id).expect("written");
    }
    let catalog = bench.open();
    let found = |query: &str| catalog.find(query).map(|card| card.info.name.clone());
    assert_eq!(found(&A.to_lowercase()), Ok("Reverb".into()));
    assert_eq!(found(&format!("vst3:{B}")), Ok("Reverb Large".into()));
    assert_eq!(found("Reverb"), Ok("Reverb".into()));
    assert_eq!(found("reverb"), Ok("reverb".into()));
    assert_eq!(found("REVERB LARGE"), Ok("Reverb Large".into()));
    assert_eq!(found("larg"), Ok("Reverb Large".into()));
    for ambiguous in ["REVERB", "everb"] {
        let error = found(ambiguous).expect_err("ambiguous");
        assert_eq!(error.code(), ErrorCode::AMBIGUOUS);
        assert!(error.to_string().contains(A), "{error}");
    }
    let error = found("Revreb").expect_err("nothing");
    assert!(matches!(&error, FindError::NotFound { nearest, .. } if nearest[0] == "Reverb"), "{error}");
    assert_eq!(error.code(), ErrorCode::PLUGIN_NOT_FOUND);
    assert!(found("").is_err());
    assert!(found("Synth").expect_err("nothing").to_string().contains("sonic-bridge list"));
}

#[test]
fn a_file_swapped_after_the_scan_is_refused() {
    let bench = Bench::new(HONEST);
    let module = bench.bundle("best/One.vst3");
    let catalog = bench.open();
    let card = catalog.find("One").expect("found");
    assert_eq!(card.verify_unchanged(), Ok(()));
    let binary = binary_of(&module);
    let time = binary.metadata().expect("there").modified().expect("time");
    let mut other = library().to_vec();
    *other.last_mut().expect("bytes") ^= 1;
    fs::write(&binary, other).expect("written");
    fs::File::options().write(true).open(&binary).expect("open").set_modified(time).expect("set");
    assert_eq!(card.verify_unchanged(), Err(VerifyError::Changed { path: module.clone() }));
    fs::remove_dir_all(&module).expect("removed");
    assert!(matches!(card.verify_unchanged(), Err(VerifyError::Gone { .. })));
}

#[test]
fn nothing_runs_from_a_file_for_another_machine_or_without_entry_points() {
    let bench = Bench::new(HONEST);
    let broken = |name: &str, bytes: &[u8]| fs::write(binary_of(&bench.bundle(name)), bytes).expect("written");
    let mut other = library().to_vec();
    if cfg!(target_os = "linux") {
        other[18] = 0xf3; // e_machine: RISC-V
    } else {
        other[4] = 0x12; // cputype: PowerPC
    }
    broken("best/Foreign.vst3", &other);
    broken("best/Text.vst3", b"#!/bin/sh\nexit\n");
    broken("best/Empty.vst3", b"");
    broken("best/Windows.vst3", b"MZ\x90\x00 and so on");
    fs::create_dir_all(bench.root.path().join("best/Elsewhere.vst3/Contents/sparc-linux")).expect("made");
    fs::write(bench.root.path().join("best/Elsewhere.vst3/Contents/sparc-linux/Elsewhere.so"), b"x").expect("written");
    fs::create_dir(bench.root.path().join("best/Folder.vst3")).expect("made");
    fs::write(bench.root.path().join("best/File.vst3"), b"x").expect("made");
    let catalog = bench.open();
    for (name, expected) in [
        ("Foreign", State::WrongArch),
        ("Windows", State::WrongArch),
        ("Elsewhere", State::WrongArch),
        ("Text", State::NotAPlugin),
        ("Empty", State::NotAPlugin),
        ("Folder", State::NotAPlugin),
        ("File", State::NotAPlugin),
    ] {
        assert_eq!(state(&catalog, name).0, expected, "{name}: {}", state(&catalog, name).1);
        assert!(catalog.find(name).expect_err("not usable").to_string().contains(expected.name()));
    }
    assert!(bench.examined().is_empty());
}

#[test]
fn stopping_a_scan_kills_its_children_at_once_and_blames_nobody() {
    let mut bench = Bench::new(r#"[ "$name" = Hang ] && sleep 1000; report "$(cat "$1/id")" "$name" 1"#);
    fs::write(bench.bundle("best/Good.vst3").join("id"), A).expect("written");
    fs::write(bench.bundle("best/Hang.vst3").join("id"), B).expect("written");
    let cancel = bench.options.cancel.clone();
    let began = Instant::now();
    let mut good = false;
    let result = Catalog::open_and_tell(&bench.options, &mut |progress| {
        if let super::Progress::Examined(_) = progress {
            good = true;
            cancel.store(true, Ordering::Relaxed);
        }
    });
    assert!(matches!(result, Err(OpenError::Cancelled)) && good);
    assert!(began.elapsed() < Duration::from_secs(15));
    assert!(!Marks::any(bench.options.cache.as_deref().expect("set")));
    bench.examined();
    bench.options.cancel = Default::default();
    bench.options.timeout = Duration::from_millis(300);
    assert_eq!(state(&bench.open(), "Good").0, State::Ok);
    assert_eq!(bench.examined(), ["Hang"], "what was found before is kept");
}

#[test]
fn two_scans_at_once_do_not_examine_anything_twice() {
    let bench = Bench::new(&format!("sleep 0.4; {HONEST}"));
    bench.bundle("best/One.vst3");
    fs::write(bench.bundle("best/Two.vst3").join("id"), B).expect("written");
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| bench.open());
        std::thread::sleep(Duration::from_millis(150));
        let second = scope.spawn(|| bench.open());
        (first.join().expect("first"), second.join().expect("second"))
    });
    assert_eq!((first.plugins().len(), second.plugins().len()), (2, 2));
    assert!(second.problems().is_empty(), "{:?}", second.problems());
    assert_eq!(bench.examined(), ["One", "Two"]);
}

#[test]
fn moduleinfo_names_what_cannot_be_examined_and_lists_what_a_plugin_replaces() {
    let bench = Bench::new(&format!(r#"[ "$name" = Bad ] && exit 1; {HONEST}"#));
    for name in ["Good", "Bad"] {
        let resources = bench.bundle(&format!("best/{name}.vst3")).join("Contents/Resources");
        let id = if name == "Bad" { "22222222222222222222222222222222" } else { A };
        let text = format!(
            r#"{{"Name": "{name}", "Version": "3", "Factory Info": {{"Vendor": "Maker",}},
                "Compatibility": [{{"New": "{A}", "Old": ["{B}"]}}],
                "Classes": [{{"CID": "{id}", "Category": "Audio Module Class"}}]}}"#
        );
        fs::create_dir_all(&resources).expect("made");
        fs::write(resources.join("moduleinfo.json"), text).expect("written");
    }
    for catalog in [bench.open(), bench.open()] {
        assert_eq!(catalog.find(B).expect("the successor").info.name, "Good");
        let bad = catalog.modules().iter().find(|module| module.name() == "Bad").expect("listed");
        assert_eq!((bad.vendor.as_str(), bad.version.as_str()), ("Maker", "3"));
        let error = catalog.find("22222222222222222222222222222222").expect_err("failed");
        assert_eq!(error.code(), ErrorCode::LOAD_FAILED);
    }
}

#[test]
fn a_child_that_could_not_be_started_is_not_held_against_the_module() {
    let mut bench = Bench::new(HONEST);
    bench.bundle("best/One.vst3");
    let program = std::mem::replace(&mut bench.options.child.program, "/nowhere/at/all".into());
    let catalog = bench.open();
    assert_eq!(state(&catalog, "One").0, State::Failed);
    assert!(state(&catalog, "One").1.contains("could not be started"));
    bench.options.child.program = program;
    assert_eq!(state(&bench.open(), "One").0, State::Ok);
}
