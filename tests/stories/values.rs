//! What people write for values, and what they get: never something else in silence.

use crate::bad_input::Case;
use crate::render::{render, report};
use crate::support::fixtures;
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::{read_wav, write_wav};
use serde_json::Value;
use std::path::Path;

#[test]
fn a_value_that_the_plugin_takes_for_another_is_refused() {
    let real = [fixtures::real_plugins()];
    for (param, words) in [
        ("Decay=2,5 s", ["2,5 s", "Decay"]),
        ("Predelay=4 s", ["4000", "0 to 100 ms"]),
        ("Late Level=20 dB", ["20 dB", "Late Level"]),
        ("Size=9", ["9", "10 to 60 m"]),
        ("Size=60.1 m", ["60.1", "10 to 60 m"]),
        ("Decay=4 bananas", ["bananas", "Decay"]),
    ] {
        let case = Case::new();
        let mut command = case.render(&real, "Dragonfly Hall Reverb");
        command.args(["--param", param]);
        assert_eq!(case.refuses(&mut command, &words), 1, "{param}");
    }
}

fn heard(plugin: &str, param: &str, value: &str) -> Vec<Vec<f32>> {
    let sandbox = Sandbox::new();
    let (input, out) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
    write_wav(&input, 48_000, &noise(2, 24_000));
    let mut command = render(&sandbox, &[fixtures::real_plugins()]);
    command.args(["--plugin", plugin, "--param", &format!("{param}={value}"), "--tail", "1"]);
    report(command.arg(&input).arg("-o").arg(&out));
    read_wav(&out).1
}

#[test]
fn one_amount_may_be_written_in_several_ways() {
    for (plugin, param, ways) in [
        ("Sonic Reverb", "Decay", &["0.5 s", "500 ms", "500.0ms", "plain:500"][..]),
        ("Sonic Delay", "High Cut", &["1500 Hz", "1.5 kHz", "1.50 khz", "plain:1500"]),
        ("Dragonfly Plate Reverb", "Predelay", &["20 ms", "0.02 s", "20"]),
    ] {
        let first = heard(plugin, param, ways[0]);
        for way in &ways[1..] {
            assert!(first == heard(plugin, param, way), "{plugin}: {param}={way} is not {}", ways[0]);
        }
        assert!(first != heard(plugin, param, "norm:1"), "{plugin}: {param} changes nothing");
    }
}

/// One sample through a reverb.
fn tail(param: &str) -> Value {
    let sandbox = Sandbox::new();
    let input = sandbox.file("in.wav");
    write_wav(&input, 48_000, &[vec![0.5], vec![0.5]]);
    let mut command = render(&sandbox, &[]);
    command.args(["--plugin", "Sonic Reverb", "--param", param]);
    report(command.arg(&input).arg("-o").arg(sandbox.file("out.wav")))
}

#[test]
fn the_tail_is_that_of_the_values_that_were_asked_for() {
    let (short, long) = (tail("Decay=300 ms"), tail("Decay=8 s"));
    for report in [&short, &long] {
        assert_eq!(report["tail_cut"], false, "{report:#}");
    }
    let frames = |report: &Value| report["tail_frames"].as_u64().unwrap();
    assert!(frames(&short) < 48_000 && frames(&long) > 6 * 48_000, "{} and {}", frames(&short), frames(&long));
}

fn state_file(folder: &Path, plugin: &str, set: &'static [(&'static str, f64)]) -> std::path::PathBuf {
    let bundle = fixtures::bundle(&fixtures::demo_plugins(), plugin);
    let bytes = crate::support::main_thread::on_main(move || {
        let mut controller = crate::support::player::load(&bundle);
        for (name, value) in set {
            let id = controller.params().iter().find(|info| info.name == *name).unwrap().id;
            controller.set_normalized(id, *value).unwrap();
        }
        controller.state().unwrap().component
    });
    let path = folder.join("saved.state");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_state_comes_before_a_preset_and_a_parameter_after_both() {
    let sandbox = Sandbox::new();
    let (input, out) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
    write_wav(&input, 48_000, &noise(2, 4800));
    let state = state_file(sandbox.path(), "Sonic Gain", &[("Gain", 0.25), ("Invert Polarity", 1.0)]);
    let hear = |more: &[&str]| {
        let mut command = render(&sandbox, &[]);
        command.args(["--plugin", "Sonic Gain"]).args(more).args(["--tail", "0", "--force"]);
        report(command.arg(&input).arg("-o").arg(&out));
        read_wav(&out).1
    };
    let state = state.to_str().unwrap();
    let by_hand = hear(&["--param", "Gain=norm:0.25", "--param", "Invert Polarity=On"]);
    assert!(hear(&["--state", state]) == by_hand, "the saved state sounds like what was set");
    let mixed = hear(&["--param", "Gain=norm:0.5", "--state", state]);
    assert!(mixed == hear(&["--param", "Gain=norm:0.5", "--param", "Invert Polarity=On"]), "parameters come last");
}
