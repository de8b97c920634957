//! MIDI, note expression, programs.

use crate::{
    recorder::{judged, one, only},
    rig::{APART, GAIN, PROGRAM, Rig, SINGLE, WHEEL, controller, on, point},
};
use serde_json::json;
use sonic_bridge::model::{Event, EventBody, ParamPoint};

#[test]
fn controllers_become_the_parameters_they_are_mapped_to() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        recorder.log();
        let events = [controller(3, 1, 0.5), controller(5, 129, 0.75), controller(6, 7, 1.0), controller(7, 130, 1.0)];
        rig.block(16, &[point(GAIN, 0, 0.5)], &events);
        let lines = recorder.log();
        let params = one(&lines, "process").arg("params").as_array().unwrap().clone();
        let ids: Vec<u64> = params.iter().map(|queue| queue["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, [u64::from(GAIN.0), u64::from(WHEEL.0), 9], "no raw controller, and no program change");
        assert_eq!(params[1]["points"], json!([[2, 0.0], [3, 0.5]]));
        assert!(one(&lines, "process").arg("events").as_array().is_none_or(Vec::is_empty));
        let asked = ["getMidiControllerAssignment", "getMidi1ControllerAssignments"];
        assert!(only(&lines, &asked).is_empty(), "asked beforehand, on the main thread");
        rig.stop();
    });
}

#[test]
fn a_list_of_assignments_is_preferred_to_asking_for_each() {
    judged(|recorder| {
        for (name, listed) in [(APART, true), (SINGLE, false)] {
            recorder.log();
            let mut rig = Rig::playing(name);
            let lines = recorder.log();
            assert_eq!(only(&lines, &["getMidi1ControllerAssignments"]).len(), usize::from(listed), "{name}");
            let each = if listed { 0 } else { 16 * 130 };
            assert_eq!(only(&lines, &["getMidiControllerAssignment"]).len(), each, "{name}");
            rig.block(16, &[], &[controller(0, 1, 0.5), controller(0, 7, 0.5)]);
            let params = one(&recorder.log(), "process").arg("params").clone();
            assert_eq!(params, json!([{"id": WHEEL.0, "count": 1, "points": [[0, 0.5]]}]), "{name}");
            rig.stop();
        }
    });
}

#[test]
fn a_controller_jumps_from_the_value_before_wherever_that_came_from() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let mut told = |params: &[ParamPoint], events: &[Event]| {
            rig.block(16, params, events);
            one(&recorder.log(), "process").arg("params")[0]["points"].clone()
        };
        recorder.log();
        assert_eq!(told(&[], &[controller(0, 1, 0.5)]), json!([[0, 0.5]]), "no sample before");
        assert_eq!(told(&[], &[controller(9, 1, 0.5)]), json!([[9, 0.5]]), "no jump");
        let two = [controller(4, 1, 0.25), controller(5, 1, 1.0), controller(12, 1, 0.75)];
        assert_eq!(told(&[], &two), json!([[3, 0.5], [4, 0.25], [5, 1.0], [11, 1.0], [12, 0.75]]));
        assert_eq!(told(&[point(WHEEL, 2, 0.125)], &[]), json!([[2, 0.125]]));
        assert_eq!(told(&[], &[controller(8, 1, 0.0)]), json!([[7, 0.125], [8, 0.0]]), "from a point");
        let state = rig.controller.state().unwrap();
        rig.controller.set_state(&state).unwrap();
        recorder.log();
        rig.block(16, &[], &[controller(8, 1, 0.5)]);
        let params = one(&recorder.log(), "process").arg("params").clone();
        assert_eq!(params[0]["points"], json!([[8, 0.5]]), "nobody knows after a state was loaded");
        rig.stop();
    });
}

#[test]
fn a_controller_that_moves_can_be_learnt() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        recorder.log();
        assert!(rig.controller.controller_moved(0, 3, 21));
        let lines = recorder.log();
        let told = one(&lines, "onLiveMIDIControllerInput");
        assert_eq!((told.arg("channel"), told.arg("controller")), (&3.into(), &21.into()));
    });
}

#[test]
fn notes_that_the_plugin_plays_come_out() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        recorder.command(json!({"do": "note", "id": 64, "index": 7, "on": true, "when": "process"}));
        rig.block(16, &[], &[on(2, 60, 5)]);
        let keys: Vec<(u32, i16)> = rig
            .audio()
            .out
            .events()
            .iter()
            .map(|event| match event.body {
                EventBody::NoteOn { key, .. } => (event.offset, key),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(keys, [(2, 60), (7, 64)]);
        rig.stop();
    });
}

#[test]
fn a_note_expression_carries_the_id_of_its_note() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let body = EventBody::NoteExpression { kind: 2, note_id: 5, value: 0.75 };
        rig.block(16, &[], &[on(2, 60, 5), Event { offset: 4, bus: 0, body }]);
        let lines = recorder.log();
        let heard = &one(&lines, "process").arg("events")[1];
        assert_eq!((&heard["typeId"], &heard["id"], &heard["value"]), (&2.into(), &5.into(), &0.75.into()));
        assert!(recorder.remarks().is_empty(), "{:?}", recorder.remarks());
        rig.stop();
    });
}

#[test]
fn a_program_list_has_names_and_its_selector() {
    judged(|_| {
        let rig = Rig::load(APART);
        let lists = rig.controller.program_lists();
        assert_eq!(lists.len(), 1);
        assert_eq!(
            (lists[0].name.as_str(), lists[0].programs.len(), lists[0].selector),
            ("Programs", 8, Some(PROGRAM))
        );
        assert_eq!(lists[0].programs[2], "Program 3");
        assert_eq!(rig.controller.to_text(PROGRAM, 2.0 / 7.0).unwrap(), "Program 3");
        assert_eq!(rig.controller.units(), ["Wheels"]);
    });
}
