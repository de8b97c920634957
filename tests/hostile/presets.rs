//! `.vstpreset` files.

use crate::checks::vstpreset::check;
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;

/// A file by its parts: class, rows of the list (id, offset, size), and what lies between.
fn built() -> impl Strategy<Value = Vec<u8>> {
    let id = prop_oneof![
        4 => prop::sample::select(vec![*b"Comp", *b"Cont", *b"Info", *b"Prog", *b"List"]),
        1 => any::<[u8; 4]>(),
    ];
    let place = prop_oneof![6 => 0_i64..400, 1 => any::<i64>(), 1 => Just(-1), 1 => Just(i64::MAX)];
    let row = (id, place.clone(), place.clone());
    let rows = prop::collection::vec(row, 0..12);
    let count = prop_oneof![8 => Just(None), 1 => any::<i32>().prop_map(Some), 1 => (0..200).prop_map(Some)];
    let list = prop_oneof![8 => Just(None), 1 => place.prop_map(Some)];
    let body = prop::collection::vec(any::<u8>(), 0..300);
    (rows, count, list, body, any::<bool>()).prop_map(|(rows, count, list, body, lower)| {
        let mut file = b"VST3\x01\0\0\0".to_vec();
        let class: &[u8; 32] =
            if lower { b"0123456789abcdef0123456789abcdef" } else { b"0123456789ABCDEF0123456789ABCDEF" };
        file.extend(class);
        file.extend(list.unwrap_or(48 + body.len() as i64).to_le_bytes());
        file.extend(&body);
        file.extend(b"List");
        file.extend(count.unwrap_or(rows.len() as i32).to_le_bytes());
        for (id, offset, size) in rows {
            file.extend(id);
            file.extend(offset.to_le_bytes());
            file.extend(size.to_le_bytes());
        }
        file
    })
}

#[test]
fn the_seeds_are_taken_or_refused() {
    seeds("vstpreset").iter().for_each(|seed| check(seed));
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn changed_presets_hold_no_more_than_the_file(bytes in mutated("vstpreset")) {
        check(&bytes);
    }

    #[test]
    fn lists_that_lie_hold_no_more_than_the_file(bytes in built()) {
        check(&bytes);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
        check(&bytes);
    }
}
