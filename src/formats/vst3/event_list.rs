//! L2 · the events of one block, as `IEventList`.
//!
//! Thread: owned by the processor; audio thread only. Preallocated: what finds no room is counted and refused.
//! Invariant: events given by the host are sorted by offset.
//! Deliberately absent: events that point to memory (SysEx data, chord names): a plugin's are refused, none are sent.
#![allow(unsafe_code)]

use super::{
    com::door,
    consts,
    room::{Zeroed, room},
};
use crate::model::{Event as ModelEvent, EventBody};
use std::cell::Cell;
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        Vst::{
            Event, Event__type0, IEventList, IEventListTrait, LegacyMIDICCOutEvent, NoteExpressionValueEvent,
            NoteOffEvent, NoteOnEvent, PolyPressureEvent,
        },
        int32, kInvalidArgument, kOutOfMemory, kResultOk, tresult,
    },
};

// SAFETY: numbers, a union of numbers and pointers, for all of which zeros are a value.
unsafe impl Zeroed for Event {}

struct ListObject {
    events: Box<[Cell<Event>]>,
    used: Cell<usize>,
    dropped: Cell<u64>,
}

impl Class for ListObject {
    type Interfaces = (IEventList,);
}

impl ListObject {
    fn add(&self, event: Event) -> bool {
        let Some(cell) = self.events.get(self.used.get()) else {
            self.dropped.set(self.dropped.get() + 1);
            return false;
        };
        cell.set(event);
        self.used.set(self.used.get() + 1);
        true
    }
}

impl IEventListTrait for ListObject {
    unsafe fn getEventCount(&self) -> int32 {
        self.used.get() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        door("IEventList::getEvent", kInvalidArgument, || {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            if event.is_null() || index >= self.used.get() {
                return kInvalidArgument;
            }
            // SAFETY: not null; the caller lends one event for the length of the call.
            unsafe { event.write(self.events[index].get()) };
            kResultOk
        })
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        door("IEventList::addEvent", kInvalidArgument, || {
            if event.is_null() {
                return kInvalidArgument;
            }
            // SAFETY: not null; the caller lends one event for the length of the call.
            let event = unsafe { event.read() };
            if self.add(event) { kResultOk } else { kOutOfMemory }
        })
    }
}

/// The host's end of an `IEventList` object.
pub struct EventList {
    object: ComWrapper<ListObject>,
    pointer: *mut IEventList,
}

impl EventList {
    /// `[main]` Room for `capacity` events a block; `ready` for an audio thread that must not wait.
    pub fn new(capacity: usize, ready: bool) -> Self {
        let object =
            ComWrapper::new(ListObject { events: room(capacity, ready), used: Cell::new(0), dropped: Cell::new(0) });
        let pointer = object.as_com_ref::<IEventList>().map_or(std::ptr::null_mut(), |list| list.as_ptr());
        Self { object, pointer }
    }

    /// `[audio]` What goes into `ProcessData`; valid while `self` lives.
    #[inline]
    pub fn pointer(&self) -> *mut IEventList {
        self.pointer
    }

    /// `[audio]` Forgets all events.
    #[inline]
    pub fn clear(&self) {
        self.object.used.set(0);
    }

    /// `[audio]` Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.object.used.get() == 0
    }

    /// `[audio]` Whether the next event would find no room.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.object.used.get() == self.object.events.len()
    }

    /// `[audio]` Adds an event; no room is counted. Controllers are not events in VST3 and are passed over here.
    /// `quarters` is the musical position of the event, 0 when not known.
    pub fn push(&self, event: &ModelEvent, quarters: f64) {
        if let Some(event) = to_vst3(event, quarters) {
            self.object.add(event);
        }
    }

    /// `[audio]` Every event that has a counterpart in the model.
    pub fn for_each(&self, frames: u32, mut visit: impl FnMut(ModelEvent)) {
        for cell in &self.object.events[..self.object.used.get()] {
            if let Some(event) = from_vst3(&cell.get(), frames) {
                visit(event);
            }
        }
    }

    /// `[any]` Events that found no room so far.
    pub fn dropped(&self) -> u64 {
        self.object.dropped.get()
    }
}

fn to_vst3(event: &ModelEvent, quarters: f64) -> Option<Event> {
    let (kind, body) = match event.body {
        EventBody::NoteOn { channel, key, velocity, tuning, note_id } => (
            consts::EVENT_NOTE_ON,
            Event__type0 { noteOn: NoteOnEvent { channel, pitch: key, tuning, velocity, length: 0, noteId: note_id } },
        ),
        EventBody::NoteOff { channel, key, velocity, note_id } => (
            consts::EVENT_NOTE_OFF,
            Event__type0 { noteOff: NoteOffEvent { channel, pitch: key, velocity, noteId: note_id, tuning: 0.0 } },
        ),
        EventBody::PolyPressure { channel, key, pressure, note_id } => (
            consts::EVENT_POLY_PRESSURE,
            Event__type0 { polyPressure: PolyPressureEvent { channel, pitch: key, pressure, noteId: note_id } },
        ),
        EventBody::NoteExpression { kind, note_id, value } => (
            consts::EVENT_NOTE_EXPRESSION,
            Event__type0 { noteExpressionValue: NoteExpressionValueEvent { typeId: kind, noteId: note_id, value } },
        ),
        EventBody::Controller { .. } => return None,
    };
    Some(Event {
        busIndex: i32::from(event.bus),
        sampleOffset: event.offset as i32,
        ppqPosition: quarters,
        flags: 0,
        r#type: kind,
        __field0: body,
    })
}

fn from_vst3(event: &Event, frames: u32) -> Option<ModelEvent> {
    let body = match event.r#type {
        consts::EVENT_NOTE_ON => {
            // SAFETY: the tag says which member was written; every bit pattern is a value of its plain fields.
            let note: NoteOnEvent = unsafe { event.__field0.noteOn };
            EventBody::NoteOn {
                channel: note.channel.clamp(0, 15),
                key: note.pitch.clamp(0, 127),
                velocity: finite(note.velocity),
                tuning: if note.tuning.is_finite() { note.tuning } else { 0.0 },
                note_id: note.noteId,
            }
        }
        consts::EVENT_NOTE_OFF => {
            // SAFETY: as above.
            let note: NoteOffEvent = unsafe { event.__field0.noteOff };
            EventBody::NoteOff {
                channel: note.channel.clamp(0, 15),
                key: note.pitch.clamp(0, 127),
                velocity: finite(note.velocity),
                note_id: note.noteId,
            }
        }
        consts::EVENT_POLY_PRESSURE => {
            // SAFETY: as above.
            let note: PolyPressureEvent = unsafe { event.__field0.polyPressure };
            EventBody::PolyPressure {
                channel: note.channel.clamp(0, 15),
                key: note.pitch.clamp(0, 127),
                pressure: finite(note.pressure),
                note_id: note.noteId,
            }
        }
        consts::EVENT_NOTE_EXPRESSION => {
            // SAFETY: as above.
            let note: NoteExpressionValueEvent = unsafe { event.__field0.noteExpressionValue };
            let value = if note.value.is_finite() { note.value.clamp(0.0, 1.0) } else { 0.0 };
            EventBody::NoteExpression { kind: note.typeId, note_id: note.noteId, value }
        }
        consts::EVENT_LEGACY_MIDI_OUT => {
            // SAFETY: as above.
            let cc: LegacyMIDICCOutEvent = unsafe { event.__field0.midiCCOut };
            let (low, high) = (i32::from(cc.value & 0x7f), i32::from(cc.value2 & 0x7f));
            EventBody::Controller {
                channel: i16::from(cc.channel & 0x0f),
                number: u16::from(cc.controlNumber),
                value: if i16::from(cc.controlNumber) == consts::CTRL_PITCH_BEND {
                    f64::from(low | (high << 7)) / 16383.0
                } else {
                    f64::from(low) / 127.0
                },
            }
        }
        _ => return None,
    };
    Some(ModelEvent {
        offset: (event.sampleOffset.max(0) as u32).min(frames.saturating_sub(1)),
        bus: u16::try_from(event.busIndex).unwrap_or(0),
        body,
    })
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vst3::ComRef;

    #[test]
    fn events_come_back_as_they_went_in() {
        let list = EventList::new(8, false);
        let events = [
            EventBody::NoteOn { channel: 3, key: 60, velocity: 0.5, tuning: -12.0, note_id: 7 },
            EventBody::PolyPressure { channel: 3, key: 60, pressure: 0.25, note_id: 7 },
            EventBody::NoteExpression { kind: 2, note_id: 7, value: 0.75 },
            EventBody::NoteOff { channel: 3, key: 60, velocity: 0.1, note_id: 7 },
        ]
        .map(|body| ModelEvent { offset: 5, bus: 1, body });
        for event in &events {
            list.push(event, 1.5);
        }
        // SAFETY: the pointer is valid while `list` lives.
        let plugin_side = unsafe { ComRef::from_raw(list.pointer()) }.unwrap();
        // SAFETY: plain data; then a live object and a pointer to a live local.
        let mut first: Event = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        assert_eq!(unsafe { plugin_side.getEvent(0, &mut first) }, kResultOk);
        assert_eq!((first.busIndex, first.sampleOffset, first.ppqPosition), (1, 5, 1.5));
        // SAFETY: as above; an index out of range is what is tested.
        assert_eq!(unsafe { plugin_side.getEvent(4, &mut first) }, kInvalidArgument);
        let mut back = Vec::new();
        list.for_each(64, |event| back.push(event));
        assert_eq!(back, events);
    }

    #[test]
    fn a_full_list_counts_and_controllers_are_passed_over() {
        let list = EventList::new(1, false);
        let note = EventBody::NoteOff { channel: 0, key: 1, velocity: 0.0, note_id: -1 };
        list.push(
            &ModelEvent { offset: 0, bus: 0, body: EventBody::Controller { channel: 0, number: 1, value: 0.0 } },
            0.0,
        );
        list.push(&ModelEvent { offset: 0, bus: 0, body: note }, 0.0);
        list.push(&ModelEvent { offset: 0, bus: 0, body: note }, 0.0);
        assert_eq!(list.dropped(), 1);
    }

    #[test]
    fn midi_out_is_read_as_a_controller() {
        // SAFETY: plain data.
        let mut event: Event = unsafe { std::mem::zeroed() };
        event.r#type = consts::EVENT_LEGACY_MIDI_OUT;
        event.__field0.midiCCOut =
            LegacyMIDICCOutEvent { controlNumber: consts::CTRL_PITCH_BEND as u8, channel: 2, value: 0, value2: 64 };
        event.sampleOffset = 9999;
        let back = from_vst3(&event, 64).unwrap();
        assert_eq!(back.offset, 63);
        let EventBody::Controller { channel: 2, number: 129, value } = back.body else { panic!("{back:?}") };
        assert!((value - 0.5).abs() < 1e-4);
    }
}
