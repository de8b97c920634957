//! Sessions: pairing, who is let in, what stays when a socket goes.

use crate::audio::fault_folder;
use crate::studio::{exchange, load, number, open};
use crate::support::{
    bridge::{Bridge, ORIGIN},
    client::{Client, Closed, Frame, PATIENCE},
    fixtures,
    sandbox::Sandbox,
};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Error as WsError;

fn demo() -> Bridge {
    Bridge::start(&[fixtures::demo_plugins()])
}

#[tokio::test]
async fn stranger_is_refused() {
    let bridge = demo();
    for origin in ["https://evil.example", "null", "http://localhost:1", "https://studio.example.evil.com"] {
        let refused = Client::connect_to(bridge.port, "/v1/ws", "sonic-core.v1.json", Some(origin), None).await;
        match refused.map(|_| ()) {
            Err(WsError::Http(response)) => assert_eq!(response.status(), 403, "{origin}"),
            other => panic!("{origin}: {other:?}"),
        }
    }
    let mut listed = Client::connect(bridge.port, ORIGIN).await;
    listed.ask("LIST_PLUGINS", json!({})).await;
    assert_eq!(listed.closed().await, Closed(4001), "nothing before IDENTIFY");
}

/// Pairs a page of [`ORIGIN`] by the code that the bridge shows.
async fn pair(bridge: &Bridge) -> (Client, crate::support::client::Key) {
    let mut page = Client::connect(bridge.port, ORIGIN).await;
    let asked = page.ask("PAIR", json!({ "protocol": 1, "client": { "name": "Sonic-Core", "version": "1" } })).await;
    let told = page.event("PAIRING").await;
    assert_eq!(told["data"]["origin"], ORIGIN);
    assert!(told["data"]["warning"].as_str().unwrap().contains("outside the browser's sandbox"), "{told}");
    let code = code_shown(bridge);
    let shown = bridge.output() + &bridge.errors();
    assert!(shown.contains(ORIGIN) && shown.contains("outside the browser's sandbox"), "{shown}");
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let error = page.request("PAIR_CODE", json!({ "code": wrong })).await.expect_err("a wrong code");
    assert_eq!(error["data"]["left"], 4, "{error}");
    let key = page.call("PAIR_CODE", json!({ "code": code })).await;
    page.answer(asked).await.expect("the pairing itself is answered");
    let key = key_of(&key);
    (page, key)
}

#[tokio::test]
async fn a_page_is_paired_by_the_code_that_the_bridge_shows() {
    let bridge = demo();
    let (mut page, key) = pair(&bridge).await;
    let ready = page.identify(&key).await;
    assert!(ready["warning"].as_str().unwrap().contains("outside the browser's sandbox"));
    assert!(ready["scopes"].as_array().unwrap().iter().all(|scope| scope != "script.write" && scope != "admin"));
    assert!(page.call("LIST_PLUGINS", json!({})).await["total"].as_u64().unwrap() >= 5);

    // The token is of use to this origin only.
    let mut other = Client::connect(bridge.port, &bridge.own_origin()).await;
    let wish = other.identity(&key, json!({}));
    other.ask("IDENTIFY", wish).await;
    assert_eq!(other.closed().await, Closed(4004));
}

/// The six digits in the terminal.
fn code_shown(bridge: &Bridge) -> String {
    let started = Instant::now();
    loop {
        let shown = bridge.output() + &bridge.errors();
        let digits = |word: &str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let joined = shown.replace("\u{a0}", "");
        if let Some(code) = joined.split_whitespace().find(|word| digits(word)) {
            return code.to_owned();
        }
        assert!(started.elapsed() < PATIENCE, "no code in {shown}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn key_of(answer: &serde_json::Value) -> crate::support::client::Key {
    use base64::Engine as _;
    crate::support::client::Key {
        id: answer["key_id"].as_str().unwrap().to_owned(),
        token: base64::engine::general_purpose::STANDARD.decode(answer["token"].as_str().unwrap()).unwrap(),
    }
}

#[tokio::test]
async fn a_dropped_page_resumes() {
    let bridge = demo();
    let (mut page, key) = bridge.own_page().await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    page.call("SET_PARAM", json!({ "instance": gain["instance"], "param": "Gain", "value": 0.25 })).await;
    let stream = open(&mut page, &gain, "realtime").await;
    let block = [0.5_f32; 128];
    exchange(&mut page, &Frame::new(number(&stream), 0, 0, &[&block, &block])).await;
    let session = page.session.clone();
    let seen = page.events.iter().filter_map(|event| event["seq"].as_u64()).max().unwrap_or(0);
    drop(page);

    let mut back = Client::connect(bridge.port, &bridge.own_origin()).await;
    let ready = back
        .identify_with(&key, json!({ "resume": { "session": session, "last_seq": seen } }))
        .await
        .expect("the session is still there");
    assert_eq!(ready["resumed"], true, "{ready}");
    assert_eq!(back.session, session);
    let kept = back.call("GET_PARAM", json!({ "instance": gain["instance"], "param": "Gain" })).await;
    assert_eq!(kept["norm"], 0.25);
    // The stream ended with the socket; the instance takes a new one.
    let mut bytes = Vec::new();
    Frame::new(number(&stream), 1, 128, &[&block, &block]).write(&mut bytes);
    back.send(bytes.into()).await;
    assert_eq!(Frame::read_all(&back.binary().await)[0].kind, 3);
    let again = open(&mut back, &gain, "realtime").await;
    exchange(&mut back, &Frame::new(number(&again), 0, 0, &[&block, &block])).await;
}

#[tokio::test]
async fn a_session_is_taken_over_by_who_resumes_it() {
    let bridge = demo();
    let (mut first, key) = bridge.own_page().await;
    let gain = load(&mut first, &["Sonic Gain"], "realtime").await;
    let mut second = Client::connect(bridge.port, &bridge.own_origin()).await;
    let resume = json!({ "resume": { "session": first.session, "last_seq": 0 } });
    let ready = second.identify_with(&key, resume).await.expect("resumed");
    assert_eq!(ready["resumed"], true);
    assert_eq!(first.closed().await, Closed(4009));
    second.call("GET_INSTANCE", json!({ "instance": gain["instance"] })).await;
}

#[tokio::test]
async fn what_nobody_comes_back_for_is_unloaded() {
    let sandbox = Sandbox::new();
    let config = format!("return {{ server = {{ origins = {{ {ORIGIN:?} }} }}, limits = {{ grace_s = 1 }} }}\n");
    std::fs::write(sandbox.file("config.lua"), config).unwrap();
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, key) = bridge.own_page().await;
    load(&mut page, &["Sonic Gain"], "realtime").await;
    let session = page.session.clone();
    drop(page);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut late = Client::connect(bridge.port, &bridge.own_origin()).await;
    let ready = late.identify_with(&key, json!({ "resume": { "session": session, "last_seq": 0 } })).await.unwrap();
    assert_eq!(ready["resumed"], false, "a session that is over begins anew");
}

#[tokio::test]
async fn a_slow_client_is_dropped() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.file("scripts")).unwrap();
    std::fs::write(
        sandbox.file("scripts/protocol.lua"),
        r#"
        local proto = require("bridge").protocol "sonic-core"
        local much = string.rep("x", 200000)
        proto:verb "MUCH" { doc = "A long answer.", run = function() return { text = much } end }
        proto:verb "PING" { doc = "A short one.", run = function() return {} end }
        "#,
    )
    .unwrap();
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, key) = bridge.own_page().await;
    let mut other = bridge.client(&key).await;
    page.call("MUCH", json!({})).await;
    let before = memory(bridge.pid());
    // Asks again and again, and reads nothing.
    let started = Instant::now();
    for id in 1_000_000.. {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": "MUCH", "params": {} }).to_string();
        // What does not fit now was taken over by the socket; the next message is another one.
        let sent = tokio::time::timeout(Duration::from_millis(100), page.try_send(text.into())).await;
        if let Ok(Err(_)) = sent {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "it is never dropped");
        let grown = memory(bridge.pid()).saturating_sub(before);
        assert!(grown < 100 << 10, "{grown} KiB more");
        other.call("PING", json!({})).await;
    }
    other.call("PING", json!({})).await;
}

/// Resident memory of a process in KiB.
pub fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_revoked_page_is_thrown_out() {
    let bridge = demo();
    let (mut page, key) = pair(&bridge).await;
    page.identify(&key).await;
    let list = bridge.sandbox.sonic_bridge(&[]).args(["origins"]).output().unwrap();
    assert!(String::from_utf8_lossy(&list.stdout).contains(ORIGIN), "{list:?}");
    let revoked = bridge.sandbox.sonic_bridge(&[]).args(["origins", "revoke", ORIGIN]).output().unwrap();
    assert!(revoked.status.success(), "{revoked:?}");
    assert_eq!(page.closed().await, Closed(4013));
    let again = bridge.sandbox.sonic_bridge(&[]).args(["origins", "revoke", ORIGIN]).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
}

#[tokio::test]
async fn a_blocked_plugin_is_not_loaded() {
    let bridge = Bridge::start(&[fixtures::demo_plugins(), fault_folder("none")]);
    let (mut page, _) = bridge.own_page().await;
    let id = crate::studio::id_of(&mut page, "Fault none").await;
    page.call("BLOCK_PLUGIN", json!({ "plugin": id })).await;
    page.refused("LOAD_PLUGIN", json!({ "plugin_id": id }), "BLOCKLISTED").await;
    page.call("UNBLOCK_PLUGIN", json!({ "plugin": id })).await;
    page.call("LOAD_PLUGIN", json!({ "plugin_id": id })).await;
}
