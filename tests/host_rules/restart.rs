//! What a plugin may ask for with restartComponent, flag by flag.

use crate::{
    recorder::{Recorder, judged, names, one, only},
    rig::{APART, BOTH, GAIN, METER, Rig, load, on, point, setup},
};
use serde_json::json;
use sonic_bridge::plugin::{Notice, ProcessMode, RestartNeed, Setup};

const RELOAD: i32 = 1;
const IO: i32 = 1 << 1;
const VALUES: i32 = 1 << 2;
const LATENCY: i32 = 1 << 3;
const TITLES: i32 = 1 << 4;
const MIDI: i32 = 1 << 5;
const NOTE_EXPRESSION: i32 = 1 << 6;
const IO_TITLES: i32 = 1 << 7;
const PREFETCHABLE: i32 = 1 << 8;
const ROUTING: i32 = 1 << 9;
const KEYSWITCH: i32 = 1 << 10;
const ID_MAPPING: i32 = 1 << 11;

const STEPS: [&str; 4] = ["setProcessing(false)", "setActive(false)", "setActive(true)", "setProcessing(true)"];

fn ask(recorder: &Recorder, flags: i32) {
    recorder.log();
    recorder.now(json!({"do": "restart", "flags": flags}));
}

#[test]
fn changed_latency_is_read_between_a_stop_and_a_start() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            recorder.set(json!({"latency": 333}));
            ask(recorder, LATENCY);
            assert_eq!(rig.poll(), [Notice::Restart(RestartNeed::Reactivate)]);
            assert_eq!(rig.controller.latency(), 0, "not yet");
            rig.restart(&setup());
            assert_eq!(rig.controller.latency(), 333);
            assert_eq!(names(&recorder.log(), &["setProcessing", "setActive"]), STEPS);
            rig.block(8, &[], &[]);
            rig.stop();
        });
    }
}

#[test]
fn changed_buses_are_read_and_confirmed() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            rig.block(8, &[], &[on(0, 60, -1)]);
            rig.poll();
            // The fixture's buses may only change while it rests: what it says from now on is what a host must act on.
            ask(recorder, IO);
            assert_eq!(rig.poll(), [Notice::Restart(RestartNeed::Reconfigure)]);
            rig.restart(&setup());
            let lines = recorder.log();
            let order = ["setProcessing", "setActive", "setBusArrangements"];
            assert_eq!(names(&lines, &order), [STEPS[0], STEPS[1], "setBusArrangements", STEPS[2], STEPS[3]]);
            rig.stop();
            recorder.set(json!({"extraOutputs": 2}));
            ask(recorder, IO);
            rig.poll();
            assert_eq!(rig.controller.layout().outputs.len(), 4, "at rest it is done at once");
            rig.start(&setup());
            rig.block(8, &[], &[]);
            rig.stop();
        });
    }
}

#[test]
fn a_plugin_that_wants_to_be_loaded_anew_keeps_its_state() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            rig.block(8, &[point(GAIN, 0, 0.8)], &[on(0, 60, 3)]);
            rig.poll();
            recorder.now(json!({"do": "beginEdit", "id": GAIN.0}));
            ask(recorder, RELOAD | LATENCY | IO);
            let notices = rig.poll();
            assert_eq!(notices, [Notice::EditBegan(GAIN), Notice::Restart(RestartNeed::Reload)]);
            rig.restart(&setup());
            let lines = recorder.log();
            assert!(!only(&lines, &["terminate"]).is_empty() && !only(&lines, &["initialize"]).is_empty());
            assert_eq!(only(&lines, &["getProcessContextRequirements"]).len(), 1, "asked of the new one");
            rig.block(8, &[], &[]);
            assert!((rig.heard() - 0.4).abs() < 1e-6, "{}", rig.heard());
            assert!(rig.poll().contains(&Notice::EditEnded(GAIN)), "an edit of an object that is gone is over");
            rig.stop();
            rig.controller.set_normalized(GAIN, 0.3).unwrap();
            ask(recorder, RELOAD);
            rig.poll();
            assert_eq!(rig.controller.normalized(GAIN).unwrap(), 0.3);
            rig.start(&setup());
            rig.block(8, &[], &[]);
            assert!((rig.heard() - 0.15).abs() < 1e-6);
            rig.stop();
        });
    }
}

#[test]
fn changed_titles_are_read_again() {
    judged(|recorder| {
        let mut controller = load(APART);
        let before = controller.params()[0].name.clone();
        recorder.command(json!({"do": "titles"}));
        assert_eq!(controller.params()[0].name, before, "until it is said");
        ask(recorder, TITLES);
        assert_eq!(controller.poll(), [Notice::InfoChanged]);
        assert_ne!(controller.params()[0].name, before);
        assert_eq!(only(&recorder.log(), &["getParameterInfo"]).len(), 10);
    });
}

#[test]
fn changed_values_are_said_and_never_remembered() {
    judged(|recorder| {
        let mut controller = load(APART);
        ask(recorder, VALUES);
        assert_eq!(controller.poll(), [Notice::ValuesChanged]);
        controller.normalized(GAIN).unwrap();
        controller.normalized(GAIN).unwrap();
        assert_eq!(only(&recorder.log(), &["getParamNormalized"]).len(), 2, "asked each time");
    });
}

#[test]
fn changed_controller_assignments_rebuild_the_table() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        ask(recorder, MIDI);
        rig.poll();
        assert_eq!(only(&recorder.log(), &["getMidi1ControllerAssignments"]).len(), 1);
        rig.stop();
    });
}

#[test]
fn changed_note_expressions_and_key_switches_are_said() {
    for flag in [NOTE_EXPRESSION, KEYSWITCH] {
        judged(move |recorder| {
            let mut controller = load(APART);
            ask(recorder, flag);
            assert_eq!(controller.poll(), [Notice::ProgramsChanged]);
        });
    }
}

#[test]
fn changed_bus_names_and_routing_are_read_again() {
    for flag in [IO_TITLES, ROUTING] {
        judged(move |recorder| {
            let mut rig = Rig::playing(APART);
            ask(recorder, flag);
            assert_eq!(rig.poll(), [Notice::BusNamesChanged]);
            let lines = recorder.log();
            assert_eq!((only(&lines, &["getRoutingInfo"]).len(), only(&lines, &["getBusInfo"]).len()), (1, 6));
            rig.stop();
        });
    }
}

#[test]
fn changed_readiness_to_compute_ahead_is_asked_at_rest() {
    judged(|recorder| {
        let ahead = Setup { mode: ProcessMode::Prefetch, ..setup() };
        let mut rig = Rig::load(APART);
        rig.start(&ahead);
        recorder.set(json!({"prefetch": 2}));
        ask(recorder, PREFETCHABLE);
        assert_eq!(rig.poll(), [Notice::Restart(RestartNeed::Reactivate)]);
        rig.restart(&ahead);
        let lines = recorder.log();
        assert_eq!(one(&lines, "getPrefetchableSupport").state(), "set up");
        assert_eq!(*one(&lines, "setupProcessing").arg("mode"), 0);
        rig.block(8, &[], &[]);
        rig.stop();
        assert!(recorder.remarks().is_empty(), "{:?}", recorder.remarks());
    });
}

#[test]
fn a_changed_mapping_of_ids_is_read_again() {
    judged(|recorder| {
        let mut controller = load(APART);
        ask(recorder, ID_MAPPING);
        assert_eq!(controller.poll(), [Notice::InfoChanged]);
        assert_eq!(only(&recorder.log(), &["getParameterInfo"]).len(), 10);
    });
}

#[test]
fn flags_that_come_together_are_done_once() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        rig.poll();
        for flags in [LATENCY, TITLES | LATENCY, IO, TITLES | VALUES | IO_TITLES] {
            recorder.now(json!({"do": "restart", "flags": flags}));
        }
        let expected = [
            Notice::Restart(RestartNeed::Reconfigure),
            Notice::InfoChanged,
            Notice::ValuesChanged,
            Notice::BusNamesChanged,
        ];
        assert_eq!(rig.poll(), expected);
        // A smaller wish does not take back a larger one.
        recorder.now(json!({"do": "restart", "flags": LATENCY}));
        assert_eq!(rig.poll(), [Notice::Restart(RestartNeed::Reconfigure)]);
        rig.restart(&setup());
        rig.block(8, &[], &[]);
        assert_eq!(rig.poll(), [Notice::Output(METER, 0.25)]);
        rig.stop();
    });
}

#[test]
fn a_restart_that_failed_is_owed_until_it_is_done() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        ask(recorder, IO);
        rig.poll();
        let mut other = Rig::playing(APART);
        let foreign = other.audio.take().unwrap().processor;
        assert!(rig.controller.restart(foreign).is_err());
        recorder.log();
        rig.restart(&setup());
        assert_eq!(only(&recorder.log(), &["setBusArrangements"]).len(), 1, "still with new buses");
        rig.stop();
    });
}
