//! Events a test sends. Thread: the test's.

use vst3::Steinberg::Vst::{Event, Event__type0, NoteExpressionValueEvent, NoteOffEvent, NoteOnEvent};

fn event(kind: u16, body: Event__type0) -> Event {
    Event { busIndex: 0, sampleOffset: 0, ppqPosition: 0.0, flags: 0, r#type: kind, __field0: body }
}

/// A key goes down.
pub fn note_on(key: i16, velocity: f32, id: i32) -> Event {
    event(
        0,
        Event__type0 { noteOn: NoteOnEvent { channel: 0, pitch: key, tuning: 0.0, velocity, length: 0, noteId: id } },
    )
}

/// A key comes up.
pub fn note_off(key: i16, id: i32) -> Event {
    event(1, Event__type0 { noteOff: NoteOffEvent { channel: 0, pitch: key, velocity: 0.0, noteId: id, tuning: 0.0 } })
}

/// A note is bent: type 0 is volume, 2 is tuning.
pub fn expression(kind: u32, id: i32, value: f64) -> Event {
    event(4, Event__type0 { noteExpressionValue: NoteExpressionValueEvent { typeId: kind, noteId: id, value } })
}
