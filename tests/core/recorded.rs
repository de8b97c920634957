//! Under the eyes of the recorder: what a plugin says reaches everybody, and the core breaks no rule.

use crate::{
    recorder::Recorder,
    rig::{ME, Rig, frame, level, play, play_all, through, wait},
    support::player::noise,
};
use serde_json::json;
use sonic_bridge::{
    control::core::{EventBatch, FrameEvent, FrameEventKind, StreamRequest, TransportChange, What},
    model::{Event, EventBody, ParamId},
    plugin::ProcessMode,
};

const GAIN: ParamId = ParamId(100);

#[test]
fn a_knob_the_plugin_turns_is_told_heard_and_known() {
    let mut rig = Rig::new();
    let recorder = Recorder::open();
    let record = rig.load(&["Recorder"]);
    let stream = rig.open(record.id);
    let live = rig.core.live(ME, record.id).unwrap();
    let heard = |at: u64| play(&stream, &frame(128, at), &[], &level(128, 0.25)).0[0][127];
    live.set_normalized(0, GAIN, 0.8).unwrap();
    let before = heard(0);
    recorder.elsewhere(json!({"do": "edit", "id": GAIN.0, "values": [0.1, 0.2]}));
    rig.expect("a grasp", |what| *what == What::Gesture { member: 0, param: GAIN, began: true });
    rig.expect("a release", |what| *what == What::Gesture { member: 0, param: GAIN, began: false });
    rig.expect("PARAM_CHANGED", |what| {
        matches!(what, What::ParamChanged { param: GAIN, by_plugin: true, value, .. } if value.normalized == 0.2)
    });
    assert_eq!(live.normalized(0, GAIN).unwrap(), 0.2);
    let after = heard(128);
    live.set_normalized(0, GAIN, 0.8).unwrap();
    assert_eq!((heard(256), after < before), (before, true), "{before} {after}");
    wait(rig.core.unload(ME, record.id)).unwrap();
    assert_eq!(recorder.live(), 0);
    rig.end();
}

#[test]
fn other_titles_and_a_wish_to_be_saved_are_told() {
    let mut rig = Rig::new();
    let recorder = Recorder::open();
    let record = rig.load(&["Recorder"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let title = || live.members()[0].params.iter().find(|info| info.id == GAIN).unwrap().name.clone();
    let before = title();
    recorder.command(json!({"do": "titles", "when": "now"}));
    // Titles changed.
    recorder.elsewhere(json!({"do": "restart", "flags": 1 << 4}));
    rig.expect("PARAM_INFO_CHANGED", |what| *what == What::ParamInfoChanged { member: 0 });
    assert_ne!(title(), before);
    recorder.elsewhere(json!({"do": "setDirty", "on": true}));
    rig.expect("STATE_DIRTY", |what| *what == What::StateDirty { member: 0 });
    wait(rig.core.unload(ME, record.id)).unwrap();
    assert_eq!(recorder.live(), 0);
    rig.end();
}

#[test]
fn a_long_life_breaks_no_rule_and_leaves_nothing() {
    let rig = Rig::new();
    let recorder = Recorder::open();
    let record = rig.load(&["Recorder", "Recorder Single"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let mut requests = vec![through(record.id); 4];
    requests[1] = StreamRequest { sample_rate: 96_000.0, ..requests[1].clone() };
    requests[2] = StreamRequest { mode: ProcessMode::Offline, block: 2000, ..requests[2].clone() };
    requests[3] = StreamRequest { channels: 1, ..requests[3].clone() };
    for request in requests {
        let (stream, _) = wait(rig.core.open_stream(request.clone())).unwrap();
        let input = noise(request.channels, 6000);
        for member in 0..2 {
            live.set_normalized(member, GAIN, 0.4).unwrap();
        }
        let note = |offset, body| Event { offset, bus: 0, body };
        let on = EventBody::NoteOn { channel: 0, key: 60, velocity: 1.0, tuning: 0.0, note_id: 5 };
        let events = vec![note(0, on), note(3, EventBody::Controller { channel: 0, number: 1, value: 0.5 })];
        rig.core.send_events(ME, record.id, EventBatch { member: None, events }).unwrap();
        let change = TransportChange { tempo: Some(99.0), signature: Some((3, 4)), ..TransportChange::default() };
        rig.core.set_transport(ME, record.id, change).unwrap();
        let moved = FrameEvent { offset: 0, member: 1, kind: FrameEventKind::Param(GAIN.0, 0.9) };
        play_all(&stream, 500, &input, &[(700, moved), (701, moved), (5999, moved)]);
        wait(rig.core.states(ME, record.id)).unwrap();
        wait(rig.core.set_bypass(ME, record.id, true)).unwrap();
        play_all(&stream, 500, &input, &[]);
        wait(rig.core.set_bypass(ME, record.id, false)).unwrap();
        wait(rig.core.panic(ME)).unwrap();
        play_all(&stream, 500, &input, &[]);
        wait(rig.core.restart(ME, record.id)).unwrap();
        play_all(&stream, 500, &input, &[]);
        wait(rig.core.reset(ME, record.id)).unwrap();
        wait(rig.core.close_stream(ME, stream.id())).unwrap();
        recorder.assert_no_violations();
    }
    wait(rig.core.unload(ME, record.id)).unwrap();
    recorder.assert_no_violations();
    assert_eq!(recorder.live(), 0, "objects that were not released");
    rig.end();
}
