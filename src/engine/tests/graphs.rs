//! Exact tests of shapes: lines, branches, sums, single channels.

use super::*;
use crate::{
    engine::{LoadedNode, fakes::*},
    plugin::Tail,
};

#[test]
fn a_line_is_exact_at_any_block_length() {
    for block in [1, 7, 64, 100] {
        let mut sketch = Sketch::default();
        let (input, output) = (sketch.input(1), sketch.output(1));
        let (double, quarter) = (sketch.plugin(gain(1, 2.0)), sketch.plugin(gain(1, 0.25)));
        sketch.line(&[input, double, quarter, output]);
        let mut schedule = sketch.compile(100).unwrap();
        let signal = counting(1000);
        let expected: Vec<f32> = signal.iter().map(|sample| sample * 0.5).collect();
        assert_eq!(play(&mut schedule, input, output, &signal, block), expected);
        assert_eq!((schedule.latency(), schedule.tail()), (0, Tail::None));
    }
}

#[test]
fn nodes_may_be_written_in_any_order() {
    let mut sketch = Sketch::default();
    let output = sketch.output(1);
    let (second, first) = (sketch.plugin(gain(1, 10.0)), sketch.plugin(mixer(1, 1, 0)));
    let input = sketch.input(1);
    sketch.line(&[first, second, output]);
    sketch.line(&[input, first]);
    let mut schedule = sketch.compile(16).unwrap();
    assert_eq!(play(&mut schedule, input, output, &[1.0, 2.0], 16), [10.0, 20.0]);
}

#[test]
fn a_wire_without_plugins_is_a_wire() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(2));
    sketch.line(&[input, output]);
    sketch.cable((input, 0..1), (output, 1..2));
    let mut schedule = sketch.compile(16).unwrap();
    assert_eq!(play(&mut schedule, input, output, &[1.0, 2.0], 16), [1.0, 2.0]);
    assert_eq!(schedule.output(output, 1, 2), [1.0, 2.0]);
}

#[test]
fn branches_null_when_their_latencies_differ() {
    for block in [1, 13, 64, 100] {
        let mut sketch = Sketch::default();
        let (input, output) = (sketch.input(1), sketch.output(1));
        let (slow, slower) = (sketch.plugin(late(1, 5)), sketch.plugin(late(1, 90)));
        let (inverted, also) = (sketch.plugin(gain(1, -1.0)), sketch.plugin(gain(1, -1.0)));
        sketch.line(&[input, slow, output]);
        sketch.line(&[input, slower, inverted, output]);
        sketch.line(&[input, also, output]);
        sketch.line(&[input, output]);
        let mut schedule = sketch.compile(100).unwrap();
        assert_eq!(schedule.latency(), 90);
        let heard = play(&mut schedule, input, output, &counting(500), block);
        assert_eq!(heard, vec![0.0; 500], "blocks of {block}");
    }
}

#[test]
fn a_diamond_in_a_diamond_is_aligned_everywhere() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let (a, b) = (sketch.plugin(late(1, 10)), sketch.plugin(late(1, 3)));
    let (inner, joined) = (sketch.plugin(late(1, 20)), sketch.plugin(mixer(1, 1, 7)));
    // Input → a ┬ inner ┐
    //           └───────┴ joined → output,  Input → b → output,  Input → joined.
    sketch.line(&[input, a, inner, joined, output]);
    sketch.line(&[a, joined]);
    sketch.line(&[input, b, output]);
    sketch.line(&[input, joined]);
    let mut schedule = sketch.compile(64).unwrap();
    assert_eq!(schedule.latency(), 37);
    let signal = counting(300);
    let expected: Vec<f32> = later(&signal, 37).iter().map(|sample| sample * 4.0).collect();
    assert_eq!(play(&mut schedule, input, output, &signal, 64), expected);
}

#[test]
fn all_outputs_of_a_graph_are_equally_late() {
    let mut sketch = Sketch::default();
    let (input, dry, wet) = (sketch.input(1), sketch.output(1), sketch.output(1));
    let slow = sketch.plugin(late(1, 33));
    sketch.line(&[input, dry]);
    sketch.line(&[input, slow, wet]);
    let mut schedule = sketch.compile(128).unwrap();
    let signal = counting(128);
    assert_eq!(play(&mut schedule, input, dry, &signal, 128), later(&signal, 33));
    assert_eq!(schedule.output(wet, 0, 128), later(&signal, 33));
}

#[test]
fn a_mono_plugin_runs_twice_on_a_stereo_file() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(2), sketch.output(2));
    let (left, right) = (sketch.plugin(gain(1, 2.0)), sketch.plugin(gain(1, 3.0)));
    for (plugin, channel) in [(left, 0), (right, 1)] {
        sketch.cable((input, channel..channel + 1), (plugin, 0..1));
        sketch.cable((plugin, 0..1), (output, channel..channel + 1));
    }
    let mut schedule = sketch.compile(8).unwrap();
    schedule.input_mut(input, 0, 8).fill(1.0);
    schedule.input_mut(input, 1, 8).fill(10.0);
    tick(&mut schedule, 8);
    assert_eq!((schedule.output(output, 0, 8), schedule.output(output, 1, 8)), (&[2.0; 8][..], &[30.0; 8][..]));
}

#[test]
fn a_side_chain_reaches_its_own_channels() {
    let mut sketch = Sketch::default();
    let (main, side, output) = (sketch.input(2), sketch.input(1), sketch.output(1));
    let plugin = sketch.plugin(mixer(4, 1, 0));
    sketch.cable((main, 0..2), (plugin, 0..2));
    sketch.cable((side, 0..1), (plugin, 3..4));
    sketch.line(&[plugin, output]);
    let mut schedule = sketch.compile(8).unwrap();
    schedule.input_mut(main, 0, 8).fill(1.0);
    schedule.input_mut(main, 1, 8).fill(10.0);
    schedule.input_mut(side, 0, 8).fill(100.0);
    tick(&mut schedule, 8);
    // 1·1 + 10·2 + silence·3 + 100·4
    assert_eq!(schedule.output(output, 0, 8), [421.0; 8]);
    // A side-chain file that has ended is silent.
    schedule.input_mut(main, 0, 8).fill(1.0);
    schedule.input_mut(main, 1, 8).fill(10.0);
    tick(&mut schedule, 8);
    assert_eq!(schedule.output(output, 0, 8), [21.0; 8]);
}

#[test]
fn an_unconnected_output_is_silent() {
    let mut sketch = Sketch::default();
    let (output, _) = (sketch.output(2), sketch.plugin(constant(1, 1.0)));
    let mut schedule = sketch.compile(8).unwrap();
    tick(&mut schedule, 8);
    assert_eq!(schedule.output(output, 1, 8), [0.0; 8]);
}

#[test]
fn a_plugin_that_scribbles_on_its_inputs_disturbs_nobody() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let scribblers: Vec<usize> = (0..4).map(|_| sketch.plugin(late(1, 0))).collect();
    let both = sketch.plugin(mixer(2, 1, 0));
    for scribbler in &scribblers {
        sketch.line(&[input, *scribbler, output]);
    }
    sketch.cable((input, 0..1), (both, 0..1));
    sketch.cable((input, 0..1), (both, 1..2));
    sketch.line(&[both, output]);
    sketch.line(&[input, output]);
    let mut schedule = sketch.compile(16).unwrap();
    let expected: Vec<f32> = counting(64).iter().map(|sample| sample * 8.0).collect();
    assert_eq!(play(&mut schedule, input, output, &counting(64), 16), expected);
}

#[test]
fn tails_add_up_along_the_longest_way() {
    let tail = |samples| LoadedNode { tail: Tail::Samples(samples), ..gain(1, 1.0) };
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let (a, b, c) = (sketch.plugin(tail(10)), sketch.plugin(tail(20)), sketch.plugin(tail(25)));
    sketch.line(&[input, a, b, output]);
    sketch.line(&[input, c, output]);
    let for_ever = sketch.plugin(LoadedNode { tail: Tail::Infinite, ..gain(1, 1.0) });
    sketch.line(&[input, for_ever]);
    assert_eq!(sketch.compile(8).unwrap().tail(), Tail::Samples(30), "what reaches no output is not waited for");
}

#[test]
fn reset_forgets_what_is_on_its_way() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let slow = sketch.plugin(LoadedNode { latency: 32, ..gain(1, 0.0) });
    sketch.line(&[input, slow, output]);
    sketch.line(&[input, output]);
    let mut schedule = sketch.compile(16).unwrap();
    play(&mut schedule, input, output, &[1.0; 16], 16);
    schedule.reset();
    assert_eq!(play(&mut schedule, input, output, &[0.0; 64], 16), [0.0; 64]);
}

#[test]
fn processors_come_home_in_their_places() {
    let mut sketch = Sketch::default();
    let (first, input) = (sketch.plugin(constant(1, 1.0)), sketch.input(1));
    let second = sketch.plugin(LoadedNode { name: "second".into(), ..gain(3, 1.0) });
    let mut schedule = sketch.compile(16).unwrap();
    assert_eq!(schedule.node_name(second), "second");
    let away = schedule.take_processor(first).unwrap();
    assert!(schedule.take_processor(first).is_none());
    assert!(schedule.put_processor(input, away).is_err());
    let nodes = schedule.into_nodes();
    assert!(nodes[first].is_none() && nodes[input].is_none());
    assert_eq!(nodes[second].as_ref().map(|node| (node.inputs, node.name.as_str())), Some((3, "second")));
}
