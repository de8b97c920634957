//! The audio half: from a host's block to a [`Dsp`]'s stretches of sound. Thread: audio, except `prepare`.
//!
//! Invariant: after `prepare` nothing is allocated or freed. A block is cut where a parameter or a note changes; while a
//! parameter moves, at every sample. So the sound does not depend on how the host cuts its blocks.
//! Deliberately absent: COM (see `processor`) – points, events and channels come in through [`Block`].

use crate::{
    curve::Curve,
    dsp::{Config, Dsp, Event, Io, Transport},
    param::Role,
    plugin::Plugin,
};

/// Time of the crossfade into and out of bypass.
const BYPASS_SECONDS: f64 = 0.005;

/// What the host gives for one block.
pub(crate) trait Block {
    /// Samples.
    fn frames(&self) -> usize;
    /// Fills a channel of an input bus (0 main, 1 side-chain); false if there is none.
    fn read(&self, bus: usize, channel: usize, into: &mut [f64]) -> bool;
    /// Number of parameter queues.
    fn queues(&self) -> usize;
    /// Parameter id of a queue.
    fn queue_id(&self, queue: usize) -> Option<u32>;
    /// A point of a queue.
    fn point(&self, queue: usize, index: i32) -> Option<(i32, f64)>;
    /// An event: offset and what, `None` inside for kinds we do not know.
    fn event(&self, index: usize) -> Option<(i32, Option<Event>)>;
    /// Musical time.
    fn transport(&self) -> Transport;
    /// Takes a channel of the main output.
    fn write(&self, channel: usize, samples: &[f64]);
    /// Takes a meter's value.
    fn meter(&self, id: u32, value: f64);
}

#[derive(Clone, Copy)]
struct Lane {
    param: usize,
    queue: usize,
    curve: Curve,
}

pub(crate) struct Runner {
    plugin: &'static Plugin,
    dsp: Box<dyn Dsp>,
    config: Option<Config>,
    values: Vec<f64>,
    meters: Vec<f64>,
    lanes: Vec<Lane>,
    main: Vec<Vec<f64>>,
    dry: Vec<Vec<f64>>,
    side: Vec<Vec<f64>>,
    inputs: usize,
    /// 0 is the sound, 1 is the input.
    bypass: f64,
    bypass_target: f64,
    /// Nothing sounded since the last reset: values are taken at once.
    fresh: bool,
}

impl Runner {
    pub(crate) fn new(plugin: &'static Plugin) -> Self {
        Self {
            plugin,
            dsp: (plugin.create)(),
            config: None,
            values: plugin.params.iter().map(crate::param::Param::default_normalized).collect(),
            meters: vec![f64::NAN; plugin.params.len()],
            lanes: Vec::with_capacity(plugin.params.len()),
            main: Vec::new(),
            dry: Vec::new(),
            side: Vec::new(),
            inputs: 0,
            bypass: 0.0,
            bypass_target: 0.0,
            fresh: true,
        }
    }

    /// `[main]` Gets ready to run; the only place that allocates.
    pub(crate) fn prepare(&mut self, config: Config, inputs: usize) {
        let buffers = |count| vec![vec![0.0; config.max_block]; count];
        self.main = buffers(config.channels);
        self.dry = buffers(config.channels);
        self.side = buffers(config.side);
        self.inputs = inputs;
        self.dsp.prepare(&config);
        self.config = Some(config);
        self.reset();
    }

    /// `[main]` Gives the memory back.
    pub(crate) fn release(&mut self) {
        self.config = None;
        (self.main, self.dry, self.side) = (Vec::new(), Vec::new(), Vec::new());
    }

    /// `[audio]` Forgets everything that sounds.
    pub(crate) fn reset(&mut self) {
        if self.config.is_none() {
            return;
        }
        self.fresh = true;
        self.meters.fill(f64::NAN);
        self.dsp.reset();
        for index in 0..self.values.len() {
            self.tell(index);
        }
    }

    /// `[audio]` Values from a loaded state.
    pub(crate) fn load(&mut self, value: impl Fn(usize) -> f64) {
        for index in 0..self.values.len() {
            self.set(index, value(index));
        }
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn tail(&self) -> u32 {
        self.dsp.tail()
    }

    /// Passes a value on to whoever acts on it.
    fn tell(&mut self, index: usize) {
        let (param, value) = (&self.plugin.params[index], self.values[index]);
        match param.role {
            Role::Bypass => {
                self.bypass_target = param.plain(value);
                if self.fresh {
                    self.bypass = self.bypass_target;
                }
            }
            Role::Knob => self.dsp.param(index, param.plain(value), self.fresh),
            Role::Program | Role::Meter | Role::SampleRate => {}
        }
    }

    fn set(&mut self, index: usize, value: f64) {
        let param = &self.plugin.params[index];
        if !param.writable() || value == self.values[index] {
            return;
        }
        self.values[index] = value;
        if self.config.is_some() {
            self.tell(index);
        }
    }

    fn choose_program(&mut self, program: usize, position: i32) {
        for (index, value) in self.plugin.program_values(program).enumerate() {
            let Some(value) = value else { continue };
            self.set(index, value);
            if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.param == index) {
                lane.curve.jump(position, value);
            }
        }
    }

    /// A parameter takes a value at a sample; a program takes its parameters along.
    fn take(&mut self, index: usize, value: f64, position: i32) {
        if value == self.values[index] {
            return;
        }
        let param = &self.plugin.params[index];
        let before = param.plain(self.values[index]);
        self.set(index, value);
        let after = param.plain(value);
        if param.role == Role::Program && before != after {
            self.choose_program(after as usize, position);
        }
    }

    fn open_lanes(&mut self, block: &impl Block) {
        self.lanes.clear();
        for queue in 0..block.queues() {
            let Some(param) = block.queue_id(queue).and_then(|id| self.plugin.index_of(id)) else { continue };
            // A second queue of the same parameter breaks the rules; the first one stands.
            let known = self.lanes.iter().any(|lane| lane.param == param);
            if known || !self.plugin.params[param].writable() || self.lanes.len() == self.lanes.capacity() {
                continue;
            }
            let curve = Curve::start(self.values[param], |i| block.point(queue, i));
            let lane = Lane { param, queue, curve };
            if self.plugin.params[param].role == Role::Program {
                // First, so that a knob turned on the same sample turns the new program's knob.
                self.lanes.insert(0, lane);
            } else {
                self.lanes.push(lane);
            }
        }
    }

    /// Sets all parameters to where they stand at a sample; answers where the next change may be.
    fn turn(&mut self, block: &impl Block, position: i32) -> i32 {
        let mut until = i32::MAX;
        for slot in 0..self.lanes.len() {
            let lane = &mut self.lanes[slot];
            let (param, queue) = (lane.param, lane.queue);
            let moves = self.plugin.params[param].step_count() == 0;
            let reading = lane.curve.at(position, moves, |i| block.point(queue, i));
            until = until.min(reading.until);
            self.take(param, reading.value, position);
        }
        until
    }

    /// `[audio]` Takes over the last value of each queue without making sound.
    pub(crate) fn flush(&mut self, block: &impl Block) {
        self.open_lanes(block);
        self.turn(block, i32::MAX - 1);
        self.lanes.clear();
    }

    /// `[audio]` Runs a block; false when it is longer than prepared.
    pub(crate) fn run(&mut self, block: &impl Block) -> bool {
        let frames = block.frames();
        let Some(config) = self.config else { return false };
        if frames > config.max_block {
            return false;
        }
        self.read_inputs(block, frames);
        self.open_lanes(block);
        self.dsp.transport(&block.transport());

        let (mut position, mut next_event) = (0, 0);
        while position < frames {
            let mut until = self.turn(block, position as i32);
            while let Some((offset, event)) = block.event(next_event) {
                if offset > position as i32 {
                    until = until.min(offset);
                    break;
                }
                if let Some(event) = event {
                    self.dsp.event(&event);
                }
                next_event += 1;
            }
            let end = usize::try_from(until).unwrap_or(frames).clamp(position + 1, frames);
            self.stretch(position, end, config.rate);
            position = end;
            self.fresh = false;
        }
        // Changes placed behind the block's end are early rather than lost.
        self.turn(block, i32::MAX - 1);
        self.lanes.clear();
        while let Some((_, event)) = block.event(next_event) {
            if let Some(event) = event {
                self.dsp.event(&event);
            }
            next_event += 1;
        }

        for (channel, samples) in self.main.iter().enumerate() {
            block.write(channel, &samples[..frames]);
        }
        self.report(block);
        true
    }

    fn read_inputs(&mut self, block: &impl Block, frames: usize) {
        for (channel, samples) in self.main.iter_mut().enumerate() {
            // A mono input feeds both sides.
            let source = channel.min(self.inputs.saturating_sub(1));
            if self.inputs == 0 || !block.read(0, source, &mut samples[..frames]) {
                samples[..frames].fill(0.0);
            }
        }
        for (channel, samples) in self.side.iter_mut().enumerate() {
            if !block.read(1, channel, &mut samples[..frames]) {
                samples[..frames].fill(0.0);
            }
        }
    }

    fn stretch(&mut self, from: usize, to: usize, rate: f64) {
        let resting = self.bypass == self.bypass_target;
        if resting && self.bypass == 1.0 {
            return;
        }
        if !resting {
            for (dry, main) in self.dry.iter_mut().zip(&self.main) {
                dry[from..to].copy_from_slice(&main[from..to]);
            }
        }
        self.dsp.process(&mut Io::new(&mut self.main, &self.side, from, to));
        if resting {
            return;
        }
        let step = 1.0 / (BYPASS_SECONDS * rate).max(1.0);
        for frame in from..to {
            let way = self.bypass_target - self.bypass;
            self.bypass = if way.abs() <= step { self.bypass_target } else { self.bypass + step.copysign(way) };
            for (main, dry) in self.main.iter_mut().zip(&self.dry) {
                main[frame] = if self.bypass == 1.0 {
                    dry[frame]
                } else {
                    main[frame] + (dry[frame] - main[frame]) * self.bypass
                };
            }
        }
        if self.bypass == 1.0 {
            // Whatever rang is gone; coming back starts fresh.
            self.dsp.reset();
            let fresh = std::mem::replace(&mut self.fresh, true);
            for index in 0..self.values.len() {
                self.tell(index);
            }
            self.fresh = fresh;
        }
    }

    fn report(&mut self, block: &impl Block) {
        for (index, param) in self.plugin.params.iter().enumerate() {
            if param.role != Role::Meter {
                continue;
            }
            if let Some(value) = self.dsp.meter(index)
                && value != self.meters[index]
            {
                self.meters[index] = value;
                block.meter(param.id, value);
            }
        }
    }
}
