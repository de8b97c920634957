//! Rows about too much, too slow, too many.

use crate::rig::{
    PAGE, PATIENCE, Rig,
    client::{Client, enter_patiently, is_early},
    raw,
};
use sonic_bridge::server::Limits;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

#[test]
fn s23_long_and_slow_heads_end_and_others_are_served() {
    assert_eq!(Limits::default().handshake, Duration::from_secs(5));
    let rig = Rig::with(|config| config.limits.handshake = Duration::from_millis(800));
    let long = raw::upgrade(&rig).origin(PAGE).with("X-Long", &"x".repeat(64 << 10));
    assert_eq!(long.send().status, 431);
    let many = (0..200).fold(raw::upgrade(&rig).origin(PAGE), |request, n| request.with(&format!("X-{n}"), "x"));
    assert_eq!(many.send().status, 431);
    let start = Instant::now();
    let mut slow = TcpStream::connect(("127.0.0.1", rig.port)).unwrap();
    slow.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let bytes = raw::upgrade(&rig).origin(PAGE).bytes();
    let mut sent = bytes.iter();
    loop {
        let ended = sent.next().is_none_or(|byte| slow.write_all(&[*byte]).is_err());
        let mut room = [0; 256];
        let closed = !matches!(slow.read(&mut room), Err(error) if is_early(&error));
        if ended || closed {
            break;
        }
        assert!(start.elapsed() < PATIENCE);
        assert_eq!(raw::get(&rig, "/v1/hello").send().status, 200);
    }
    assert!(start.elapsed() < Duration::from_millis(2500), "{:?}", start.elapsed());
}

#[test]
fn s24_silent_connections_do_not_keep_a_page_out() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let start = Instant::now();
    let silent: Vec<TcpStream> = (0..500).map(|_| TcpStream::connect(("127.0.0.1", rig.port)).unwrap()).collect();
    // Beyond the limit they are closed at once.
    let closed = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        !matches!((&*stream).read(&mut [0]), Err(error) if is_early(&error))
    };
    rig.until("most are closed", || silent.iter().filter(|stream| closed(stream)).count() >= 500 - 64);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let mut client = enter_patiently(&rig, PAGE, &token);
    assert!(client.ask("ECHO", serde_json::json!({})).is_ok());
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    rig.until("all are closed", || silent.iter().all(closed));
}

#[test]
fn sockets_that_do_not_identify_themselves_are_few() {
    let rig = Rig::new();
    let waiting: Vec<Client> = (0..4).map(|_| Client::connect(&rig, PAGE)).collect();
    assert_eq!(raw::upgrade(&rig).origin(PAGE).send().status, 503);
    drop(waiting);
    rig.until("there is room again", || raw::upgrade(&rig).origin(PAGE).send().status == 101);
}

#[test]
fn sockets_that_begin_too_fast_are_refused() {
    let rig = Rig::with(|config| config.limits.upgrades = (1.0, 3.0));
    let answers: Vec<u16> = (0..6).map(|_| raw::upgrade(&rig).origin(PAGE).send().status).collect();
    assert!(answers.contains(&503), "{answers:?}");
}

/// Memory of this process that is not shared, in bytes.
#[cfg(target_os = "linux")]
fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

#[cfg(not(target_os = "linux"))]
fn memory() -> usize {
    0
}

fn frame(fin: bool, opcode: u8, length: u64, masked: bool) -> Vec<u8> {
    let mut bytes = vec![if fin { 0x80 } else { 0 } | opcode];
    let mask = if masked { 0x80 } else { 0 };
    match length {
        0..126 => bytes.push(mask | length as u8),
        126..65536 => {
            bytes.push(mask | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    if masked {
        bytes.extend([0; 4]);
    }
    bytes
}

#[test]
fn s47_what_is_too_long_closes_and_takes_no_memory() {
    let rig = Rig::alone(|_| {});
    let token = rig.token(Some(PAGE));
    let before = memory();
    let mut client = Client::enter(&rig, PAGE, &token);
    let _ = client.ws.get_mut().write_all(&frame(true, 1, 5 << 20, true));
    assert_eq!(client.closed(), 1009, "5 MiB of text");
    let mut client = Client::enter(&rig, PAGE, &token);
    client.text(&format!("\"{}\"", "x".repeat(300 << 10)));
    assert_eq!(client.closed(), 1009, "text over its own limit");
    let mut client = Client::enter(&rig, PAGE, &token);
    client.ws.get_mut().write_all(&frame(true, 2, 300 << 20, true)).unwrap();
    assert_eq!(client.closed(), 1009, "300 MiB announced");
    let mut client = Client::enter(&rig, PAGE, &token);
    client.ws.get_mut().write_all(&frame(true, 2, u64::MAX >> 1, true)).unwrap();
    assert_eq!(client.closed(), 1009, "more than there is");
    let mut client = Client::enter(&rig, PAGE, &token);
    let piece = [frame(false, 0, 1, true), vec![b'x']].concat();
    let mut pieces = [frame(false, 1, 1, true), vec![b'x']].concat();
    for _ in 0..1_000_000 {
        pieces.extend_from_slice(&piece);
    }
    pieces.extend(frame(true, 0, 0, true));
    // The server may close before the last one.
    let _ = client.ws.get_mut().write_all(&pieces);
    assert_eq!(client.closed(), 1009, "a million pieces");
    drop(pieces);
    let grown = memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes");
}

#[test]
fn s48_what_is_no_websocket_closes_with_its_code() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let with = |head: Vec<u8>, body: &[u8]| [head, body.to_vec()].concat();
    let split = [with(frame(false, 1, 1, true), b"\xc3"), with(frame(true, 0, 1, true), b"\x28")].concat();
    let mut reserved = with(frame(true, 1, 2, true), b"{}");
    reserved[0] |= 0x40;
    let cases = [
        ("bad UTF-8", with(frame(true, 1, 2, true), b"\xff\xfe"), 1007),
        ("bad UTF-8 in two pieces", split, 1007),
        ("not masked", with(frame(true, 1, 2, false), b"{}"), 1002),
        ("reserved bits", reserved, 1002),
        ("a ping of 126 bytes", with(frame(true, 9, 126, true), &[0; 126]), 1002),
        ("a ping in pieces", with(frame(false, 9, 1, true), b"x"), 1002),
        ("a reserved opcode", with(frame(true, 3, 1, true), b"x"), 1002),
        ("a reserved control", with(frame(true, 11, 1, true), b"x"), 1002),
        ("a piece of nothing", with(frame(true, 0, 1, true), b"x"), 1002),
        (
            "a message in a message",
            [with(frame(false, 1, 1, true), b"x"), with(frame(true, 1, 1, true), b"x")].concat(),
            1002,
        ),
    ];
    for (what, bytes, code) in cases {
        let mut client = Client::enter(&rig, PAGE, &token);
        client.ws.get_mut().write_all(&bytes).unwrap();
        assert_eq!(client.closed(), code, "{what}");
    }
    let mut client = Client::enter(&rig, PAGE, &token);
    client.ws.get_mut().write_all(&with(frame(true, 9, 125, true), &[7; 125])).unwrap();
    assert!(client.ask("ECHO", serde_json::json!({"x": 1})).is_ok(), "a ping of 125 bytes is answered");
}

#[test]
fn s51_ten_thousand_requests_are_all_answered_and_bounded() {
    let rig = Rig::alone(|_| {});
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    let (before, start) = (memory(), Instant::now());
    let (mut good, mut busy) = (0, 0);
    for round in 0..100 {
        for _ in 0..100 {
            client.send("ECHO", serde_json::json!({"value": round}));
        }
        for _ in 0..100 {
            let answer = client.receive();
            match answer["error"]["code"].as_i64() {
                None => good += 1,
                Some(1703) if answer["error"]["data"]["retry"] == true => busy += 1,
                _ => panic!("{answer}"),
            }
        }
    }
    assert_eq!(good + busy, 10_000);
    assert!(good > 5000, "{good} answered, {busy} put off");
    assert!(memory().saturating_sub(before) < 32 << 20);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn s52_a_client_that_never_reads_is_sent_away() {
    let rig = Rig::alone(|config| config.limits.stalled = Duration::from_millis(700));
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    let session = rig.opened(1)[0].session;
    let before = memory();
    for _ in 0..400 {
        rig.emit("LOADED", "lifecycle", None, serde_json::json!({"pad": "x".repeat(64 << 10)}));
        rig.emit("VALUE", "params", Some("a"), serde_json::json!({"pad": "x".repeat(64 << 10)}));
    }
    let parked = crate::rig::script::Word::Parked(session);
    rig.until("the session is parked", || rig.heard.has(&parked));
    let grown = memory().saturating_sub(before);
    assert!(grown < 160 << 20, "{grown} bytes");
    assert_eq!(client.closed(), 4012);
}
