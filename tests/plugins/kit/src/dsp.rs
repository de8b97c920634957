//! What a plugin's sound is written against. Thread: audio, except `prepare`.
//!
//! Invariant: a [`Dsp`] sees the same calls per sample whatever the host's block size is, so it may not notice blocks.

/// What is known before sound starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Hz.
    pub rate: f64,
    /// No chunk is longer.
    pub max_block: usize,
    /// Channels of the main output (and of the main input, spread over them).
    pub channels: usize,
    /// Channels of the side-chain; 0 without one.
    pub side: usize,
}

/// Musical time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Transport {
    /// Beats per minute, where the host knows it.
    pub tempo: Option<f64>,
    /// The transport runs.
    pub playing: bool,
}

/// What a player does to a note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A key goes down.
    On {
        /// MIDI channel.
        channel: i16,
        /// MIDI key.
        key: i16,
        /// 0…1.
        velocity: f64,
        /// Cents.
        tuning: f64,
        /// Id of the note or −1.
        id: i32,
    },
    /// A key comes up.
    Off {
        /// MIDI channel.
        channel: i16,
        /// MIDI key.
        key: i16,
        /// Id of the note or −1.
        id: i32,
    },
    /// Pressure on one key.
    Pressure {
        /// MIDI channel.
        channel: i16,
        /// MIDI key.
        key: i16,
        /// 0…1.
        value: f64,
        /// Id of the note or −1.
        id: i32,
    },
    /// A note's own volume (1 is unity).
    Volume {
        /// Id of the note.
        id: i32,
        /// Factor.
        gain: f64,
    },
    /// A note's own tuning.
    Tuning {
        /// Id of the note.
        id: i32,
        /// Semitones.
        semitones: f64,
    },
}

/// A plugin's sound. All audio is `f64` in here; the kit converts.
pub trait Dsp: Send {
    /// `[main]` Gets ready; the only place to allocate.
    fn prepare(&mut self, config: &Config);

    /// `[audio]` Forgets everything that sounds. The values of all parameters follow, with `snap`.
    fn reset(&mut self);

    /// `[audio]` A parameter (by its place in the table) takes a plain value; with `snap` at once, else as smoothly as
    /// the parameter needs.
    fn param(&mut self, index: usize, plain: f64, snap: bool);

    /// `[audio]` Musical time, once per block.
    fn transport(&mut self, _transport: &Transport) {}

    /// `[audio]` A note event, just before the sample it belongs to.
    fn event(&mut self, _event: &Event) {}

    /// `[audio]` Turns the main channels into the output, in place.
    fn process(&mut self, io: &mut Io<'_>);

    /// `[audio]` Samples it sounds on after the input ended; `u32::MAX` for ever.
    fn tail(&self) -> u32 {
        0
    }

    /// `[audio]` Normalized value of a meter.
    fn meter(&self, _index: usize) -> Option<f64> {
        None
    }
}

/// A stretch of sound.
#[derive(Debug)]
pub struct Io<'a> {
    main: &'a mut [Vec<f64>],
    side: &'a [Vec<f64>],
    from: usize,
    to: usize,
}

impl<'a> Io<'a> {
    /// `[any]` Samples `from..to` of these channels.
    pub fn new(main: &'a mut [Vec<f64>], side: &'a [Vec<f64>], from: usize, to: usize) -> Self {
        Self { main, side, from, to }
    }

    /// `[audio]` Samples per channel.
    pub fn frames(&self) -> usize {
        self.to - self.from
    }

    /// `[audio]` Main channels.
    pub fn channels(&self) -> usize {
        self.main.len()
    }

    /// `[audio]` One main channel.
    pub fn channel(&mut self, index: usize) -> &mut [f64] {
        &mut self.main[index][self.from..self.to]
    }

    /// `[audio]` The main channels, whole, with the range to work on.
    pub fn all(&mut self) -> (&mut [Vec<f64>], std::ops::Range<usize>) {
        (self.main, self.from..self.to)
    }

    /// `[audio]` First and second channel; `None` in mono.
    pub fn stereo(&mut self) -> Option<(&mut [f64], &mut [f64])> {
        match &mut *self.main {
            [left, right, ..] => Some((&mut left[self.from..self.to], &mut right[self.from..self.to])),
            _ => None,
        }
    }

    /// `[audio]` Largest magnitude of the side-chain at a sample of this stretch.
    pub fn side_peak(&self, frame: usize) -> f64 {
        self.side.iter().fold(0.0, |peak, channel| channel[self.from + frame].abs().max(peak))
    }
}

/// `[audio]` Zero where a recursive filter would otherwise ring in denormals for ever (below −400 dB).
#[inline]
pub fn flush(value: f64) -> f64 {
    if value.abs() < 1e-20 { 0.0 } else { value }
}
