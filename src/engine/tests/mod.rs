//! L2 · what the engine promises, shown with fake plugins.

mod graphs;
mod guards;
mod mistakes;
mod queues;
mod random;
mod size;
mod sleeping;

use super::{BlockReport, Schedule};
use crate::model::Transport;

/// Runs a signal through channel 0 of `input` in blocks of `block`, and returns channel 0 of `output`.
fn play(schedule: &mut Schedule, input: usize, output: usize, signal: &[f32], block: usize) -> Vec<f32> {
    let mut heard = Vec::with_capacity(signal.len());
    for part in signal.chunks(block) {
        schedule.input_mut(input, 0, part.len()).copy_from_slice(part);
        schedule.process(part.len(), &Transport::default());
        heard.extend_from_slice(schedule.output(output, 0, part.len()));
    }
    heard
}

/// One block of so many frames without input.
fn tick(schedule: &mut Schedule, frames: usize) -> BlockReport {
    schedule.process(frames, &Transport::default())
}

/// 1, 2, 3 …: sums and delays of it are exact, and every sample is different.
fn counting(frames: usize) -> Vec<f32> {
    (1..=frames).map(|n| n as f32).collect()
}

/// The signal so many samples later.
fn later(signal: &[f32], latency: usize) -> Vec<f32> {
    std::iter::repeat_n(0.0, latency).chain(signal.iter().copied()).take(signal.len()).collect()
}
