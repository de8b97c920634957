//! Clients that are no pages.

use crate::studio::{assert_same, render};
use crate::support::{
    bridge::Bridge,
    client::Client,
    fixtures,
    player::noise,
    sandbox::Sandbox,
    sound::{read_wav, write_wav},
};
use serde_json::json;
use std::process::Command;

fn with_native() -> Bridge {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("config.lua"), "return { server = { native = true } }\n").unwrap();
    Bridge::start_in(sandbox, &[fixtures::demo_plugins()], &[])
}

fn token(bridge: &Bridge, name: &str) -> String {
    let output = bridge.sandbox.sonic_bridge(&[]).args(["token", name]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_program_with_a_token_is_let_in() {
    let bridge = with_native();
    let token = token(&bridge, "test");
    let mut client =
        Client::connect_to(bridge.port, "/v1/native", "sonic-core.v1.json", None, Some(&token)).await.expect("let in");
    let nonce = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let who = json!({ "protocol": 1, "client": { "name": "test", "version": "1" }, "client_nonce": nonce });
    client.call("IDENTIFY", who).await;
    assert!(client.call("LIST_PLUGINS", json!({})).await["total"].as_u64().unwrap() >= 5);
    for wrong in [None, Some("nonsense")] {
        let refused = Client::connect_to(bridge.port, "/v1/native", "sonic-core.v1.json", None, wrong).await;
        assert!(refused.is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn programs_are_refused_unless_the_configuration_lets_them_in() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let token = token(&bridge, "test");
    let refused = Client::connect_to(bridge.port, "/v1/native", "sonic-core.v1.json", None, Some(&token)).await;
    assert!(refused.is_err());
}

#[test]
fn the_native_example_writes_what_render_writes() {
    let bridge = with_native();
    let token = token(&bridge, "example");
    let input = bridge.sandbox.file("in.wav");
    write_wav(&input, 48_000, &noise(2, 10_000));
    let output = bridge.sandbox.file("out.wav");
    let target = std::path::Path::new(env!("CARGO_BIN_EXE_sonic-bridge")).parent().unwrap();
    let ran = Command::new(target.join("examples/native-client"))
        .env("SONIC_BRIDGE_PORT", bridge.port.to_string())
        .args([&token, "Sonic Reverb"])
        .args([&input, &output])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_same(
        &read_wav(&output).1,
        &render(&bridge.sandbox, &input, &["--plugin", "Sonic Reverb", "--block", "128"]),
    );
}
