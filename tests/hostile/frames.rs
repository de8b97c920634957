//! Binary messages.

use crate::checks::binary_frame::check;
use crate::mutate::{cases, mutated, seeds};
use crate::support::client::Frame;
use proptest::prelude::*;

/// What is done to a good frame.
#[derive(Clone, Debug)]
enum Harm {
    Nothing,
    Byte(usize, u8),
    Cut(usize),
    More(Vec<u8>),
}

fn frame() -> impl Strategy<Value = (Frame, Harm)> {
    let value = prop_oneof![4 => 0.0..=1.0_f64, 1 => any::<f64>()];
    let id = prop_oneof![
        3 => (0_u32..140, 0_u32..17, any::<u16>()).prop_map(|(key, channel, note)| key | channel << 8 | u32::from(note) << 16),
        1 => (0_u32..135, 0_u32..17).prop_map(|(number, channel)| number | channel << 16),
        1 => any::<u32>(),
    ];
    let event = (0_u8..8, prop_oneof![4 => 0_u8..3, 1 => Just(255)], 0_u16..70, id, value);
    let samples = prop_oneof![4 => -1.0..1.0_f32, 1 => any::<f32>()];
    let head = (
        prop_oneof![8 => 1_u32..4, 1 => any::<u32>()],
        prop_oneof![4 => Just(None), 1 => any::<u32>().prop_map(Some)],
        prop_oneof![6 => prop::sample::select(vec![0_u16, 1, 2, 4, 5, 32]), 1 => any::<u16>()],
        prop_oneof![8 => Just(None), 1 => (0_usize..5).prop_map(Some)],
        1_usize..70,
        any::<(u64, u32)>(),
    );
    let harm = prop_oneof![
        12 => Just(Harm::Nothing),
        2 => (0_usize..32, any::<u8>()).prop_map(|(at, byte)| Harm::Byte(at, byte)),
        1 => (0_usize..200).prop_map(Harm::Cut),
        1 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Harm::More),
    ];
    (head, samples, prop::collection::vec(event, 0..5), any::<bool>(), harm).prop_map(
        |((stream, sequence, flags, channels, frames, (position, opaque)), sample, mut events, sorted, harm)| {
            if sorted {
                events.sort_by_key(|event| event.2);
            }
            // As many channels as the stream has, unless it is to be wrong.
            let channels = channels.unwrap_or(stream.clamp(1, 3) as usize);
            let samples = if flags & 4 != 0 { Vec::new() } else { vec![vec![sample; frames]; channels] };
            let frame = Frame {
                kind: 1,
                flags,
                stream,
                sequence: sequence.unwrap_or(u32::MAX),
                position,
                opaque,
                channels,
                frames,
                samples,
                events,
                ..Frame::default()
            };
            (frame, harm)
        },
    )
}

/// Messages of frames, numbered as they should be unless a frame brings its own number.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::collection::vec(frame(), 1..5), 1..8).prop_map(|messages| {
        let mut numbers = std::collections::HashMap::new();
        let mut input = Vec::new();
        for frames in messages {
            let mut message = Vec::new();
            for (mut frame, harm) in frames {
                let next = numbers.entry(frame.stream).or_insert(frame.sequence);
                if frame.sequence == u32::MAX {
                    frame.sequence = *next;
                }
                *next = frame.sequence.wrapping_add(1);
                let mut bytes = Vec::new();
                frame.write(&mut bytes);
                match harm {
                    Harm::Nothing => {}
                    Harm::Byte(at, byte) => bytes[at] = byte,
                    Harm::Cut(at) => bytes.truncate(at),
                    Harm::More(more) => bytes.extend(more),
                }
                message.extend(bytes);
            }
            input.extend((message.len() as u16).to_le_bytes());
            input.extend(message);
        }
        input
    })
}

#[test]
fn the_seeds_are_answered_frame_by_frame() {
    seeds("binary_frame").iter().for_each(|seed| check(seed));
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn changed_messages_are_answered_as_the_document_says(bytes in mutated("binary_frame")) {
        check(&bytes);
    }

    #[test]
    fn frames_right_and_wrong_are_answered_as_the_document_says(bytes in messages()) {
        check(&bytes);
    }
}
