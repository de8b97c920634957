//! L3 · musical time of a stream, as its client says it is.
//!
//! Thread: audio. Invariant: while nothing is changed it is what `render` tells plugins at the same sample, bit for bit; a
//! change of tempo moves no position. Deliberately absent: loops that jump by themselves – the client says where it is.

use super::TransportChange;
use crate::model::Transport;

/// Tempo nobody named, in quarters per minute; that of `render`.
const TEMPO: f64 = 120.0;
/// Rounding of a position must not put a bar line into the bar before it.
const HAIR: f64 = 1e-6;

/// The song a stream plays in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MusicalTime {
    rate: f64,
    playing: bool,
    tempo: f64,
    samples_per_quarter: f64,
    signature: (u16, u16),
    cycle: Option<(f64, f64)>,
    cycling: bool,
    /// Song position minus the client's clock while the song runs.
    shift: i64,
    /// Song position while it stands.
    stands: i64,
    /// From this sample and quarter on the tempo is what it is now.
    anchor: (f64, f64),
    /// A bar starts at this quarter.
    bar: f64,
    /// To be changed at the next block.
    change: TransportChange,
}

impl MusicalTime {
    /// `[any]` 120 in four-four, running from the client's own sample 0.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            playing: true,
            tempo: TEMPO,
            samples_per_quarter: samples_per_quarter(rate, TEMPO),
            signature: (4, 4),
            cycle: None,
            cycling: false,
            shift: 0,
            stands: 0,
            anchor: (0.0, 0.0),
            bar: 0.0,
            change: TransportChange::default(),
        }
    }

    /// `[any]` The same song from its start, for another stream.
    pub fn begun_again(&self, rate: f64) -> Self {
        let samples_per_quarter = samples_per_quarter(rate, self.tempo);
        Self { rate, samples_per_quarter, shift: 0, stands: 0, anchor: (0.0, 0.0), bar: 0.0, ..self.clone() }
    }

    /// `[audio]` Something changes at the next block.
    pub fn change(&mut self, change: &TransportChange) {
        let now = &mut self.change;
        now.playing = change.playing.or(now.playing);
        now.tempo = change.tempo.or(now.tempo);
        now.signature = change.signature.or(now.signature);
        now.position = change.position.or(now.position);
        now.cycle = change.cycle.or(now.cycle);
        now.cycling = change.cycling.or(now.cycling);
    }

    /// `[audio]` What plugins are told in the block that begins at `clock` of the client, after `continuous` samples.
    pub fn transport(&mut self, clock: u64, continuous: u64) -> Transport {
        let clock = clock as i64;
        let change = std::mem::take(&mut self.change);
        if change != TransportChange::default() {
            self.apply(&change, clock);
        }
        let position = self.song(clock);
        let quarters = self.quarters(position);
        let length = f64::from(self.signature.0) * 4.0 / f64::from(self.signature.1);
        let bars = ((quarters - self.bar) / length + HAIR).floor().max(0.0);
        Transport {
            playing: self.playing,
            recording: false,
            position,
            continuous: continuous as i64,
            tempo: Some(60.0 * self.rate / self.samples_per_quarter),
            signature: Some(self.signature),
            quarters: Some(quarters),
            bar_start: Some(self.bar + bars * length),
            cycle: self.cycle,
            cycling: self.cycling,
        }
    }

    fn apply(&mut self, change: &TransportChange, clock: i64) {
        let position = self.song(clock);
        let quarters = self.quarters(position);
        if let Some(tempo) = change.tempo {
            self.tempo = tempo;
            self.samples_per_quarter = samples_per_quarter(self.rate, tempo);
            self.anchor = (position as f64, quarters);
        }
        if let Some(signature) = change.signature {
            self.signature = signature;
            self.bar = quarters;
        }
        if let Some(target) = change.position {
            self.shift = target.wrapping_sub(clock);
            self.stands = target;
            // Of a song nobody has the map of only the present tempo is known: it held from the start.
            self.anchor = (0.0, 0.0);
            self.bar = 0.0;
        }
        match change.playing {
            Some(true) if !self.playing => {
                self.shift = self.stands.wrapping_sub(clock);
                self.playing = true;
            }
            Some(false) if self.playing => {
                self.stands = self.song(clock);
                self.playing = false;
            }
            _ => {}
        }
        self.cycle = change.cycle.or(self.cycle);
        self.cycling = change.cycling.unwrap_or(self.cycling);
    }

    fn song(&self, clock: i64) -> i64 {
        if self.playing { clock.wrapping_add(self.shift) } else { self.stands }
    }

    fn quarters(&self, position: i64) -> f64 {
        self.anchor.1 + (position as f64 - self.anchor.0) / self.samples_per_quarter
    }
}

/// By the same steps as a tempo map, so that the last bit is the same.
fn samples_per_quarter(rate: f64, tempo: f64) -> f64 {
    (60e6 / tempo / 1e6 * rate).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio_io::TempoMap;

    #[test]
    fn untouched_it_is_the_time_of_a_render_to_the_last_bit() {
        for rate in [44_100.0, 48_000.0, 96_000.0, 11_025.0] {
            let map = TempoMap::steady(rate, 120.0);
            let mut time = MusicalTime::new(rate);
            for block in 0..5000_u64 {
                let position = block * 128 + block % 3;
                assert_eq!(time.transport(position, position), map.transport(position), "{rate} at {position}");
            }
        }
    }

    #[test]
    fn a_change_of_tempo_moves_no_position_and_a_jump_does() {
        let mut time = MusicalTime::new(48_000.0);
        time.change(&TransportChange { tempo: Some(60.0), ..TransportChange::default() });
        let there = time.transport(96_000, 0);
        assert_eq!((there.quarters, there.tempo), (Some(4.0), Some(60.0)));
        assert_eq!(time.transport(144_000, 0).quarters, Some(5.0));
        time.change(&TransportChange { position: Some(48_000), ..TransportChange::default() });
        let there = time.transport(200_000, 7);
        assert_eq!((there.position, there.quarters, there.continuous), (48_000, Some(1.0), 7));
    }

    #[test]
    fn a_song_that_stands_goes_on_from_where_it_stood() {
        let mut time = MusicalTime::new(48_000.0);
        let playing = |playing| TransportChange { playing: Some(playing), ..TransportChange::default() };
        time.transport(0, 0);
        time.change(&playing(false));
        assert_eq!((time.transport(1000, 0).position, time.transport(5000, 0).position), (1000, 1000));
        time.change(&playing(true));
        let there = (time.transport(9000, 0), time.transport(9128, 0));
        assert_eq!((there.0.playing, there.0.position, there.1.position), (true, 1000, 1128));
    }

    #[test]
    fn another_stream_begins_at_the_start_with_what_was_said() {
        let mut time = MusicalTime::new(48_000.0);
        let tempo = |tempo| TransportChange { tempo: Some(tempo), ..TransportChange::default() };
        time.change(&tempo(60.0));
        time.transport(100_000, 0);
        // Said and not yet heard by any block.
        time.change(&TransportChange { position: Some(24_000), ..TransportChange::default() });
        let there = time.begun_again(24_000.0).transport(0, 0);
        assert_eq!((there.tempo, there.position, there.quarters), (Some(60.0), 24_000, Some(1.0)));
    }

    #[test]
    fn bars_begin_at_a_new_signature() {
        let mut time = MusicalTime::new(48_000.0);
        time.change(&TransportChange { signature: Some((3, 4)), ..TransportChange::default() });
        assert_eq!(time.transport(24_000, 0).bar_start, Some(1.0));
        assert_eq!(time.transport(24_000 * 4, 0).bar_start, Some(4.0));
    }
}
