//! What the engine costs beyond the plugins it runs, in nanoseconds. `cargo bench --bench engine`.
//!
//! Each figure is the best of many short runs: whatever else the machine does can only make a run slower.

use sonic_bridge::{
    engine::{CompileSetup, LoadedNode, Policy, Schedule, compile},
    model::{Edge, GraphSpec, NodeKind, NodeSpec, ParamId, ParamPoint, Port, Transport},
    plugin::{Block, BlockOut, ProcessError, Processor, Tail},
    rt::{Channel, Pool, door::Door, guard},
};
use std::{any::Any, hint::black_box, time::Instant};

const FRAMES: usize = 128;
const RUNS: usize = 400;

/// As little as a plugin can do.
struct Gain(f32);

impl Processor for Gain {
    #[inline(never)]
    fn process(&mut self, block: &mut Block<'_>) -> Result<(), ProcessError> {
        for point in block.params {
            self.0 = point.value as f32;
        }
        for (from, to) in block.inputs.iter().zip(block.outputs) {
            let (source, target) = block.pool.pair_mut(*from, *to, block.frames);
            target.iter_mut().zip(source).for_each(|(out, sample)| *out = sample * self.0);
        }
        Ok(())
    }

    fn flush(&mut self, _: &[ParamPoint]) {}

    fn reset(&mut self) {}

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

fn gain() -> LoadedNode {
    let processor = Box::new(Gain(0.5));
    LoadedNode { processor, name: "gain".into(), inputs: 2, outputs: 2, latency: 0, tail: Tail::None, sleeps: true }
}

/// Input 0, output 1, plugins from 2 on: in a row, or side by side.
fn graph(plugins: usize, parallel: bool) -> Schedule {
    let mut spec = GraphSpec::default();
    spec.nodes.push(NodeSpec { key: "in".into(), kind: NodeKind::Input { channels: 2 } });
    spec.nodes.push(NodeSpec { key: "out".into(), kind: NodeKind::Output { channels: 2 } });
    let port = |node| Port { node, channels: 0..2 };
    for at in 0..plugins {
        spec.nodes.push(NodeSpec { key: format!("gain {at}"), kind: NodeKind::Plugin });
        let from = if parallel || at == 0 { 0 } else { at + 1 };
        spec.edges.push(Edge { from: port(from), to: port(at + 2) });
        if parallel || at + 1 == plugins {
            spec.edges.push(Edge { from: port(at + 2), to: port(1) });
        }
    }
    let nodes = [None, None].into_iter().chain((0..plugins).map(|_| Some(gain()))).collect();
    compile(&spec, nodes, &CompileSetup { sample_rate: 48_000.0, max_block: FRAMES }).expect("the graph is right")
}

/// Best time of one call, in nanoseconds.
fn best(calls: usize, mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        for _ in 0..calls {
            work();
        }
        best = best.min(started.elapsed().as_nanos() as f64 / calls as f64);
    }
    best
}

fn bare(params: &[ParamPoint]) -> f64 {
    let mut pool = Pool::new(4, FRAMES);
    let mut out = BlockOut::with_capacity(64, 64);
    let mut processor: Box<dyn Processor> = black_box(Box::new(Gain(0.5)));
    let transport = Transport::default();
    let channels = [Channel(0), Channel(1), Channel(2), Channel(3)];
    best(2000, || {
        for channel in &channels[..2] {
            fill(pool.channel_mut(*channel, FRAMES));
        }
        let mut block = Block {
            frames: FRAMES,
            pool: &mut pool,
            inputs: &channels[..2],
            outputs: &channels[2..],
            params,
            events: &[],
            transport: &transport,
            out: &mut out,
        };
        let _ = black_box(processor.process(&mut block));
        black_box(pool.channel(Channel(2), FRAMES));
    })
}

fn engine(schedule: &mut Schedule, calls: usize, point: Option<ParamPoint>) -> f64 {
    let transport = Transport::default();
    best(calls, || {
        for channel in 0..2 {
            fill(schedule.input_mut(0, channel, FRAMES));
        }
        if let Some(point) = point {
            schedule.queue_param(2, point);
        }
        black_box(schedule.process(FRAMES, &transport));
        black_box(schedule.output(1, 0, FRAMES));
    })
}

/// The clock's part, the same on both sides.
#[inline(never)]
fn fill(samples: &mut [f32]) {
    samples.fill(0.5);
}

/// Where the nanoseconds of a block go.
fn parts() {
    let mut pool = Pool::new(2, FRAMES);
    let (left, right) = (Channel(0), Channel(1));
    println!("parts");
    let zeros = best(2000, || {
        for channel in [left, right] {
            pool.channel_mut(black_box(channel), FRAMES).fill(0.0);
        }
    });
    let look = best(2000, || {
        for channel in [left, right] {
            black_box(guard::overlay(pool.channel(black_box(channel), FRAMES)));
        }
    });
    let enter = best(2000, || drop(black_box(Door::enter())));
    let door = Door::enter();
    let enter_again = best(2000, || drop(black_box(Door::enter())));
    let repair = best(2000, || {
        black_box(door.repair_floats());
    });
    println!(
        "  zeros {zeros:.1} ns, look {look:.1} ns, door {enter:.1} ns ({enter_again:.1} ns inside), floats {repair:.1} ns"
    );
}

fn main() {
    let point = ParamPoint { param: ParamId(0), offset: 0, value: 0.5 };
    let (plain, with_point) = (bare(&[]), bare(&[point]));
    println!("one plugin, {FRAMES} frames × 2 channels");
    println!("  bare process()          {plain:8.1} ns");
    let line = engine(&mut graph(1, false), 2000, None);
    println!("  schedule                {line:8.1} ns   +{:.1} ns (goal: at most 60)", line - plain);
    {
        // An audio thread that stays behind the door finds the float environment as it should be.
        let _door = Door::enter();
        let inside = engine(&mut graph(1, false), 2000, None);
        println!("  schedule, inside a door {inside:8.1} ns   +{:.1} ns", inside - plain);
    }
    let one = engine(&mut graph(1, false), 2000, Some(point));
    println!("  schedule, one parameter {one:8.1} ns   +{:.1} ns (goal: at most 120)", one - with_point);
    let mut sleepy = graph(1, false);
    sleepy.set_policy(Policy { sleep: true, ..Policy::default() });
    let sleep = engine(&mut sleepy, 2000, None);
    println!("  schedule, sleep policy  {sleep:8.1} ns   +{:.1} ns", sleep - plain);
    parts();
    for parallel in [false, true] {
        println!("{}", if parallel { "side by side, per plugin" } else { "in a row, per plugin" });
        for plugins in [1, 10, 100, 1000] {
            let started = Instant::now();
            let mut schedule = graph(plugins, parallel);
            let compiled = started.elapsed();
            let each = engine(&mut schedule, (2000 / plugins).max(1), None) / plugins as f64;
            println!(
                "  {plugins:5} plugins {each:8.1} ns, compiled in {compiled:.1?}, {} KiB of samples",
                schedule.memory() / 1024
            );
        }
    }
}
