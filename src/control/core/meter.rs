//! L3 · how long the frames of a stream took.
//!
//! Thread: audio to count, any to read. Invariant: counting waits for nobody; a reading may fall between two counts.

use super::Timings;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Sums over the frames so far; times in nanoseconds.
#[derive(Debug)]
pub(super) struct Meter {
    blocks: AtomicU64,
    /// Of them measured: those that were processed.
    measured: AtomicU64,
    total: AtomicU64,
    shortest: AtomicU64,
    longest: AtomicU64,
    overruns: AtomicU64,
    dry: AtomicU64,
    guarded: AtomicU64,
    untold: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        let shortest = AtomicU64::new(u64::MAX);
        let (blocks, measured, total, longest) = (zero(), zero(), zero(), zero());
        let (overruns, dry, guarded, untold) = (zero(), zero(), zero(), zero());
        Self { blocks, measured, total, shortest, longest, overruns, dry, guarded, untold }
    }
}

impl Meter {
    /// `[audio]` One frame.
    pub fn count(&self, took: Duration, dry: bool, guarded: bool, late: bool) {
        self.blocks.fetch_add(1, Relaxed);
        if dry {
            self.dry.fetch_add(1, Relaxed);
            return;
        }
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.measured.fetch_add(1, Relaxed);
        self.total.fetch_add(nanos, Relaxed);
        self.shortest.fetch_min(nanos, Relaxed);
        self.longest.fetch_max(nanos, Relaxed);
        self.guarded.fetch_add(u64::from(guarded), Relaxed);
        self.overruns.fetch_add(u64::from(late), Relaxed);
        self.untold.fetch_add(u64::from(late), Relaxed);
    }

    /// `[any]` In microseconds.
    pub fn read(&self) -> Timings {
        let micros = |nanos: u64| nanos as f64 / 1000.0;
        let measured = self.measured.load(Relaxed);
        let mean = micros(self.total.load(Relaxed)) / measured.max(1) as f64;
        Timings {
            blocks: self.blocks.load(Relaxed),
            average: mean,
            shortest: if measured == 0 { 0.0 } else { micros(self.shortest.load(Relaxed)) },
            longest: micros(self.longest.load(Relaxed)),
            overruns: self.overruns.load(Relaxed),
            dry: self.dry.load(Relaxed),
            guarded: self.guarded.load(Relaxed),
        }
    }

    /// `[any]` Forgets everything but what the main thread has not told yet.
    pub fn reset(&self) {
        let sums = [&self.blocks, &self.measured, &self.total, &self.longest, &self.overruns, &self.dry, &self.guarded];
        sums.into_iter().for_each(|sum| sum.store(0, Relaxed));
        self.shortest.store(u64::MAX, Relaxed);
    }

    /// `[main]` Overruns that were not told yet.
    pub fn take_overruns(&self) -> u64 {
        self.untold.swap(0, Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_processed_frames_and_all_are_counted() {
        let meter = Meter::default();
        assert_eq!(meter.read(), Timings::default());
        meter.count(Duration::from_micros(10), false, false, false);
        meter.count(Duration::from_micros(30), false, true, true);
        meter.count(Duration::from_secs(1), true, false, false);
        let read = meter.read();
        assert_eq!((read.blocks, read.dry, read.guarded, read.overruns), (3, 1, 1, 1));
        assert_eq!((read.shortest, read.average, read.longest), (10.0, 20.0, 30.0));
        assert_eq!((meter.take_overruns(), meter.take_overruns()), (1, 0));
        meter.reset();
        assert_eq!(meter.read(), Timings::default());
    }
}
