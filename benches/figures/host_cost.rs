//! What a block costs beyond the plugin's own `process()`: 128 frames, stereo, one plugin in a schedule.
//!
//! Both sides play the very same instance: the schedule has the bridge's processor, and the bare loop the interface behind
//! it, on the same thread in turns. Two instances would differ by where their memory lies, which for a plugin of 60 ns is
//! as much as what is to be measured. Filling the inputs and looking at an output is part of both sides.

use crate::bare_changes::OnePoint;
use crate::figures::Figures;
use crate::support::{bare::Bin, fixtures, player};
use crate::turns::Turns;
use sonic_bridge::engine::{CompileSetup, LoadedNode, Schedule, compile};
use sonic_bridge::formats::vst3::Vst3Processor;
use sonic_bridge::model::{
    Arrangement, BusInfo, Edge, GraphSpec, NodeKind, NodeSpec, ParamId, ParamPoint, Port, Transport,
};
use sonic_bridge::plugin::{Controller, LayoutRequest};
use sonic_bridge::rt::{Channel, Pool, door::Door};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use vst3::ComPtr;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, ProcessContext, ProcessData,
};

const FRAMES: usize = 128;
/// Pairs of turns for a figure.
const TURNS: usize = 10_001;
/// Length of a turn: shorter than a time slice, so that most turns are undisturbed.
const TURN_NS: f64 = 20_000.0;
/// The cheapest of the stereo plugins in the packages.
const SMALLEST: &str = "ZamHeadX2";

/// Measures a near-free plugin of our own and the smallest real one.
pub fn run(figures: &mut Figures) {
    let gain = fixtures::bundle(&fixtures::demo_plugins(), "Sonic Gain");
    let smallest = fixtures::bundle(&fixtures::real_plugins(), SMALLEST);
    for (name, bundle) in [("Sonic Gain", gain), (SMALLEST, smallest)] {
        let mut subject = Subject::load(&bundle);
        let calls = subject.calls_in_a_turn();
        for with_point in [false, true] {
            let turns = subject.turns(calls, with_point);
            let (what, goal) = if with_point { ("one point", 120.0) } else { ("no changes", 60.0) };
            let mut raw = turns.raw().to_vec();
            raw.push(("difference of best", raw[1].1 - raw[0].1));
            figures.add(&format!("{name}, {what}"), turns.difference(), "ns", goal, &raw);
        }
        // A live audio thread stays behind the door and finds the float environment as it should be.
        let _door = Door::enter();
        let turns = subject.turns(calls, false);
        let (difference, raw) = (turns.difference(), turns.raw());
        figures
            .note(&format!("{name}, no changes, both behind the door"), &[("difference", difference), raw[0], raw[1]]);
        subject.unload();
    }
}

/// An active plugin with both ways to run it.
struct Subject {
    controller: Box<dyn Controller>,
    schedule: Schedule,
    bare: BareLoop,
    param: ParamId,
    value: f64,
}

impl Subject {
    fn load(bundle: &Path) -> Self {
        let mut controller = player::load(bundle);
        let stereo = Arrangement::for_channels(2);
        controller.configure(&LayoutRequest::main(stereo, stereo)).unwrap();
        let processor = controller.activate(&player::offline(FRAMES as u32)).unwrap();
        let Ok(own) = processor.into_any().downcast::<Vst3Processor>() else { panic!("a VST3 plugin") };
        let layout = controller.layout();
        assert_eq!((layout.input_channels(), layout.output_channels()), (2, 2), "{}", bundle.display());
        let param = controller.params().iter().find(|param| param.flags.automatable).unwrap().id;
        let value = controller.normalized(param).unwrap();
        let bare = BareLoop::new(own.interface(), &layout.inputs, &layout.outputs, param);
        let node = LoadedNode {
            processor: own,
            name: controller.plugin().name.clone(),
            inputs: 2,
            outputs: 2,
            latency: controller.latency(),
            tail: controller.tail(),
            sleeps: false,
        };
        Self { controller, schedule: line(node), bare, param, value }
    }

    fn calls_in_a_turn(&mut self) -> usize {
        let some = time(200, || self.bare.block());
        (TURN_NS / some).clamp(1.0, 1000.0) as usize
    }

    /// Both sides, in nanoseconds a block.
    fn turns(&mut self, calls: usize, with_point: bool) -> Turns {
        let Self { schedule, bare, param, value, .. } = self;
        let point = ParamPoint { param: *param, offset: 0, value: *value };
        let transport = Transport::default();
        bare.data.inputParameterChanges = if with_point { bare.point.pointer() } else { std::ptr::null_mut() };
        let bare_turn = || {
            time(calls, || {
                if with_point {
                    bare.point.set(point.offset, point.value);
                }
                bare.block();
            })
        };
        let bridge_turn = || {
            time(calls, || {
                for channel in 0..2 {
                    fill(schedule.input_mut(0, channel, FRAMES));
                }
                if with_point {
                    schedule.queue_param(1, point);
                }
                black_box(schedule.process(FRAMES, &transport));
                black_box(schedule.output(2, 0, FRAMES));
            })
        };
        Turns::take(TURNS, bare_turn, bridge_turn)
    }

    fn unload(mut self) {
        // A plugin counts who holds it.
        drop(self.bare);
        for node in self.schedule.into_nodes().into_iter().flatten() {
            self.controller.deactivate(node.processor).unwrap();
        }
    }
}

/// Input 0, plugin 1, output 2.
fn line(node: LoadedNode) -> Schedule {
    let port = |node| Port { node, channels: 0..2 };
    let spec = |key: &str, kind| NodeSpec { key: key.to_owned(), kind };
    let graph = GraphSpec {
        name: "line".to_owned(),
        nodes: vec![
            spec("in", NodeKind::Input { channels: 2 }),
            spec("plugin", NodeKind::Plugin),
            spec("out", NodeKind::Output { channels: 2 }),
        ],
        edges: vec![Edge { from: port(0), to: port(1) }, Edge { from: port(1), to: port(2) }],
    };
    let setup = CompileSetup { sample_rate: 48_000.0, max_block: FRAMES };
    compile(&graph, vec![None, Some(node), None], &setup).expect("a line is a right graph")
}

/// The plugin's interface and all that its `process()` wants, made once.
struct BareLoop {
    interface: ComPtr<IAudioProcessor>,
    data: ProcessData,
    point: OnePoint,
    _bin: Bin,
    pool: Pool,
    first_output: u16,
    _buses: Vec<AudioBusBuffers>,
    _pointers: Vec<Box<[*mut f32]>>,
    _context: Box<ProcessContext>,
}

impl BareLoop {
    fn new(interface: ComPtr<IAudioProcessor>, inputs: &[BusInfo], outputs: &[BusInfo], param: ParamId) -> Self {
        let both = || inputs.iter().chain(outputs);
        let channels: usize = both().map(|bus| bus.channels as usize).sum();
        let mut pool = Pool::new(channels, FRAMES);
        let (mut buses, mut pointers, mut next) = (Vec::new(), Vec::new(), 0);
        for bus in both() {
            let range = next..next + bus.channels as u16;
            let mut own: Box<[*mut f32]> = range.map(|at| pool.pointer(Channel(at), true)).collect();
            buses.push(AudioBusBuffers {
                numChannels: bus.channels as i32,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 { channelBuffers32: own.as_mut_ptr() },
            });
            pointers.push(own);
            next += bus.channels as u16;
        }
        let first_output: u32 = inputs.iter().map(|bus| bus.channels).sum();
        // SAFETY: plain numbers; all zeros is a value.
        let mut context: Box<ProcessContext> = Box::new(unsafe { std::mem::zeroed() });
        context.sampleRate = 48_000.0;
        let bin = Bin::new();
        let (first, rest) = buses.split_at_mut(inputs.len());
        let data = ProcessData {
            processMode: 2,
            symbolicSampleSize: 0,
            numSamples: FRAMES as i32,
            numInputs: inputs.len() as i32,
            numOutputs: outputs.len() as i32,
            inputs: first.as_mut_ptr(),
            outputs: rest.as_mut_ptr(),
            inputParameterChanges: std::ptr::null_mut(),
            outputParameterChanges: bin.pointer(),
            inputEvents: std::ptr::null_mut(),
            outputEvents: std::ptr::null_mut(),
            processContext: &raw mut *context,
        };
        Self {
            interface,
            data,
            point: OnePoint::new(param.0),
            _bin: bin,
            pool,
            first_output: first_output as u16,
            _buses: buses,
            _pointers: pointers,
            _context: context,
        }
    }

    #[inline]
    fn block(&mut self) {
        for channel in 0..2 {
            fill(self.pool.channel_mut(Channel(channel), FRAMES));
        }
        // SAFETY: the instance is active and nobody else is in its process(); the buffers live as long as `self`.
        black_box(unsafe { self.interface.process(&mut self.data) });
        black_box(self.pool.channel(Channel(self.first_output), FRAMES));
    }
}

/// The clock's part, the same on both sides.
#[inline(never)]
fn fill(samples: &mut [f32]) {
    samples.fill(0.25);
}

/// Nanoseconds of one call.
fn time(calls: usize, mut work: impl FnMut()) -> f64 {
    let started = Instant::now();
    for _ in 0..calls {
        work();
    }
    started.elapsed().as_nanos() as f64 / calls as f64
}
