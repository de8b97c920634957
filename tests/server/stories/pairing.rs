//! A page is let in by a person, or by the key that the bridge printed.

use crate::rig::{
    PAGE, Rig,
    client::{Client, code, pair},
    log, raw,
};
use serde_json::json;
use sonic_bridge::server::{Prompt, TokenFile};
use std::time::Duration;

#[test]
fn a_page_that_was_paired_comes_in_on_the_same_socket_and_later() {
    let rig = Rig::new();
    let mut client = Client::connect(&rig, PAGE);
    client.send("PAIR", json!({"protocol": 1, "client": {"name": "test", "version": "1"}}));
    let pairing = client.receive();
    let told = &pairing["params"];
    assert_eq!((&told["origin"], &told["expires_s"]), (&json!(PAGE), &json!(120)));
    assert!(!told.to_string().contains("\"code\""), "the code is shown at the bridge, not told to the page");
    let code = code(&rig);
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
    assert!(rig.control.allow_scripts(true));
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let granted = client.ask("PAIR_CODE", json!({ "code": spaced })).unwrap();
    assert!(granted["scopes"].as_array().unwrap().contains(&json!("script.write")));
    assert_eq!(client.receive()["result"], json!({}));
    let text = |name: &str| granted[name].as_str().unwrap().to_owned();
    log::secret(&text("token"));
    let token = (text("key_id"), text("token"));
    client.identify(&token, json!({}));
    drop(client);
    Client::enter(&rig, PAGE, &token);
    let cards = TokenFile::open(rig.folder.path()).unwrap().list().unwrap();
    assert_eq!((cards.len(), &cards[0].key_id), (1, &token.0));
    let prompts: Vec<Prompt> = std::iter::from_fn(|| rig.prompts.lock().unwrap().try_recv().ok()).collect();
    assert!(prompts.contains(&Prompt::Ended { origin: PAGE.to_owned(), paired: true }), "{prompts:?}");
}

#[test]
fn a_question_that_nobody_answers_ends() {
    let rig = Rig::with(|config| config.limits.pairing.stands = Duration::from_millis(400));
    let mut client = Client::connect(&rig, PAGE);
    client.send("PAIR", json!({"protocol": 1, "client": {}}));
    assert_eq!(client.closed(), 4005);
    rig.prompt();
    assert_eq!(rig.prompt(), Prompt::Ended { origin: PAGE.to_owned(), paired: false });
    pair(&rig, PAGE);
}

#[test]
fn a_page_that_leaves_ends_its_question() {
    let rig = Rig::new();
    let mut client = Client::connect(&rig, PAGE);
    client.send("PAIR", json!({"protocol": 1, "client": {}}));
    assert_eq!(client.receive()["method"], "PAIRING");
    drop(client);
    rig.prompt();
    assert_eq!(rig.prompt(), Prompt::Ended { origin: PAGE.to_owned(), paired: false });
}

fn key(rig: &Rig) -> String {
    let address = rig.control.page_address();
    let (page, key) = address.split_once("/#key=").unwrap();
    assert_eq!(page, format!("http://localhost:{}", rig.port));
    log::secret(key);
    key.to_owned()
}

#[test]
fn the_own_page_comes_in_by_a_key_that_works_once() {
    let rig = Rig::new();
    let own = format!("http://localhost:{}", rig.port);
    let first = key(&rig);
    let by_key = |origin: &str, key: &str| {
        let mut client = Client::connect(&rig, origin);
        let params = json!({"protocol": 1, "client": {"name": "page", "version": "1"}, "key": key});
        let id = client.send("PAIR", params);
        let answer = client.message().unwrap();
        (client, id, answer)
    };
    let (_, _, stranger) = by_key(PAGE, &first);
    assert!(stranger.is_close(), "the key is for the own page");
    let (mut client, id, answer) = by_key(&own, &first);
    let answer: serde_json::Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
    assert_eq!(answer["id"], id);
    let text = |name: &str| answer["result"][name].as_str().unwrap().to_owned();
    log::secret(&text("token"));
    let token = (text("key_id"), text("token"));
    let ready = client.identify(&token, json!({}));
    assert!(ready["scopes"].as_array().unwrap().contains(&json!("admin")));
    assert_ne!(key(&rig), first);
    let (mut again, _, answer) = by_key(&own, &first);
    assert!(answer.is_close() || again.closed() == 4005, "used up");
    Client::enter(&rig, &own, &token);
    assert!(TokenFile::open(rig.folder.path()).unwrap().list().unwrap().is_empty(), "it ends with the bridge");
}

#[test]
fn the_own_page_shows_who_asks_and_can_refuse() {
    let rig = Rig::new();
    let own = format!("http://127.0.0.1:{}", rig.port);
    let mut page = Client::connect(&rig, &own);
    let key = key(&rig);
    let granted = page.ask("PAIR", json!({"protocol": 1, "client": {}, "key": key})).unwrap();
    let text = |name: &str| granted[name].as_str().unwrap().to_owned();
    log::secret(&text("token"));
    page.identify(&(text("key_id"), text("token")), json!({}));
    let mut asks = Client::connect(&rig, PAGE);
    asks.send("PAIR", json!({"protocol": 1, "client": {}}));
    let asked = page.event();
    assert_eq!((&asked["type"], &asked["data"]["origin"]), (&json!("PAIRING_ASKED"), &json!(PAGE)));
    assert_eq!(asked["data"]["code"].as_str().unwrap(), code(&rig));
    page.ask("PAIRING_ANSWER", json!({"scripts": true})).unwrap();
    let asked = page.event();
    assert!(asked["data"]["scopes"].as_array().unwrap().contains(&json!("script.write")));
    assert_eq!(page.ask("PAIRING_ANSWER", json!({"refuse": true})).unwrap(), json!({"done": true}));
    assert_eq!(asks.closed(), 4005);
    // Other pages have no such verb.
    let token = rig.token(Some("https://other.example"));
    let mut other = Client::enter(&rig, "https://other.example", &token);
    assert_eq!(other.ask("PAIRING_ANSWER", json!({"refuse": true})).unwrap_err()["code"], -32601);
    assert_eq!(raw::get(&rig, "/").send().status, 200);
}
