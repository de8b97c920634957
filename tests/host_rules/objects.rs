//! What the host puts into a plugin's hands.

use crate::{
    params::assert_answers,
    recorder::{Line, judged, names, one, only},
    rig::{APART, BOTH, Rig, load, setup},
    support::fixtures,
};
use serde_json::json;
use sonic_bridge::{formats::vst3::Vst3, plugin::Format, plugin::Notice};
#[cfg(target_os = "linux")]
use std::time::Duration;

fn answer(lines: &[Line]) -> i64 {
    let answers: Vec<&Line> =
        lines.iter().filter(|line| line.object() == "host" && line.state() == "answers").collect();
    answers.last().unwrap().arg("result").as_i64().unwrap()
}

#[test]
fn the_host_has_a_name_and_makes_messages() {
    judged(|recorder| {
        let _controller = load(APART);
        let lines = recorder.log();
        let told = only(&lines, &["initialize"]);
        assert!(told.iter().all(|line| *line.arg("host") == "sonic-bridge"));
        recorder.now(json!({"do": "message", "from": "component", "id": "hello", "value": 42, "text": "Grüße"}));
        let lines = recorder.log();
        let heard = one(&lines, "notify");
        assert_eq!(
            (heard.arg("id"), heard.arg("value"), heard.arg("text")),
            (&"hello".into(), &42.into(), &"Grüße".into())
        );
    });
}

#[test]
fn the_host_says_what_it_calls_and_nothing_else() {
    judged(|recorder| {
        let _controller = load(APART);
        for (name, called) in [
            ("IMidiMapping", true),
            ("IMidiMapping2", true),
            ("IUnitInfo", true),
            ("IXmlRepresentationController", false),
            ("IEditController2", false),
        ] {
            recorder.now(json!({"do": "supports", "text": name}));
            assert_eq!(answer(&recorder.log()) == 0, called, "{name}");
        }
    });
}

#[test]
fn host_objects_outlive_a_plugin_that_never_lets_go() {
    judged(|_| {
        let name = "Fault keeps-handler";
        let plugin = crate::rig::plugin_of(&fixtures::bundle(&fixtures::fault_plugins(), name), name);
        for _ in 0..3 {
            let mut controller = Vst3.load(&plugin, true).unwrap();
            let processor = controller.activate(&setup()).unwrap();
            controller.deactivate(processor).unwrap();
            drop(controller);
        }
    });
}

#[test]
fn changes_of_units_and_programs_are_read_again() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        for (what, read) in [
            (json!({"do": "programList", "list": 1, "index": -1}), true),
            (json!({"do": "programList", "list": 1, "index": 3}), true),
            (json!({"do": "unitByBus"}), true),
            (json!({"do": "selectUnit", "unit": 1}), false),
        ] {
            recorder.log();
            recorder.now(what.clone());
            let notices = rig.poll();
            let lines = recorder.log();
            assert_answers(&lines);
            assert_eq!(notices.contains(&Notice::ProgramsChanged), read, "{what}");
            assert_eq!(!only(&lines, &["getProgramListInfo"]).is_empty(), read, "{what}");
        }
    });
}

#[test]
fn data_blocks_arrive_on_the_main_thread_and_before_the_plugin_stops() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::load(name);
            recorder.now(json!({"do": "exchangeOpen", "size": 64, "count": 2, "user": 9}));
            rig.start(&setup());
            recorder.log();
            let send = |value: u32| recorder.command(json!({"do": "exchangeSend", "value": value, "when": "process"}));
            for value in [1, 2, 3] {
                send(value);
                rig.block(8, &[], &[]);
            }
            let results: Vec<bool> = recorder
                .log()
                .iter()
                .filter(|line| line.call() == "exchangeSend" && line.state() == "answers")
                .map(|line| *line.arg("result") == 0)
                .collect();
            assert_eq!(results, [true, true, false], "both blocks are taken, and none is lost for the third");
            rig.poll();
            let lines = recorder.log();
            assert!(only(&lines, &["onDataExchangeBlocksReceived"]).iter().all(|line| line.on_main()));
            assert!(!only(&lines, &["onDataExchangeBlocksReceived"]).is_empty());
            send(4);
            rig.block(8, &[], &[]);
            // Not while active.
            recorder.now(json!({"do": "exchangeClose"}));
            assert_ne!(answer(&recorder.log()), 0);
            rig.stop();
            let order = names(&recorder.log(), &["onDataExchangeBlocksReceived", "setActive"]);
            assert_eq!(order, ["onDataExchangeBlocksReceived", "setActive(false)"]);
            recorder.now(json!({"do": "exchangeClose"}));
            let lines = recorder.log();
            assert_eq!((answer(&lines), only(&lines, &["queueClosed"]).len()), (0, 1));
            // Left open: closed for the plugin.
            recorder.now(json!({"do": "exchangeOpen", "size": 64, "count": 2, "user": 10}));
            drop(rig);
            assert_eq!(*one(&recorder.log(), "queueClosed").arg("user"), 10);
        });
    }
}

#[test]
fn an_answer_is_success_only_when_it_is_zero() {
    judged(|recorder| {
        // kNotImplemented is no failure where there is nothing to do; an error from getState is one.
        recorder.set(json!({"processingUnimplemented": true}));
        let mut rig = Rig::playing(APART);
        rig.block(8, &[], &[]);
        recorder.set(json!({"stateFails": true}));
        assert!(rig.controller.state().is_err());
        recorder.set(json!({"stateFails": false}));
        assert!(rig.controller.state().is_ok());
        rig.stop();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn timers_and_descriptors_run_on_the_main_thread_until_their_module_is_left() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        // Another module that stays, so that the recorder's is not the last one.
        let name = "Fault none";
        let plugin = crate::rig::plugin_of(&fixtures::bundle(&fixtures::fault_plugins(), name), name);
        let mut other = Vst3.load(&plugin, true).unwrap();
        recorder.now(json!({"do": "timer", "value": 1}));
        recorder.now(json!({"do": "descriptor"}));
        recorder.now(json!({"do": "wake"}));
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(2));
            rig.poll();
        }
        let lines = recorder.log();
        assert!(only(&lines, &["onTimer"]).len() >= 2 && only(&lines, &["onFDIsSet"]).len() == 1);
        assert!(only(&lines, &["onTimer", "onFDIsSet"]).iter().all(|line| line.on_main()));
        recorder.now(json!({"do": "wake"}));
        drop(rig);
        recorder.log();
        std::thread::sleep(Duration::from_millis(5));
        other.poll();
        assert!(only(&recorder.log(), &["onTimer", "onFDIsSet"]).is_empty());
    });
}
