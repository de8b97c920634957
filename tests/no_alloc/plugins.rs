//! The same with plugins from files: the five demo plugins and the recorder, each through a schedule of its own.

use crate::{counted, support::fixtures};
use sonic_bridge::{
    engine::{CompileSetup, LoadedNode, Schedule, compile},
    formats::vst3::Vst3,
    model::{Edge, Event, EventBody, GraphSpec, NodeKind, NodeSpec, ParamId, ParamPoint, Port, Transport},
    plugin::{Controller, Format, Precision, ProcessMode, Setup},
    rt::door::Door,
};
use std::path::Path;

const MAX_BLOCK: usize = 256;

/// Input 0, output 1, the plugin 2.
fn schedule(controller: &mut dyn Controller, precision: Precision) -> Schedule {
    let setup = Setup { sample_rate: 48_000.0, max_block: MAX_BLOCK as u32, mode: ProcessMode::Realtime, precision };
    let processor = controller.activate(&setup).unwrap();
    let (inputs, outputs) = (controller.layout().input_channels() as u16, controller.layout().output_channels() as u16);
    let node = |key: &str, kind| NodeSpec { key: key.into(), kind };
    let mut spec = GraphSpec::default();
    spec.nodes.push(node("in", NodeKind::Input { channels: inputs.max(1) }));
    spec.nodes.push(node("out", NodeKind::Output { channels: outputs }));
    spec.nodes.push(node("plugin", NodeKind::Plugin));
    let cable = |from, to, channels: u16| Edge {
        from: Port { node: from, channels: 0..channels },
        to: Port { node: to, channels: 0..channels },
    };
    if inputs > 0 {
        spec.edges.push(cable(0, 2, inputs));
    }
    spec.edges.push(cable(2, 1, outputs));
    let loaded = LoadedNode {
        processor,
        name: controller.plugin().name.clone(),
        inputs: usize::from(inputs),
        outputs: usize::from(outputs),
        latency: controller.latency(),
        tail: controller.tail(),
        sleeps: false,
    };
    let setup = CompileSetup { sample_rate: 48_000.0, max_block: MAX_BLOCK };
    compile(&spec, vec![None, None, Some(loaded)], &setup).unwrap()
}

fn events(block: usize) -> [Event; 4] {
    let key = (block % 100) as i16;
    let note = |offset, body| Event { offset, bus: 0, body };
    [
        note(0, EventBody::NoteOn { channel: 0, key, velocity: 0.7, tuning: 0.0, note_id: block as i32 }),
        note(0, EventBody::Controller { channel: 0, number: 1, value: 0.3 }),
        note(0, EventBody::NoteExpression { kind: 0, note_id: block as i32, value: 0.3 }),
        note(
            0,
            EventBody::NoteOff {
                channel: 0,
                key,
                velocity: 0.0,
                note_id: if block.is_multiple_of(3) { -1 } else { block as i32 },
            },
        ),
    ]
}

fn play(bundle: &Path, precision: Precision) {
    for info in Vst3.probe(bundle).unwrap() {
        let mut controller = Vst3.load(&info, false).unwrap();
        let mut schedule = schedule(&mut *controller, precision);
        let free = |param: &&sonic_bridge::model::ParamInfo| !param.flags.read_only && !param.flags.hidden;
        let params: Vec<ParamId> = controller.params().iter().filter(free).map(|param| param.id).collect();
        let (mut said, mut peak) = (0, 0.0_f32);
        let calls = counted(|| {
            let _door = Door::enter();
            for block in 0..400_usize {
                let frames = 1 + block * 37 % MAX_BLOCK;
                if block % 7 != 0 && controller.layout().input_channels() > 0 {
                    schedule.input_mut(0, 0, frames).fill(0.25);
                }
                for (at, param) in params.iter().enumerate().filter(|(at, _)| (at + block) % 5 == 0) {
                    let value = ((at * 7 + block * 3) % 11) as f64 / 10.0;
                    schedule.queue_param(2, ParamPoint { param: *param, offset: (at % frames) as u32, value });
                }
                for event in events(block) {
                    schedule.queue_event(2, event);
                }
                schedule.process(frames, &Transport { tempo: Some(120.0), ..Transport::default() });
                said += schedule.said(2).map_or(0, |out| out.params().len() + out.events().len());
                peak = schedule.output(1, 0, frames).iter().fold(peak, |peak, sample| peak.max(sample.abs()));
                match block {
                    200 => schedule.reset(),
                    300 => schedule.flush(),
                    _ => {}
                }
            }
        });
        assert_eq!(calls, 0, "{} {precision:?}", info.name);
        assert!(peak > 0.0, "{} was not heard", info.name);
        assert!(said > 0 || !info.name.starts_with("Recorder"), "{} sent nothing", info.name);
        for node in schedule.into_nodes().into_iter().flatten() {
            controller.deactivate(node.processor).unwrap();
        }
    }
}

#[test]
fn playing_plugins_from_files_allocates_nothing() {
    let demo = fixtures::demo_plugins();
    let mut bundles: Vec<_> = ["Sonic Gain", "Sonic EQ", "Sonic Delay", "Sonic Reverb", "Sonic Synth"]
        .map(|name| fixtures::bundle(&demo, name))
        .into();
    bundles.push(fixtures::bundle(&fixtures::recorder(), "Recorder"));
    for bundle in bundles {
        play(&bundle, Precision::F32);
        play(&bundle, Precision::F64);
    }
}
