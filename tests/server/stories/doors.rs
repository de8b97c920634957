//! HTTP, programs without an origin, other protocols.

use crate::rig::{OTHER, PAGE, Rig, client::Client, raw, script::Word};
use serde_json::json;
use sonic_bridge::server::{BindError, Config, Holder, Server, probe};

#[test]
fn hello_is_readable_by_the_pages_in_the_list() {
    let rig = Rig::new();
    let answer = raw::get(&rig, "/v1/hello").origin(PAGE).send();
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(PAGE)));
    assert_eq!((answer.header("vary"), answer.header("content-type")), (Some("Origin"), Some("application/json")));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let hello: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!((&hello["app"], &hello["protocol"]), (&json!("sonic-bridge"), &json!([1])));
    assert_eq!(raw::get(&rig, "/v1/hello").send().header("access-control-allow-origin"), None);
    assert_eq!(probe(rig.port), Holder::Bridge { version: env!("CARGO_PKG_VERSION").to_owned() });
}

#[test]
fn a_second_bridge_is_told_about_the_first() {
    let rig = Rig::new();
    let folder = tempfile::tempdir().unwrap();
    let config = Config { port: rig.port, folder: folder.path().to_owned(), ..Config::default() };
    let error = Server::bind(config).unwrap_err();
    assert!(matches!(error, BindError::Taken { holder: Holder::Bridge { .. }, .. }));
    assert!(error.to_string().contains("a sonic-bridge that runs already"), "{error}");
    let config = Config {
        port: 0,
        origins: vec!["https://*.example".to_owned()],
        folder: folder.path().to_owned(),
        ..Config::default()
    };
    assert!(matches!(Server::bind(config).unwrap_err(), BindError::Origin { .. }));
}

#[test]
fn programs_come_by_their_own_door_with_a_token() {
    let rig = Rig::new();
    assert_eq!(raw::native(&rig, None).status, 404, "it is off");
    drop(rig);
    let rig = Rig::with(|config| config.native = true);
    let (key, token) = rig.token(None);
    assert_eq!(raw::native(&rig, None).status, 401);
    let (_, page) = rig.token(Some(PAGE));
    assert_eq!(raw::native(&rig, Some(&page)).status, 401, "a page's token is not a program's");
    let with_origin = raw::upgrade(&rig)
        .line("GET /v1/native HTTP/1.1")
        .origin(PAGE)
        .with("Authorization", &format!("Bearer {token}"));
    assert_eq!(with_origin.send().status, 403, "a page is no program");
    let connect = || Client::connect_to(&rig, "/v1/native", "sonic-core.v1.json", None, Some(&token)).unwrap();
    let mut client = connect();
    let params =
        json!({"protocol": 1, "client": {"name": "tool", "version": "1"}, "client_nonce": client.client_nonce});
    let ready = client.ask("IDENTIFY", params).unwrap();
    let proof = client.proof(&token, sonic_bridge::security::proof::Role::Server, "native");
    assert_eq!(ready["server_proof"], proof);
    let info = rig.opened(1).remove(0);
    assert_eq!((info.origin, &*info.protocol), (None, "sonic-core"));
    let mut client = connect();
    client.identify(&(key, token.clone()), json!({}));
    let mut client = connect();
    client.send("PAIR", json!({"protocol": 1, "client": {}}));
    assert_eq!(client.closed(), 4001);
    for _ in 0..6 {
        raw::native(&rig, Some(&page));
    }
    assert_eq!(raw::native(&rig, Some(&token)).status, 429, "guessing locks out");
}

#[test]
fn endpoints_of_scripts_are_behind_the_gate_and_the_token() {
    let rig = Rig::new();
    let (_, token) = rig.token(Some(PAGE));
    let open = raw::get(&rig, "/v1/x/open?a=1&b=%C3%A4").origin(PAGE).send();
    assert_eq!((open.status, open.body()), (200, "open"));
    assert_eq!(open.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(open.header("access-control-allow-origin"), None);
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let heard = Word::Http("GET".into(), "/v1/x/open".into(), vec![pair("a", "1"), pair("b", "ä")], Some(PAGE.into()));
    assert!(rig.heard.has(&heard));
    let post = |token: Option<&str>, origin: &str, body: &str| {
        let request = raw::get(&rig, "/").line("POST /v1/x/secret HTTP/1.1").origin(origin);
        let request = request.with("Content-Length", &body.len().to_string());
        let request =
            token.into_iter().fold(request, |request, token| request.with("Authorization", &format!("Bearer {token}")));
        raw::send(rig.port, &[request.bytes(), body.as_bytes().to_vec()].concat())
    };
    assert_eq!(post(None, PAGE, "x").status, 401);
    assert_eq!(post(Some(&token), OTHER, "x").status, 401, "another page's token");
    let answer = post(Some(&token), PAGE, "body");
    assert_eq!((answer.status, answer.body()), (200, "body"));
    assert_eq!(post(Some(&token), PAGE, &"x".repeat(300 << 10)).status, 413);
    assert_eq!(raw::get(&rig, "/v1/x/odd").origin(PAGE).send().status, 500, "no line breaks by a content type");
    let other = raw::get(&rig, "/v1/x/open").line("POST /v1/x/open HTTP/1.1").origin(PAGE).with("Content-Length", "0");
    assert_eq!(other.send().status, 405);
}

#[test]
fn another_protocol_of_the_scripts_has_its_own_path_and_name() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect_to(&rig, "/v1/other", "other.v1.json", Some(PAGE), None).unwrap();
    let ready = client.identify(&token, json!({}));
    assert_eq!(&*rig.opened(1)[0].protocol, "other");
    assert!(Client::connect_to(&rig, "/v1/other", "sonic-core.v1.json", Some(PAGE), None).is_err());
    // A session does not change its protocol.
    let mut thief = Client::connect(&rig, PAGE);
    let more = thief.resume(&token.1, ready["session"].as_str().unwrap(), 0);
    let params = thief.identity(&token, more);
    thief.send("IDENTIFY", params);
    assert_eq!(thief.closed(), 4007);
}

#[test]
fn nobody_comes_in_before_the_scripts_serve() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        Config { port: 0, origins: vec![PAGE.to_owned()], folder: folder.path().to_owned(), ..Config::default() };
    let server = Server::bind(config).unwrap();
    let port = server.port();
    let (end, _scripts) = sonic_bridge::link::link();
    let shutdown = tokio_util::sync::CancellationToken::new();
    let ending = shutdown.clone();
    let net = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(server.run(end, ending));
    });
    let ask = |path: &str| {
        let text = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {PAGE}\r\n\r\n");
        raw::send(port, text.as_bytes()).status
    };
    assert_eq!((ask("/v1/ws"), ask("/v1/hello")), (503, 200));
    shutdown.cancel();
    net.join().unwrap();
}
