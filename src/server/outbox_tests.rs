//! Events on their way: numbered, coalesced, kept, and never lost without a word.

use super::{
    Limits,
    outbox::{Next, Outbox, Written},
};
use crate::link::Event;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn event(class: &str, key: Option<&str>, n: u64) -> Written {
    let key = key.map(str::to_owned);
    Written::new(&Event { kind: "E".to_owned(), class: class.to_owned(), key, data: json!({ "n": n }) })
}

fn outbox(change: impl FnOnce(&mut Limits)) -> Outbox {
    let mut limits = Limits::default();
    change(&mut limits);
    let mut outbox = Outbox::new(["lifecycle", "params", "meters"].map(str::to_owned).into(), limits);
    outbox.attach(1);
    outbox
}

/// Number, type and n of what there is now.
fn all(outbox: &mut Outbox, now: Instant) -> Vec<(u64, String, Value)> {
    let mut events = Vec::new();
    while let Next::Send(text) = outbox.next(1, now) {
        events.push(short(&text));
    }
    events
}

fn short(text: &str) -> (u64, String, Value) {
    let event: Value = serde_json::from_str(text).unwrap();
    let params = &event["params"];
    let data = if params["data"]["n"].is_null() { params["data"].clone() } else { params["data"]["n"].clone() };
    (params["seq"].as_u64().unwrap(), params["type"].as_str().unwrap().to_owned(), data)
}

fn e(seq: u64, n: u64) -> (u64, String, Value) {
    (seq, "E".to_owned(), json!(n))
}

#[test]
fn values_replace_each_other_and_leave_sixty_times_a_second() {
    let (mut outbox, start) = (outbox(|_| {}), Instant::now());
    for n in 0..10 {
        outbox.push(event("params", Some("a"), n));
        outbox.push(event("params", Some("b"), 100 + n));
    }
    assert_eq!(all(&mut outbox, start), [e(1, 9), e(2, 109)]);
    outbox.push(event("params", Some("a"), 10));
    outbox.push(event("lifecycle", None, 1));
    assert_eq!(all(&mut outbox, start + Duration::from_millis(1)), [e(3, 1)], "what may not wait does not");
    let Next::At(moment) = outbox.next(1, start + Duration::from_millis(1)) else { panic!("a value waits") };
    assert_eq!(all(&mut outbox, moment), [e(4, 10)]);
    assert_eq!(outbox.next(1, moment), Next::Nothing);
}

#[test]
fn too_many_events_are_said_to_be_lost_in_their_place() {
    let (mut outbox, now) = (outbox(|limits| limits.waiting = 3), Instant::now());
    (1..=5).for_each(|n| outbox.push(event("lifecycle", None, n)));
    let lost = (2, "EVENTS_LOST".to_owned(), json!({"from": 1, "to": 2}));
    assert_eq!(all(&mut outbox, now), [lost, e(3, 3), e(4, 4), e(5, 5)]);
    (0..100).for_each(|n| outbox.push(event("meters", None, n)));
    assert_eq!(all(&mut outbox, now).len(), 3, "what is lossy goes without a word");
}

#[test]
fn what_waits_when_the_socket_goes_is_kept_in_order() {
    let (mut outbox, now) = (outbox(|limits| limits.ring = (4, 1 << 20)), Instant::now());
    (1..=2).for_each(|n| outbox.push(event("lifecycle", None, n)));
    assert_eq!(all(&mut outbox, now).len(), 2);
    outbox.push(event("lifecycle", None, 3));
    outbox.park();
    outbox.push(event("lifecycle", None, 4));
    outbox.push(event("meters", None, 5));
    let missed = |outbox: &Outbox, last| outbox.missed(last).iter().map(|text| short(text)).collect::<Vec<_>>();
    assert_eq!(missed(&outbox, 2), [e(3, 3), e(4, 4)]);
    assert_eq!(missed(&outbox, 4), []);
    (5..=7).for_each(|n| outbox.push(event("lifecycle", None, n)));
    let lost = (3, "EVENTS_LOST".to_owned(), json!({"from": 2, "to": 3}));
    assert_eq!(missed(&outbox, 1), [lost, e(4, 4), e(5, 5), e(6, 6), e(7, 7)]);
    outbox.attach(2);
    assert_eq!(outbox.next(1, now), Next::Nothing, "the old socket takes nothing more");
}

#[test]
fn what_is_kept_is_bounded_in_bytes() {
    let mut outbox = outbox(|limits| limits.ring = (1000, 1000));
    outbox.park();
    (0..500).for_each(|n| outbox.push(event("lifecycle", None, n)));
    let kept: usize = outbox.missed(0).iter().map(|text| text.len()).sum();
    assert!(kept < 1200, "{kept}");
}
