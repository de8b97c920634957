//! L2 · keys that are down.
//!
//! Thread: wherever the processor is. Invariant: what passes is a pair – no note-off without its note-on, no two sounding
//! notes of one id – and whatever was started can be ended. Deliberately absent: voices, which are the plugin's.

use crate::model::{Event, EventBody};

/// Notes that can sound at a time; a note-on beyond is refused, because its end could not be promised.
const MOST: usize = 1024;

#[derive(Clone, Copy)]
struct Note {
    bus: u16,
    channel: i16,
    key: i16,
    id: i32,
}

/// The notes a plugin was sent and that were not ended.
pub(super) struct Sounding {
    notes: Vec<Note>,
    refused: u64,
}

impl Sounding {
    /// `[main]` Nothing sounds.
    pub fn new() -> Self {
        Self { notes: Vec::with_capacity(MOST), refused: 0 }
    }

    /// `[any]` Events that were not passed on so far.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// `[audio]` The event as the plugin may hear it, or nothing. Note-offs are matched by id, else by key.
    pub fn pass(&mut self, event: &Event) -> Option<Event> {
        let passed = self.judge(event);
        self.refused += u64::from(passed.is_none());
        passed
    }

    fn judge(&mut self, event: &Event) -> Option<Event> {
        let mut event = *event;
        match &mut event.body {
            EventBody::NoteOn { channel, key, velocity, note_id, .. } => {
                if !is_key(*channel, *key) || self.notes.len() == self.notes.capacity() {
                    return None;
                }
                *velocity = unit(*velocity);
                if *note_id != -1 && self.notes.iter().any(|note| note.id == *note_id) {
                    *note_id = -1;
                }
                self.notes.push(Note { bus: event.bus, channel: *channel, key: *key, id: *note_id });
            }
            EventBody::NoteOff { channel, key, velocity, note_id } => {
                let same = |note: &Note| (note.bus, note.channel, note.key) == (event.bus, *channel, *key);
                let find = |fits: &dyn Fn(&Note) -> bool| self.notes.iter().position(|note| same(note) && fits(note));
                // To a plugin, a note-off without id may mean any note of the key: it is sent when no other is left.
                let by_id = find(&|note| *note_id != -1 && note.id == *note_id);
                let at = by_id.or_else(|| find(&|note| note.id != -1)).or_else(|| find(&|_| true))?;
                *velocity = unit(*velocity);
                *note_id = self.notes.remove(at).id;
            }
            EventBody::PolyPressure { channel, key, pressure, .. } => {
                if !is_key(*channel, *key) {
                    return None;
                }
                *pressure = unit(*pressure);
            }
            EventBody::NoteExpression { value, .. } => {
                *value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
            }
            EventBody::Controller { .. } => {}
        }
        Some(event)
    }

    /// `[any]` A note-off for one of those that sound; nothing when silence is reached.
    pub fn end_one(&mut self) -> Option<Event> {
        let named = self.notes.iter().rposition(|note| note.id != -1);
        let note = self.notes.remove(named.or_else(|| self.notes.len().checked_sub(1))?);
        let body = EventBody::NoteOff { channel: note.channel, key: note.key, velocity: 0.0, note_id: note.id };
        Some(Event { offset: 0, bus: note.bus, body })
    }

    /// `[any]` Whether anything sounds.
    pub fn any(&self) -> bool {
        !self.notes.is_empty()
    }
}

fn is_key(channel: i16, key: i16) -> bool {
    (0..16).contains(&channel) && (0..128).contains(&key)
}

fn unit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(channel: i16, key: i16, note_id: i32) -> Event {
        Event { offset: 3, bus: 0, body: EventBody::NoteOn { channel, key, velocity: 0.5, tuning: 0.0, note_id } }
    }

    fn off(channel: i16, key: i16, note_id: i32) -> Event {
        Event { offset: 4, bus: 0, body: EventBody::NoteOff { channel, key, velocity: 0.0, note_id } }
    }

    #[test]
    fn a_note_off_finds_its_note_by_id_else_by_key() {
        let mut sounding = Sounding::new();
        for id in [5, 6, -1] {
            assert_eq!(sounding.pass(&on(1, 60, id)), Some(on(1, 60, id)));
        }
        assert_eq!(sounding.pass(&off(1, 60, 6)), Some(off(1, 60, 6)));
        assert_eq!(sounding.pass(&off(1, 60, 99)), Some(off(1, 60, 5)));
        assert_eq!(sounding.pass(&off(1, 60, -1)), Some(off(1, 60, -1)));
        assert_eq!(sounding.pass(&off(1, 60, -1)), None);
        assert_eq!((sounding.any(), sounding.refused()), (false, 1));
    }

    #[test]
    fn what_cannot_be_ended_is_not_started() {
        let mut sounding = Sounding::new();
        for nonsense in [on(16, 60, -1), on(-1, 60, -1), on(0, 128, -1), on(0, -1, -1)] {
            assert_eq!(sounding.pass(&nonsense), None);
        }
        let started = (0..2000).filter(|_| sounding.pass(&on(0, 1, -1)).is_some()).count();
        assert_eq!(started, MOST);
        assert_eq!(std::iter::from_fn(|| sounding.end_one()).count(), MOST);
        assert!(!sounding.any());
    }

    #[test]
    fn an_id_that_sounds_already_is_not_given_twice() {
        let mut sounding = Sounding::new();
        sounding.pass(&on(0, 60, 7));
        assert_eq!(sounding.pass(&on(0, 64, 7)), Some(on(0, 64, -1)));
        assert_eq!(sounding.pass(&off(0, 64, 7)), Some(off(0, 64, -1)));
        assert_eq!(sounding.pass(&off(0, 60, 7)), Some(off(0, 60, 7)));
    }
}
