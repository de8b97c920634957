//! Musical time of a song: tempo and time signatures over samples.
//!
//! Thread: any; [`TempoMap::transport`] allocates nothing. Invariant: changes are sorted, the first one is at sample 0.
//! Deliberately absent: tempo ramps (MIDI files have none).

use crate::model::Transport;

/// Tempo, positions and bars of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct TempoMap {
    tempi: Vec<Tempo>,
    meters: Vec<Meter>,
    sample_rate: f64,
    musical: bool,
}

/// From here on, this tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tempo {
    quarters: f64,
    samples: f64,
    samples_per_quarter: f64,
}

/// From here on, this time signature; a bar starts here.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Meter {
    quarters: f64,
    signature: (u16, u16),
}

/// Rounding of a position must not put a bar line into the bar before it.
const HAIR: f64 = 1e-6;

impl TempoMap {
    /// `[any]` A song of the standard's defaults, 120 quarters per minute in 4/4.
    pub fn new(sample_rate: f64) -> Self {
        let start = Tempo { quarters: 0.0, samples: 0.0, samples_per_quarter: sample_rate * 0.5 };
        let meter = Meter { quarters: 0.0, signature: (4, 4) };
        Self { tempi: vec![start], meters: vec![meter], sample_rate, musical: true }
    }

    /// `[any]` One tempo throughout, in quarters per minute, in 4/4.
    pub fn steady(sample_rate: f64, tempo: f64) -> Self {
        let mut map = Self::new(sample_rate);
        map.set_tempo(0.0, 60e6 / tempo);
        map
    }

    /// `[any]` A song in clock time: nothing musical is known. One "quarter" is one second.
    pub fn without_music(sample_rate: f64) -> Self {
        let start = Tempo { quarters: 0.0, samples: 0.0, samples_per_quarter: sample_rate };
        Self { tempi: vec![start], meters: Vec::new(), sample_rate, musical: false }
    }

    /// `[any]` A new tempo at a position not before the last one.
    pub fn set_tempo(&mut self, quarters: f64, micros_per_quarter: f64) {
        let samples = self.samples_at(quarters);
        let samples_per_quarter = (micros_per_quarter / 1e6 * self.sample_rate).max(1e-3);
        drop_from(&mut self.tempi, |tempo| tempo.quarters < quarters);
        self.tempi.push(Tempo { quarters, samples, samples_per_quarter });
    }

    /// `[any]` A new time signature at a position not before the last one. One without beats is ignored.
    pub fn set_signature(&mut self, quarters: f64, signature: (u16, u16)) {
        if signature.0 > 0 && signature.1 > 0 {
            drop_from(&mut self.meters, |meter| meter.quarters < quarters);
            self.meters.push(Meter { quarters, signature });
        }
    }

    /// `[any]` Samples from the start to a position in quarters.
    pub fn samples_at(&self, quarters: f64) -> f64 {
        let tempo = last(&self.tempi, |tempo| tempo.quarters <= quarters);
        tempo.samples + (quarters - tempo.quarters) * tempo.samples_per_quarter
    }

    /// `[audio]` What plugins are told at a sample.
    pub fn transport(&self, position: u64) -> Transport {
        let clock =
            Transport { playing: true, position: position as i64, continuous: position as i64, ..Transport::default() };
        if !self.musical {
            return clock;
        }
        let samples = position as f64;
        // The change lies on its own first sample, although it may have happened within the one before.
        let tempo = last(&self.tempi, |tempo| tempo.samples.round() <= samples);
        let quarters = tempo.quarters + (samples - tempo.samples) / tempo.samples_per_quarter;
        let meter = last(&self.meters, |meter| meter.quarters <= quarters + HAIR);
        let bar = f64::from(meter.signature.0) * 4.0 / f64::from(meter.signature.1);
        let bars = ((quarters - meter.quarters) / bar + HAIR).floor().max(0.0);
        Transport {
            tempo: Some(60.0 * self.sample_rate / tempo.samples_per_quarter),
            signature: Some(meter.signature),
            quarters: Some(quarters),
            bar_start: Some(meter.quarters + bars * bar),
            ..clock
        }
    }

    /// `[audio]` The first sample after `position` where tempo or signature change: a block must not reach beyond it, or
    /// plugins would hear of the change late, by an amount that depends on the block length.
    pub fn next_change(&self, position: u64) -> Option<u64> {
        if self.tempi.len() + self.meters.len() <= 2 {
            return None;
        }
        let tempo = next(&self.tempi, position, |tempo| tempo.samples);
        let meter = next(&self.meters, position, |meter| self.samples_at(meter.quarters));
        match (tempo, meter) {
            (Some(tempo), Some(meter)) => Some(tempo.min(meter)),
            (one, other) => one.or(other),
        }
    }
}

/// Keeps the sorted items that fit; only the last ones can be others.
fn drop_from<T>(items: &mut Vec<T>, fits: impl Fn(&T) -> bool) {
    items.truncate(items.partition_point(fits));
}

/// The first of sorted items that lies behind a sample.
fn next<T>(items: &[T], position: u64, samples: impl Fn(&T) -> f64) -> Option<u64> {
    let at = |item: &T| samples(item).round() as u64;
    items.get(items.partition_point(|item| at(item) <= position)).map(at)
}

/// The last of sorted items that fits, or else the first.
fn last<T>(items: &[T], fits: impl Fn(&T) -> bool) -> &T {
    &items[items.partition_point(fits).saturating_sub(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_tempo_changes() {
        let mut map = TempoMap::new(48_000.0);
        map.set_tempo(4.0, 1_000_000.0);
        assert_eq!(map.samples_at(4.0), 96_000.0);
        assert_eq!(map.samples_at(5.0), 144_000.0);
        let late = map.transport(120_000);
        assert_eq!((late.tempo, late.quarters), (Some(60.0), Some(4.5)));
        assert_eq!(map.transport(95_999).tempo, Some(120.0));
        assert_eq!((map.next_change(0), map.next_change(96_000)), (Some(96_000), None));
    }

    #[test]
    fn bars_start_where_the_signature_says() {
        let mut map = TempoMap::new(48_000.0);
        map.set_signature(8.0, (3, 4));
        map.set_signature(14.0, (6, 8));
        let bar = |quarters: f64| map.transport(map.samples_at(quarters) as u64).bar_start.unwrap();
        for (quarters, start) in [(0.0, 0.0), (3.9, 0.0), (4.0, 4.0), (8.0, 8.0), (11.0, 11.0), (13.9, 11.0)] {
            assert_eq!(bar(quarters), start, "{quarters}");
        }
        assert_eq!((bar(16.9), bar(17.0)), (14.0, 17.0));
        assert_eq!(map.transport(map.samples_at(15.0) as u64).signature, Some((6, 8)));
    }

    #[test]
    fn bar_lines_survive_odd_tempi() {
        let mut map = TempoMap::new(44_100.0);
        map.set_tempo(0.0, 60e6 / 133.7);
        for bar in 0..500 {
            let sample = map.samples_at(f64::from(bar) * 4.0).ceil() as u64;
            assert_eq!(map.transport(sample).bar_start, Some(f64::from(bar) * 4.0));
        }
    }

    #[test]
    fn a_quarter_of_a_million_tempo_changes_take_no_time() {
        let began = std::time::Instant::now();
        let mut map = TempoMap::new(48_000.0);
        for change in 0..250_000 {
            map.set_tempo(f64::from(change) / 96.0, 500_000.0 - f64::from(change));
        }
        let mut position = 0;
        while let Some(change) = map.next_change(position) {
            assert!(change > position);
            position = change;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn nothing_musical_is_invented() {
        let transport = TempoMap::without_music(48_000.0).transport(480);
        assert_eq!((transport.position, transport.playing), (480, true));
        assert_eq!((transport.tempo, transport.quarters, transport.signature), (None, None, None));
    }
}
