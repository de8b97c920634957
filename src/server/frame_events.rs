//! L4 · the events inside an audio frame, as `docs/protocol.md` has them.
//!
//! Thread: any. Invariant: a value that reaches a plugin is finite and in its range. Deliberately absent: allocation.

use crate::{
    control::core::{FrameEvent, FrameEventKind},
    model::EventBody,
};

/// Bytes of an event.
pub(super) const EVENT: usize = 16;

/// The member that stands for every plugin that takes notes.
const ALL: u8 = 255;

/// `[any]` Whether these bytes are events of a frame of so many samples, in order.
pub(super) fn good(bytes: &[u8], frames: u16) -> bool {
    let mut last = 0;
    bytes.len().is_multiple_of(EVENT)
        && bytes.chunks_exact(EVENT).all(|chunk| {
            let Some(event) = read(chunk) else { return false };
            let sorted = event.offset >= last && event.offset < u32::from(frames);
            last = event.offset;
            sorted
        })
}

/// `[any]` The events, one by one.
pub(super) fn each(bytes: &[u8]) -> impl Iterator<Item = FrameEvent> {
    bytes.chunks_exact(EVENT).filter_map(read)
}

fn read(chunk: &[u8]) -> Option<FrameEvent> {
    let [kind, member, low, high, a, b, c, d, value @ ..] = chunk else { return None };
    let id = u32::from_le_bytes([*a, *b, *c, *d]);
    let value = f64::from_le_bytes(value.try_into().ok()?);
    if !(0.0..=1.0).contains(&value) {
        return None;
    }
    let note = |id: u32| match id >> 16 {
        0 => -1,
        // Sixteen bits fit.
        number => number as i32,
    };
    let key = || {
        let (key, channel) = (id & 0xff, (id >> 8) & 0xff);
        (key < 128 && channel < 16).then_some((channel as i16, key as i16, note(id)))
    };
    let body = match kind {
        1 if *member == ALL => return None,
        1 => return Some(event(*member, [*low, *high], FrameEventKind::Param(id, value))),
        2 => {
            let (channel, key, note_id) = key()?;
            EventBody::NoteOn { channel, key, velocity: value as f32, tuning: 0.0, note_id }
        }
        3 => {
            let (channel, key, note_id) = key()?;
            EventBody::NoteOff { channel, key, velocity: value as f32, note_id }
        }
        4 => {
            let (channel, key, note_id) = key()?;
            EventBody::PolyPressure { channel, key, pressure: value as f32, note_id }
        }
        5 => {
            let (number, channel) = (id & 0xffff, id >> 16);
            if number > 130 || channel > 15 {
                return None;
            }
            EventBody::Controller { channel: channel as i16, number: number as u16, value }
        }
        6 => EventBody::NoteExpression { kind: id & 0xffff, note_id: note(id), value },
        _ => return None,
    };
    Some(event(*member, [*low, *high], FrameEventKind::Event(body)))
}

fn event(member: u8, offset: [u8; 2], kind: FrameEventKind) -> FrameEvent {
    FrameEvent { offset: u16::from_le_bytes(offset).into(), member, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(kind: u8, member: u8, offset: u16, id: u32, value: f64) -> Vec<u8> {
        let mut bytes = vec![kind, member];
        bytes.extend(offset.to_le_bytes());
        bytes.extend(id.to_le_bytes());
        bytes.extend(value.to_le_bytes());
        bytes
    }

    fn kind(kind: u8, id: u32) -> Option<FrameEventKind> {
        let bytes = bytes(kind, 0, 3, id, 0.5);
        good(&bytes, 4).then(|| each(&bytes).next()).flatten().map(|event| event.kind)
    }

    #[test]
    fn each_kind_is_read_as_the_wire_says() {
        use FrameEventKind::{Event, Param};
        let (channel, key, note_id) = (2, 60, 9);
        let id = 60 + (2 << 8) + (9 << 16);
        assert_eq!(kind(1, u32::MAX), Some(Param(u32::MAX, 0.5)));
        assert_eq!(kind(2, id), Some(Event(EventBody::NoteOn { channel, key, velocity: 0.5, tuning: 0.0, note_id })));
        assert_eq!(kind(3, id), Some(Event(EventBody::NoteOff { channel, key, velocity: 0.5, note_id })));
        assert_eq!(kind(4, 60), Some(Event(EventBody::PolyPressure { channel: 0, key, pressure: 0.5, note_id: -1 })));
        assert_eq!(kind(5, 129 + (2 << 16)), Some(Event(EventBody::Controller { channel, number: 129, value: 0.5 })));
        assert_eq!(kind(6, 5 + (9 << 16)), Some(Event(EventBody::NoteExpression { kind: 5, note_id, value: 0.5 })));
    }

    #[test]
    fn what_no_plugin_may_see_is_refused() {
        for (kind_of, id) in [(0, 0), (7, 0), (2, 128), (2, 16 << 8), (5, 131), (5, 16 << 16)] {
            assert_eq!(kind(kind_of, id), None, "{kind_of} {id}");
        }
        for value in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            assert!(!good(&bytes(1, 0, 0, 0, value), 4), "{value}");
        }
        assert!(!good(&bytes(1, 255, 0, 0, 0.5), 4) && good(&bytes(2, 255, 0, 60, 0.5), 4));
        assert!(!good(&bytes(1, 0, 4, 0, 0.5), 4) && !good(&[0; 15], 4));
        let pair = |first, second| [bytes(1, 0, first, 0, 0.5), bytes(1, 0, second, 0, 0.5)].concat();
        assert!(good(&pair(1, 2), 4) && good(&pair(2, 2), 4) && !good(&pair(2, 1), 4));
    }
}
