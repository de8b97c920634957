//! What a processor is given for one block, and where it puts what it has to say.

use crate::{
    model::{Event, ParamPoint, Transport},
    rt::{Channel, Pool},
};

/// One block of work.
#[derive(Debug)]
pub struct Block<'a> {
    /// Samples per channel: 1 … the setup's `max_block`.
    pub frames: usize,
    /// The memory the channels below live in.
    pub pool: &'a mut Pool,
    /// Channels of the active input buses, in bus order. The plugin may scribble on them: nobody reads them afterwards.
    pub inputs: &'a [Channel],
    /// Channels of the active output buses, in bus order; none occurs twice, none is an input.
    pub outputs: &'a [Channel],
    /// Parameter points, sorted by offset (points of one parameter in order; at equal offsets the later one wins).
    pub params: &'a [ParamPoint],
    /// Events, sorted by offset.
    pub events: &'a [Event],
    /// Musical time at the first sample.
    pub transport: &'a Transport,
    /// What comes back besides sound.
    pub out: &'a mut BlockOut,
}

/// Parameter points and events a plugin sent out during a block. Fixed capacity: what does not fit is counted, not kept.
#[derive(Debug)]
pub struct BlockOut {
    params: Vec<ParamPoint>,
    events: Vec<Event>,
    dropped: u64,
}

impl BlockOut {
    /// `[any, not audio]` Room for this many points and events per block.
    pub fn with_capacity(params: usize, events: usize) -> Self {
        Self { params: Vec::with_capacity(params), events: Vec::with_capacity(events), dropped: 0 }
    }

    /// `[audio]` Forgets the last block.
    #[inline]
    pub fn clear(&mut self) {
        self.params.clear();
        self.events.clear();
    }

    /// `[audio]` Keeps a point, or counts it.
    #[inline]
    pub fn push_param(&mut self, point: ParamPoint) {
        if self.params.len() < self.params.capacity() {
            self.params.push(point);
        } else {
            self.dropped += 1;
        }
    }

    /// `[audio]` Keeps an event, or counts it.
    #[inline]
    pub fn push_event(&mut self, event: Event) {
        if self.events.len() < self.events.capacity() {
            self.events.push(event);
        } else {
            self.dropped += 1;
        }
    }

    /// `[audio]` Points of this block.
    pub fn params(&self) -> &[ParamPoint] {
        &self.params
    }

    /// `[audio]` Events of this block.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Points and events that found no room so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
