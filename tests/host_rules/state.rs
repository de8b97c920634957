//! States and presets.

use crate::{
    recorder::{judged, names, one, only},
    rig::{APART, BOTH, CHOICE, GAIN, Rig, SINGLE, load, plugin_of, point, setup},
    support::fixtures,
};
use serde_json::json;
use sonic_bridge::{
    formats::vst3::Vst3,
    plugin::{Format, PluginError, PresetFile, State},
};

#[test]
fn a_state_goes_to_the_component_then_to_the_controller_then_its_own() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        recorder.log();
        let state = rig.controller.state().unwrap();
        let lines = recorder.log();
        assert_eq!(names(&lines, &["getState", "getControllerState"]), ["getState", "getControllerState"]);
        rig.controller.set_state(&state).unwrap();
        let loaded = recorder.log();
        let order = ["setState", "setComponentState", "setControllerState"];
        assert_eq!(names(&loaded, &order), order);
        let hash = |call| one(&loaded, call).arg("hash").clone();
        assert_eq!(hash("setState"), hash("setComponentState"), "the same bytes, from the beginning");
        assert_eq!(hash("setState"), *one(&lines, "getState").arg("hash"));
        assert_eq!(hash("setControllerState"), *one(&lines, "getControllerState").arg("hash"));
    });
}

#[test]
fn a_state_restores_every_value() {
    for name in BOTH {
        judged(move |_| {
            let mut rig = Rig::playing(name);
            rig.block(8, &[point(GAIN, 0, 0.8), point(CHOICE, 0, 1.0)], &[]);
            let state = rig.controller.state().unwrap();
            rig.stop();
            drop(rig);
            let mut rig = Rig::load(name);
            rig.controller.set_state(&state).unwrap();
            assert_eq!(rig.controller.normalized(GAIN).unwrap(), 0.8);
            assert_eq!(rig.controller.normalized(CHOICE).unwrap(), 1.0);
            rig.start(&setup());
            rig.block(8, &[], &[]);
            assert!((rig.heard() - 0.4).abs() < 1e-6);
            assert_eq!(rig.controller.state().unwrap().component[12..], state.component[12..]);
            rig.stop();
        });
    }
}

#[test]
fn a_stream_says_what_it_is_for() {
    judged(|recorder| {
        let mut controller = load(APART);
        let state = controller.state().unwrap();
        recorder.log();
        controller.set_state(&state).unwrap();
        let lines = recorder.log();
        for line in only(&lines, &["setState", "setComponentState", "setControllerState"]) {
            assert_eq!((line.arg("attributes"), line.arg("stateType")), (&true.into(), &"Project".into()));
        }
        let preset = controller.save_preset().unwrap();
        recorder.log();
        controller.load_preset(&preset).unwrap();
        assert!(one(&recorder.log(), "setState").arg("stateType").is_null(), "a preset is no project");
    });
}

#[test]
fn a_preset_file_holds_both_halves_and_belongs_to_one_plugin() {
    judged(|_| {
        let mut apart = load(APART);
        apart.set_normalized(GAIN, 0.9).unwrap();
        let preset = apart.save_preset().unwrap();
        assert!(preset.0.starts_with(b"VST3\x01\0\0\0"));
        let class = &apart.plugin().id.0["vst3:".len()..];
        assert_eq!(preset.0[8..40], *class.as_bytes());
        apart.set_normalized(GAIN, 0.1).unwrap();
        apart.load_preset(&preset).unwrap();
        assert_eq!(apart.normalized(GAIN).unwrap(), 0.9);
        let mut other = load(SINGLE);
        assert!(matches!(other.load_preset(&preset), Err(PluginError::State { .. })));
        for end in 0..preset.0.len() {
            assert!(apart.load_preset(&PresetFile(preset.0[..end].to_vec())).is_err(), "{end} bytes");
        }
    });
}

#[test]
fn a_state_of_somebody_else_is_refused_before_the_plugin_sees_it() {
    judged(|recorder| {
        let state = load(APART).state().unwrap();
        let mut single = load(SINGLE);
        recorder.log();
        assert!(matches!(single.set_state(&state), Err(PluginError::State { .. })));
        assert!(recorder.log().is_empty());
    });
}

#[test]
fn a_refused_state_is_an_error_and_changes_nothing() {
    judged(|recorder| {
        let mut controller = load(APART);
        let state = controller.state().unwrap();
        recorder.set(json!({"stateFails": true}));
        assert!(matches!(controller.state(), Err(PluginError::State { .. })));
        recorder.log();
        assert!(matches!(controller.set_state(&state), Err(PluginError::State { .. })));
        let lines = recorder.log();
        assert!(only(&lines, &["setComponentState", "setControllerState"]).is_empty());
    });
}

#[test]
fn large_states_and_short_reads_pass() {
    judged(|recorder| {
        recorder.set(json!({"padding": 5_000_000}));
        let mut controller = load(APART);
        let state = controller.state().unwrap();
        assert!(state.component.len() > 5_000_000);
        controller.set_state(&state).unwrap();
        let name = "Fault state-short-read";
        let fault = plugin_of(&fixtures::bundle(&fixtures::fault_plugins(), name), name);
        let mut short = Vst3.load(&fault, true).unwrap();
        let state: State = short.state().unwrap();
        short.set_state(&state).unwrap();
    });
}
