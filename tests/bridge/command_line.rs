//! Starting and asking the bridge from the command line.

use crate::support::{bridge::Bridge, fixtures, sandbox::Sandbox};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::process::Output;

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn without_agreement_nothing_listens() {
    let sandbox = Sandbox::new();
    let output = sandbox.sonic_bridge(&[]).args(["run", "--port", "0", "--no-open"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    assert!(told.replace('\n', " ").contains("outside the browser's sandbox, with the same rights as you"), "{told}");
    assert!(told.contains("--accept-native-plugins") && !told.contains("listening"), "{told}");
}

#[test]
fn ping_tells_a_bridge_from_a_stranger_and_from_nobody() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let ping =
        |port: u16| bridge.sandbox.sonic_bridge(&[]).args(["ping", "--port", &port.to_string()]).output().unwrap();
    let answer = ping(bridge.port);
    assert!(answer.status.success(), "{answer:?}");
    assert!(text(&answer).contains(&format!("sonic-bridge {} answers", env!("CARGO_PKG_VERSION"))), "{answer:?}");

    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in stranger.incoming() {
            let mut socket = socket.unwrap();
            let _ = socket.read(&mut [0; 1024]);
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        }
    });
    let answer = ping(port);
    assert!(!answer.status.success() && text(&answer).contains("no sonic-bridge"), "{answer:?}");

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let answer = ping(free);
    assert!(!answer.status.success() && text(&answer).contains("no bridge listens"), "{answer:?}");
}

#[test]
fn a_taken_port_says_by_whom() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let second = bridge
        .sandbox
        .sonic_bridge(&[])
        .args(["run", "--no-open", "--accept-native-plugins", "--port", &bridge.port.to_string()])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = text(&second);
    assert!(told.contains(&format!("(version {})", env!("CARGO_PKG_VERSION"))) && told.contains("--port"), "{told}");

    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port().to_string();
    let second = bridge
        .sandbox
        .sonic_bridge(&[])
        .args(["run", "--no-open", "--accept-native-plugins", "--port", &port])
        .output()
        .unwrap();
    let told = text(&second);
    assert!(!second.status.success() && told.contains("another program") && told.contains("--port"), "{told}");
}

#[test]
fn an_address_of_the_network_is_refused() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("config.lua"), "return { server = { host = \"0.0.0.0\" } }\n").unwrap();
    let output = sandbox
        .sonic_bridge(&[])
        .args(["run", "--port", "0", "--no-open", "--accept-native-plugins"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("server.host"), "{output:?}");
}

#[tokio::test]
async fn it_ends_in_order_when_asked_to() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    crate::studio::load(&mut page, &["Sonic Reverb"], "realtime").await;
    let (status, told) = tokio::task::spawn_blocking(move || bridge.stop()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{status}: {told}");
    let crate::support::client::Closed(code) = page.closed().await;
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn the_log_holds_no_secrets() {
    let sandbox = Sandbox::new();
    let log = sandbox.file("bridge.log");
    let log_argument = log.to_str().unwrap().to_owned();
    let bridge = Bridge::start_in(
        sandbox,
        &[fixtures::demo_plugins()],
        &["--log", "trace", "--log-json", "--log-file", &log_argument],
    );
    let own_key = bridge.address.split("#key=").nth(1).unwrap().to_owned();
    let (mut page, key) = bridge.own_page().await;
    page.call("PING", json!({})).await;
    let _ = crate::support::client::Client::connect_to(
        bridge.port,
        "/v1/ws",
        "sonic-core.v1.json",
        Some("https://evil.example"),
        None,
    )
    .await;
    drop(page);
    let written = std::fs::read_to_string(log).unwrap();
    assert!(written.contains("evil.example"), "refusals are logged: {written}");
    assert!(written.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{written}");
    let token = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &key.token);
    for secret in [own_key.as_str(), token.as_str()] {
        assert!(!written.contains(secret), "a secret is in the log");
        assert!(!bridge.errors().contains(secret), "a secret is in the log");
    }
}
