//! Creation, order and the end.

use crate::{
    recorder::{Line, judged, names, one, only},
    rig::{APART, BOTH, GAIN, Rig, SINGLE, load, on, point, setup},
};
use sonic_bridge::{
    formats::vst3::Vst3,
    plugin::{Format, PluginError},
};

#[test]
fn the_module_is_entered_first_and_left_last() {
    judged(|recorder| {
        drop(load(APART));
        // The search enters and leaves the module once before.
        let lines = recorder.log();
        assert_eq!(names(&lines, &["entry", "exit"]), ["entry", "exit", "entry", "exit"]);
        assert_eq!((lines[0].call(), lines.last().unwrap().call()), ("entry", "exit"));
        assert!(only(&lines, &["exit"]).iter().all(|line| *line.arg("live") == 0));
    });
}

#[test]
fn the_factory_is_given_the_host_context_before_it_makes_anything() {
    judged(|recorder| {
        drop(load(APART));
        let lines = recorder.log();
        let calls: Vec<&str> = lines.iter().map(Line::call).collect();
        let context = calls.iter().position(|call| *call == "setHostContext").unwrap();
        assert!(context < calls.iter().position(|call| *call == "createInstance").unwrap());
        assert_eq!(*lines[context].arg("context"), true);
        assert_eq!(*lines[context].arg("runLoop"), cfg!(target_os = "linux"));
    });
}

#[test]
fn states_are_gone_through_one_by_one_and_back() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            rig.block(64, &[], &[]);
            rig.stop();
            drop(rig);
            let lines = recorder.log();
            let life = ["setupProcessing", "setActive", "setProcessing", "process", "terminate", "released"];
            let component: Vec<String> =
                only(&lines, &life).into_iter().filter(|line| line.object() != "controller").map(Line::short).collect();
            assert_eq!(
                component,
                [
                    "setupProcessing",
                    "setActive(true)",
                    "setProcessing(true)",
                    "process",
                    "setProcessing(false)",
                    "setActive(false)",
                    "terminate",
                    "released"
                ],
                "{name}"
            );
        });
    }
}

#[test]
fn initialize_follows_creation_at_once() {
    judged(|recorder| {
        drop(load(APART));
        let lines = recorder.log();
        for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.call() == "createInstance") {
            let next = lines[at + 1..].iter().find(|line| line.call() != "setIoMode").unwrap();
            assert_eq!(next.call(), "initialize");
        }
    });
}

#[test]
fn each_object_is_initialized_and_terminated_once() {
    for (name, objects) in [(APART, 2), (SINGLE, 1)] {
        judged(move |recorder| {
            drop(load(name));
            let lines = recorder.log();
            for call in ["initialize", "terminate", "released"] {
                let mut who: Vec<u64> = only(&lines, &[call]).iter().map(|line| line.instance()).collect();
                who.sort_unstable();
                who.dedup();
                assert_eq!((who.len(), only(&lines, &[call]).len()), (objects, objects), "{name}: {call}");
            }
        });
    }
}

#[test]
fn a_controller_of_its_own_is_made_only_when_the_component_is_none() {
    judged(|recorder| {
        drop(load(APART));
        let lines = recorder.log();
        assert!(one(&lines, "getControllerClassId").seq() < only(&lines, &["createInstance"])[1].seq());
        drop(load(SINGLE));
        let lines = recorder.log();
        assert_eq!(only(&lines, &["createInstance"]).len(), 1);
    });
}

#[test]
fn handler_connection_and_first_state_come_in_this_order() {
    judged(|recorder| {
        let controller = load(APART);
        let order = ["setComponentHandler", "connect", "getState", "setComponentState"];
        let lines = recorder.log();
        assert_eq!(
            names(&lines, &order),
            ["setComponentHandler", "connect", "connect", "getState", "setComponentState"]
        );
        let written = one(&lines, "getState");
        assert_eq!(written.arg("hash"), one(&lines, "setComponentState").arg("hash"), "the same bytes");
        drop(controller);
        let lines = recorder.log();
        let order = ["disconnect", "setComponentHandler", "terminate"];
        assert_eq!(
            names(&lines, &order),
            ["disconnect", "disconnect", "setComponentHandler", "terminate", "terminate"]
        );
        assert!(recorder.remarks().is_empty(), "{:?}", recorder.remarks());
    });
}

#[test]
fn both_halves_live_in_one_process_and_on_one_thread() {
    judged(|recorder| {
        drop(load(APART));
        assert!(only(&recorder.log(), &["initialize"]).iter().all(|line| line.on_main()));
    });
}

#[test]
fn offline_work_is_announced_before_initialize() {
    judged(|recorder| {
        drop(Vst3.load(&crate::rig::plugin(APART), true).unwrap());
        let lines = recorder.log();
        let told = one(&lines, "setIoMode");
        assert_eq!((told.state(), told.arg("mode")), ("created", &2.into()));
        drop(Vst3.load(&crate::rig::plugin(APART), false).unwrap());
        assert!(only(&recorder.log(), &["setIoMode"]).is_empty(), "simple mode is never chosen");
    });
}

#[test]
fn a_refused_activation_leaves_the_plugin_where_it_was() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::load(name);
            recorder.set(serde_json::json!({"activateFails": true}));
            let error = rig.controller.activate(&setup()).err().expect("refused").to_string();
            assert!(error.contains("setActive"), "{error}");
            let lines = recorder.log();
            assert_eq!(names(&lines, &["setActive", "setProcessing"]), ["setActive(true)"]);
            recorder.set(serde_json::json!({"activateFails": false}));
            rig.start(&setup());
            rig.block(1, &[], &[]);
            rig.stop();
        });
    }
}

#[test]
fn a_setup_nobody_can_play_is_refused_before_the_plugin_hears_of_it() {
    judged(|recorder| {
        let mut controller = load(APART);
        recorder.log();
        for (max_block, sample_rate) in [(0, 48_000.0), (u32::MAX, 48_000.0), (64, 0.0), (64, f64::NAN), (64, -1.0)] {
            let setup = sonic_bridge::plugin::Setup { max_block, sample_rate, ..setup() };
            assert!(controller.activate(&setup).is_err());
        }
        assert!(recorder.log().is_empty());
    });
}

#[test]
fn a_component_without_a_controller_plays() {
    judged(|recorder| {
        let mut rig = Rig::load("Recorder Headless");
        assert!(only(&recorder.log(), &["setComponentHandler", "setComponentState", "connect"]).is_empty());
        assert!(rig.controller.params().is_empty() && rig.controller.units().is_empty());
        assert!(rig.controller.program_lists().is_empty() && !rig.controller.controller_moved(0, 0, 1));
        let refused = rig.controller.set_normalized(GAIN, 0.5);
        assert!(matches!(refused, Err(PluginError::NoSuchParam { .. })), "{refused:?}");
        rig.start(&setup());
        rig.block(16, &[], &[on(0, 60, 1)]);
        let before = rig.heard();
        assert_ne!(before, 0.0);
        let state = rig.controller.state().unwrap();
        assert!(!state.component.is_empty() && state.controller.is_empty());
        rig.controller.set_state(&state).unwrap();
        // The component takes points all the same, from whoever knows its ids.
        rig.block(16, &[point(GAIN, 0, 0.0)], &[]);
        assert_eq!(rig.heard(), 0.0);
        assert!(rig.poll().is_empty());
        rig.stop();
        drop(rig);
        assert_eq!(names(&recorder.log(), &["terminate"]), ["terminate"]);
    });
}
