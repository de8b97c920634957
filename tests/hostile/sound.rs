//! Sound files.

use crate::checks::wav_in::check;
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;

/// A RIFF, RF64 or AIFF file of chunks whose sizes may lie.
fn built() -> impl Strategy<Value = Vec<u8>> {
    let format = (
        prop::sample::select(vec![1_u16, 3, 7, 6, 2, 17, 0xfffe, 0]),
        0_u16..70,
        prop_oneof![4 => Just(48_000_u32), 1 => any::<u32>()],
        prop_oneof![4 => 0_u16..70, 1 => any::<u16>()],
        prop::sample::select(vec![8_u16, 16, 24, 32, 64, 12, 0, 4]),
        prop_oneof![Just(0_usize), Just(2), Just(24)],
    );
    let size = prop_oneof![6 => Just(None), 1 => any::<u32>().prop_map(Some), 1 => Just(Some(u32::MAX))];
    let body = prop::collection::vec(any::<u8>(), 0..300);
    let format_chunk = format.prop_map(|(tag, channels, rate, block, bits, more)| {
        let mut chunk = Vec::new();
        chunk.extend(tag.to_le_bytes());
        chunk.extend(channels.to_le_bytes());
        chunk.extend(rate.to_le_bytes());
        chunk.extend(rate.wrapping_mul(block.into()).to_le_bytes());
        chunk.extend(block.to_le_bytes());
        chunk.extend(bits.to_le_bytes());
        chunk.resize(16 + more, 1);
        (*b"fmt ", chunk)
    });
    let id = prop_oneof![
        4 => Just(*b"data"),
        1 => prop::sample::select(vec![*b"ds64", *b"LIST", *b"fact", *b"id3 ", *b"bext", *b"COMM", *b"SSND"]),
        1 => any::<[u8; 4]>(),
    ];
    let chunk = prop_oneof![2 => format_chunk, 3 => (id, body)];
    let chunks = prop::collection::vec((chunk, size.clone()), 1..6);
    let head = prop::sample::select(vec![
        (*b"RIFF", *b"WAVE"),
        (*b"RF64", *b"WAVE"),
        (*b"BW64", *b"WAVE"),
        (*b"FORM", *b"AIFF"),
    ]);
    (head, chunks, size).prop_map(|((riff, kind), chunks, length)| {
        let mut body = kind.to_vec();
        for ((id, bytes), size) in chunks {
            body.extend(id);
            body.extend(size.unwrap_or(bytes.len() as u32).to_le_bytes());
            body.extend(&bytes);
            if !bytes.len().is_multiple_of(2) {
                body.push(0);
            }
        }
        let mut file = riff.to_vec();
        file.extend(length.unwrap_or(body.len() as u32).to_le_bytes());
        file.extend(body);
        file
    })
}

#[test]
fn the_seeds_and_the_fixtures_are_taken_or_refused() {
    seeds("wav_in").iter().for_each(|seed| check(seed));
    for name in ["tone.aiff", "tone.flac", "tone.mp3", "tone.ogg"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sound");
        check(&std::fs::read(folder.join(name)).unwrap());
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn changed_files_give_finite_samples_or_an_error(bytes in mutated("wav_in")) {
        check(&bytes);
    }

    #[test]
    fn chunks_that_lie_give_finite_samples_or_an_error(bytes in built()) {
        check(&bytes);
    }
}
