//! L2 · processors for the engine's own tests: each has one property, good or bad.
//!
//! Thread: the test's. Invariant: none of them is random.

use super::{CompileSetup, LoadedNode};
use crate::{
    model::{Edge, Event, GraphSpec, NodeKind, NodeSpec, ParamPoint, Port},
    plugin::{Block, ProcessError, Processor, Tail},
};
use std::{
    any::Any,
    ops::Range,
    sync::{Arc, Mutex},
};

type Work = Box<dyn FnMut(&mut Block<'_>) -> Result<(), ProcessError> + Send>;

/// What a fake was told outside of blocks.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Diary {
    pub resets: usize,
    pub flushed: Vec<ParamPoint>,
    pub params: Vec<ParamPoint>,
    pub events: Vec<Event>,
    pub blocks: Vec<usize>,
}

/// A processor made of a closure.
pub struct Fake {
    work: Work,
    pub diary: Arc<Mutex<Diary>>,
}

impl Processor for Fake {
    fn process(&mut self, block: &mut Block<'_>) -> Result<(), ProcessError> {
        {
            let mut diary = self.diary.lock().unwrap();
            diary.params.extend_from_slice(block.params);
            diary.events.extend_from_slice(block.events);
            diary.blocks.push(block.frames);
        }
        (self.work)(block)
    }

    fn flush(&mut self, params: &[ParamPoint]) {
        self.diary.lock().unwrap().flushed.extend_from_slice(params);
    }

    fn reset(&mut self) {
        self.diary.lock().unwrap().resets += 1;
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// A loaded node around a closure.
pub fn node(
    inputs: usize,
    outputs: usize,
    work: impl FnMut(&mut Block<'_>) -> Result<(), ProcessError> + Send + 'static,
) -> LoadedNode {
    let processor = Box::new(Fake { work: Box::new(work), diary: Arc::default() });
    LoadedNode { processor, name: "fake".into(), inputs, outputs, latency: 0, tail: Tail::None, sleeps: true }
}

/// The same, and a way to read what it was told.
pub fn watched(
    inputs: usize,
    outputs: usize,
    work: impl FnMut(&mut Block<'_>) -> Result<(), ProcessError> + Send + 'static,
) -> (LoadedNode, Arc<Mutex<Diary>>) {
    let diary = Arc::<Mutex<Diary>>::default();
    let processor = Box::new(Fake { work: Box::new(work), diary: diary.clone() });
    let node = node(inputs, outputs, |_| Ok(()));
    (LoadedNode { processor, ..node }, diary)
}

/// Multiplies.
pub fn gain(channels: usize, factor: f32) -> LoadedNode {
    node(channels, channels, move |block| {
        for (from, to) in block.inputs.iter().zip(block.outputs) {
            let (source, target) = block.pool.pair_mut(*from, *to, block.frames);
            target.iter_mut().zip(source).for_each(|(out, sample)| *out = sample * factor);
        }
        Ok(())
    })
}

/// Passes sound through so many samples later, and says so. Scribbles on its inputs.
pub fn late(channels: usize, latency: u32) -> LoadedNode {
    let mut lines = vec![std::collections::VecDeque::from(vec![0.0_f32; latency as usize]); channels];
    let node = node(channels, channels, move |block| {
        for ((from, to), line) in block.inputs.iter().zip(block.outputs).zip(&mut lines) {
            line.extend(block.pool.channel(*from, block.frames));
            let target = block.pool.channel_mut(*to, block.frames);
            target.iter_mut().for_each(|out| *out = line.pop_front().unwrap());
            block.pool.channel_mut(*from, block.frames).fill(f32::NAN);
        }
        Ok(())
    });
    LoadedNode { latency, ..node }
}

/// Keeps long chains of mixers within the numbers that are exact in 32 bits.
pub const MODULUS: f32 = 8191.0;

/// Sums all inputs times their position (from 1), modulo [`MODULUS`], into every output, plus the output's position.
/// Scribbles.
pub fn mixer(inputs: usize, outputs: usize, latency: u32) -> LoadedNode {
    let mut line = std::collections::VecDeque::from(vec![0.0_f32; latency as usize]);
    let node = node(inputs, outputs, move |block| {
        let mut sum = vec![0.0_f32; block.frames];
        for (at, from) in block.inputs.iter().enumerate() {
            let source = block.pool.channel_mut(*from, block.frames);
            sum.iter_mut().zip(source).for_each(|(sum, sample)| {
                *sum += *sample * (at + 1) as f32;
                *sample = f32::NAN;
            });
        }
        line.extend(sum.iter().map(|sum| sum % MODULUS));
        let late: Vec<f32> = line.drain(..block.frames).collect();
        for (at, to) in block.outputs.iter().enumerate() {
            block
                .pool
                .channel_mut(*to, block.frames)
                .iter_mut()
                .zip(&late)
                .for_each(|(out, sum)| *out = sum + at as f32);
        }
        Ok(())
    });
    LoadedNode { latency, ..node }
}

/// Says the same value for ever.
pub fn constant(channels: usize, value: f32) -> LoadedNode {
    node(0, channels, move |block| {
        for to in block.outputs {
            block.pool.channel_mut(*to, block.frames).fill(value);
        }
        Ok(())
    })
}

/// A graph written down quickly: nodes by key, edges by `(from, channels, to, channels)`.
#[derive(Default)]
pub struct Sketch {
    pub spec: GraphSpec,
    pub nodes: Vec<Option<LoadedNode>>,
}

impl Sketch {
    pub fn add(&mut self, key: &str, kind: NodeKind, loaded: Option<LoadedNode>) -> usize {
        self.spec.nodes.push(NodeSpec { key: key.into(), kind });
        self.nodes.push(loaded);
        self.nodes.len() - 1
    }

    pub fn input(&mut self, channels: u16) -> usize {
        let key = format!("in{}", self.nodes.len());
        self.add(&key, NodeKind::Input { channels }, None)
    }

    pub fn output(&mut self, channels: u16) -> usize {
        let key = format!("out{}", self.nodes.len());
        self.add(&key, NodeKind::Output { channels }, None)
    }

    pub fn plugin(&mut self, loaded: LoadedNode) -> usize {
        let key = format!("plugin{}", self.nodes.len());
        self.add(&key, NodeKind::Plugin, Some(loaded))
    }

    pub fn cable(&mut self, from: (usize, Range<u16>), to: (usize, Range<u16>)) {
        let port = |(node, channels)| Port { node, channels };
        self.spec.edges.push(Edge { from: port(from), to: port(to) });
    }

    /// Mono cables all along.
    pub fn line(&mut self, nodes: &[usize]) {
        for pair in nodes.windows(2) {
            self.cable((pair[0], 0..1), (pair[1], 0..1));
        }
    }

    pub fn compile(self, max_block: usize) -> Result<super::Schedule, super::CompileError> {
        super::compile(&self.spec, self.nodes, &CompileSetup { sample_rate: 48_000.0, max_block })
    }
}
