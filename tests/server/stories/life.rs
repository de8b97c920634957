//! Requests, answers, pings, the end.

use crate::rig::{PAGE, Rig, client::Client, script::Word};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_client_is_told_what_it_needs_and_answers_are_answered() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let hello = client.hello.clone();
    assert_eq!((&hello["protocol"], &hello["heartbeat_ms"]), (&json!({"min": 1, "max": 1}), &json!(10_000)));
    assert_eq!(hello["server"]["name"], "sonic-bridge");
    assert_eq!(hello["limits"]["text_bytes"], 256 << 10);
    let ready = client.identify(&token, json!({"events": {"classes": ["graph"]}}));
    assert_eq!((&ready["resumed"], &ready["seq"]), (&json!(false), &json!(0)));
    assert!(ready["warning"].as_str().unwrap().contains("outside the browser's sandbox"));
    assert!(ready["scopes"].as_array().unwrap().contains(&json!("audio")));
    let info = rig.opened(1).remove(0);
    assert_eq!((info.origin.as_deref(), info.client.as_str(), &*info.protocol), (Some(PAGE), "test 1", "sonic-core"));
    assert_eq!(info.classes, ["graph".to_owned()].into());
    assert_eq!(client.ask("ECHO", json!({"ä": [1, 2.5, null]})).unwrap(), json!({"ä": [1, 2.5, null]}));
    let error = client.ask("FAIL", json!({})).unwrap_err();
    assert_eq!(error["data"], json!({"kind": "PLUGIN_NOT_FOUND", "retry": false, "hint": "ask"}));
    assert_eq!(client.ask("NOTHING", json!({})).unwrap_err()["code"], -32601);
    assert_eq!(client.ask("DROP", json!({})).unwrap_err()["code"], -32800);
    assert_eq!(client.ask("BIG", json!({"bytes": 3 << 20})).unwrap()["text"].as_str().unwrap().len(), 3 << 20);
    assert_eq!(client.ask("BIG", json!({"bytes": 17 << 20})).unwrap_err()["code"], 1205);
}

#[test]
fn an_id_is_in_flight_once_and_64_are_the_most() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    let text = r#"{"jsonrpc":"2.0","id":"same","method":"HOLD"}"#;
    client.text(text);
    client.text(text);
    let refused = client.receive();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!("same"), &json!(-32600)));
    for _ in 0..63 {
        client.send("HOLD", json!({}));
    }
    let busy = client.ask("ECHO", json!({})).unwrap_err();
    assert_eq!((&busy["code"], &busy["data"]["retry"]), (&json!(1703), &json!(true)));
    rig.until("the scripts hear of all", || rig.heard.calls("HOLD") >= 64);
    assert_eq!(rig.heard.calls("HOLD"), 64);
    // Another session can end what this one waits for; its own answers come then, and ids are free again.
    let mut other = Client::enter(&rig, PAGE, &token);
    other.ask("RELEASE", json!({})).unwrap();
    for _ in 0..64 {
        assert_eq!(client.receive()["result"], json!({"held": true}));
    }
    assert!(client.ask("ECHO", json!({})).is_ok());
    client.text(&text.replace("HOLD", "ECHO"));
    assert_eq!(client.receive()["result"], json!({}));
}

#[test]
fn another_version_of_the_protocol_is_told_so() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let params = client.identity(&token, json!({"protocol": 2}));
    client.send("IDENTIFY", params);
    assert_eq!(client.closed(), 4006);
    let mut client = Client::connect(&rig, PAGE);
    let params = client.identity(&token, json!({"client_nonce": "short"}));
    assert_eq!(client.ask("IDENTIFY", params).unwrap_err()["code"], -32602);
    assert_eq!(client.closed(), 4001);
}

#[test]
fn a_client_that_answers_no_ping_is_let_go() {
    let rig = Rig::with(|config| config.limits.heartbeat = Duration::from_millis(150));
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    let mut lives = Client::enter(&rig, PAGE, &token);
    let (start, session) = (Instant::now(), rig.opened(1)[0].session);
    // The library answers pings while it reads.
    assert!(lives.is_silent(Duration::from_millis(900)));
    rig.until("it is parked", || rig.heard.has(&Word::Parked(session)));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(client.closed(), 4011);
    assert!(lives.ask("ECHO", json!({})).is_ok());
}

#[test]
fn the_script_can_end_a_session() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    client.send("BYE", json!({}));
    assert_eq!(client.goodbye(), (1000, "bye".to_owned()));
    let session = rig.opened(1)[0].session;
    rig.until("it is over", || rig.heard.has(&Word::Closed(session)));
    assert!(!rig.heard.has(&Word::Parked(session)));
}

#[test]
fn the_end_of_the_bridge_is_said_to_everybody() {
    let mut rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut clients: Vec<Client> = (0..3).map(|_| Client::enter(&rig, PAGE, &token)).collect();
    let mut waits = Client::connect(&rig, PAGE);
    let reader = std::thread::spawn(move || {
        let codes: Vec<u16> = clients.iter_mut().map(Client::closed).collect();
        (codes, waits.closed())
    });
    let start = Instant::now();
    rig.stop();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(reader.join().unwrap(), (vec![1001; 3], 1001));
    let closed = || rig.heard.all().iter().filter(|word| matches!(word, Word::Closed(_))).count();
    rig.until("the scripts hear of all", || closed() == 3);
    assert!(std::net::TcpStream::connect(("127.0.0.1", rig.port)).is_err());
}

#[test]
fn a_token_has_four_sessions_and_those_without_a_client_make_room() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut clients: Vec<Client> = (0..4).map(|_| Client::enter(&rig, PAGE, &token)).collect();
    let mut fifth = Client::connect(&rig, PAGE);
    let params = fifth.identity(&token, json!({}));
    assert_eq!(fifth.ask("IDENTIFY", params).unwrap_err()["code"], 1305);
    assert_eq!(fifth.closed(), 1013);
    let first = rig.opened(1)[0].session;
    drop(clients.remove(0));
    rig.until("one is parked", || rig.heard.has(&Word::Parked(first)));
    clients.push(Client::enter(&rig, PAGE, &token));
    rig.until("the scripts hear of it", || rig.heard.has(&Word::Closed(first)));
    assert_eq!(rig.control.sessions(), 4);
}
