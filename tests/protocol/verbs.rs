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
