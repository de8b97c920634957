//! The whole way on every system: the demo plugins are found, shown, and heard in a rendered file.

use crate::support::fixtures;
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::{peak, read_wav, write_wav};
use serde_json::Value;
use std::process::Command;

const DEMO: &[&str] = &["Sonic Delay", "Sonic EQ", "Sonic Gain", "Sonic Reverb", "Sonic Synth"];

fn demo(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.sonic_bridge(&[fixtures::demo_plugins()]);
    command.args(args).arg("--no-standard-folders");
    command
}

fn json(command: &mut Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn the_demo_plugins_are_found_in_child_processes_and_known_the_second_time() {
    let sandbox = Sandbox::new();
    let scan = json(&mut demo(&sandbox, &["scan"]));
    assert_eq!((&scan["examined"], &scan["problems"]), (&DEMO.len().into(), &Value::Array(Vec::new())), "{scan:#}");
    let list = json(&mut demo(&sandbox, &["list"]));
    let mut names: Vec<&str> = list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, DEMO);
    assert!(list.as_array().unwrap().iter().all(|row| row["state"] == "OK"), "{list:#}");
    assert_eq!(json(&mut demo(&sandbox, &["scan"]))["examined"], 0);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn a_plugin_is_shown_with_its_parameters() {
    let sandbox = Sandbox::new();
    let info = json(&mut demo(&sandbox, &["info", "Sonic Gain"]));
    assert!(info.to_string().contains("\"Gain\""), "{info:#}");
}

#[test]
fn a_file_goes_through_a_chain_and_comes_out_at_half_the_level() {
    let sandbox = Sandbox::new();
    let sound = noise(2, 10_007);
    let (input, out) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
    write_wav(&input, 48_000, &sound);
    let mut render = demo(&sandbox, &["render", "--plugin", "Sonic Gain", "--param", "Gain=-6.0206", "--tail", "0"]);
    let report = json(render.arg(&input).arg("-o").arg(&out));
    let (rate, heard) = read_wav(&out);
    assert_eq!((rate, heard.len(), heard[0].len()), (48_000, 2, 10_007), "{report:#}");
    let apart = heard.iter().zip(&sound).flat_map(|(a, b)| a.iter().zip(b)).map(|(a, b)| a - b * 0.5).collect();
    assert!(peak(&[apart]) < 1e-5, "{report:#}");
}
