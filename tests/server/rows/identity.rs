//! Rows about who somebody is.

use crate::rig::{
    OTHER, PAGE, Rig,
    client::{self, Client},
    log, raw,
    script::Word,
};
use serde_json::{Value, json};
use sonic_bridge::{
    security::{
        Secret,
        proof::{Role, Talk},
    },
    server::{Holding, Prompt, TokenFile},
};
use std::time::Duration;

#[test]
fn s25_nothing_is_told_to_who_did_not_identify() {
    let rig = Rig::new();
    let mut client = Client::connect(&rig, PAGE);
    client.send("LIST_PLUGINS", json!({}));
    assert_eq!(client.closed(), 4001);
    for text in ["{", "[]", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"PAIR_CODE\",\"params\":{\"code\":\"1\"}}"] {
        let mut client = Client::connect(&rig, PAGE);
        client.text(text);
        assert_eq!(client.closed(), 4001, "{text}");
    }
    let all = rig.heard.all();
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn s26_no_frame_before_identify() {
    let rig = Rig::new();
    let mut client = Client::connect(&rig, PAGE);
    client.binary(vec![1; 64]);
    assert_eq!(client.closed(), 4001);
}

#[test]
fn s27_silence_after_the_upgrade_ends() {
    let rig = Rig::with(|config| config.limits.handshake = Duration::from_millis(400));
    let mut client = Client::connect(&rig, PAGE);
    let start = std::time::Instant::now();
    assert_eq!(client.closed(), 4001);
    assert!(start.elapsed() < Duration::from_secs(2) && start.elapsed() > Duration::from_millis(300));
}

#[test]
fn s28_wrong_proofs_lock_the_origin_out_and_no_other() {
    let rig = Rig::new();
    let (key, token) = rig.token(Some(PAGE));
    let other = rig.token(Some(OTHER));
    let wrong = (key.clone(), Secret::new([9; 32]).to_base64());
    let code = |token: &(String, String)| {
        let mut client = Client::connect(&rig, PAGE);
        let params = client.identity(token, json!({}));
        client.send("IDENTIFY", params);
        client.closed()
    };
    let codes: Vec<u16> = (0..6).map(|_| code(&wrong)).collect();
    assert_eq!(codes, [4004, 4004, 4004, 4004, 4004, 4008]);
    assert_eq!(code(&(key, token)), 4008, "a right proof waits as well");
    Client::enter(&rig, OTHER, &other);
}

#[test]
fn s29_a_recorded_proof_is_worth_nothing() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let recorded = client.identity(&token, json!({}));
    assert!(client.ask("IDENTIFY", recorded.clone()).is_ok());
    let mut thief = Client::connect(&rig, PAGE);
    thief.send("IDENTIFY", recorded);
    assert_eq!(thief.closed(), 4004);
}

#[test]
fn s30_a_token_belongs_to_one_origin() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, OTHER);
    let params = client.identity(&token, json!({}));
    client.send("IDENTIFY", params);
    assert_eq!(client.closed(), 4004);
    let mut client = Client::connect(&rig, OTHER);
    let mut params = client.identity(&token, json!({}));
    params["proof"] = client.proof(&token.1, Role::Client, PAGE).into();
    client.send("IDENTIFY", params);
    assert_eq!(client.closed(), 4004);
}

#[test]
fn s31_the_bridges_own_proof_is_no_clients() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    for role in [Role::Server, Role::Resume] {
        let mut client = Client::connect(&rig, PAGE);
        let mut params = client.identity(&token, json!({}));
        params["proof"] = client.proof(&token.1, role, PAGE).into();
        client.send("IDENTIFY", params);
        assert_eq!(client.closed(), 4004, "{role:?}");
    }
}

#[test]
fn s32_proofs_are_compared_by_the_constant_time_library() {
    let source = include_str!("../../../src/security/proof.rs");
    let program = source.split("#[cfg(test)]").next().unwrap();
    assert_eq!(program.matches(".ct_eq(").count(), 2, "proofs and tokens");
    assert_eq!(program.matches("==").count(), 1, "one comparison, of a length");
    assert!(program.contains("use subtle::ConstantTimeEq"));
}

#[test]
fn s33_a_server_without_the_token_cannot_prove_itself() {
    // What a client has to check; the browser library has the same test with a real socket.
    let (real, fake) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let talk = Talk { instance: "i", nonce: "n", client_nonce: "m", last: PAGE };
    let sent = real.prove(Role::Client, &talk);
    for proof in [fake.prove(Role::Server, &talk), sent, String::new()] {
        assert!(!real.accepts(Role::Server, &talk, &proof));
    }
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let ready = client.identify(&token, json!({}));
    let right = client.proof(&token.1, Role::Server, PAGE);
    let wrong = client.proof(&Secret::new([3; 32]).to_base64(), Role::Server, PAGE);
    assert!(ready["server_proof"] == right && ready["server_proof"] != wrong);
}

#[test]
fn s34_identifying_twice_ends_the_socket() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    for again in ["IDENTIFY", "PAIR", "PAIR_CODE"] {
        let mut client = Client::enter(&rig, PAGE, &token);
        let params = client.identity(&token, json!({}));
        client.send(again, params);
        assert_eq!(client.closed(), 4003, "{again}");
    }
}

#[test]
fn s35_a_stolen_session_id_is_worth_nothing() {
    let rig = Rig::new();
    let (own, foreign) = (rig.token(Some(PAGE)), rig.token(Some(OTHER)));
    let second = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let session = client.identify(&own, json!({}))["session"].as_str().unwrap().to_owned();
    let resume = |proof: Option<Value>| json!({"resume": {"session": session, "last_seq": 0, "proof": proof}});
    let attempt = |origin: &str, token: &(String, String), more: &dyn Fn(&Client) -> Value| {
        let mut thief = Client::connect(&rig, origin);
        let more = more(&thief);
        let params = thief.identity(token, more);
        thief.send("IDENTIFY", params);
        thief.closed()
    };
    assert_eq!(attempt(PAGE, &own, &|_| resume(None)), 4007, "no proof");
    assert_eq!(attempt(PAGE, &own, &|_| resume(Some("AAAA".into()))), 4007, "no proof at all");
    assert_eq!(attempt(PAGE, &own, &|thief| resume(Some(thief.proof(&own.1, Role::Resume, "other").into()))), 4007);
    assert_eq!(attempt(OTHER, &foreign, &|thief| thief.resume(&foreign.1, &session, 0)), 4007, "another page");
    assert_eq!(attempt(PAGE, &second, &|thief| thief.resume(&second.1, &session, 0)), 4007, "another token");
    assert!(client.ask("ECHO", json!({})).is_ok(), "the session is untouched");
    let touched = rig.heard.all().into_iter().any(|word| matches!(word, Word::Parked(_) | Word::Resumed(_)));
    assert!(!touched && rig.heard.opened().len() == 1);
}

#[cfg(unix)]
#[test]
fn s36_the_token_file_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new();
    rig.token(Some(PAGE));
    let file = rig.folder.path().join("tokens.json");
    let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    for open in [0o644, 0o666, 0o640, 0o604] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(open)).unwrap();
        TokenFile::open(rig.folder.path()).unwrap();
        assert_eq!(mode(), 0o600, "{open:o}");
    }
    assert_eq!(TokenFile::open(rig.folder.path()).unwrap().list().unwrap().len(), 1);
}

#[test]
fn s37_who_has_no_token_gets_nowhere() {
    let rig = Rig::new();
    let (key, token) = rig.token(Some(PAGE));
    let mut client = Client::connect(&rig, PAGE);
    let params = client.identity(&("unknown".to_owned(), Secret::new([5; 32]).to_base64()), json!({}));
    client.send("IDENTIFY", params);
    assert_eq!(client.closed(), 4004);
    let mut client = Client::connect(&rig, PAGE);
    let mut params = client.identity(&(key.clone(), token), json!({}));
    params.as_object_mut().unwrap().remove("proof");
    client.send("IDENTIFY", params);
    assert_eq!(client.closed(), 4004, "{key} without proof");
    #[cfg(target_os = "linux")]
    another_user_reads_nothing(&rig);
}

/// Only root can become somebody else; others see the same by the mode of the file (S36).
#[cfg(target_os = "linux")]
fn another_user_reads_nothing(rig: &Rig) {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    const NOBODY: u32 = 65534;
    std::fs::set_permissions(rig.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let file = rig.folder.path().join("tokens.json");
    match std::process::Command::new("cat").arg(&file).uid(NOBODY).gid(NOBODY).output() {
        Ok(output) => assert!(!output.status.success() && output.stdout.is_empty()),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
}

#[test]
fn s38_nobody_is_asked_by_a_stranger_or_again_and_again() {
    let rig = Rig::new();
    assert_eq!(raw::upgrade(&rig).origin("https://evil.example").send().status, 403);
    let ask =
        |client: &mut Client| client.send("PAIR", json!({"protocol": 1, "client": {"name": "t", "version": "1"}}));
    let mut client = Client::connect(&rig, PAGE);
    ask(&mut client);
    assert_eq!(client.receive()["method"], "PAIRING");
    let mut second = Client::connect(&rig, OTHER);
    let busy = second.ask("PAIR", json!({"protocol": 1, "client": {}})).unwrap_err();
    assert_eq!((&busy["code"], &busy["data"]["retry"]), (&json!(1703), &json!(true)));
    assert!(
        matches!(rig.prompt(), Prompt::Asked(asking) if asking.origin == PAGE && asking.warning.contains("outside"))
    );
    assert!(rig.control.refuse_pairing() && !rig.control.refuse_pairing());
    assert_eq!(client.closed(), 4005);
    assert_eq!(rig.prompt(), Prompt::Ended { origin: PAGE.to_owned(), paired: false });
    for _ in 0..10 {
        let mut again = Client::connect(&rig, PAGE);
        ask(&mut again);
        assert_eq!(again.closed(), 4005);
    }
    let asked = rig.prompts.lock().unwrap().try_recv();
    assert!(asked.is_err(), "{asked:?}");
    drop(second);
    // A page that only asks and leaves is quiet after a few times.
    let closed = (0..6).filter(|_| {
        let mut client = Client::connect(&rig, OTHER);
        ask(&mut client);
        let first = client.message().unwrap();
        let refused = first.is_close();
        drop(client);
        rig.until("the question ends", || rig.prompts.lock().unwrap().try_recv().is_err());
        refused
    });
    assert_eq!(closed.count(), 3);
}

#[test]
fn s39_a_code_can_be_guessed_five_times() {
    let rig = Rig::new();
    let mut client = Client::connect(&rig, PAGE);
    client.send("PAIR", json!({"protocol": 1, "client": {"name": "t", "version": "1"}}));
    assert_eq!(client.receive()["method"], "PAIRING");
    let code = client::code(&rig);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for left in (1..5).rev() {
        let error = client.ask("PAIR_CODE", json!({ "code": wrong })).unwrap_err();
        assert_eq!((error["code"].as_i64(), error["data"]["left"].as_i64()), (Some(1103), Some(left)));
    }
    client.send("PAIR_CODE", json!({ "code": wrong }));
    assert_eq!(client.closed(), 4005);
    let mut client = Client::connect(&rig, PAGE);
    client.send("PAIR", json!({"protocol": 1, "client": {}}));
    assert_eq!(client.closed(), 4005, "void counts as refused");
    assert!(TokenFile::open(rig.folder.path()).unwrap().list().unwrap().is_empty());
}

#[test]
fn s40_a_token_that_is_taken_back_ends_its_sessions() {
    let rig = Rig::new();
    let (token, other) = (rig.token(Some(PAGE)), rig.token(Some(OTHER)));
    let mut client = Client::enter(&rig, PAGE, &token);
    let mut stays = Client::enter(&rig, OTHER, &other);
    let session = rig.opened(1)[0].session;
    // Another process does this.
    let file = TokenFile::open(rig.folder.path()).unwrap();
    assert_eq!(file.revoke(&Holding::Origin(PAGE.to_owned())).unwrap(), 1);
    let start = std::time::Instant::now();
    assert_eq!(client.closed(), 4013);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    rig.until("the scripts end its streams and instances", || rig.heard.has(&Word::Closed(session)));
    let mut client = Client::connect(&rig, PAGE);
    let params = client.identity(&token, json!({}));
    client.send("IDENTIFY", params);
    assert_eq!(client.closed(), 4004);
    assert!(stays.ask("ECHO", json!({})).is_ok());
}

#[test]
fn s53_a_client_that_is_killed_leaves_a_parked_session_that_ends() {
    let rig = Rig::with(|config| config.limits.grace = Duration::from_millis(600));
    let token = rig.token(Some(PAGE));
    let client = Client::enter(&rig, PAGE, &token);
    let session = rig.opened(1)[0].session;
    let start = std::time::Instant::now();
    // What the system does with the sockets of a process that is killed: no goodbye.
    client.ws.get_ref().shutdown(std::net::Shutdown::Both).unwrap();
    drop(client);
    rig.until("it is parked", || rig.heard.has(&Word::Parked(session)));
    assert!(start.elapsed() < Duration::from_millis(300), "{:?}", start.elapsed());
    assert!(!rig.heard.has(&Word::Closed(session)));
    rig.until("it ends", || rig.heard.has(&Word::Closed(session)));
    assert!(start.elapsed() > Duration::from_millis(500));
    assert_eq!(rig.control.sessions(), 0);
}

#[test]
fn s54_a_session_cannot_speak_for_another() {
    let rig = Rig::new();
    let (token, other) = (rig.token(Some(PAGE)), rig.token(Some(OTHER)));
    let mut client = Client::enter(&rig, PAGE, &token);
    let mut second = Client::enter(&rig, OTHER, &other);
    let sessions: Vec<u64> = rig.opened(2).iter().map(|info| info.session.0).collect();
    assert_ne!(sessions[0], sessions[1]);
    // Whatever a client writes into a request, the scripts are told whose it is.
    let lie = json!({"session": sessions[1], "owner": sessions[1]});
    assert_eq!(client.ask("WHO", lie.clone()).unwrap()["session"], sessions[0]);
    assert_eq!(second.ask("WHO", lie).unwrap()["session"], sessions[1]);
    // Frames of a stream that is not there and of one that is another's get the same answer.
    let mut frame = vec![0; 40];
    (frame[0], frame[1], frame[4], frame[12], frame[14]) = (1, 1, 7, 1, 1);
    client.binary(frame);
    let nack = client.message().unwrap().into_data();
    assert_eq!((nack[0], nack[24], nack.len()), (3, 5, 32));
    log::holds_no_secret();
}
