//! MIDI, note expression, programs.

use crate::{
    recorder::{judged, one, only},
    rig::{APART, GAIN, PROGRAM, Rig, WHEEL, controller, on, point},
};
use serde_json::json;
use sonic_bridge::model::{Event, EventBody};

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
        assert_eq!(params[1]["points"], json!([[3, 0.5]]));
        assert!(one(&lines, "process").arg("events").as_array().is_none_or(Vec::is_empty));
        assert!(only(&lines, &["getMidiControllerAssignment"]).is_empty(), "asked beforehand, on the main thread");
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
