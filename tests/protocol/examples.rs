//! The examples do what they say.

use super::rig::{Rig, script, source};
use serde_json::json;
use sonic_bridge::script::Script;
use std::{collections::BTreeSet, time::Duration};

fn example(name: &str) -> Rig {
    let folder = source("examples").join(name);
    let path = folder.join(format!("{name}.lua"));
    assert!(std::fs::read_to_string(folder.join("README.md")).expect("README.md").contains(&format!("{name}.lua")));
    Rig::with(Script { roots: vec![folder], ..script(Some(&path)) }, None)
}

#[test]
fn every_example_is_run() {
    let folders = std::fs::read_dir(source("examples")).expect("examples");
    let names = folders.map(|entry| entry.expect("entry"));
    let lua = names.filter(|entry| entry.path().join(format!("{}.lua", entry.file_name().to_string_lossy())).exists());
    let names: BTreeSet<String> = lua.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let run = ["http-endpoint", "own-verb", "replaced-verb", "second-protocol", "timer-and-event"];
    assert_eq!(names, run.map(str::to_owned).into());
}

#[test]
fn a_verb_of_ones_own() {
    let mut rig = example("own-verb");
    let me = rig.open(1);
    let at = rig.good(me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    rig.good(me, "SET_PARAM", json!({ "instance": at, "param": 3, "value": 0.75 }));
    let done = rig.good(me, "DUCK", json!({ "instance": at, "param": "wet level", "to": 0.25, "seconds": 0.1 }));
    assert_eq!(done, json!({ "from": 0.75 }));
    let now = |rig: &Rig| rig.core.known().instances.values().next().expect("instance").values[&(0, 3)];
    assert_eq!(now(&rig), 0.25);
    rig.until("it comes back", |rig| now(rig) == 0.75);
}

#[test]
fn a_verb_replaced_and_one_removed() {
    let mut rig = example("replaced-verb");
    let me = rig.open(1);
    assert_eq!(rig.good(me, "PING", json!({}))["plugins"], 3);
    assert_eq!(rig.bad(me, "SAVE_PRESET", json!({})).code, -32601);
    rig.good(me, "GET_VERSION", json!({}));
}

#[test]
fn endpoints() {
    let mut rig = example("http-endpoint");
    let page = rig.http("GET", "/plugins.txt");
    assert_eq!(String::from_utf8(page.body).expect("text"), "Gain by Acme\nRoom by Acme\nRoom Large by Acme\n");
    assert_eq!(rig.http("GET", "/status").content_type, "application/json");
}

#[test]
fn a_timer_and_an_event() {
    let mut rig = example("timer-and-event");
    rig.open(1);
    let event = rig.event("LOAD");
    assert_eq!(
        (event.class.as_str(), event.key.as_deref(), &event.data["sessions"]),
        ("meters", Some("load"), &json!(1))
    );
    rig.until("hello", |rig| rig.logged("hello, test"));
    std::thread::sleep(Duration::from_millis(10));
}

#[test]
fn a_second_protocol() {
    let mut rig = example("second-protocol");
    let paths: Vec<String> = rig.served[0].protocols.iter().map(|protocol| protocol.path.clone()).collect();
    assert_eq!(paths, ["/v1/ws", "/v1/remote"]);
    let (browser, remote) = (rig.open(1), rig.open_as(2, "remote", &["list", "audio"]));
    assert_eq!(rig.good(remote, "NAMES", json!({}))["names"], json!(["Gain", "Room", "Room Large"]));
    rig.good(remote, "QUIET", json!({}));
    assert_eq!(rig.bad(remote, "PING", json!({})).code, -32601);
    assert_eq!(rig.bad(browser, "NAMES", json!({})).code, -32601);
}
