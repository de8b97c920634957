//! What users change by editing scripts while the bridge runs.

use crate::studio::{exchange, load, number, open};
use crate::support::{
    bridge::{Bridge, ORIGIN},
    client::{Client, Frame},
    fixtures,
    sandbox::Sandbox,
};
use serde_json::json;
use std::path::Path;

/// A sandbox in which `init` wrote everything, with a config that lets [`ORIGIN`] in.
fn own_scripts() -> Sandbox {
    let sandbox = Sandbox::new();
    let output = sandbox.sonic_bridge(&[]).args(["init", "."]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let config = sandbox.file("config.lua");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"http://localhost:5173\"", &format!("{ORIGIN:?}"))).unwrap();
    sandbox
}

/// Adds to a script, before what it returns.
fn append(path: &Path, text: &str) {
    let old = std::fs::read_to_string(path).unwrap();
    let (before, after) = old.rsplit_once("return proto").expect("the protocol returns itself");
    std::fs::write(path, format!("{before}{text}\nreturn proto{after}")).unwrap();
}

#[tokio::test]
async fn write_my_own_protocol() {
    let sandbox = own_scripts();
    std::fs::write(
        sandbox.file("scripts/protocol.lua"),
        r#"
        local bridge = require "bridge"
        local proto = bridge.protocol "sonic-core"
        proto:verb "GREET" {
          doc = "Says hello.",
          params = { name = "text" },
          run = function(session, p) return { text = "Hello " .. p.name } end,
        }
        "#,
    )
    .unwrap();
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, _) = bridge.own_page().await;
    assert_eq!(page.call("GREET", json!({ "name": "Ada" })).await["text"], "Hello Ada");
    let error = page.request("LIST_PLUGINS", json!({})).await.expect_err("not declared");
    assert_eq!(error["code"], -32601, "{error}");
    page.refused("GREET", json!({}), "FIELD_MISSING").await;
    page.refused("GREET", json!({ "name": 1 }), "FIELD_TYPE").await;
}

#[tokio::test]
async fn a_saved_script_takes_over_without_losing_anybody() {
    let sandbox = own_scripts();
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, _) = bridge.own_page().await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let stream = open(&mut page, &gain, "realtime").await;
    let block = [0.5_f32; 128];
    exchange(&mut page, &Frame::new(number(&stream), 0, 0, &[&block, &block])).await;
    let error = page.request("SHOUT", json!({})).await.expect_err("not there yet");
    assert_eq!(error["code"], -32601);
    append(
        &bridge.sandbox.file("scripts/protocol.lua"),
        "\nrequire(\"bridge\").protocol(\"sonic-core\"):verb \"SHOUT\" { doc = \"Shouts.\", run = function() return { text = \"HEY\" } end }\n",
    );
    page.event("SCRIPT_RELOADED").await;
    assert_eq!(page.call("SHOUT", json!({})).await["text"], "HEY");
    // The instance and its stream are the same as before.
    exchange(&mut page, &Frame::new(number(&stream), 1, 128, &[&block, &block])).await;
    page.call("SET_PARAM", json!({ "instance": gain["instance"], "param": "Gain", "value": 0.5 })).await;
}

#[tokio::test]
async fn broken_script_keeps_serving() {
    let sandbox = own_scripts();
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, _) = bridge.own_page().await;
    let script = bridge.sandbox.file("scripts/protocol.lua");
    let good = std::fs::read_to_string(&script).unwrap();
    let line = good.lines().position(|line| line.starts_with("return proto")).unwrap() + 2;
    append(&script, "\nthis is no Lua\n");
    let told = page.event("SCRIPT_REJECTED").await;
    let message = told["data"]["message"].as_str().unwrap();
    assert!(message.contains("protocol.lua:") && message.contains(&format!(":{line}:")), "{message}");
    page.call("LIST_PLUGINS", json!({})).await;
    // Back to what it was: no reason to fear.
    std::fs::write(&script, &good).unwrap();
    append(&script, "\n-- a remark\n");
    page.event("SCRIPT_RELOADED").await;
    page.call("PING", json!({})).await;
}

#[tokio::test]
async fn runaway_script_is_stopped() {
    let sandbox = own_scripts();
    append(
        &sandbox.file("scripts/protocol.lua"),
        r#"
        local runaway = require("bridge").protocol("sonic-core")
        runaway:verb "SPIN" { doc = "Never ends.", run = function() while true do pcall(function() while true do end end) end end }
        runaway:verb "EAT" { doc = "Takes all memory.", run = function()
          local all = {}
          while true do all[#all + 1] = string.rep("x", 1048576) .. #all end
        end }
        "#,
    );
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, key) = bridge.own_page().await;
    let mut other = bridge.client(&key).await;
    let gain = load(&mut other, &["Sonic Gain"], "realtime").await;
    let stream = number(&open(&mut other, &gain, "realtime").await);
    let spin = page.ask("SPIN", json!({})).await;
    let block = [0.5_f32; 128];
    for at in 0..200 {
        let asked = std::time::Instant::now();
        exchange(&mut other, &Frame::new(stream, at, u64::from(at) * 128, &[&block, &block])).await;
        assert!(asked.elapsed() < std::time::Duration::from_secs(1), "audio waits for no script");
    }
    let error = page.answer(spin).await.expect_err("it is stopped");
    assert_eq!(error["data"]["kind"], "BUDGET_TIME", "{error}");
    let error = page.request("EAT", json!({})).await.expect_err("it is stopped");
    assert_eq!(error["data"]["kind"], "BUDGET_MEMORY", "{error}");
    page.call("PING", json!({})).await;
    other.call("PING", json!({})).await;
}

#[tokio::test]
async fn a_second_protocol_lives_beside_the_first() {
    let sandbox = own_scripts();
    append(
        &sandbox.file("scripts/protocol.lua"),
        r#"
        local mixer = require("bridge").protocol("mixer", { path = "/mixer/ws" })
        mixer:verb "FADERS" { doc = "All faders.", run = function() return { faders = { 0.5, 0.25 } } end }
        "#,
    );
    let bridge = Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[]);
    let (mut page, key) = bridge.own_page().await;
    let own = bridge.own_origin();
    let mut mixer = Client::connect_to(bridge.port, "/mixer/ws", "mixer.v1.json", Some(&own), None)
        .await
        .expect("the second protocol");
    mixer.identify(&key).await;
    assert_eq!(mixer.call("FADERS", json!({})).await["faders"], json!([0.5, 0.25]));
    assert_eq!(mixer.request("PING", json!({})).await.expect_err("the other's")["code"], -32601);
    assert_eq!(page.request("FADERS", json!({})).await.expect_err("the other's")["code"], -32601);
}
