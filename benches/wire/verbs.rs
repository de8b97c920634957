//! `SET_PARAM`, which goes through Lua, over the same text sent back by a bare WebSocket; and how many a second there are.

use crate::bridge::Bridge;
use crate::client::Client;
use crate::figures::Figures;
use crate::floor::Floor;
use crate::round_trip::{BLOCK, RHYTHMS};
use crate::samples::take;
use crate::support::{fixtures, sandbox::Sandbox};
use serde_json::json;
use std::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Requests that wait for their answers at once.
const IN_FLIGHT: usize = 32;
const PIPELINED: usize = 20_000;

struct Verb {
    name: &'static str,
    method: &'static str,
    texts: Option<bool>,
}

/// The last does nothing: what the way to Lua and back costs.
const VERBS: &[Verb] = &[
    Verb { name: "SET_PARAM with texts", method: "SET_PARAM", texts: Some(true) },
    Verb { name: "SET_PARAM without texts", method: "SET_PARAM", texts: Some(false) },
    Verb { name: "PING", method: "PING", texts: None },
];

/// The middle at each rhythm; then requests a second.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    let bridge = Bridge::start(&sandbox, &[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.pair();
    let (instance, _) = page.open_gain(BLOCK, 32);
    let params = page.call("LIST_PARAMS", json!({ "instance": instance }));
    let param = params["params"][0]["id"].as_u64().unwrap();
    let warp = Floor::Warp.start();
    let mut echo = Client::to_floor(warp.port);
    let mut count = 0_u64;
    let mut request = |verb: &Verb| {
        count += 1;
        let value = (count % 1000) as f64 / 1000.0;
        let id = 1_000_000 + count;
        let params = match verb.texts {
            Some(texts) => json!({ "instance": instance, "param": param, "value": value, "texts": texts }),
            None => json!({}),
        };
        (id, json!({ "jsonrpc": "2.0", "id": id, "method": verb.method, "params": params }).to_string())
    };
    for (verb, rhythm) in VERBS.iter().flat_map(|verb| RHYTHMS.iter().map(move |rhythm| (verb, rhythm))) {
        let [floor, ours] = take(rhythm.turns, |side| {
            let client = if side == 0 { &mut echo } else { &mut page };
            let trip = |(id, text): (u64, String)| {
                client.socket.send(Message::text(text)).unwrap();
                (id, client.read_text())
            };
            // A floor sends back the question, which has no answer in it.
            rhythm.turn(|| request(verb), trip, |(id, answer)| assert!(side == 0 || good(&answer, id), "{answer}"))
        });
        let raw = [
            ("warp echo µs", floor.quantile(0.5)),
            ("bridge µs", ours.quantile(0.5)),
            ("bridge slowest hundredth µs", ours.quantile(0.99)),
            ("difference µs", ours.quantile(0.5) - floor.quantile(0.5)),
        ];
        let (name, ratio) = (format!("{}, {}, middle", verb.name, rhythm.name), ours.over(&floor, 0.5));
        if verb.texts.is_some() {
            figures.add(&name, ratio, "×", 1.3, &raw);
        } else {
            let raw: Vec<_> = raw.into_iter().chain([("ratio", ratio)]).collect();
            figures.note(&name, &raw);
        }
    }
    for verb in VERBS {
        let started = Instant::now();
        let (mut asked, mut answered) = (0, 0);
        while answered < PIPELINED {
            while asked < (answered + IN_FLIGHT).min(PIPELINED) {
                page.socket.write(Message::text(request(verb).1)).unwrap();
                asked += 1;
            }
            page.socket.flush().unwrap();
            // Half of them, so that there is always something to do on the other side. In any order.
            for _ in 0..(IN_FLIGHT / 2).min(PIPELINED - answered) {
                let answer = page.read_text();
                assert!(answer.contains("\"result\""), "{answer}");
                answered += 1;
            }
        }
        let rate = PIPELINED as f64 / started.elapsed().as_secs_f64();
        let name = format!("{}, {IN_FLIGHT} in flight", verb.name);
        figures.note(&name, &[("a second", rate)]);
    }
}

fn good(answer: &str, id: u64) -> bool {
    answer.contains(&format!("\"id\":{id}")) && answer.contains("\"result\"")
}
