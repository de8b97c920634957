//! One of the recorder's plugins with everything a block needs.

use crate::support::fixtures;
use sonic_bridge::{
    formats::vst3::Vst3,
    model::{Event, EventBody, ParamId, ParamPoint, PluginId, PluginInfo, Transport},
    plugin::{Block, BlockOut, Controller, Format, Notice, Precision, ProcessError, ProcessMode, Processor, Setup},
    rt::{Channel, Pool},
};
use std::path::Path;

/// Component and controller apart.
pub const APART: &str = "Recorder";
/// Both in one object.
pub const SINGLE: &str = "Recorder Single";
/// Both plugins of the recorder.
pub const BOTH: [&str; 2] = [APART, SINGLE];

pub const GAIN: ParamId = ParamId(100);
pub const BYPASS: ParamId = ParamId(7);
pub const PROGRAM: ParamId = ParamId(2000);
pub const METER: ParamId = ParamId(33);
pub const CHOICE: ParamId = ParamId(4);
pub const HIDDEN: ParamId = ParamId(555);
pub const FIXED: ParamId = ParamId(71);
pub const WHEEL: ParamId = ParamId(8);

/// Finds a plugin of the recorder.
pub fn plugin(name: &str) -> PluginInfo {
    plugin_of(&fixtures::bundle(&fixtures::recorder(), "Recorder"), name)
}

/// The plugin that the recorder says it replaces. Ids of our plugins are made from their names, by FNV-1a.
pub fn predecessor() -> PluginId {
    let hash = "Recorder 0.9".bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    PluginId(format!("vst3:{hash:032X}"))
}

/// Finds a plugin of a bundle.
pub fn plugin_of(bundle: &Path, name: &str) -> PluginInfo {
    let all = Vst3.probe(bundle).unwrap();
    all.into_iter().find(|plugin| plugin.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Loads a plugin of the recorder for offline work.
pub fn load(name: &str) -> Box<dyn Controller> {
    Vst3.load(&plugin(name), true).unwrap()
}

/// Offline, 48 kHz, 256 frames.
pub fn setup() -> Setup {
    Setup { sample_rate: 48_000.0, max_block: 256, mode: ProcessMode::Offline, precision: Precision::F32 }
}

/// The song runs in four-four at 120.
pub fn song() -> Transport {
    Transport {
        playing: true,
        tempo: Some(120.0),
        signature: Some((4, 4)),
        quarters: Some(0.0),
        bar_start: Some(0.0),
        cycle: Some((0.0, 4.0)),
        ..Transport::default()
    }
}

/// A point.
pub fn point(param: ParamId, offset: u32, value: f64) -> ParamPoint {
    ParamPoint { param, offset, value }
}

/// A key goes down.
pub fn on(offset: u32, key: i16, note_id: i32) -> Event {
    let body = EventBody::NoteOn { channel: 0, key, velocity: 0.5, tuning: 0.0, note_id };
    Event { offset, bus: 0, body }
}

/// A key comes up.
pub fn off(offset: u32, key: i16, note_id: i32) -> Event {
    Event { offset, bus: 0, body: EventBody::NoteOff { channel: 0, key, velocity: 0.0, note_id } }
}

/// A MIDI controller moves.
pub fn controller(offset: u32, number: u16, value: f64) -> Event {
    Event { offset, bus: 0, body: EventBody::Controller { channel: 0, number, value } }
}

/// A loaded plugin, resting or playing.
pub struct Rig {
    pub controller: Box<dyn Controller>,
    pub audio: Option<Audio>,
}

/// The audio half and what it plays in.
pub struct Audio {
    pub processor: Box<dyn Processor>,
    pub pool: Pool,
    pub inputs: Vec<Channel>,
    pub outputs: Vec<Channel>,
    pub out: BlockOut,
    pub transport: Transport,
}

impl Audio {
    pub fn new(processor: Box<dyn Processor>, controller: &dyn Controller, setup: &Setup) -> Self {
        let (ins, outs) = (controller.layout().input_channels(), controller.layout().output_channels());
        Self {
            processor,
            pool: Pool::new(ins + outs, setup.max_block as usize),
            inputs: (0..ins as u16).map(Channel).collect(),
            outputs: (ins as u16..(ins + outs) as u16).map(Channel).collect(),
            out: BlockOut::with_capacity(256, 256),
            transport: song(),
        }
    }

    /// One block with `level` on every input channel, 0.0 being flagged silent.
    pub fn block(
        &mut self,
        frames: usize,
        level: f32,
        params: &[ParamPoint],
        events: &[Event],
    ) -> Result<(), ProcessError> {
        for channel in &self.inputs {
            let within = frames.min(self.pool.max_frames());
            match level {
                0.0 => self.pool.silence(*channel, within),
                _ => self.pool.channel_mut(*channel, within).fill(level),
            }
        }
        self.out.clear();
        let (inputs, outputs) = (&self.inputs, &self.outputs);
        let pool = &mut self.pool;
        let (transport, out) = (&self.transport, &mut self.out);
        let mut block = Block { frames, pool, inputs, outputs, params, events, transport, out };
        let result = self.processor.process(&mut block);
        if result.is_ok() {
            self.transport.position += frames as i64;
            self.transport.continuous += frames as i64;
            self.transport.quarters = Some(self.transport.position as f64 / 24_000.0);
        }
        result
    }
}

impl Rig {
    /// Loaded, resting.
    pub fn load(name: &str) -> Self {
        Self { controller: load(name), audio: None }
    }

    /// Loaded and playing.
    pub fn playing(name: &str) -> Self {
        let mut rig = Self::load(name);
        rig.start(&setup());
        rig
    }

    pub fn start(&mut self, setup: &Setup) {
        let processor = self.controller.activate(setup).unwrap();
        self.audio = Some(Audio::new(processor, &*self.controller, setup));
    }

    pub fn audio(&mut self) -> &mut Audio {
        self.audio.as_mut().unwrap()
    }

    /// A block of sound.
    pub fn block(&mut self, frames: usize, params: &[ParamPoint], events: &[Event]) {
        self.audio().block(frames, 0.25, params, events).unwrap();
    }

    /// First sample of the first output channel.
    pub fn heard(&mut self) -> f32 {
        let audio = self.audio();
        audio.pool.channel(audio.outputs[0], 1)[0]
    }

    pub fn poll(&mut self) -> Vec<Notice> {
        self.controller.poll()
    }

    /// Does the restart a notice asked for.
    pub fn restart(&mut self, setup: &Setup) {
        let processor = self.audio.take().unwrap().processor;
        let processor = self.controller.restart(processor).unwrap();
        self.audio = Some(Audio::new(processor, &*self.controller, setup));
    }

    pub fn stop(&mut self) {
        self.controller.deactivate(self.audio.take().unwrap().processor).unwrap();
    }
}
