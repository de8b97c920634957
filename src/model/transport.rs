//! Musical time at the first sample of a block.

/// `None` means "not known": a plugin is then told that the field is not valid, never given an invented value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// The song runs.
    pub playing: bool,
    /// The host records.
    pub recording: bool,
    /// Position in the song, in samples; may jump.
    pub position: i64,
    /// Samples since the clock started; never jumps.
    pub continuous: i64,
    /// Quarter notes per minute.
    pub tempo: Option<f64>,
    /// Time signature, e.g. (3, 4).
    pub signature: Option<(u16, u16)>,
    /// Position in quarter notes.
    pub quarters: Option<f64>,
    /// Position of the last bar line, in quarter notes.
    pub bar_start: Option<f64>,
    /// Loop start and end in quarter notes, when a loop is set.
    pub cycle: Option<(f64, f64)>,
    /// The loop is switched on.
    pub cycling: bool,
}

impl Default for Transport {
    /// Stopped at sample 0, nothing musical known.
    fn default() -> Self {
        Self {
            playing: false,
            recording: false,
            position: 0,
            continuous: 0,
            tempo: None,
            signature: None,
            quarters: None,
            bar_start: None,
            cycle: None,
            cycling: false,
        }
    }
}
