//! Loading, describing, unloading.

use crate::rig::{ME, Rig, request, wait};
use sonic_bridge::{
    control::core::{LoadRequest, What},
    model::ErrorCode,
    plugin::ProcessMode,
};

#[test]
fn the_demo_plugins_load_say_what_they_are_and_go() {
    let mut rig = Rig::new();
    assert!(rig.core.plugins().plugins.len() >= 10, "{:?}", rig.core.plugins());
    for name in ["Sonic Gain", "Sonic EQ", "Sonic Delay", "Sonic Reverb", "Sonic Synth"] {
        let record = rig.load(&[name]);
        assert_eq!((record.members[0].plugin.name.as_str(), record.members[0].lanes), (name, 1));
        assert_eq!((record.inputs, record.outputs, record.stream), (2, 2, None), "{name}");
        assert_eq!(record.warnings, Vec::<String>::new(), "{name}");
        assert!(record.members[0].params > 0, "{name}");
        rig.expect("LOADED", |what| *what == What::Loaded);
        assert_eq!(wait(rig.core.instance(ME, record.id)).unwrap(), record);
        assert_eq!(wait(rig.core.instances(ME)).unwrap(), std::slice::from_ref(&record));
        wait(rig.core.unload(ME, record.id)).unwrap();
        let gone = rig.expect("UNLOADED", |what| *what == What::Unloaded);
        assert_eq!((gone.owner, gone.instance), (Some(ME), Some(record.id)));
        assert_eq!(wait(rig.core.instance(ME, record.id)).unwrap_err().code(), ErrorCode::INSTANCE_NOT_FOUND);
        assert!(rig.core.live(ME, record.id).is_err());
    }
    rig.end();
}

#[test]
fn a_chain_has_its_plugins_in_order_and_a_mono_plugin_runs_once_per_channel() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Gain", "Fault mono-only", "Sonic Delay"]);
    let names: Vec<_> = record.members.iter().map(|member| (member.plugin.name.as_str(), member.lanes)).collect();
    assert_eq!(names, [("Sonic Gain", 1), ("Fault mono-only", 2), ("Sonic Delay", 1)]);
    assert!(record.warnings.iter().any(|warning| warning.contains("once per channel")), "{:?}", record.warnings);
    rig.end();
}

#[test]
fn what_cannot_be_loaded_is_refused_and_nothing_stays() {
    let rig = Rig::new();
    let code = |request: LoadRequest| wait(rig.core.load(request)).unwrap_err().code();
    assert_eq!(code(request(&["No Such Plugin"])), ErrorCode::PLUGIN_NOT_FOUND);
    assert_eq!(code(request(&["Sonic Gain", "No Such Plugin"])), ErrorCode::PLUGIN_NOT_FOUND);
    assert_eq!(code(request(&[])), ErrorCode::OUT_OF_RANGE);
    for wrong in [
        LoadRequest { sample_rate: f64::NAN, ..request(&["Sonic Gain"]) },
        LoadRequest { sample_rate: 1e9, ..request(&["Sonic Gain"]) },
        LoadRequest { max_block: 0, ..request(&["Sonic Gain"]) },
        LoadRequest { channels: 0, ..request(&["Sonic Gain"]) },
        LoadRequest { channels: 1000, ..request(&["Sonic Gain"]) },
    ] {
        assert_eq!(code(wrong), ErrorCode::OUT_OF_RANGE);
    }
    let mut no_preset = request(&["Sonic Reverb"]);
    no_preset.plugins[0].preset = Some("No Such Preset".to_owned());
    assert_eq!(code(no_preset), ErrorCode::PRESET_NOT_FOUND);
    assert!(wait(rig.core.instances(ME)).unwrap().is_empty());
    rig.end();
}

#[test]
fn a_saved_state_is_there_from_the_first_sample_on() {
    let rig = Rig::new();
    let first = rig.load(&["Sonic Gain", "Sonic EQ"]);
    let gain = rig.param(first.id, 0, "Gain");
    rig.core.live(ME, first.id).unwrap().set_normalized(0, gain, 0.25).unwrap();
    let states = wait(rig.core.states(ME, first.id)).unwrap();
    assert_eq!(states.len(), 2);
    let mut again = request(&["Sonic Gain", "Sonic EQ"]);
    for (plugin, state) in again.plugins.iter_mut().zip(&states) {
        plugin.state = Some(state.clone());
    }
    let second = wait(rig.core.load(LoadRequest { mode: ProcessMode::Offline, ..again })).unwrap();
    assert_eq!(rig.core.live(ME, second.id).unwrap().normalized(0, gain).unwrap(), 0.25);
    assert_eq!(wait(rig.core.states(ME, second.id)).unwrap(), states);
    rig.end();
}

#[test]
fn states_go_around_and_those_of_others_are_refused() {
    let mut rig = Rig::new();
    let record = rig.load(&["Sonic Gain"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 0, "Gain");
    live.set_normalized(0, gain, 0.3).unwrap();
    let saved = wait(rig.core.states(ME, record.id)).unwrap();
    live.set_normalized(0, gain, 0.9).unwrap();
    wait(rig.core.set_states(ME, record.id, saved.clone())).unwrap();
    assert_eq!(live.normalized(0, gain).unwrap(), 0.3);
    rig.expect("PARAMS_CHANGED", |what| *what == What::ValuesChanged { member: 0 });
    assert_eq!(wait(rig.core.states(ME, record.id)).unwrap(), saved);
    let other = rig.load(&["Sonic EQ"]);
    let foreign = wait(rig.core.states(ME, other.id)).unwrap();
    let error = wait(rig.core.set_states(ME, record.id, foreign)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::STATE_REJECTED, "{error}");
    let error = wait(rig.core.set_states(ME, record.id, Vec::new())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OUT_OF_RANGE, "{error}");
    assert_eq!(live.normalized(0, gain).unwrap(), 0.3, "nothing was changed");
    rig.end();
}

#[test]
fn a_restart_made_by_hand_keeps_number_and_values() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Gain", "Sonic Reverb"]);
    let gain = rig.param(record.id, 0, "Gain");
    rig.core.live(ME, record.id).unwrap().set_normalized(0, gain, 0.3).unwrap();
    assert_eq!(wait(rig.core.restart(ME, record.id)).unwrap(), record);
    assert_eq!(rig.core.live(ME, record.id).unwrap().normalized(0, gain).unwrap(), 0.3);
    rig.end();
}
