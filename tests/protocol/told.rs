//! What happens in the core and what clients hear of it.

use super::rig::Rig;
use serde_json::json;
use sonic_bridge::{
    control::core::{Owner, StreamId, What},
    link::{Audience, ToServer},
    model::ParamId,
    plugin::Tail,
};

#[test]
fn everything_that_happens_is_told_to_the_session_it_concerns() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].as_u64().map(|at| at as u32);
    let text = || "words".to_owned();
    for (what, kind, data) in [
        (What::Loaded, "PLUGIN_LOADED", json!({})),
        (What::ValuesChanged { member: 0 }, "PARAMS_CHANGED", json!({ "member": 0 })),
        (What::ParamInfoChanged { member: 0 }, "PARAM_INFO_CHANGED", json!({ "member": 0 })),
        (What::ProgramsChanged { member: 0 }, "PROGRAMS_CHANGED", json!({ "member": 0 })),
        (What::Gesture { member: 0, param: ParamId(3), began: true }, "GESTURE", json!({ "param": 3, "began": true })),
        (
            What::LatencyChanged { latency: 64, tail: Tail::Infinite },
            "LATENCY_CHANGED",
            json!({ "latency_samples": 64, "tail": { "kind": "infinite", "samples": 0 } }),
        ),
        (What::BusesChanged { member: 0 }, "BUSES_CHANGED", json!({ "member": 0 })),
        (What::StateDirty { member: 0 }, "STATE_DIRTY", json!({ "member": 0 })),
        (
            What::Progress { id: 7, share: Some(0.5), text: text() },
            "PROGRESS",
            json!({ "id": 7, "share": 0.5, "text": "words" }),
        ),
        (What::GuardTripped { member: 0, bypassed: false }, "GUARD_TRIPPED", json!({ "bypassed": false })),
        (What::Xrun { stream: StreamId(4), frames: 2 }, "XRUN", json!({ "stream": 4, "frames": 2 })),
        (What::Failed { member: 0, reason: text() }, "PLUGIN_FAILED", json!({ "reason": "words" })),
        (What::Unloaded, "PLUGIN_UNLOADED", json!({})),
    ] {
        rig.core.happen(Some(me.owner()), at, what);
        let event = rig.event(kind);
        assert_eq!(event.data["instance"], json!(at), "{kind}");
        for (field, value) in data.as_object().expect("object") {
            assert_eq!(&event.data[field], value, "{kind}.{field}");
        }
        assert_eq!(event.class, "lifecycle");
    }
    let progress = What::ScanProgress { done: 1, total: 9, path: "secret/folder/Room.vst3".into(), state: "OK" };
    rig.core.happen(None, None, progress);
    assert_eq!(rig.event("SCAN_PROGRESS").data, json!({ "done": 1, "total": 9, "name": "Room.vst3", "state": "OK" }));
    rig.core.happen(None, None, What::PluginsChanged { rev: 4 });
    assert_eq!(rig.event("PLUGINS_CHANGED").data, json!({ "rev": 4 }));
    assert!(rig.good(me, "GET_SNAPSHOT", json!({}))["rev"].as_u64().is_some_and(|rev| rev >= 13));
}

#[test]
fn nobody_hears_of_what_is_anothers() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let foreign = rig.open_as(2, "unknown-protocol", &[]);
    rig.good(me, "PING", json!({}));
    rig.core.happen(Some(foreign.owner()), Some(1), What::StateDirty { member: 0 });
    rig.core.happen(Some(Owner(77)), Some(1), What::StateDirty { member: 0 });
    rig.core.happen(Some(Owner::BRIDGE), Some(1), What::StateDirty { member: 0 });
    rig.core.happen(Some(me.owner()), Some(9), What::StateDirty { member: 1 });
    let mut heard = Vec::new();
    while heard.is_empty() {
        if let Ok(ToServer::Emit { to, event }) = rig.server.incoming.try_recv() {
            heard.push((to, event.data));
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(heard, [(Audience::Session(me), json!({ "instance": 9, "member": 1 }))]);
}
