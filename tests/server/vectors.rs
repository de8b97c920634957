//! Golden frames in `tests/vectors/frames`, shared with the browser library: both sides read the same bytes the same way.
//!
//! With `SONIC_WRITE_VECTORS` set the files are written anew; without it they have to be what they would be.

use bytes::BytesMut;
use proptest::prelude::*;
use serde_json::{Value, json};
use sonic_bridge::{
    control::core::FrameEventKind,
    model::EventBody,
    server::frame::{
        DISCONTINUITY, DRY, END, EVENTS, Frame, GUARD, HEADER, Limits, OFFLINE, SILENT, parse, peek, put_nack,
        put_result, result_length,
    },
};
use std::path::{Path, PathBuf};

const LIMITS: Limits = Limits { channels: 64, frames: u16::MAX };

/// A frame as a client writes it, built by hand from the table of the document.
#[derive(Clone)]
struct Sent {
    kind: u8,
    version: u8,
    flags: u16,
    sequence: u32,
    channels: u16,
    frames: u16,
    samples: Vec<f32>,
    events: Vec<u8>,
    event_bytes: Option<u32>,
}

impl Sent {
    fn new(channels: u16, samples: &[f32]) -> Self {
        let frames = samples.len() as u16 / channels.max(1);
        let (samples, events) = (samples.to_vec(), Vec::new());
        Self { kind: 1, version: 1, flags: 0, sequence: 41, channels, frames, samples, events, event_bytes: None }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind, self.version];
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(7u32.to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend(self.channels.to_le_bytes());
        bytes.extend(self.frames.to_le_bytes());
        bytes.extend(0x0001_0002_0003_0004u64.to_le_bytes());
        bytes.extend(self.event_bytes.unwrap_or(self.events.len() as u32).to_le_bytes());
        bytes.extend(0xcafe_f00du32.to_le_bytes());
        bytes.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes.extend(&self.events);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }
}

fn event(kind: u8, member: u8, offset: u16, id: u32, value: f64) -> Vec<u8> {
    let mut bytes = vec![kind, member];
    bytes.extend(offset.to_le_bytes());
    bytes.extend(id.to_le_bytes());
    bytes.extend(value.to_le_bytes());
    bytes
}

/// Name, bytes; what they are is computed.
fn sent() -> Vec<(&'static str, Vec<u8>)> {
    let stereo = Sent::new(2, &[0.0, 0.25, -0.5, 1.0, -1.0, 0.125, 0.0, -0.25]);
    let with = |change: &dyn Fn(&mut Sent)| {
        let mut sent = stereo.clone();
        change(&mut sent);
        sent.bytes()
    };
    let events: Vec<u8> = [
        event(1, 0, 0, 4_000_000_000, 0.75),
        event(2, 255, 1, 60 | 3 << 8 | 12 << 16, 0.5),
        event(3, 255, 1, 60 | 3 << 8 | 12 << 16, 0.25),
        event(4, 1, 2, 61, 1.0),
        event(5, 1, 2, 129 | 15 << 16, 0.5),
        event(6, 1, 3, 2 | 12 << 16, 0.0),
    ]
    .concat();
    let padded = Sent { flags: EVENTS, events: event(1, 0, 0, 5, 1.0), ..Sent::new(1, &[0.5, 0.25, 0.125]) };
    let mut dirty = Sent::new(1, &[0.5]).bytes();
    dirty[37] = 1;
    vec![
        ("process-stereo", stereo.bytes()),
        ("process-mono-padded", Sent::new(1, &[0.5, 0.25, 0.125]).bytes()),
        ("process-events", with(&|sent| (sent.flags, sent.events) = (EVENTS | DISCONTINUITY, events.clone()))),
        ("process-events-padded", padded.bytes()),
        ("process-silent", with(&|sent| (sent.flags, sent.samples) = (SILENT, Vec::new()))),
        (
            "process-silent-events",
            with(&|sent| {
                (sent.flags, sent.samples, sent.events) = (SILENT | EVENTS, Vec::new(), event(2, 0, 3, 64, 1.0));
            }),
        ),
        ("process-offline-end", with(&|sent| (sent.flags, sent.sequence) = (OFFLINE | END, u32::MAX))),
        ("process-two", [stereo.bytes(), with(&|sent| sent.sequence = 42)].concat()),
        ("refused-short-header", stereo.bytes()[..31].to_vec()),
        ("refused-empty", Vec::new()),
        ("refused-short-samples", stereo.bytes()[..56].to_vec()),
        ("refused-padding", dirty),
        ("refused-version", with(&|sent| sent.version = 2)),
        ("refused-kind", with(&|sent| sent.kind = 2)),
        ("refused-flag-of-results", with(&|sent| sent.flags = DRY)),
        ("refused-flag-unknown", with(&|sent| sent.flags = 0x8000)),
        ("refused-channels-none", with(&|sent| sent.channels = 0)),
        ("refused-channels-many", with(&|sent| sent.channels = 65)),
        ("refused-frames-none", with(&|sent| sent.frames = 0)),
        ("refused-sizes-beyond-everything", with(&|sent| (sent.channels, sent.frames) = (64, u16::MAX))),
        ("refused-events-beyond-end", with(&|sent| (sent.flags, sent.event_bytes) = (EVENTS, Some(0xffff_fff0)))),
        ("refused-events-odd-length", with(&|sent| (sent.flags, sent.event_bytes) = (EVENTS, Some(8)))),
        ("refused-events-without-flag", with(&|sent| sent.events = event(1, 0, 0, 1, 0.5))),
        (
            "refused-events-unsorted",
            with(&|sent| {
                (sent.flags, sent.events) = (EVENTS, [event(1, 0, 2, 1, 0.5), event(1, 0, 1, 1, 0.5)].concat());
            }),
        ),
        ("refused-events-behind-frame", with(&|sent| (sent.flags, sent.events) = (EVENTS, event(1, 0, 4, 1, 0.5)))),
        (
            "refused-events-not-a-number",
            with(&|sent| {
                (sent.flags, sent.events) = (EVENTS, event(1, 0, 0, 1, f64::NAN));
            }),
        ),
        ("refused-events-kind", with(&|sent| (sent.flags, sent.events) = (EVENTS, event(9, 0, 0, 1, 0.5)))),
    ]
}

/// What the bridge answers.
fn answers() -> Vec<(&'static str, Vec<u8>)> {
    let stereo = Sent::new(2, &[0.0, 0.25, -0.5, 1.0, -1.0, 0.125, 0.0, -0.25]).bytes();
    let frame = parse(&stereo, &LIMITS).unwrap();
    let result = |flags, channels: u16, silent: bool| {
        let length = if silent { HEADER } else { result_length(channels.into(), 4) };
        let mut bytes = vec![0; length];
        put_result(&mut bytes, &frame, flags, channels, 123);
        let samples = stereo[HEADER..].iter().copied().cycle();
        bytes[HEADER..].iter_mut().zip(samples).for_each(|(to, from)| *to = from);
        bytes
    };
    let mut nack = BytesMut::new();
    put_nack(&mut nack, &parse(&stereo[..40], &LIMITS).unwrap_err());
    vec![
        ("result-stereo", result(0, 2, false)),
        ("result-mono", result(0, 1, false)),
        ("result-dry-guard", result(DRY | GUARD, 2, false)),
        ("result-silent", result(SILENT, 2, true)),
        ("nack-length", nack.to_vec()),
    ]
}

fn described(bytes: &[u8]) -> Value {
    let (mut frames, mut rest) = (Vec::new(), bytes);
    loop {
        match parse(rest, &LIMITS) {
            Ok(frame) => {
                frames.push(one(&frame));
                rest = &rest[frame.length..];
            }
            Err(nack) => {
                let (stream, sequence, opaque) = (nack.stream, nack.sequence, nack.opaque);
                return json!({"refused": {"stream": stream, "sequence": sequence, "opaque": opaque, "reason": nack.reason as u32}});
            }
        }
        if rest.is_empty() {
            return json!({ "frames": frames });
        }
    }
}

fn one(frame: &Frame<'_>) -> Value {
    json!({
        "flags": frame.flags, "stream": frame.stream, "sequence": frame.sequence, "channels": frame.channels,
        "frames": frame.frames, "position": frame.position.to_string(), "opaque": frame.opaque, "length": frame.length,
        "samples": floats(frame.samples),
        "events": frame.events().map(|event| {
            let what = match event.kind {
                FrameEventKind::Param(id, value) => json!({"param": id, "value": value}),
                FrameEventKind::Event(EventBody::NoteOn { channel, key, velocity, note_id, .. }) => {
                    json!({"note_on": key, "channel": channel, "velocity": velocity, "note": note_id})
                }
                FrameEventKind::Event(EventBody::NoteOff { channel, key, velocity, note_id }) => {
                    json!({"note_off": key, "channel": channel, "velocity": velocity, "note": note_id})
                }
                FrameEventKind::Event(EventBody::PolyPressure { channel, key, pressure, note_id }) => {
                    json!({"pressure_of": key, "channel": channel, "pressure": pressure, "note": note_id})
                }
                FrameEventKind::Event(EventBody::Controller { channel, number, value }) => {
                    json!({"controller": number, "channel": channel, "value": value})
                }
                FrameEventKind::Event(EventBody::NoteExpression { kind, note_id, value }) => {
                    json!({"expression": kind, "note": note_id, "value": value})
                }
            };
            json!({"offset": event.offset, "member": event.member, "what": what})
        }).collect::<Vec<_>>(),
    })
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// A result, read by hand from the table of the document.
fn answered(bytes: &[u8]) -> Value {
    let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let position = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
    let mut answer = json!({
        "kind": bytes[0], "flags": half(2), "stream": word(4), "sequence": word(8), "channels": half(12), "frames": half(14),
        "position": position.to_string(), "word": word(24), "opaque": word(28),
    });
    if bytes[0] == 2 {
        let count = if half(2) & SILENT == 0 { usize::from(half(12)) * usize::from(half(14)) } else { 0 };
        answer["samples"] = json!(floats(&bytes[HEADER..HEADER + 4 * count]));
    }
    answer
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/frames")
}

#[test]
fn the_golden_frames_are_what_this_code_reads_and_writes() {
    let (mut index, mut files) = (Vec::new(), Vec::new());
    for (name, bytes) in sent() {
        index.push(json!({"file": format!("{name}.bin"), "to": "bridge", "expect": described(&bytes)}));
        files.push((name, bytes));
    }
    for (name, bytes) in answers() {
        index.push(json!({"file": format!("{name}.bin"), "to": "client", "expect": answered(&bytes)}));
        files.push((name, bytes));
    }
    let index = format!("{:#}\n", Value::from(index));
    let folder = folder();
    if std::env::var_os("SONIC_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.json"), &index).unwrap();
        files.iter().for_each(|(name, bytes)| std::fs::write(folder.join(format!("{name}.bin")), bytes).unwrap());
    }
    assert_eq!(std::fs::read_to_string(folder.join("index.json")).unwrap(), index);
    for (name, bytes) in &files {
        assert_eq!(&std::fs::read(folder.join(format!("{name}.bin"))).unwrap(), bytes, "{name}");
    }
    let there = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(there, files.len() + 1, "files that nobody writes");
    // The names say what is expected, so that a change of the code cannot change the expectation unseen.
    for (name, bytes) in sent() {
        assert_eq!(described(&bytes)["refused"].is_null(), name.starts_with("process"), "{name}");
    }
    let reason = |name: &str| {
        let bytes = sent().into_iter().find(|(other, _)| *other == name).unwrap().1;
        described(&bytes)["refused"]["reason"].as_u64().unwrap()
    };
    for (name, expected) in [
        ("refused-short-header", 1),
        ("refused-empty", 1),
        ("refused-short-samples", 1),
        ("refused-padding", 1),
        ("refused-version", 2),
        ("refused-kind", 3),
        ("refused-flag-of-results", 4),
        ("refused-channels-many", 7),
        ("refused-frames-none", 8),
        ("refused-sizes-beyond-everything", 1),
        ("refused-events-beyond-end", 1),
        ("refused-events-odd-length", 9),
        ("refused-events-without-flag", 9),
        ("refused-events-not-a-number", 9),
    ] {
        assert_eq!(reason(name), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_that_fits_or_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frame) = parse(&bytes, &LIMITS) {
            prop_assert!(frame.length <= bytes.len() && frame.length % 8 == 0);
        }
    }

    #[test]
    fn a_good_header_with_any_sizes_never_reads_too_far(
        flags in 0u16..64, channels: u16, frames: u16, events: u32, rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let sent = Sent { flags, channels, frames, event_bytes: Some(events), ..Sent::new(1, &[]) };
        let bytes = [sent.bytes(), rest].concat();
        if let Ok(frame) = parse(&bytes, &LIMITS) {
            let samples = if frame.has(SILENT) { 0 } else { 4 * usize::from(channels) * usize::from(frames) };
            prop_assert_eq!(frame.samples.len(), samples);
            prop_assert_eq!(frame.length, HEADER + (samples + events as usize).next_multiple_of(8));
            prop_assert_eq!(peek(&bytes, &LIMITS), Some((frame.stream, frame.length)));
            prop_assert_eq!(frame.events().count(), events as usize / 16);
        }
    }

    #[test]
    fn what_was_written_is_read_again(
        samples in proptest::collection::vec(any::<f32>(), 1..64), sequence: u32, discontinuity: bool,
    ) {
        let flags = if discontinuity { DISCONTINUITY } else { 0 };
        let sent = Sent { flags, sequence, ..Sent::new(1, &samples) };
        let bytes = sent.bytes();
        let frame = parse(&bytes, &LIMITS).unwrap();
        prop_assert_eq!((frame.sequence, frame.flags, frame.length), (sequence, flags, bytes.len()));
        let same = floats(frame.samples).iter().zip(&samples).all(|(a, b)| a.to_bits() == b.to_bits());
        prop_assert!(same && frame.samples.len() == 4 * samples.len());
    }
}
