//! While the plugins' thread is busy: what answers all the same, what waits, and what is taken back.

use super::rig::{Rig, wait};
use serde_json::json;
use std::time::{Duration, Instant};

const BUSY: Duration = Duration::from_secs(3);

#[test]
fn what_needs_no_plugin_answers_while_the_plugins_thread_is_busy() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    rig.core.busy(BUSY);
    let started = Instant::now();
    let (_, mut slow) = rig.ask(me, "GET_INSTANCE", json!({ "instance": at }));
    for n in 1..=20 {
        let value = f64::from(n) / 32.0;
        rig.good(me, "PING", json!({}));
        rig.good(me, "LIST_PLUGINS", json!({}));
        let set = rig.good(me, "SET_PARAM", json!({ "instance": at, "param": 3, "value": value }));
        assert_eq!(set, json!({ "applied": { "norm": value }, "snapped": false }), "texts come later, by an event");
        let get = rig.good(me, "GET_PARAM", json!({ "instance": at, "param": "Wet Level" }));
        assert_eq!(get, json!({ "norm": value }));
    }
    let status = rig.good(me, "GET_STATUS", json!({}));
    assert!(status["main_busy_ms"].as_u64().is_some_and(|busy| busy > 0), "{status}");
    assert!(started.elapsed() < BUSY, "{:?}", started.elapsed());
    assert!(slow.try_recv().is_err(), "what needs the plugins' thread waits for it");
    wait("GET_INSTANCE", &mut slow).expect("then it answers");
    assert!(started.elapsed() >= BUSY - Duration::from_millis(500));
}

#[test]
fn a_request_that_is_taken_back_is_answered_at_once_and_never_begun() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    rig.core.busy(BUSY);
    let started = Instant::now();
    let (id, mut load) = rig.ask(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }));
    let other = rig.open(2);
    assert_eq!(rig.good(other, "CANCEL", json!({ "id": id }))["cancelled"], false, "another's request is not reached");
    assert_eq!(rig.good(me, "CANCEL", json!({ "id": "nothing" }))["cancelled"], false);
    assert_eq!(rig.good(me, "CANCEL", json!({ "id": id }))["cancelled"], true);
    let fault = wait("LOAD_PLUGIN", &mut load).expect_err("cancelled");
    assert_eq!(fault.code, -32800);
    assert!(started.elapsed() < BUSY);
    // A batch with something that waits is taken back as a whole.
    let (id, mut batch) =
        rig.ask(me, "BATCH", json!({ "calls": [{ "method": "LOAD_PLUGIN", "params": { "plugin_id": "Gain" } }] }));
    rig.good(me, "CANCEL", json!({ "id": id }));
    assert_eq!(wait("BATCH", &mut batch).expect_err("cancelled").code, -32800);
    // And who hangs up takes back what was asked.
    let (_, gone) = rig.ask(me, "LOAD_PLUGIN", json!({ "plugin_id": "Gain" }));
    rig.good(me, "PING", json!({}));
    drop(gone);
    assert!(rig.good(me, "LIST_INSTANCES", json!({}))["instances"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(rig.core.known().asked, ["load not begun"; 3]);
}

#[test]
fn a_session_that_ends_takes_its_requests_back() {
    let mut rig = Rig::shipped();
    let me = rig.open(1);
    rig.core.busy(Duration::from_secs(1));
    let (_, mut load) = rig.ask(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }));
    rig.send(sonic_bridge::link::ToScript::Closed(me));
    assert_eq!(wait("LOAD_PLUGIN", &mut load).expect_err("over").code, -32800);
    rig.until("not begun", |rig| rig.core.known().asked == ["load not begun"]);
}

#[test]
fn a_stream_that_nobody_hears_of_is_closed() {
    let (_folder, mut rig) = Rig::of(
        "require 'protocol'
         local proto = require 'bridge'.protocol 'sonic-core'
         proto:verb 'OPEN_AND_FAIL' {
           params = { instance = 'instance' },
           run = function(session, p) session:open_stream({ instance = p.instance }) error('on purpose') end,
         }",
    );
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    assert_eq!(rig.bad(me, "OPEN_AND_FAIL", json!({ "instance": at })).kind, "RUNTIME");
    rig.until("the stream is closed", |rig| rig.core.known().streams.is_empty());
    rig.good(me, "OPEN_STREAM", json!({ "instance": at }));
}
