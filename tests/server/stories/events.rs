//! Events: numbered, chosen, coalesced, and said to be lost when they were.

use crate::rig::{PAGE, Rig, client::Client};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn only_the_classes_that_were_chosen_come() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    rig.emit("APPLIED", "graph", None, json!({}));
    rig.emit("LOADED", "lifecycle", None, json!({}));
    assert_eq!(client.event()["type"], "LOADED");
    client.ask("SUBSCRIBE", json!({"classes": ["graph", "meters"]})).unwrap();
    rig.until("the classes changed", || {
        rig.emit("APPLIED", "graph", None, json!({}));
        !client.is_silent(Duration::from_millis(50))
    });
    rig.emit("LOADED", "lifecycle", None, json!({}));
    rig.emit("METER", "meters", None, json!({}));
    loop {
        let event = client.event();
        assert_ne!(event["type"], "LOADED");
        if event["type"] == "METER" {
            break;
        }
    }
}

#[test]
fn values_of_a_parameter_come_sixty_times_a_second_at_most_and_the_last_one_comes() {
    let rig = Rig::new();
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    let start = Instant::now();
    let sender = rig.orders.clone();
    let emitter = std::thread::spawn(move || {
        for n in 0..2000 {
            for key in ["a", "b"] {
                let event = sonic_bridge::link::Event {
                    kind: "VALUE".to_owned(),
                    class: "params".to_owned(),
                    key: Some(key.to_owned()),
                    data: json!({"key": key, "n": n}),
                };
                let to = sonic_bridge::link::Audience::All;
                sender.send(sonic_bridge::link::ToServer::Emit { to, event }).unwrap();
            }
            if n % 10 == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    let (mut last, mut counts, mut seq) = ([0, 0], [0, 0], 0);
    while last != [1999, 1999] {
        let event = client.event();
        let key = usize::from(event["data"]["key"] == "b");
        last[key] = event["data"]["n"].as_u64().unwrap();
        counts[key] += 1;
        assert_eq!(event["seq"].as_u64(), Some(seq + 1));
        seq += 1;
    }
    emitter.join().unwrap();
    let most = start.elapsed().as_secs_f64() * 60.0 + 2.0;
    assert!(counts.iter().all(|count| f64::from(*count) <= most && *count > 1), "{counts:?} within {most}");
}

#[test]
fn a_client_that_cannot_keep_up_hears_what_it_lost() {
    let rig = Rig::with(|config| (config.limits.waiting, config.limits.soft_mark) = (32, 64 << 10));
    let token = rig.token(Some(PAGE));
    let mut client = Client::enter(&rig, PAGE, &token);
    // Far more than all buffers on the way hold.
    client.send("EMIT", json!({"kind": "LOADED", "class": "lifecycle", "count": 4000, "pad": 8000}));
    std::thread::sleep(Duration::from_millis(1500));
    let (mut seq, mut lost) = (0, 0);
    while seq < 4000 {
        let message = client.receive();
        if message["method"] != "EVT" {
            continue;
        }
        let event = &message["params"];
        let number = event["seq"].as_u64().unwrap();
        if event["type"] == "EVENTS_LOST" {
            assert_eq!((event["data"]["from"].as_u64(), event["data"]["to"].as_u64()), (Some(seq + 1), Some(number)));
            lost += number - seq;
        } else {
            assert_eq!((number, event["data"]["n"].as_u64()), (seq + 1, Some(seq)), "none is missing without a word");
        }
        seq = number;
    }
    assert!(lost > 0, "nothing was lost, so nothing was shown");
    assert!(client.ask("ECHO", json!({})).is_ok());
}
