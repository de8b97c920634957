//! What the offline clock needs of whoever turns a block of input into a block of output.
//!
//! Thread: as the methods say. Invariant: a [`Schedule`] is the only one outside of tests.

use crate::{
    engine::{BlockReport, Schedule},
    model::{Event, ParamPoint, Transport},
    plugin::Tail,
};

/// What the clock needs of a [`Schedule`]; a trait, so that tests can run the clock on something simpler.
pub trait BlockRunner {
    /// `[any]` Longest block.
    fn max_block(&self) -> usize;
    /// `[any]` Samples from the inputs to the output.
    fn latency(&self) -> u32;
    /// `[any]` Longest tail of any way through.
    fn tail(&self) -> Tail;
    /// `[audio]` An input node's channel, to be filled before [`Self::process`].
    fn input_mut(&mut self, node: usize, channel: usize, frames: usize) -> &mut [f32];
    /// `[audio]` An output node's channel after [`Self::process`].
    fn output(&self, node: usize, channel: usize, frames: usize) -> &[f32];
    /// `[audio]` For the next block; false when there is no room.
    fn queue_param(&mut self, node: usize, point: ParamPoint) -> bool;
    /// `[audio]` For the next block; false when there is no room.
    fn queue_event(&mut self, node: usize, event: Event) -> bool;
    /// `[audio]` One block.
    fn process(&mut self, frames: usize, transport: &Transport) -> BlockReport;
}

impl BlockRunner for Schedule {
    fn max_block(&self) -> usize {
        Schedule::max_block(self)
    }
    fn latency(&self) -> u32 {
        Schedule::latency(self)
    }
    fn tail(&self) -> Tail {
        Schedule::tail(self)
    }
    fn input_mut(&mut self, node: usize, channel: usize, frames: usize) -> &mut [f32] {
        Schedule::input_mut(self, node, channel, frames)
    }
    fn output(&self, node: usize, channel: usize, frames: usize) -> &[f32] {
        Schedule::output(self, node, channel, frames)
    }
    fn queue_param(&mut self, node: usize, point: ParamPoint) -> bool {
        Schedule::queue_param(self, node, point)
    }
    fn queue_event(&mut self, node: usize, event: Event) -> bool {
        Schedule::queue_event(self, node, event)
    }
    fn process(&mut self, frames: usize, transport: &Transport) -> BlockReport {
        Schedule::process(self, frames, transport)
    }
}
