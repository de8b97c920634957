//! Text messages.

use crate::checks::jsonrpc_message::check;
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;
use serde_json::{Value, json};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,70}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{0,4}", inner, 0..8).prop_map(|members| json!(members)),
        ]
    })
}

/// A request by its members, each right, odd or left out.
fn built() -> impl Strategy<Value = String> {
    let version = prop_oneof![6 => Just(Some(json!("2.0"))), 1 => Just(None), 1 => value().prop_map(Some)];
    let id = prop_oneof![
        4 => (0_u64..1 << 54).prop_map(|id| Some(json!(id))),
        3 => "\\PC{0,70}".prop_map(|id| Some(json!(id))),
        1 => Just(None),
        1 => value().prop_map(Some),
    ];
    let method = prop_oneof![6 => "[A-Z_]{1,70}".prop_map(|name| Some(json!(name))), 1 => Just(None), 1 => value().prop_map(Some)];
    let params = prop_oneof![3 => Just(None), 5 => value().prop_map(Some), 3 => value().prop_map(|value| Some(json!({ "x": value })))];
    let shape = prop_oneof![9 => Just(""), 1 => Just("["), 1 => Just("twice"), 1 => Just("deep"), 1 => Just("many")];
    (version, id, method, params, shape).prop_map(|(version, id, method, params, shape)| {
        let members = [("jsonrpc", version), ("id", id), ("method", method), ("params", params)];
        let mut members: Vec<String> =
            members.into_iter().filter_map(|(name, value)| Some(format!("\"{name}\":{}", value?))).collect();
        match shape {
            "twice" => members.push("\"id\":1,\"\\u0069d\":2".to_owned()),
            "deep" => members.push(format!("\"y\":{}{}", "[".repeat(31), "]".repeat(31))),
            "many" => members.push(format!("\"y\":[{}0]", "0,".repeat(990))),
            _ => {}
        }
        let object = format!("{{{}}}", members.join(","));
        if shape == "[" { format!("[{object}]") } else { object }
    })
}

#[test]
fn the_seeds_are_requests_or_refusals() {
    seeds("jsonrpc_message").iter().for_each(|seed| check(seed));
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn changed_messages_mean_what_any_reader_finds_or_are_refused(bytes in mutated("jsonrpc_message")) {
        check(&bytes);
    }

    #[test]
    fn members_of_every_kind_mean_what_any_reader_finds_or_are_refused(text in built()) {
        check(text.as_bytes());
    }
}
