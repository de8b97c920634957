//! `moduleinfo.json`.

use crate::checks::moduleinfo::check;
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;

/// JSON5 of the members that are read, with values of every kind.
fn built() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        2 => "\\PC{0,20}".prop_map(|text| format!("{text:?}")),
        1 => "[\\[\\]{}'/*]{0,200}".prop_map(|text| format!("\"{text}\"")),
        1 => "[0-9a-fA-F]{32}".prop_map(|id| format!("\"{id}\"")),
        1 => Just("'Audio Module Class'".to_owned()),
        1 => "(\\\\u[0-9a-f]{4}){1,4}".prop_map(|text| format!("'{text}'")),
    ];
    let leaf = prop_oneof![
        6 => text,
        1 => any::<f64>().prop_map(|number| format!("{number:?}")),
        1 => prop::sample::select(vec!["null", "true", "+Infinity", "0x1F", ".5", "/* ] */ 1", "// }\n2"]).prop_map(str::to_owned),
    ];
    let key = prop::sample::select(vec![
        "Name",
        "Version",
        "\"Factory Info\"",
        "Vendor",
        "Classes",
        "CID",
        "Category",
        "Catetory",
        "Compatibility",
        "New",
        "Old",
        "x",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{},}}", members.join(",")).replace("{,}", "{}")
            }),
        ]
    })
}

/// Runs of brackets, quotes and comments: what nests and what hides it.
fn nested() -> impl Strategy<Value = String> {
    let piece =
        prop::sample::select(vec!["[", "]", "{x:", "}", "\"", "'", "\\", "/*", "*/", "//", "\n", ",", "{\"Name\":"]);
    prop::collection::vec((piece, prop_oneof![3 => Just(1_usize), 1 => Just(60), 1 => Just(20_000)]), 1..12)
        .prop_map(|pieces| pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect())
}

#[test]
fn the_seeds_are_taken_or_refused() {
    seeds("moduleinfo").iter().for_each(|seed| check(seed));
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn changed_files_give_clean_hints_or_none(bytes in mutated("moduleinfo")) {
        check(&bytes);
    }

    #[test]
    fn values_of_every_kind_give_clean_hints_or_none(text in built()) {
        check(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn nesting_never_reaches_the_end_of_the_stack(text in nested()) {
        check(text.as_bytes());
    }
}
