//! L3 · which notes were begun and not ended, so that they can be.
//!
//! Thread: audio. Invariant: never grows; a note beyond the room is begun and not remembered, and ended by a reset.

use crate::model::EventBody;

/// As many as a plugin may have of us.
const MOST: usize = 1024;
/// MIDI's sustain pedal.
const PEDAL: u16 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Note {
    member: u8,
    channel: i16,
    key: i16,
    id: i32,
}

/// Notes and pedals that are down.
#[derive(Debug)]
pub(super) struct Notes {
    down: Vec<Note>,
    /// Plugin and MIDI channel.
    pedals: Vec<(u8, i16)>,
}

impl Notes {
    /// `[any, not audio]` None.
    pub fn new() -> Self {
        Self { down: Vec::with_capacity(MOST), pedals: Vec::with_capacity(MOST) }
    }

    /// `[audio]` An event goes to a plugin.
    pub fn follow(&mut self, member: u8, body: &EventBody) {
        match *body {
            EventBody::NoteOn { channel, key, note_id, .. } if self.down.len() < MOST => {
                self.down.push(Note { member, channel, key, id: note_id });
            }
            EventBody::NoteOff { channel, key, note_id, .. } => {
                let key = |note: &Note| (note.member, note.channel, note.key) == (member, channel, key);
                let by_id = self.down.iter().position(|note| key(note) && note.id == note_id);
                let found = by_id.or_else(|| self.down.iter().position(|note| key(note) && note_id == -1));
                if let Some(at) = found {
                    self.down.swap_remove(at);
                }
            }
            EventBody::Controller { channel, number: PEDAL, value } => {
                self.pedals.retain(|pedal| *pedal != (member, channel));
                if value > 0.0 && self.pedals.len() < MOST {
                    self.pedals.push((member, channel));
                }
            }
            _ => {}
        }
    }

    /// `[audio]` Says what ends all of them, and forgets them.
    pub fn end(&mut self, mut say: impl FnMut(u8, EventBody)) {
        for (member, channel) in self.pedals.drain(..) {
            say(member, EventBody::Controller { channel, number: PEDAL, value: 0.0 });
        }
        for Note { member, channel, key, id } in self.down.drain(..) {
            say(member, EventBody::NoteOff { channel, key, velocity: 0.0, note_id: id });
        }
    }

    /// `[any]` The plugins that played them are gone.
    pub fn forget(&mut self) {
        self.down.clear();
        self.pedals.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(key: i16, note_id: i32) -> EventBody {
        EventBody::NoteOn { channel: 0, key, velocity: 1.0, tuning: 0.0, note_id }
    }

    fn off(key: i16, note_id: i32) -> EventBody {
        EventBody::NoteOff { channel: 0, key, velocity: 0.0, note_id }
    }

    #[test]
    fn what_was_begun_and_not_ended_is_ended_once() {
        let mut notes = Notes::new();
        for body in [on(60, 1), on(60, 2), on(64, -1), off(60, 1), off(72, -1)] {
            notes.follow(0, &body);
        }
        notes.follow(1, &on(60, 1));
        notes.follow(0, &EventBody::Controller { channel: 3, number: 64, value: 1.0 });
        let mut said = Vec::new();
        notes.end(|member, body| said.push((member, body)));
        let pedal = EventBody::Controller { channel: 3, number: 64, value: 0.0 };
        assert_eq!(said[0], (0, pedal));
        for one in [(0, off(60, 2)), (0, off(64, -1)), (1, off(60, 1))] {
            assert_eq!(said.iter().filter(|other| **other == one).count(), 1, "{one:?} in {said:?}");
        }
        assert_eq!(said.len(), 4);
        notes.end(|_, body| panic!("{body:?} is ended already"));
    }
}
