//! Sample rate conversion of a whole stream, a piece at a time, by rubato's synchronous FFT converter.
//!
//! Thread: any. Invariant: the result is exactly round(frames × ratio) long and lies where the input lay – the
//! converter's delay is trimmed. Deliberately absent: changing ratios.

use rubato::{
    Fft, FixedSync, Indexing, Resampler, WindowFunction, audioadapter_buffers::direct::SequentialSliceOfVecs,
};
use std::ops::Range;

/// Frames per FFT on the slower side, at least; long enough for a steep filter, short enough to stay in the cache.
const PIECE: usize = 2048;

/// Converts a stream pulled from elsewhere.
pub struct Converter {
    fft: Fft<f32>,
    rates: (u32, u32),
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    ready: Range<usize>,
    skip: usize,
    taken: u64,
    given: u64,
    ended: bool,
}

impl std::fmt::Debug for Converter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Converter").field("rates", &self.rates).field("given", &self.given).finish_non_exhaustive()
    }
}

/// `[any]` The length of `frames` frames after conversion.
pub fn converted_frames(frames: u64, from: u32, to: u32) -> u64 {
    let (frames, from, to) = (u128::from(frames), u128::from(from), u128::from(to));
    ((frames * to + from / 2) / from) as u64
}

impl Converter {
    /// `[any]` From one rate to another, both above 0; `None` when the converter does not take them.
    pub fn new(from: u32, to: u32, channels: usize) -> Option<Self> {
        // Sized by the slower side, whose Nyquist frequency the filter has to meet.
        let chunk = if from > to { (PIECE as u64 * u64::from(from) / u64::from(to)) as usize } else { PIECE };
        let (window, fixed) = (WindowFunction::BlackmanHarris2, FixedSync::Both);
        let fft = Fft::new_custom(from as usize, to as usize, chunk, 1, channels, window, fixed).ok()?;
        let input = vec![vec![0.0; fft.input_frames_max()]; channels];
        let output = vec![vec![0.0; fft.output_frames_max()]; channels];
        let skip = fft.output_delay();
        Some(Self { fft, rates: (from, to), input, output, ready: 0..0, skip, taken: 0, given: 0, ended: false })
    }

    /// `[any]` Fills the frames `range` of the channels, pulling from `source` (the reader's contract: fewer frames than
    /// asked for mean the end). Returns how many frames there were.
    pub fn read<C: AsMut<[f32]>, E>(
        &mut self,
        planar: &mut [C],
        range: Range<usize>,
        mut source: impl FnMut(&mut [Vec<f32>], Range<usize>) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut at = range.start;
        while at < range.end {
            if self.ready.is_empty() && !self.convert(&mut source)? {
                break;
            }
            let frames = self.ready.len().min(range.end - at);
            for (channel, output) in planar.iter_mut().zip(&self.output) {
                let piece = &output[self.ready.start..self.ready.start + frames];
                channel.as_mut()[at..at + frames].copy_from_slice(piece);
            }
            self.ready.start += frames;
            at += frames;
        }
        Ok(at - range.start)
    }

    /// Makes one more piece ready. False at the end.
    fn convert<E>(
        &mut self,
        source: &mut impl FnMut(&mut [Vec<f32>], Range<usize>) -> Result<usize, E>,
    ) -> Result<bool, E> {
        while self.ready.is_empty() {
            let total = self.ended.then(|| converted_frames(self.taken, self.rates.0, self.rates.1));
            if total.is_some_and(|total| self.given >= total) {
                return Ok(false);
            }
            let wanted = self.fft.input_frames_next();
            let got = if self.ended { 0 } else { source(&mut self.input, 0..wanted)? };
            self.taken += got as u64;
            self.ended |= got < wanted;
            for channel in &mut self.input {
                channel[got..wanted].fill(0.0);
            }
            let made = self.run(wanted);
            let skipped = self.skip.min(made);
            self.skip -= skipped;
            self.ready = skipped..made;
            if self.ended {
                let total = converted_frames(self.taken, self.rates.0, self.rates.1);
                let rest = total.saturating_sub(self.given).min(self.ready.len() as u64) as usize;
                self.ready.end = self.ready.start + rest;
            }
            self.given += self.ready.len() as u64;
        }
        Ok(true)
    }

    fn run(&mut self, frames: usize) -> usize {
        let (channels, room) = (self.input.len(), self.fft.output_frames_max());
        let input = SequentialSliceOfVecs::new(&self.input, channels, frames);
        let output = SequentialSliceOfVecs::new_mut(&mut self.output, channels, room);
        let (Ok(input), Ok(mut output)) = (input, output) else { unreachable!("buffers are made for the converter") };
        match self.fft.process_into_buffer(&input, &mut output, Some(&Indexing::default())) {
            Ok((_, made)) => made,
            Err(error) => unreachable!("buffers are made for the converter: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Converts `frames` frames of a function of time, read in odd pieces.
    fn convert(from: u32, to: u32, frames: usize, signal: impl Fn(usize) -> f32) -> Vec<f32> {
        let mut converter = Converter::new(from, to, 1).unwrap();
        let mut fed = 0;
        let mut result = Vec::new();
        loop {
            let mut out = [vec![0.0_f32; 333]];
            let got = converter.read(&mut out, 0..333, |input, range| {
                let count = range.len().min(frames - fed);
                for (offset, sample) in input[0][range.start..range.start + count].iter_mut().enumerate() {
                    *sample = signal(fed + offset);
                }
                fed += count;
                Ok::<_, ()>(count)
            });
            let got = got.unwrap();
            result.extend_from_slice(&out[0][..got]);
            if got < 333 {
                return result;
            }
        }
    }

    fn sine(hz: f64, rate: u32) -> impl Fn(usize) -> f32 {
        move |n| (TAU * hz * n as f64 / f64::from(rate)).sin() as f32 * 0.5
    }

    #[test]
    fn lengths_are_exact_for_every_pair_of_rates() {
        for (from, to) in [(44_100, 48_000), (48_000, 44_100), (48_000, 96_000), (96_000, 44_100), (8_000, 192_000)] {
            for frames in [1, 100, 2048, 4096, 44_100, 50_001] {
                let expected = converted_frames(frames as u64, from, to) as usize;
                assert_eq!(convert(from, to, frames, |_| 0.25).len(), expected, "{from} to {to}, {frames} frames");
            }
        }
    }

    #[test]
    fn the_audible_band_passes_in_place_and_unchanged() {
        for (from, to) in [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000)] {
            for hz in [20.0, 1_000.0, 10_000.0, 18_000.0] {
                let result = convert(from, to, from as usize, sine(hz, from));
                let expected = sine(hz, to);
                let middle = to as usize / 4..to as usize * 3 / 4;
                let worst = middle.map(|n| (result[n] - expected(n)).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-4, "{hz} Hz from {from} to {to} is off by {worst}");
            }
        }
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_gone() {
        let result = convert(96_000, 44_100, 96_000, sine(30_000.0, 96_000));
        let peak = result[10_000..30_000].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak < 1e-5, "30 kHz is still there with {peak}");
    }
}
