//! The rules of events, and the notes that sound. Thread: audio.

use crate::{
    block::{Memory, Rules},
    buses::Buses,
    life::Call,
    line::Line,
};
use std::sync::atomic::Ordering::Relaxed;
use vst3::{
    ComRef,
    Steinberg::{
        Vst::{Event, Event_::EventTypes as EventKind, Event_::EventTypes_, IEventListTrait, ProcessData},
        kResultOk,
    },
};

/// A note that was started.
#[derive(Clone, Copy, PartialEq)]
pub struct Note {
    channel: i16,
    pitch: i16,
    id: i32,
}

impl Rules<'_> {
    /// `[audio]` Judges events.
    ///
    /// # Safety
    /// The block is what a host passed.
    pub unsafe fn judge_events(&self, memory: &mut Memory, call: &mut Call, data: &ProcessData) {
        let Some(events) = (unsafe { ComRef::from_raw(data.inputEvents) }) else { return };
        let count = unsafe { events.getEventCount() };
        call.rule(count >= 0, (37, "a negative number of events"));
        if count <= 0 {
            return;
        }
        let mut before = 0;
        for index in 0..count {
            let mut event: Event = unsafe { std::mem::zeroed() };
            if unsafe { events.getEvent(index, &mut event) } != kResultOk {
                call.rule(false, (37, "an event that cannot be read"));
                continue;
            }
            call.rule(Buses::exists(1, 0, event.busIndex), (37, "an event for a bus that does not exist"));
            call.rule(self.buses.is_active(1, 0, event.busIndex), (37, "an event for an inactive bus"));
            let end = data.numSamples.max(1);
            call.rule((0..end).contains(&event.sampleOffset), (37, "an event outside the block"));
            call.rule(event.sampleOffset >= before, (37, "events out of order"));
            before = event.sampleOffset;
            self.judge_event(memory, call, &event);
        }
        let sounding = memory.notes.iter().flatten().count() as i32;
        self.life.sounding.store(sounding, Relaxed);
        call.args().nested(Some("events"), '[', |line| {
            for index in 0..count {
                let mut event: Event = unsafe { std::mem::zeroed() };
                unsafe { events.getEvent(index, &mut event) };
                line.nested(None, '{', |line| show(line, &event));
            }
        });
    }

    fn judge_event(&self, memory: &mut Memory, call: &mut Call, event: &Event) {
        let key = |channel: i16, pitch: i16| (0..16).contains(&channel) && (0..128).contains(&pitch);
        match u32::from(event.r#type) as EventKind {
            EventTypes_::kNoteOnEvent => {
                let on = unsafe { event.__field0.noteOn };
                call.rule(key(on.channel, on.pitch), (37, "a note outside 16 channels × 128 keys"));
                call.rule((0.0..=1.0).contains(&on.velocity), (37, "a velocity outside 0…1"));
                call.habit(on.velocity > 0.0, (37, "a note-on without velocity"));
                let note = Note { channel: on.channel, pitch: on.pitch, id: on.noteId };
                let twice = on.noteId != -1 && memory.notes.iter().flatten().any(|other| other.id == on.noteId);
                call.rule(!twice, (37, "the note id is sounding already"));
                if let Some(place) = memory.notes.iter_mut().find(|place| place.is_none()) {
                    *place = Some(note);
                }
            }
            EventTypes_::kNoteOffEvent => {
                let off = unsafe { event.__field0.noteOff };
                call.rule(key(off.channel, off.pitch), (37, "a note outside 16 channels × 128 keys"));
                call.rule((0.0..=1.0).contains(&off.velocity), (37, "a velocity outside 0…1"));
                let found = memory.notes.iter_mut().find(|place| {
                    place.is_some_and(|note| {
                        (note.channel, note.pitch) == (off.channel, off.pitch)
                            && (off.noteId == -1 || note.id == off.noteId)
                    })
                });
                call.rule(found.is_some(), (37, "a note-off without its note-on"));
                if let Some(place) = found {
                    *place = None;
                }
            }
            EventTypes_::kDataEvent => {
                let data = unsafe { event.__field0.data };
                call.rule(data.size == 0 || !data.bytes.is_null(), (37, "data without bytes"));
            }
            EventTypes_::kPolyPressureEvent => {
                let poly = unsafe { event.__field0.polyPressure };
                call.rule(key(poly.channel, poly.pitch), (37, "a note outside 16 channels × 128 keys"));
                call.rule((0.0..=1.0).contains(&poly.pressure), (37, "a pressure outside 0…1"));
            }
            EventTypes_::kNoteExpressionValueEvent => {
                let value = unsafe { event.__field0.noteExpressionValue };
                call.rule((0.0..=1.0).contains(&value.value), (58, "a note expression outside 0…1"));
                let known = memory.notes.iter().flatten().any(|note| note.id == value.noteId);
                call.habit(known, (58, "a note expression for no sounding note"));
            }
            EventTypes_::kLegacyMIDICCOutEvent => {
                call.rule(false, (55, "a raw controller as input event"));
            }
            _ => {}
        }
    }
}

/// `[audio]` Sends incoming notes on.
///
/// # Safety
/// The block is the one being processed.
pub unsafe fn echo(data: &ProcessData) {
    let (Some(from), Some(to)) =
        (unsafe { ComRef::from_raw(data.inputEvents) }, unsafe { ComRef::from_raw(data.outputEvents) })
    else {
        return;
    };
    for index in 0..unsafe { from.getEventCount() } {
        let mut event: Event = unsafe { std::mem::zeroed() };
        let notes = [EventTypes_::kNoteOnEvent as u16, EventTypes_::kNoteOffEvent as u16];
        if unsafe { from.getEvent(index, &mut event) } == kResultOk && notes.contains(&event.r#type) {
            unsafe { to.addEvent(&mut event) };
        }
    }
}

fn show(line: &mut Line, event: &Event) {
    line.member("type", event.r#type);
    line.member("bus", event.busIndex);
    line.member("offset", event.sampleOffset);
    match u32::from(event.r#type) as EventKind {
        EventTypes_::kNoteOnEvent => {
            let on = unsafe { event.__field0.noteOn };
            line.member("channel", on.channel);
            line.member("pitch", on.pitch);
            line.member("velocity", on.velocity);
            line.member("id", on.noteId);
        }
        EventTypes_::kNoteOffEvent => {
            let off = unsafe { event.__field0.noteOff };
            line.member("channel", off.channel);
            line.member("pitch", off.pitch);
            line.member("id", off.noteId);
        }
        EventTypes_::kPolyPressureEvent => {
            let poly = unsafe { event.__field0.polyPressure };
            line.member("pitch", poly.pitch);
            line.member("pressure", poly.pressure);
        }
        EventTypes_::kNoteExpressionValueEvent => {
            let value = unsafe { event.__field0.noteExpressionValue };
            line.member("typeId", value.typeId);
            line.member("id", value.noteId);
            line.member("value", value.value);
        }
        _ => {}
    }
}
