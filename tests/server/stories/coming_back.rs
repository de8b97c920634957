//! A client that lost its socket, and one that has two.

use crate::rig::{PAGE, Rig, client::Client, script::Word};
use serde_json::json;

fn session(ready: &serde_json::Value) -> String {
    ready["session"].as_str().unwrap().to_owned()
}

/// An event is handed to all sessions at once: when one client has it, the others' are on their way.
fn until_heard(witness: &mut Client, kind: &str, n: u64) {
    loop {
        let event = witness.event();
        if event["type"] == kind && event["data"]["n"] == n {
            return;
        }
    }
}

#[test]
fn a_client_that_comes_back_has_its_session_and_what_it_missed() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let ready = client.identify(&token, json!({}));
    let id = rig.opened(1)[0].session;
    let mut witness = Client::enter(&rig, PAGE, &token);
    rig.emit("LOADED", "lifecycle", None, json!({"n": 1}));
    assert_eq!(client.event()["seq"], 1);
    drop(client);
    rig.until("it is parked", || rig.heard.has(&Word::Parked(id)));
    for n in 2..5 {
        rig.emit("LOADED", "lifecycle", None, json!({ "n": n }));
        rig.emit("METER", "meters", None, json!({}));
        rig.emit("VALUE", "params", Some("a"), json!({ "n": n }));
    }
    until_heard(&mut witness, "VALUE", 4);
    let mut client = Client::connect(&rig, PAGE);
    let more = client.resume(&token.1, &session(&ready), 1);
    let again = client.identify(&token, more);
    assert_eq!((&again["resumed"], &again["session"]), (&json!(true), &ready["session"]));
    let events: Vec<_> = (0..4).map(|_| client.event()).collect();
    let seen: Vec<_> =
        events.iter().map(|event| (event["seq"].as_u64().unwrap(), event["data"]["n"].as_u64().unwrap())).collect();
    assert_eq!(seen, [(2, 2), (3, 3), (4, 4), (5, 4)], "the last value of the parameter comes once, last");
    assert_eq!(events[3]["type"], "VALUE");
    assert!(client.ask("ECHO", json!({})).is_ok());
    assert!(rig.heard.has(&Word::Resumed(id)) && rig.heard.opened().len() == 2);
}

#[test]
fn what_could_not_be_kept_is_said_to_be_lost() {
    let rig = Rig::with(|config| config.limits.ring = (8, 1 << 20));
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let ready = client.identify(&token, json!({}));
    let id = rig.opened(1)[0].session;
    let mut witness = Client::enter(&rig, PAGE, &token);
    drop(client);
    rig.until("it is parked", || rig.heard.has(&Word::Parked(id)));
    for n in 1..=20 {
        rig.emit("LOADED", "lifecycle", None, json!({ "n": n }));
    }
    until_heard(&mut witness, "LOADED", 20);
    let mut client = Client::connect(&rig, PAGE);
    let more = client.resume(&token.1, &session(&ready), 0);
    assert_eq!(client.identify(&token, more)["seq"], 20);
    let lost = client.event();
    assert_eq!(
        (&lost["type"], &lost["data"], &lost["seq"]),
        (&json!("EVENTS_LOST"), &json!({"from": 1, "to": 12}), &json!(12))
    );
    let rest: Vec<_> = (0..8).map(|_| client.event()["seq"].as_u64().unwrap()).collect();
    assert_eq!(rest, (13..=20).collect::<Vec<_>>());
}

#[test]
fn a_session_that_is_over_begins_anew() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let more = client.resume(&token.1, "no such session", 7);
    let ready = client.identify(&token, more);
    assert_eq!((&ready["resumed"], &ready["seq"]), (&json!(false), &json!(0)));
    assert_eq!(rig.opened(1).len(), 1);
}

#[test]
fn the_second_socket_takes_the_session_over() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut first = Client::connect(&rig, PAGE);
    let ready = first.identify(&token, json!({}));
    let id = rig.opened(1)[0].session;
    let mut second = Client::connect(&rig, PAGE);
    let more = second.resume(&token.1, &session(&ready), 0);
    assert_eq!(second.identify(&token, more)["resumed"], true);
    assert_eq!(first.closed(), 4009);
    rig.emit("LOADED", "lifecycle", None, json!({}));
    assert_eq!(second.event()["type"], "LOADED");
    let words = rig.heard.all();
    let at = |word: &Word| words.iter().position(|other| other == word).unwrap();
    assert!(at(&Word::Parked(id)) < at(&Word::Resumed(id)));
    drop(first);
    // The end of the first socket does not park what the second one has.
    assert!(second.ask("ECHO", json!({})).is_ok());
    assert_eq!(rig.heard.all().iter().filter(|word| **word == Word::Parked(id)).count(), 1);
}
