//! What each verb does with what it is given.

use super::rig::{Rig, SCOPES};
use serde_json::json;
use sonic_bridge::link::ToScript;

#[test]
fn a_plugin_is_found_loaded_turned_and_given_a_stream() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    assert!(rig.good(me, "PING", json!({}))["time"].is_number());
    let list = rig.good(me, "LIST_PLUGINS", json!({ "filter": { "name": "room" } }));
    assert_eq!((&list["total"], &list["rev"]), (&json!(2), &json!(3)), "{list}");
    assert_eq!(list["plugins"][0]["file"], "Room.vst3");
    let loaded = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }));
    assert_eq!(loaded["members"][0]["plugin"]["name"], "Room");
    assert_eq!((&loaded["stream"], &loaded["warnings"]), (&json!(null), &json!([])), "{loaded}");
    assert_eq!(loaded["members"][0]["tail_samples"], "infinite");
    let instance = loaded["instance"].clone();
    let set = rig.good(me, "SET_PARAM", json!({ "instance": instance, "param": "wet level", "value": 0.25 }));
    assert_eq!(set, json!({ "applied": { "norm": 0.25, "plain": 25, "text": "25" }, "snapped": false }));
    let stream = rig.good(me, "OPEN_STREAM", json!({ "instance": instance }));
    assert_eq!((&stream["credits"], &stream["outputs"]), (&json!(32), &json!(2)));
    let again = rig.bad(me, "OPEN_STREAM", json!({ "instance": instance }));
    assert_eq!(again.kind, "ALREADY_OPEN");
}

#[test]
fn what_is_not_declared_does_not_exist() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    for method in ["NOTHING", "ping", "", "verb", "__index"] {
        let fault = rig.bad(me, method, json!({}));
        assert_eq!((fault.code, fault.kind.as_str()), (-32601, "METHOD_NOT_FOUND"), "{method}");
    }
    rig.send(ToScript::Closed(me));
    assert_eq!(rig.bad(me, "PING", json!({})).kind, "NOT_ACTIVE");
    let few = rig.open_as(2, "sonic-core", &SCOPES[..1]);
    assert_eq!(rig.bad(few, "LOAD_PLUGIN", json!({})).kind, "SCOPE_DENIED", "before anything else is looked at");
}

#[test]
fn the_list_of_plugins_comes_in_pages_of_one_list() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let first = rig.good(me, "LIST_PLUGINS", json!({ "limit": 2 }));
    assert_eq!((&first["total"], &first["next"]), (&json!(3), &json!(2)));
    let second = rig.good(me, "LIST_PLUGINS", json!({ "limit": 2, "cursor": 2, "rev": first["rev"] }));
    assert_eq!((second["plugins"].as_array().map(Vec::len), second.get("next")), (Some(1), None));
    let none = rig.good(me, "LIST_PLUGINS", json!({ "filter": { "category": "Synth" } }));
    assert_eq!((&none["plugins"], &none["total"]), (&json!([]), &json!(0)), "an empty list is a list");
    assert_eq!(rig.bad(me, "LIST_PLUGINS", json!({ "rev": 1 })).kind, "REV_CONFLICT");
    assert_eq!(rig.good(me, "GET_PLUGIN", json!({ "plugin": "gain" }))["name"], "Gain");
    assert_eq!(rig.good(me, "GET_PLUGIN", json!({ "plugin": "Room" }))["name"], "Room");
    assert_eq!(rig.bad(me, "GET_PLUGIN", json!({ "plugin": "oom" })).kind, "AMBIGUOUS");
    assert_eq!(rig.bad(me, "GET_PLUGIN", json!({ "plugin": "Rome" })).kind, "PLUGIN_NOT_FOUND");
    assert_eq!(rig.good(me, "GET_SCAN_REPORT", json!({}))["modules"][0]["name"], "Room.vst3");
    assert_eq!(rig.good(me, "SCAN_PLUGINS", json!({ "rescan": true })), json!({ "rev": 3, "total": 3 }));
    rig.good(me, "BLOCK_PLUGIN", json!({ "plugin": "Gain", "reason": "loud" }));
    rig.good(me, "UNBLOCK_PLUGIN", json!({ "plugin": "Gain" }));
    assert_eq!(rig.core.known().asked, ["rescan", "block", "unblock"]);
}

#[test]
fn a_chain_with_states_is_loaded_saved_and_restored() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let one = rig.good(me, "LOAD_PLUGIN", json!({ "plugins": ["Gain", "Room"], "channels": 1 }));
    assert_eq!((&one["inputs"], one["members"].as_array().map(Vec::len)), (&json!(1), Some(2)));
    let state = rig.good(me, "GET_STATE", json!({ "instance": one["instance"] }))["state"].clone();
    rig.good(me, "SET_STATE", json!({ "instance": one["instance"], "state": state }));
    let two = rig.good(me, "LOAD_PLUGIN", json!({ "plugins": ["Gain", "Room"], "state": state }));
    let other = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Gain" }));
    for (params, kind) in [
        (json!({ "instance": other["instance"], "state": state }), "STATE_REJECTED"),
        (json!({ "instance": two["instance"], "state": "no state" }), "STATE_REJECTED"),
        (json!({ "instance": 99, "state": state }), "INSTANCE_NOT_FOUND"),
    ] {
        assert_eq!(rig.bad(me, "SET_STATE", params).kind, kind);
    }
    for (params, kind) in [
        (json!({ "plugin_id": "Gain", "state": state }), "STATE_REJECTED"),
        (json!({ "plugins": [{ "plugin_id": "Gain", "state": state }] }), "STATE_REJECTED"),
        (json!({}), "FIELD_MISSING"),
        (json!({ "plugins": [] }), "FIELD_MISSING"),
        (json!({ "plugins": [{}] }), "FIELD_TYPE"),
        (json!({ "plugins": [3] }), "FIELD_TYPE"),
        (json!({ "plugin_id": "Gain", "channels": 65 }), "OUT_OF_RANGE"),
        (json!({ "plugin_id": "Gain", "mode": "fast" }), "OUT_OF_RANGE"),
    ] {
        assert_eq!(rig.bad(me, "LOAD_PLUGIN", params.clone()).kind, kind, "{params}");
    }
    rig.good(me, "SET_BYPASS", json!({ "instance": two["instance"], "bypass": true }));
    let saved = rig.good(me, "SAVE_SESSION", json!({}))["session"].clone();
    let you = rig.open(2);
    let restored = rig.good(you, "RESTORE_SESSION", json!({ "session": saved }));
    assert_eq!(restored["instances"].as_array().map(Vec::len), Some(3));
    assert_eq!(restored["instances"][1]["bypassed"], true);
    assert_eq!(rig.bad(you, "RESTORE_SESSION", json!({ "session": "bm8=" })).kind, "STATE_REJECTED");
    // What belongs to one session is unknown to another.
    assert_eq!(rig.bad(you, "GET_INSTANCE", json!({ "instance": one["instance"] })).kind, "INSTANCE_NOT_FOUND");
    rig.good(me, "UNLOAD_PLUGIN", json!({ "instance": one["instance"] }));
    assert_eq!(rig.bad(me, "UNLOAD_PLUGIN", json!({ "instance": one["instance"] })).kind, "INSTANCE_NOT_FOUND");
    assert_eq!(rig.good(me, "LIST_INSTANCES", json!({}))["instances"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_session_that_cannot_be_restored_leaves_nothing_behind() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Gain" }));
    rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }));
    let saved = rig.good(me, "SAVE_SESSION", json!({}))["session"].clone();
    let text = String::from_utf8(base64(saved.as_str().expect("text"))).expect("JSON");
    let broken = text.replace("ROOM", "GONE");
    assert_ne!(text, broken);
    let you = rig.open(2);
    use base64::Engine as _;
    let broken = base64::engine::general_purpose::STANDARD.encode(broken);
    rig.bad(you, "RESTORE_SESSION", json!({ "session": broken }));
    assert_eq!(rig.good(you, "LIST_INSTANCES", json!({}))["instances"], json!([]));
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

#[test]
fn parameters_are_read_and_set_in_every_way() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    let all = rig.good(me, "LIST_PARAMS", json!({ "instance": at, "limit": 2 }));
    assert_eq!((&all["total"], &all["next"], &all["params"][1]["kind"]), (&json!(3), &json!(2), &json!("enum")));
    assert_eq!(all["params"][0]["flags"], json!(["automatable"]));
    let set = |rig: &mut Rig, more| {
        let mut params = json!({ "instance": at });
        params.as_object_mut().expect("object").extend(json_object(more));
        rig.call(me, "SET_PARAM", params)
    };
    let applied = set(&mut rig, json!({ "param": 3, "value": 40, "space": "plain" })).expect("plain");
    assert_eq!(applied["applied"]["norm"], json!(0.4));
    let applied = set(&mut rig, json!({ "param": 3, "value": "60 %", "space": "text" })).expect("text");
    assert_eq!(applied["applied"]["text"], "60");
    let applied = set(&mut rig, json!({ "param": "Mode", "value": 0.6, "texts": false })).expect("steps");
    assert_eq!(applied, json!({ "applied": { "norm": 0.75 }, "snapped": true }));
    for (more, kind) in [
        (json!({ "param": 3, "value": 1.5 }), "OUT_OF_RANGE"),
        (json!({ "param": 9, "value": 0.5 }), "OUT_OF_RANGE"),
        (json!({ "param": 77, "value": 0.5 }), "PARAM_NOT_FOUND"),
        (json!({ "param": 3, "value": "0.5" }), "FIELD_TYPE"),
        (json!({ "param": 3, "value": 1, "space": "text" }), "FIELD_TYPE"),
        (json!({ "param": 3, "value": 1, "space": "other" }), "OUT_OF_RANGE"),
        (json!({ "param": -1, "value": 1 }), "OUT_OF_RANGE"),
        (json!({ "param": 3, "value": 1, "member": 1 }), "INSTANCE_NOT_FOUND"),
        (json!({ "param": 3 }), "FIELD_MISSING"),
        (json!({ "param": 3, "value": true }), "FIELD_TYPE"),
    ] {
        let fault = set(&mut rig, more.clone()).expect_err("refused");
        assert_eq!(fault.kind, kind, "{more}");
    }
    let get = rig.good(me, "GET_PARAM", json!({ "instance": at, "param": "wet level" }));
    assert_eq!(get, json!({ "norm": 0.6, "plain": 60, "text": "60" }));
    let norm = rig.good(me, "GET_PARAM", json!({ "instance": at, "param": 3, "space": "norm" }));
    assert_eq!(norm, json!({ "norm": 0.6 }));
    let changes = json!([{ "param": 3, "value": 0.1 }, { "param": 9, "value": 0.1 }, { "param": 4, "value": 1 }]);
    let several = rig.good(me, "SET_PARAMS", json!({ "instance": at, "changes": changes }));
    assert_eq!(several["results"][0], json!({ "applied": { "norm": 0.1 }, "snapped": false }));
    assert_eq!(several["results"][1]["error"]["data"]["kind"], "OUT_OF_RANGE");
    assert_eq!(several["results"][2]["applied"]["norm"], json!(1));
    let gone = rig.bad(me, "SET_PARAMS", json!({ "instance": 99, "changes": changes }));
    assert_eq!(gone.kind, "INSTANCE_NOT_FOUND");
    let text = rig.good(me, "PARAM_TO_TEXT", json!({ "instance": at, "param": 3, "norm": 0.3 }));
    assert_eq!(text["text"], "30");
    let value = rig.good(me, "TEXT_TO_PARAM", json!({ "instance": at, "param": 3, "text": "70 %" }));
    assert_eq!(value["norm"], json!(0.7));
}

fn json_object(value: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    value.as_object().cloned().expect("object")
}

#[test]
fn sound_notes_and_musical_time_reach_the_instance() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    let opened = rig.good(me, "OPEN_STREAM", json!({ "instance": at, "credits": 8, "mode": "offline" }));
    let stream = opened["stream"].clone();
    rig.until("terms", |rig| format!("{:?}", rig.others).contains("credits: 8, realtime: false"));
    let data = "AACAPwAAgD8AAIA/AACAPw=="; // four times 1.0
    let frame = json!({ "stream": stream, "frames": 2, "channels": 2, "data_b64": data,
        "events": [{ "type": "param", "param": 3, "value": 0.5 }, { "type": "note_on", "key": 60 }] });
    let done = rig.good(me, "PROCESS_AUDIO", frame.clone());
    let samples: Vec<f32> = base64(done["data_b64"].as_str().expect("text"))
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    assert_eq!((samples, &done["micros"]), (vec![2.5, 0.5, 0.5, 0.5], &json!(0)));
    assert_eq!(rig.good(me, "PROCESS_AUDIO", frame)["micros"], 2, "positions go on");
    for (more, kind) in [
        (json!({ "frames": 3 }), "BAD_FRAME"),
        (json!({ "channels": 1 }), "BAD_FRAME"),
        (json!({ "data_b64": "?" }), "BAD_FRAME"),
        (json!({ "stream": 99 }), "STREAM_NOT_FOUND"),
        (json!({ "events": [{ "type": "param", "value": 0.5 }] }), "FIELD_MISSING"),
    ] {
        let mut frame = json!({ "stream": stream, "frames": 2, "channels": 2, "data_b64": data });
        frame.as_object_mut().expect("object").extend(json_object(more.clone()));
        assert_eq!(rig.bad(me, "PROCESS_AUDIO", frame).kind, kind, "{more}");
    }
    let notes = json!([
        { "type": "note_on", "key": 60, "velocity": 0.5, "note": 7 }, { "type": "note_off", "key": 60, "offset": 9 },
        { "type": "controller", "number": 129, "value": 0.5 }, { "type": "poly_pressure", "key": 1, "pressure": 1 },
        { "type": "note_expression", "kind": 1, "note": 7, "value": 0.5 },
    ]);
    rig.good(me, "SEND_EVENTS", json!({ "instance": at, "events": notes }));
    assert_eq!(rig.core.known().sent[0].events.len(), 5);
    for event in [
        json!({ "type": "note_on" }),
        json!({ "type": "note_on", "key": 128 }),
        json!({ "type": "note_on", "key": 1.5 }),
        json!({ "type": "controller", "number": 131, "value": 0 }),
        json!({ "type": "sysex" }),
        json!({}),
    ] {
        rig.bad(me, "SEND_EVENTS", json!({ "instance": at, "events": [event] }));
    }
    assert_eq!(rig.core.known().sent.len(), 1);
    rig.good(
        me,
        "SET_TRANSPORT",
        json!({ "instance": at, "playing": true, "tempo": 90, "signature": [3, 4], "cycle": [0, 8] }),
    );
    let change = rig.core.known().transport[0];
    assert_eq!((change.tempo, change.signature, change.position), (Some(90.0), Some((3, 4)), None));
    for more in
        [json!({ "tempo": 0 }), json!({ "signature": [3, 5] }), json!({ "cycle": [8, 0] }), json!({ "cycle": [1] })]
    {
        let mut params = json!({ "instance": at });
        params.as_object_mut().expect("object").extend(json_object(more.clone()));
        rig.bad(me, "SET_TRANSPORT", params);
    }
    assert_eq!(rig.good(me, "GET_TIMINGS", json!({}))["streams"][0]["blocks"], 5);
    rig.good(me, "RESET_TIMINGS", json!({}));
    rig.good(me, "FLUSH_STREAM", json!({ "stream": stream }));
    rig.good(me, "PANIC", json!({}));
    rig.good(me, "CLOSE_STREAM", json!({ "stream": stream }));
    assert_eq!(rig.bad(me, "CLOSE_STREAM", json!({ "stream": stream })).kind, "STREAM_NOT_FOUND");
    let asked: Vec<_> = rig.core.known().asked.iter().filter(|what| **what != "load").copied().collect();
    assert_eq!(asked, ["reset_timings", "reset", "panic"]);
    rig.until("closed", |rig| format!("{:?}", rig.others).contains("StreamClosed"));
}

#[test]
fn presets_and_programs_are_listed_and_chosen() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    let presets = rig.good(me, "LIST_PRESETS", json!({ "instance": at }));
    assert_eq!(presets["presets"], json!([{ "name": "Hall", "scope": "factory" }]));
    rig.good(me, "LOAD_PRESET", json!({ "instance": at, "name": "Hall" }));
    assert_eq!(rig.bad(me, "LOAD_PRESET", json!({ "instance": at, "name": "No" })).kind, "PRESET_NOT_FOUND");
    let saved = rig.good(me, "SAVE_PRESET", json!({ "instance": at, "name": "Mine", "overwrite": true }));
    assert_eq!(saved, json!({ "name": "Mine", "scope": "user" }));
    let lists = rig.good(me, "LIST_PROGRAMS", json!({ "instance": at }));
    assert_eq!(lists["lists"][0], json!({ "id": 7, "name": "Bank", "programs": ["One", "Two"], "current": 1 }));
    rig.good(me, "SET_PROGRAM", json!({ "instance": at, "list": 7, "program": 0 }));
}

#[test]
fn how_things_stand_is_told() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    rig.good(me, "OPEN_STREAM", json!({ "instance": at }));
    let status = rig.good(me, "GET_STATUS", json!({}));
    assert_eq!((&status["instances"], &status["streams"], &status["plugins"]), (&json!(1), &json!(1), &json!(3)));
    assert_eq!(status["reload"], json!({ "generation": 1 }));
    assert_eq!(rig.good(me, "GET_LIMITS", json!({}))["instances"], 256);
    assert_eq!(rig.good(me, "GET_VERSION", json!({}))["name"], "sonic-bridge");
    assert!(rig.good(me, "GET_CAPS", json!({}))["caps"].as_array().is_some_and(|caps| caps.len() > 5));
    let snapshot = rig.good(me, "GET_SNAPSHOT", json!({}));
    assert_eq!(snapshot["instances"][0]["values"][0], json!({ "member": 0, "id": 3, "norm": 0.5 }));
    let classes = rig.good(me, "SUBSCRIBE", json!({ "classes": ["params", "lifecycle", "params"] }));
    assert_eq!(classes["classes"], json!(["lifecycle", "params"]));
    assert_eq!(rig.bad(me, "SUBSCRIBE", json!({ "classes": ["everything"] })).kind, "OUT_OF_RANGE");
    assert_eq!(rig.good(me, "SUBSCRIBE", json!({ "classes": [] }))["classes"], json!([]));
    rig.send(ToScript::Parked(me));
    assert_eq!(rig.good(me, "GET_STATUS", json!({}))["streams"], 0, "a lost socket ends its streams");
    rig.send(ToScript::Closed(me));
    rig.until("released", |rig| rig.core.known().released == [me.owner()]);
}

#[test]
fn a_batch_is_done_in_order_and_an_atomic_one_wholly_or_not_at_all() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    let call = |method: &str, more| {
        let mut params = json!({ "instance": at });
        params.as_object_mut().expect("object").extend(json_object(more));
        json!({ "method": method, "params": params })
    };
    let good = call("SET_PARAM", json!({ "param": 3, "value": 0.9 }));
    let bad = call("SET_PARAM", json!({ "param": 3, "value": 9 }));
    let ping = json!({ "method": "PING" });
    let done = rig.good(me, "BATCH", json!({ "calls": [good, bad, ping] }));
    let results = done["results"].as_array().expect("results").clone();
    assert_eq!(results.len(), 2, "it ends at the first error");
    assert_eq!(results[0]["result"]["applied"]["norm"], json!(0.9));
    assert_eq!(results[1]["error"]["data"]["kind"], "OUT_OF_RANGE");
    let done = rig.good(me, "BATCH", json!({ "calls": [bad, ping, { "method": "NONE" }], "halt": false }));
    assert_eq!(
        (&done["results"][0]["error"]["code"], &done["results"][2]["error"]["code"]),
        (&json!(1203), &json!(-32601))
    );
    assert!(done["results"][1]["result"]["time"].is_number());
    assert_eq!(rig.good(me, "BATCH", json!({ "calls": [] }))["results"], json!([]));

    let lower = call("SET_PARAM", json!({ "param": 3, "value": 0.2 }));
    let bypass = call("SET_BYPASS", json!({ "bypass": true }));
    let load = json!({ "method": "LOAD_PLUGIN", "params": { "plugin_id": "Gain" } });
    let calls = json!([lower, bypass, load, ping, bad]);
    let fault = rig.bad(me, "BATCH", json!({ "mode": "atomic", "calls": calls }));
    assert_eq!((fault.kind.as_str(), &fault.data.expect("data")["index"]), ("OUT_OF_RANGE", &json!(4)));
    let norm = rig.good(me, "GET_PARAM", json!({ "instance": at, "param": 3, "space": "norm" }));
    assert_eq!(norm["norm"], json!(0.9), "what was set is taken back");
    let left = rig.good(me, "LIST_INSTANCES", json!({}))["instances"].clone();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["bypassed"]), (Some(1), &json!(false)));
    let fine = rig.good(me, "BATCH", json!({ "mode": "atomic", "calls": [lower, load] }));
    assert_eq!(fine["results"][0]["result"]["applied"]["norm"], json!(0.2));
    assert_eq!(fine["results"][1]["result"]["stream"], json!(null));
    let fault = rig.bad(me, "BATCH", json!({ "mode": "atomic", "calls": [{ "method": "PANIC" }] }));
    assert!(fault.message.contains("PANIC cannot be taken back"), "{}", fault.message);
    let mut nested = json!({ "method": "PING" });
    for _ in 0..12 {
        nested = json!({ "method": "BATCH", "params": { "calls": [nested] } });
    }
    let deep = rig.good(me, "BATCH", json!({ "calls": [nested] }));
    assert!(deep.to_string().contains("too deeply") || deep.to_string().contains("nested"), "{deep}");
}

#[test]
fn a_hand_on_a_knob_hears_only_what_the_plugin_does() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    let knob = json!({ "instance": at, "param": 3 });
    assert_eq!(rig.bad(me, "END_EDIT", knob.clone()).kind, "NOT_ACTIVE");
    rig.good(me, "BEGIN_EDIT", knob.clone());
    let changed = |rig: &Rig, text: &str, by_plugin| {
        let value = sonic_bridge::control::core::ParamValue { normalized: 0.5, plain: 50.0, text: text.to_owned() };
        let param = sonic_bridge::model::ParamId(3);
        let what = sonic_bridge::control::core::What::ParamChanged { member: 0, param, value, by_plugin };
        rig.core.happen(Some(me.owner()), at.as_u64().map(|at| at as u32), what);
    };
    changed(&rig, "mine", false);
    changed(&rig, "its own", true);
    assert_eq!(rig.event("PARAM_CHANGED").data["text"], "its own");
    rig.good(me, "END_EDIT", knob);
    changed(&rig, "mine again", false);
    let event = rig.event("PARAM_CHANGED");
    assert_eq!((&event.data["text"], event.class.as_str()), (&json!("mine again"), "params"));
    assert_eq!(event.key, Some(format!("{at}:0:3")));
}
