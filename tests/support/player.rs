//! Plays sound through a loaded plugin, block by block, without an engine around it.

use sonic_bridge::model::{Arrangement, Event, ParamPoint, Transport};
use sonic_bridge::plugin::{
    Block, BlockOut, Controller, Format, LayoutRequest, Precision, ProcessMode, Processor, Setup,
};
use sonic_bridge::rt::{Channel, Pool};
use std::path::Path;

/// A loaded plugin with its audio half and the memory it plays in.
pub struct Player {
    /// The main-thread half.
    pub controller: Box<dyn Controller>,
    processor: Option<Box<dyn Processor>>,
    pool: Pool,
    inputs: Vec<Channel>,
    outputs: Vec<Channel>,
    out: BlockOut,
    transport: Transport,
    setup: Setup,
}

/// Loads the first plugin of a bundle.
pub fn load(bundle: &Path) -> Box<dyn Controller> {
    load_nth(bundle, 0)
}

/// Loads one of the plugins of a bundle.
pub fn load_nth(bundle: &Path, nth: usize) -> Box<dyn Controller> {
    let format = sonic_bridge::formats::vst3::Vst3;
    let plugins = format.probe(bundle).unwrap_or_else(|error| panic!("{}: {error}", bundle.display()));
    format.load(&plugins[nth], true).unwrap_or_else(|error| panic!("{}: {error}", bundle.display()))
}

/// Offline at 48 kHz.
pub fn offline(max_block: u32) -> Setup {
    Setup { sample_rate: 48_000.0, max_block, mode: ProcessMode::Offline, precision: Precision::F32 }
}

/// The same noise for everybody: white, −12 dBFS peak, different in each channel.
pub fn noise(channels: usize, frames: usize) -> Vec<Vec<f32>> {
    (0..channels)
        .map(|channel| {
            let mut state = 0x9e37_79b9_u32.wrapping_mul(channel as u32 + 1) | 1;
            (0..frames)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    (state as f32 / u32::MAX as f32 - 0.5) * 0.5
                })
                .collect()
        })
        .collect()
}

impl Player {
    /// Main buses with this many channels if the plugin likes that, then active.
    pub fn start(mut controller: Box<dyn Controller>, channels: usize, setup: Setup) -> Self {
        let wish = Arrangement::for_channels(channels);
        controller.configure(&LayoutRequest::main(wish, wish)).unwrap();
        let processor = controller.activate(&setup).unwrap();
        let (ins, outs) = (controller.layout().input_channels(), controller.layout().output_channels());
        Self {
            controller,
            processor: Some(processor),
            pool: Pool::new(ins + outs, setup.max_block as usize),
            inputs: (0..ins as u16).map(Channel).collect(),
            outputs: (ins as u16..(ins + outs) as u16).map(Channel).collect(),
            out: BlockOut::with_capacity(4096, 4096),
            transport: Transport::default(),
            setup,
        }
    }

    /// Channels in and out.
    pub fn channels(&self) -> (usize, usize) {
        (self.inputs.len(), self.outputs.len())
    }

    /// One block; the input channels are reused when there are too few.
    pub fn block(&mut self, input: &[&[f32]], frames: usize, params: &[ParamPoint], events: &[Event]) -> Vec<Vec<f32>> {
        for (at, channel) in self.inputs.iter().enumerate() {
            match input.get(at.min(input.len().saturating_sub(1))) {
                Some(source) => self.pool.channel_mut(*channel, frames).copy_from_slice(&source[..frames]),
                None => self.pool.silence(*channel, frames),
            }
        }
        self.out.clear();
        let mut block = Block {
            frames,
            pool: &mut self.pool,
            inputs: &self.inputs,
            outputs: &self.outputs,
            params,
            events,
            transport: &self.transport,
            out: &mut self.out,
        };
        self.processor.as_mut().unwrap().process(&mut block).unwrap();
        assert!(self.pool.guards_intact(), "{} wrote past its buffers", self.controller.plugin().name);
        self.transport.position += frames as i64;
        self.transport.continuous += frames as i64;
        self.outputs.iter().map(|channel| self.pool.channel(*channel, frames).to_vec()).collect()
    }

    /// Planar sound in blocks of a length; the output has the input's length.
    pub fn play(&mut self, input: &[Vec<f32>], block: usize) -> Vec<Vec<f32>> {
        assert!(block <= self.setup.max_block as usize);
        let total = input.first().map_or(0, Vec::len);
        let mut output = vec![Vec::with_capacity(total); self.outputs.len()];
        let mut at = 0;
        while at < total {
            let frames = block.min(total - at);
            let slices: Vec<&[f32]> = input.iter().map(|channel| &channel[at..at + frames]).collect();
            for (all, part) in output.iter_mut().zip(self.block(&slices, frames, &[], &[])) {
                all.extend(part);
            }
            at += frames;
        }
        output
    }

    /// What the plugin sent during the last block.
    pub fn sent(&self) -> &BlockOut {
        &self.out
    }

    /// The audio half, to be called directly.
    pub fn processor(&mut self) -> &mut dyn Processor {
        &mut **self.processor.as_mut().unwrap()
    }

    /// Does what [`sonic_bridge::plugin::Notice::Restart`] asks for.
    pub fn restart(&mut self) {
        let processor = self.processor.take().unwrap();
        self.processor = Some(self.controller.restart(processor).unwrap());
    }

    /// Stops, and gives the controller back.
    pub fn stop(mut self) -> Box<dyn Controller> {
        let processor = self.processor.take().unwrap();
        self.controller.deactivate(processor).unwrap();
        self.controller
    }
}

/// Equal to the last bit, NaN included.
pub fn same_bits(a: &[Vec<f32>], b: &[Vec<f32>]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits()))
}
