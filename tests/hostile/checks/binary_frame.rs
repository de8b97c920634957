//! Binary messages: audio frames.
//!
//! Beside the server's reading stands a second one here, in the plainest way and from the document alone; both have to
//! agree on every byte.

use crate::memory;
use sonic_bridge::server::Limits;
use sonic_bridge::server::doorway::Lanes;
use std::collections::HashMap;

const CREDITS: usize = 4;
const HEADER: usize = 32;
const EVENT: usize = 16;
const DISCONTINUITY: u16 = 1;
const SILENT: u16 = 4;
const EVENTS: u16 = 8;
const DRY: u16 = 16;
const ALLOWED: u16 = 1 | 2 | 4 | 8 | 32;
/// Malformed messages after which the socket closes.
const MALFORMED: usize = 3;
/// A frame with the largest header that is allowed may be answered by so much.
const MEMORY: usize = 64 << 20;

/// A frame as the document reads it.
struct Frame<'a> {
    flags: u16,
    stream: u32,
    sequence: u32,
    head: &'a [u8],
    samples: &'a [u8],
    length: usize,
}

/// Whatever the messages are: each good frame has exactly one result with its own samples, in order; the first bad one of
/// a message ends it with one refusal; the third bad message closes.
pub fn check(data: &[u8]) {
    let messages = messages(data);
    let limits = Limits::default();
    let mut lanes = Lanes::new(&limits, CREDITS);
    let mut next = HashMap::new();
    let mut bad = 0;
    // Two at a time, so that some are in flight.
    for together in messages.chunks(2) {
        let (answers, closed) = memory::within(MEMORY, || lanes.work(together));
        for (message, answer) in together.iter().zip(&answers) {
            bad += usize::from(judge(message, answer, &mut next, &limits));
        }
        assert_eq!(closed, (bad >= MALFORMED).then_some(4010));
        if closed.is_some() {
            return;
        }
        assert_eq!(answers.len(), together.len());
    }
}

/// Messages as they stand in the input: two bytes of length before each.
fn messages(mut data: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let (message, after) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        all.push(message);
        data = after;
    }
    all
}

/// Compares an answer with what the document says; whether it ends with a refusal.
fn judge(mut message: &[u8], mut answer: &[u8], next: &mut HashMap<u32, u32>, limits: &Limits) -> bool {
    loop {
        let frame = read(message, limits).filter(|frame| {
            let known = (1..=3).contains(&frame.stream) && u32::from(half(frame.head, 12)) == frame.stream;
            let follows = next.get(&frame.stream).is_none_or(|next| *next == frame.sequence);
            known && (follows || frame.flags & DISCONTINUITY != 0)
        });
        let (head, rest) = answer.split_at_checked(HEADER).expect("a whole header");
        let Some(frame) = frame else {
            assert_eq!((head[0], head[1], rest.len()), (3, 1, 0), "a refusal is the last thing");
            assert!((1..=9).contains(&word(head, 24)) && half(head, 12) == 0 && half(head, 14) == 0);
            let read = |at: usize| if message.len() >= at + 4 { word(message, at) } else { 0 };
            assert_eq!((word(head, 4), word(head, 8)), (read(4), read(8)));
            return true;
        };
        next.insert(frame.stream, frame.sequence.wrapping_add(1));
        assert_eq!((head[0], head[1]), (2, 1));
        let flags = half(head, 2);
        assert_eq!(flags & !DRY, frame.flags & SILENT);
        // Stream, sequence, channels, frames and position; then the opaque word.
        assert_eq!((&head[4..24], &head[28..32]), (&frame.head[4..24], &frame.head[28..32]));
        let samples = frame.samples.len();
        let padded = samples.next_multiple_of(8);
        assert_eq!(&rest[..samples], frame.samples);
        assert!(rest[samples..padded].iter().all(|byte| *byte == 0));
        answer = &rest[padded..];
        message = &message[frame.length..];
        if message.is_empty() {
            assert!(answer.is_empty(), "{} bytes more than were asked for", answer.len());
            return false;
        }
    }
}

fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Option<Frame<'a>> {
    let (head, rest) = bytes.split_at_checked(HEADER)?;
    let (flags, channels, frames) = (half(head, 2), half(head, 12), half(head, 14));
    let events = word(head, 24) as usize;
    let right = head[0] == 1
        && head[1] == 1
        && flags & !ALLOWED == 0
        && (1..=limits.channels).contains(&channels)
        && (1..=limits.frames).contains(&frames)
        && events.is_multiple_of(EVENT)
        && (flags & EVENTS != 0 || events == 0);
    if !right {
        return None;
    }
    let samples = if flags & SILENT != 0 { 0 } else { 4 * usize::from(channels) * usize::from(frames) };
    let length = HEADER + (samples + events).next_multiple_of(8);
    let body = rest.get(..length - HEADER)?;
    let good = body[samples + events..].iter().all(|byte| *byte == 0)
        && events_are_good(&body[samples..samples + events], frames);
    let (stream, sequence) = (word(head, 4), word(head, 8));
    good.then_some(Frame { flags, stream, sequence, head, samples: &body[..samples], length })
}

fn events_are_good(events: &[u8], frames: u16) -> bool {
    let mut last = 0;
    events.chunks(EVENT).all(|event| {
        let (kind, member, offset, id) = (event[0], event[1], half(event, 2), word(event, 4));
        let value = f64::from_le_bytes(event[8..].try_into().unwrap());
        let in_order = offset >= last && offset < frames;
        last = offset;
        let known = match kind {
            1 => member != 255,
            2..=4 => id & 0xff < 128 && (id >> 8) & 0xff < 16,
            5 => id & 0xffff <= 130 && id >> 16 < 16,
            6 => true,
            _ => false,
        };
        in_order && known && (0.0..=1.0).contains(&value)
    })
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}
