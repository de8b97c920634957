//! Everything a clock may call on a schedule, with plugins of every sort of behaviour.

use crate::counted;
use sonic_bridge::{
    engine::{CompileSetup, LoadedNode, Policy, Prefill, Schedule, compile},
    model::{Edge, Event, EventBody, GraphSpec, NodeKind, NodeSpec, ParamId, ParamPoint, Port, Transport},
    plugin::{Block, ProcessError, Processor, Tail},
    rt::door::Door,
};
use std::any::Any;

/// What a fake plugin does in its n-th block.
type Work = fn(u64, &mut Block<'_>) -> Result<(), ProcessError>;

struct Fake {
    work: Work,
    blocks: u64,
}

impl Processor for Fake {
    fn process(&mut self, block: &mut Block<'_>) -> Result<(), ProcessError> {
        self.blocks += 1;
        (self.work)(self.blocks, block)
    }

    fn flush(&mut self, _: &[ParamPoint]) {}

    fn reset(&mut self) {}

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

fn through(block: &mut Block<'_>) {
    for (from, to) in block.inputs.iter().zip(block.outputs) {
        let (source, target) = block.pool.pair_mut(*from, *to, block.frames);
        target.copy_from_slice(source);
    }
}

const WORKS: [Work; 6] = [
    |_, block| {
        through(block);
        Ok(())
    },
    |count, block| {
        through(block);
        if count % 50 < 2 {
            block.pool.channel_mut(block.outputs[0], block.frames)[0] = f32::NAN;
        }
        Ok(())
    },
    |count, _| if count % 3 == 0 { Err(ProcessError::Result(1)) } else { Ok(()) },
    |_, block| {
        through(block);
        for param in 0..10_000 {
            block.out.push_param(ParamPoint { param: ParamId(param), offset: 0, value: 0.5 });
            block.out.push_event(note(0));
        }
        Ok(())
    },
    |_, block| {
        block.pool.channel_mut(block.outputs[1], block.frames).fill(100.0);
        Ok(())
    },
    |_, block| {
        block.outputs.iter().for_each(|channel| block.pool.silence(*channel, block.frames));
        Ok(())
    },
];

fn note(offset: u32) -> Event {
    let body = EventBody::NoteOn { channel: 0, key: 60, velocity: 1.0, tuning: 0.0, note_id: -1 };
    Event { offset, bus: 0, body }
}

/// Input 0, output 1, then in parallel one branch of two stereo plugins for each behaviour, of different latencies.
fn schedule() -> Schedule {
    let node = |key: String, kind| NodeSpec { key, kind };
    let mut spec = GraphSpec::default();
    spec.nodes.push(node("in".into(), NodeKind::Input { channels: 2 }));
    spec.nodes.push(node("out".into(), NodeKind::Output { channels: 2 }));
    let mut loaded = vec![None, None];
    let cable = |from, to| Edge { from: Port { node: from, channels: 0..2 }, to: Port { node: to, channels: 0..2 } };
    for (branch, work) in WORKS.into_iter().enumerate() {
        let first = loaded.len();
        for half in 0..2 {
            spec.nodes.push(node(format!("{branch}.{half}"), NodeKind::Plugin));
            loaded.push(Some(LoadedNode {
                processor: Box::new(Fake { work, blocks: 0 }),
                name: "fake".into(),
                inputs: 2,
                outputs: 2,
                latency: 100 * branch as u32,
                tail: Tail::Samples(200),
                sleeps: true,
            }));
        }
        spec.edges.extend([cable(0, first), cable(first, first + 1), cable(first + 1, 1)]);
    }
    spec.edges.push(cable(0, 1));
    compile(&spec, loaded, &CompileSetup { sample_rate: 48_000.0, max_block: 256 }).unwrap()
}

#[test]
fn a_schedule_allocates_nothing_whatever_its_plugins_do() {
    for policy in [
        Policy::default(),
        Policy { sleep: true, ..Policy::default() },
        Policy { prefill: Prefill::Marks, relapse_seconds: 0.0, ..Policy::default() },
    ] {
        let mut schedule = schedule();
        schedule.set_policy(policy);
        let mut ran = 0;
        let calls = counted(|| {
            // What a clock does around `process` is real-time work too.
            let _door = Door::enter();
            for block in 0..1000_usize {
                let frames = 1 + block * 37 % 256;
                for channel in 0..2 {
                    if block % 100 < 50 {
                        schedule.input_mut(0, channel, frames).fill(0.25);
                    }
                }
                for node in 2..14 {
                    for offset in (0..block as u32 % 7).rev() {
                        schedule.queue_param(node, ParamPoint { param: ParamId(1), offset, value: 0.5 });
                        schedule.queue_event(node, note(offset));
                    }
                }
                schedule.process(frames, &Transport::default());
                ran += usize::from(schedule.output(1, 0, frames)[0].is_finite());
                match block {
                    300 => schedule.reset(),
                    400 => schedule.flush(),
                    500 => {
                        let processor = schedule.take_processor(2).expect("it is at home");
                        schedule.process(frames, &Transport::default());
                        assert!(schedule.put_processor(2, processor).is_ok());
                    }
                    _ => {}
                }
                let _ = (schedule.said(5), schedule.node_stats(5));
            }
        });
        assert_eq!((calls, ran), (0, 1000), "{policy:?}");
    }
}

#[test]
fn a_queue_that_overflows_allocates_nothing() {
    let mut schedule = schedule();
    let calls = counted(|| {
        let _door = Door::enter();
        for _ in 0..20_000 {
            schedule.queue_param(2, ParamPoint { param: ParamId(1), offset: 0, value: 0.5 });
            schedule.queue_event(2, note(0));
        }
        schedule.process(64, &Transport::default());
    });
    assert_eq!(calls, 0);
}
