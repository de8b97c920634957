//! What a client says until it is let in, and after.

use crate::checks::identify_flow::check;
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;

/// Steps in any order, with what each needs.
fn steps() -> impl Strategy<Value = Vec<u8>> {
    let own = prop_oneof![
        2 => Just(Vec::new()),
        2 => prop::collection::vec(any::<u8>(), 0..20),
        1 => prop::sample::select(vec![
            r#"{"jsonrpc":"2.0","id":1,"method":"PING"}"#, r#"{"jsonrpc":"2.0","id":1,"method":"IDENTIFY","params":{}}"#, "[]", "{",
            "123456", "LIST_PLUGINS", "PAIR", "\u{1}\u{2}{\"session\":\"x\"}", "\u{7}\u{7}\"\"", "null",
        ]).prop_map(|text| text.as_bytes().to_vec()),
    ];
    let step = (any::<u8>(), own).prop_map(|(step, own)| {
        let mut bytes = vec![step, own.len() as u8];
        bytes.extend(own);
        bytes
    });
    prop::collection::vec(step, 0..6).prop_map(|steps| steps.concat())
}

#[test]
fn the_seeds_are_answered_or_sent_away() {
    seeds("identify_flow").iter().for_each(|seed| check(seed));
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn changed_talks_let_nobody_in_without_the_proof(bytes in mutated("identify_flow")) {
        check(&bytes);
    }

    #[test]
    fn steps_in_any_order_let_nobody_in_without_the_proof(bytes in steps()) {
        check(&bytes);
    }
}
