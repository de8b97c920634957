//! What is run as audio: each demo plugin in a schedule, with blocks of many lengths, notes, and every parameter moving.

use crate::as_audio;
use sonic_bridge::engine::{CompileSetup, LoadedNode, Schedule, compile};
use sonic_bridge::formats::vst3::Vst3;
use sonic_bridge::model::{
    Arrangement, Edge, Event, EventBody, GraphSpec, NodeKind, NodeSpec, ParamId, ParamPoint, Port, Transport,
};
use sonic_bridge::plugin::{Format, LayoutRequest, Precision, ProcessMode, Setup};
use std::path::{Path, PathBuf};

const SAMPLE_RATE: f64 = 48_000.0;
const MAX_BLOCK: usize = 512;
const LENGTHS: [usize; 6] = [128, 64, 441, 512, 1, 37];
const BLOCKS: usize = 600;

/// Plays every plugin of the folder `SONIC_DEMO_PLUGINS` and says how many blocks ran.
pub fn run() -> usize {
    let folder = std::env::var_os("SONIC_DEMO_PLUGINS").expect("SONIC_DEMO_PLUGINS is set: run `cargo xtask rtsan`");
    let entries = std::fs::read_dir(&folder).expect("the folder of the demo plugins can be read");
    let mut bundles: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    bundles.sort();
    assert!(!bundles.is_empty(), "{} holds no plugins: run `cargo xtask rtsan`", folder.display());
    bundles.iter().map(|bundle| play(bundle)).sum()
}

fn play(bundle: &Path) -> usize {
    let plugin = Vst3.probe(bundle).expect("the plugin can be examined").swap_remove(0);
    println!("{}", plugin.name);
    let mut controller = Vst3.load(&plugin, false).expect("the plugin can be loaded");
    let stereo = Arrangement::for_channels(2);
    controller.configure(&LayoutRequest::main(stereo, stereo)).expect("the plugin can be stereo");
    let setup = Setup {
        sample_rate: SAMPLE_RATE,
        max_block: MAX_BLOCK as u32,
        mode: ProcessMode::Realtime,
        precision: Precision::F32,
    };
    let processor = controller.activate(&setup).expect("the plugin can be activated");
    let layout = controller.layout();
    let (inputs, outputs) = (layout.input_channels(), layout.output_channels());
    let plays_notes = !layout.event_inputs.is_empty();
    let movable: Vec<ParamId> = controller
        .params()
        .iter()
        .filter(|param| !param.flags.read_only && !param.flags.bypass)
        .map(|param| param.id)
        .collect();
    let node = LoadedNode {
        processor,
        name: plugin.name.clone(),
        inputs,
        outputs,
        latency: controller.latency(),
        tail: controller.tail(),
        sleeps: false,
    };
    let setup = CompileSetup { sample_rate: SAMPLE_RATE, max_block: MAX_BLOCK };
    let nodes = vec![None, Some(node), None];
    let mut schedule = compile(&line(inputs, outputs), nodes, &setup).expect("the graph can be played");

    for block in 0..BLOCKS {
        as_audio(&mut || step(&mut schedule, block, inputs, outputs, &movable, plays_notes));
    }

    let stats = schedule.node_stats(1);
    println!("  {stats:?}");
    let processor = schedule.take_processor(1).expect("the processor comes back");
    controller.deactivate(processor).expect("the plugin can be deactivated");
    BLOCKS
}

/// Input → plugin → output; a plugin without inputs hears nothing.
fn line(inputs: usize, outputs: usize) -> GraphSpec {
    let (ins, outs) = (inputs as u16, outputs as u16);
    let node = |key: &str, kind| NodeSpec { key: key.to_owned(), kind };
    let port = |node, channels| Port { node, channels: 0..channels };
    let mut edges = vec![Edge { from: port(1, outs), to: port(2, outs) }];
    if ins > 0 {
        edges.push(Edge { from: port(0, ins), to: port(1, ins) });
    }
    GraphSpec {
        name: "line".to_owned(),
        nodes: vec![
            node("in", NodeKind::Input { channels: ins.max(1) }),
            node("plugin", NodeKind::Plugin),
            node("out", NodeKind::Output { channels: outs }),
        ],
        edges,
    }
}

/// One block, as a sound card's callback would run it.
fn step(schedule: &mut Schedule, block: usize, inputs: usize, outputs: usize, movable: &[ParamId], plays_notes: bool) {
    let frames = LENGTHS[block % LENGTHS.len()];
    for channel in 0..inputs {
        for (at, sample) in schedule.input_mut(0, channel, frames).iter_mut().enumerate() {
            *sample = if (block + at) % 97 < 48 { 0.25 } else { -0.25 };
        }
    }
    if !movable.is_empty() {
        let param = movable[block % movable.len()];
        let value = (block / movable.len() % 5) as f64 / 4.0;
        schedule.queue_param(1, ParamPoint { param, offset: (frames / 2) as u32, value });
    }
    if plays_notes {
        let (channel, key, note_id) = (0, 48 + (block / 2 % 24) as i16, (block / 2) as i32);
        let body = if block.is_multiple_of(2) {
            EventBody::NoteOn { channel, key, velocity: 0.8, tuning: 0.0, note_id }
        } else {
            EventBody::NoteOff { channel, key, velocity: 0.0, note_id }
        };
        schedule.queue_event(1, Event { offset: 0, bus: 0, body });
    }
    schedule.process(frames, &Transport::default());
    for channel in 0..outputs {
        std::hint::black_box(schedule.output(2, channel, frames));
    }
}
