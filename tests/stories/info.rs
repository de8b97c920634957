//! What `info` and `list` tell, and how plugins are named.

use crate::support::fixtures;
use crate::support::sandbox::Sandbox;
use serde_json::Value;
use std::process::{Command, Output};

fn command(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.sonic_bridge(&[fixtures::demo_plugins(), fixtures::real_plugins()]);
    command.args(args).arg("--no-standard-folders");
    command
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(sandbox: &Sandbox, args: &[&str]) -> Value {
    serde_json::from_str(&text(command(sandbox, args).output().unwrap())).unwrap()
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[test]
fn info_tells_classes_buses_parameters_programs_and_timing() {
    let sandbox = Sandbox::new();
    let synth = json(&sandbox, &["info", "Sonic Synth", "--json"]);
    assert_eq!((&synth["kind"], &synth["f64"]), (&"instrument".into(), &true.into()));
    assert_eq!(synth["outputs"][0]["channels"], 2);
    assert_eq!(synth["event_inputs"].as_array().unwrap().len(), 1);
    let programs = synth["program_lists"][0]["programs"].as_array().unwrap();
    assert!(programs.contains(&"Warm Pad".into()) && synth["program_lists"][0]["selector"].is_u64());
    let params = synth["parameters"].as_array().unwrap();
    let wave = params.iter().find(|param| param["name"] == "Osc 1 Wave").unwrap();
    assert_eq!((&wave["kind"], &wave["group"], &wave["text"]), (&"enum".into(), &"Oscillators".into(), &"Saw".into()));
    assert_eq!(wave["labels"], serde_json::json!(["Sine", "Triangle", "Saw", "Square"]));
    assert!(synth["interfaces"].as_array().unwrap().contains(&"IMidiMapping".into()));
    let reverb = json(&sandbox, &["info", "Sonic Reverb", "--json", "--sample-rate", "96000"]);
    let slow = json(&sandbox, &["info", "Sonic Reverb", "--json"]);
    assert!(reverb["tail_samples"].as_u64() > slow["tail_samples"].as_u64(), "the tail is in samples of that rate");
    let gain = json(&sandbox, &["info", "Sonic Gain", "--json"]);
    assert_eq!(gain["inputs"][1]["kind"], "aux");
    let shown = text(command(&sandbox, &["info", "Sonic Gain"]).output().unwrap());
    for part in ["Sonic-Core", "0.00 dB", "-inf dB … 24.00 dB", "auxiliary", "Implements", "Ducker"] {
        assert!(shown.contains(part), "{part} is missing in:\n{shown}");
    }
}

#[test]
fn impossible_sample_rates_are_refused_before_the_plugin_sees_them() {
    let sandbox = Sandbox::new();
    for rate in ["0", "999", "4000000000"] {
        let output = command(&sandbox, &["info", "Sonic Gain", "--sample-rate", rate]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn every_plugin_is_described_and_its_json_has_the_promised_fields() {
    let sandbox = Sandbox::new();
    let list = json(&sandbox, &["list", "--json"]);
    let rows = list.as_array().unwrap();
    assert!(rows.len() >= 26, "{}", rows.len());
    for row in rows {
        for field in ["id", "name", "vendor", "version", "format", "kind", "path", "state"] {
            assert!(row[field].is_string(), "{field} of {row}");
        }
        let about = json(&sandbox, &["info", row["id"].as_str().unwrap(), "--json"]);
        for field in ["id", "name", "vendor", "version", "path"] {
            assert_eq!(about[field], row[field]);
        }
    }
}

#[test]
fn filters_narrow_the_list_together() {
    let sandbox = Sandbox::new();
    let list = |args: &[&str]| json(&sandbox, &[&["list", "--json"], args].concat());
    assert_eq!(names(&list(&["--kind", "instrument"])), ["Sonic Synth"]);
    assert_eq!(names(&list(&["--vendor", "sonic-CORE", "--category", "delay"])), ["Sonic Delay"]);
    assert_eq!(names(&list(&["--name", "HALL"])), ["Dragonfly Hall Reverb"]);
    assert_eq!(names(&list(&["hall"])), ["Dragonfly Hall Reverb"]);
    assert!(names(&list(&["--kind", "instrument", "--vendor", "zammit"])).is_empty());
}

#[test]
fn a_plugin_is_named_by_id_exact_name_or_a_unique_part() {
    let sandbox = Sandbox::new();
    let id = json(&sandbox, &["info", "ZamDelay", "--json"])["id"].as_str().unwrap().to_owned();
    for query in [id.as_str(), id.trim_start_matches("vst3:"), "zamdelay", "mDela"] {
        assert_eq!(json(&sandbox, &["info", query, "--json"])["name"], "ZamDelay", "{query}");
    }
    // An exact name wins over the longer names it is a part of.
    assert_eq!(json(&sandbox, &["info", "ZamComp", "--json"])["name"], "ZamComp");
    let ambiguous = command(&sandbox, &["info", "ZamCom"]).output().unwrap();
    let told = String::from_utf8_lossy(&ambiguous.stderr).into_owned();
    assert!(!ambiguous.status.success() && told.contains("“ZamComp (") && told.contains("“ZamCompX2 ("), "{told}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new();
    let mut child = command(&sandbox, &["info", "Sonic Synth", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn one_module_is_examined_again_on_demand() {
    let sandbox = Sandbox::new();
    let scan = |args: &[&str]| json(&sandbox, &[&["scan", "--json"], args].concat())["examined"].clone();
    assert!(scan(&[]).as_u64() >= Some(26));
    assert_eq!(scan(&[]), 0);
    let one = fixtures::bundle(&fixtures::demo_plugins(), "Sonic EQ");
    assert_eq!(scan(&[one.to_str().unwrap()]), 1);
    assert!(scan(&["--rescan"]).as_u64() >= Some(26));
    assert!(names(&json(&sandbox, &["list", "--json"])).len() >= 26, "what was not examined again is still known");
}

#[test]
fn folders_may_be_named_on_the_command_line() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.sonic_bridge(&[]);
    command.args(["list", "--json", "--no-standard-folders", "--plugin-path"]).arg(fixtures::demo_plugins());
    let rows: Value = serde_json::from_str(&text(command.output().unwrap())).unwrap();
    assert_eq!(names(&rows), ["Sonic Delay", "Sonic EQ", "Sonic Gain", "Sonic Reverb", "Sonic Synth"]);
}
