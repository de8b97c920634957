//! What happens at a sample inside a block: notes, controllers, parameter points.

use super::ParamId;

/// A musical event. `offset` is in samples from the start of the block it is delivered in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Samples from the start of the block.
    pub offset: u32,
    /// Index of the event bus.
    pub bus: u16,
    /// What happens.
    pub body: EventBody,
}

/// The kinds of event. Channels and keys are MIDI's (0…15, 0…127), values are normalized to 0…1 unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventBody {
    /// A key goes down. `note_id` is unique among sounding notes, or −1.
    NoteOn {
        /// MIDI channel, 0…15.
        channel: i16,
        /// MIDI key, 0…127.
        key: i16,
        /// 0…1.
        velocity: f32,
        /// Detune in cents.
        tuning: f32,
        /// Host-wide id of this note or −1.
        note_id: i32,
    },
    /// A key comes up.
    NoteOff {
        /// MIDI channel, 0…15.
        channel: i16,
        /// MIDI key, 0…127.
        key: i16,
        /// Release velocity, 0…1.
        velocity: f32,
        /// The id given to the note-on, or −1.
        note_id: i32,
    },
    /// Pressure of one key.
    PolyPressure {
        /// MIDI channel, 0…15.
        channel: i16,
        /// MIDI key, 0…127.
        key: i16,
        /// 0…1.
        pressure: f32,
        /// The id given to the note-on, or −1.
        note_id: i32,
    },
    /// A change of one sounding note (volume, pan, tuning …).
    NoteExpression {
        /// The format's expression type id (VST3 `NoteExpressionTypeIDs`).
        kind: u32,
        /// The id given to the note-on.
        note_id: i32,
        /// 0…1.
        value: f64,
    },
    /// A MIDI controller: 0…127 control change, 128 channel pressure, 129 pitch bend, 130 program change
    /// (VST3's `ControllerNumbers`). Formats without raw MIDI translate it to a parameter.
    Controller {
        /// MIDI channel, 0…15.
        channel: i16,
        /// 0…130, see above.
        number: u16,
        /// 0…1; pitch bend rests at 0.5.
        value: f64,
    },
}

/// A parameter takes a value at a sample. Between two points of a parameter the value moves in a straight line where the
/// plugin can; a jump is two points at neighbouring samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamPoint {
    /// Which parameter.
    pub param: ParamId,
    /// Samples from the start of the block.
    pub offset: u32,
    /// Normalized, 0…1.
    pub value: f64,
}
