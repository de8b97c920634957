//! Large graphs: compiled quickly, in little memory, at a flat cost.

use super::*;
use crate::engine::fakes::*;
use std::time::{Duration, Instant};

fn wide(branches: usize) -> (Sketch, usize, usize) {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    for _ in 0..branches {
        let (first, second) = (sketch.plugin(late(1, 3)), sketch.plugin(gain(1, 1.0)));
        sketch.line(&[input, first, second, output]);
    }
    (sketch, input, output)
}

fn long(length: usize) -> (Sketch, usize, usize) {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let mut nodes = vec![input];
    nodes.extend((0..length).map(|at| sketch.plugin(late(1, u32::from(at % 100 == 0)))));
    nodes.push(output);
    sketch.line(&nodes);
    (sketch, input, output)
}

#[test]
fn a_thousand_nodes_compile_quickly_and_need_few_channels() {
    for (name, (sketch, input, output)) in [("wide", wide(500)), ("long", long(1000))] {
        let started = Instant::now();
        let mut schedule = sketch.compile(128).unwrap();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(2), "{name}: {took:?}");
        assert!(schedule.memory() <= 8 * 128 * size_of::<f32>(), "{name}: {} bytes", schedule.memory());
        let factor = if name == "wide" { 500.0 } else { 1.0 };
        let latency = schedule.latency() as usize;
        let signal = counting(256);
        let expected: Vec<f32> = later(&signal, latency).iter().map(|sample| sample * factor).collect();
        assert_eq!(play(&mut schedule, input, output, &signal, 128), expected, "{name}");
    }
}

#[test]
fn steps_grow_with_the_graph_and_no_faster() {
    let steps = |sketch: Sketch| {
        let shapes: Vec<_> = (sketch.nodes.iter().zip(&sketch.spec.nodes))
            .map(|(loaded, node)| random::shape_of(&node.kind, loaded.as_ref()))
            .collect();
        random::plan_of(&sketch.spec, &shapes).steps.len()
    };
    assert_eq!(steps(long(1000).0), 1000, "a line needs no copies");
    assert!(steps(wide(500).0) <= 4 * 500);
}
