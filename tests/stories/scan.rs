//! Finding plugins: the program itself scans plugins that misbehave, is stopped in the middle, and lists what there is.

use crate::support::fixtures;
use crate::support::sandbox::Sandbox;
use serde_json::Value;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Command;
use std::process::Output;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

/// What the examination of a faulty module comes to; all others are OK. On Linux, where memory is limited as well; on macOS
/// the signals and entry points have other names.
#[cfg(target_os = "linux")]
const VERDICTS: &[(&str, &str, &str)] = &[
    ("abort-in-load", "CRASHED", "SIGABRT"),
    ("crash-in-load", "CRASHED", "SIGSEGV"),
    ("crash-in-factory", "CRASHED", "SIGSEGV"),
    ("crash-in-exit", "CRASHED", "SIGSEGV"),
    ("overflow-in-load", "CRASHED", "SIG"),
    ("exit-in-load", "FAILED", "exit code 0"),
    ("factory-huge-count", "FAILED", "2147483647"),
    ("factory-negative-count", "FAILED", "-1"),
    ("factory-null", "FAILED", ""),
    ("refuses-load", "FAILED", ""),
    ("hang-in-load", "TIMED_OUT", "15 seconds"),
    ("no-entry", "NOT_A_PLUGIN", "ModuleEntry"),
    ("no-exit", "NOT_A_PLUGIN", "ModuleExit"),
    ("no-factory", "NOT_A_PLUGIN", "GetPluginFactory"),
];

fn finished(output: Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn run(sandbox: &Sandbox, folders: &[PathBuf], args: &[&str]) -> String {
    finished(sandbox.sonic_bridge(folders).args(args).arg("--no-standard-folders").output().unwrap())
}

fn json(sandbox: &Sandbox, folders: &[PathBuf], args: &[&str]) -> Value {
    serde_json::from_str(&run(sandbox, folders, args)).unwrap()
}

/// The row of a module or plugin in a JSON array.
fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    let rows = rows.as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} is missing in {rows:#?}"))
}

/// A folder with links to some bundles.
fn folder_of(sandbox: &Sandbox, bundles: &[PathBuf]) -> PathBuf {
    let folder = sandbox.file("plugins");
    std::fs::create_dir_all(&folder).unwrap();
    for bundle in bundles {
        std::os::unix::fs::symlink(bundle, folder.join(bundle.file_name().unwrap())).unwrap();
    }
    folder
}

fn fault(name: &str) -> PathBuf {
    fixtures::bundle(&fixtures::fault_plugins(), &format!("Fault {name}"))
}

/// Examining processes of this sandbox; their report's path tells whose they are.
#[cfg(target_os = "linux")]
fn examining(sandbox: &Sandbox) -> usize {
    let mark = sandbox.file("temp").to_string_lossy().into_owned();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            line.contains("__probe") && line.contains(&mark)
        })
        .count()
}

#[cfg(target_os = "linux")]
fn nobody_is_left(sandbox: &Sandbox) {
    wait_until("the examining processes are gone", || examining(sandbox) == 0);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
fn wait_until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_way_to_fail_while_being_examined_becomes_a_row_and_the_rest_goes_on() {
    let sandbox = Sandbox::new();
    let folders = [fixtures::fault_plugins()];
    let scan = json(&sandbox, &folders, &["scan", "--json", "--timeout", "15", "--memory", "512"]);
    let modules = &scan["modules"];
    for (name, state, reason) in VERDICTS {
        let row = row(modules, &format!("Fault {name}"));
        assert_eq!(row["state"], *state, "{row:#}");
        assert!(row["reason"].as_str().unwrap().contains(reason), "{row:#}");
    }
    for module in modules.as_array().unwrap() {
        let name = module["name"].as_str().unwrap();
        let faulty = VERDICTS.iter().any(|(fault, ..)| name == format!("Fault {fault}"));
        if !faulty && name != "Fault oom-in-load" {
            assert_eq!(module["state"], "OK", "{module:#}");
        }
    }
    nobody_is_left(&sandbox);

    let list = json(&sandbox, &folders, &["list", "--json"]);
    for field in ["id", "name", "vendor", "version", "format", "kind", "path", "state"] {
        for row in list.as_array().unwrap() {
            assert!(row.get(field).is_some(), "{field} is missing in {row:#}");
        }
    }
    assert_eq!(row(&list, "Fault prints-100mb")["state"], "OK");
    assert_eq!(row(&list, "Fault crash-in-load")["state"], "CRASHED");
    let none = row(&list, "Fault none");
    assert_eq!((&none["format"], &none["vendor"]), (&Value::from("vst3"), &Value::from("Sonic-Core Tests")));
    let equal = json(&sandbox, &folders, &["list", "--json", "--all", "--name", "equal-ids"]);
    let shadowed = equal.as_array().unwrap().iter().filter(|row| !row["shadowed_by"].is_null()).count();
    assert_eq!((equal.as_array().unwrap().len(), shadowed), (2, 1), "{equal:#}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_module_that_wants_all_memory_is_stopped_at_the_limit() {
    let sandbox = Sandbox::new();
    let folders = [folder_of(&sandbox, &[fault("oom-in-load")])];
    let scan = json(&sandbox, &folders, &["scan", "--json", "--memory", "200"]);
    assert_eq!(scan["modules"][0]["state"], "CRASHED", "{scan:#}");
    assert!(scan["modules"][0]["took_ms"].as_u64().unwrap() < 20_000, "{scan:#}");
    nobody_is_left(&sandbox);
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_stops_a_scan_at_once_and_blames_nobody() {
    let sandbox = Sandbox::new();
    let folders = [folder_of(&sandbox, &[fault("hang-in-load")])];
    let child = sandbox.sonic_bridge(&folders).args(["scan", "--no-standard-folders"]).spawn().unwrap();
    wait_until("the examination runs", || examining(&sandbox) > 0);
    signal("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    nobody_is_left(&sandbox);
    let scan = json(&sandbox, &folders, &["scan", "--json", "--timeout", "0.5"]);
    assert_eq!((&scan["examined"], &scan["modules"][0]["state"]), (&Value::from(1), &Value::from("TIMED_OUT")));
    assert_eq!(scan["problems"], Value::Array(Vec::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_scan_that_is_killed_takes_its_children_along_and_the_next_one_knows_whom_to_blame() {
    let sandbox = Sandbox::new();
    let folders = [folder_of(&sandbox, &[fault("hang-in-load"), fault("none")])];
    let args = ["scan", "--no-standard-folders", "--jobs", "1"];
    let mut child = sandbox.sonic_bridge(&folders).args(args).spawn().unwrap();
    wait_until("the examination runs", || examining(&sandbox) > 0);
    signal("-KILL", child.id());
    child.wait().unwrap();
    wait_until("the examining processes are gone", || examining(&sandbox) == 0);

    let scan = json(&sandbox, &folders, &["scan", "--json"]);
    assert_eq!(row(&scan["modules"], "Fault hang-in-load")["state"], "CRASHED", "{scan:#}");
    assert_eq!(row(&scan["modules"], "Fault none")["state"], "OK", "{scan:#}");
    assert_eq!(scan["problems"].as_array().unwrap().len(), 1);
    // It is not touched again, until somebody asks for it by its path.
    let scan = json(&sandbox, &folders, &["scan", "--json"]);
    assert_eq!((&scan["examined"], scan["problems"].as_array().unwrap().len()), (&Value::from(0), 0));
    let path = fault("hang-in-load");
    json(&sandbox, &folders, &["scan", "--json", "--timeout", "0.5", path.to_str().unwrap()]);
    let list = json(&sandbox, &folders, &["list", "--json"]);
    assert_eq!(row(&list, "Fault hang-in-load")["state"], "TIMED_OUT");
}

#[cfg(target_os = "linux")]
fn signal(which: &str, process: u32) {
    assert!(Command::new("kill").arg(which).arg(process.to_string()).status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn all_real_plugins_are_found_and_known_the_second_time() {
    let sandbox = Sandbox::new();
    let folders = [fixtures::real_plugins()];
    let list = json(&sandbox, &folders, &["list", "--json"]);
    let rows = list.as_array().unwrap();
    assert!(rows.len() >= 20 && rows.iter().all(|row| row["state"] == "OK"), "{list:#}");
    assert_eq!(row(&list, "Dragonfly Hall Reverb")["kind"], "effect");
    let scan = json(&sandbox, &folders, &["scan", "--json"]);
    assert_eq!(scan["examined"], 0);
    let reverbs = run(&sandbox, &folders, &["list", "--category", "reverb", "--vendor", "willis"]);
    assert!(reverbs.contains("Dragonfly Hall Reverb") && !reverbs.contains("Zam"), "{reverbs}");
    let none = run(&sandbox, &folders, &["list", "--kind", "instrument"]);
    assert_eq!(none, "No plugin fits.\n");
}

#[test]
fn a_blocked_plugin_stays_listed_with_its_reason_until_it_is_unblocked() {
    let sandbox = Sandbox::new();
    let folders = [folder_of(&sandbox, &[fault("none")])];
    let state = || row(&json(&sandbox, &folders, &["list", "--json"]), "Fault none").clone();
    run(&sandbox, &folders, &["block", "fault none", "--reason", "too loud"]);
    assert_eq!((&state()["state"], &state()["reason"]), (&"BLOCKED".into(), &"blocked by you: too loud".into()));
    finished(sandbox.sonic_bridge(&folders).args(["unblock", "Fault none"]).output().unwrap());
    assert_eq!(state()["state"], "OK");
    let path = fault("none");
    run(&sandbox, &folders, &["block", path.to_str().unwrap()]);
    assert_eq!(state()["state"], "BLOCKED");
    finished(sandbox.sonic_bridge(&folders).args(["unblock", path.to_str().unwrap()]).output().unwrap());
    assert_eq!(state()["state"], "OK");
    let again = sandbox.sonic_bridge(&folders).args(["unblock", "Fault none"]).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
}

#[test]
fn names_that_could_drive_a_terminal_are_shown_harmless() {
    let sandbox = Sandbox::new();
    let folder = sandbox.file("plugins");
    std::fs::create_dir_all(folder.join("\u{1b}]0;owned\u{7}\u{202e}.vst3")).unwrap();
    let listed = run(&sandbox, std::slice::from_ref(&folder), &["list"]);
    assert!(listed.contains("NOT_A_PLUGIN") && listed.contains("\\u{1b}"), "{listed}");
    let scanned = sandbox.sonic_bridge(&[folder]).args(["scan", "--no-standard-folders"]).output().unwrap();
    for text in [listed.into_bytes(), scanned.stdout, scanned.stderr] {
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn wrong_command_lines_are_told_apart_from_errors() {
    let sandbox = Sandbox::new();
    let code = |args: &[&str]| sandbox.sonic_bridge(&[]).args(args).output().unwrap().status.code();
    assert_eq!(code(&["scan", "--timeout", "never"]), Some(2));
    assert_eq!(code(&["scan", "--jobs", "0"]), Some(2));
    assert_eq!(code(&["list", "--kind", "toy"]), Some(2));
    assert_eq!(code(&["skan"]), Some(2));
    // Without a word the bridge itself: nobody is there to agree to the warning.
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["scan", "/nowhere/at/all.vst3"]), Some(1));
    assert_eq!(code(&["list", "--no-standard-folders"]), Some(0));
    assert!(Path::new(&sandbox.cache()).exists());
}
