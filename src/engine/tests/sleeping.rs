//! Plugins with nothing to do may be left alone, and nobody hears it.

use super::*;
use crate::{
    engine::{LoadedNode, Policy, fakes::*},
    model::{ParamId, ParamPoint},
    plugin::Tail,
};
use std::collections::VecDeque;

/// Repeats what it hears once, `delay` samples later, besides passing it on.
fn echo(delay: usize) -> LoadedNode {
    let mut line = VecDeque::from(vec![0.0_f32; delay]);
    let node = node(1, 1, move |block| {
        line.extend(block.pool.channel(block.inputs[0], block.frames));
        let (source, target) = block.pool.pair_mut(block.inputs[0], block.outputs[0], block.frames);
        target.iter_mut().zip(source).for_each(|(out, sample)| *out = sample + line.pop_front().unwrap());
        Ok(())
    });
    LoadedNode { tail: Tail::Samples(delay as u32), ..node }
}

fn line_of(loaded: LoadedNode, sleep: bool) -> (Schedule, usize, usize, usize) {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let plugin = sketch.plugin(loaded);
    sketch.line(&[input, plugin, output]);
    let mut schedule = sketch.compile(64).unwrap();
    schedule.set_policy(Policy { sleep, ..Policy::default() });
    (schedule, input, plugin, output)
}

fn clap() -> Vec<f32> {
    let mut signal = vec![0.0; 6400];
    signal[10] = 1.0;
    signal[5000] = 0.5;
    signal
}

#[test]
fn sleeping_changes_no_sample_of_an_honest_plugin() {
    let (mut awake, input, plugin, output) = line_of(echo(1000), false);
    let expected = play(&mut awake, input, output, &clap(), 64);
    assert_eq!(awake.node_stats(plugin).slept, 0, "off by default");
    let (mut sleepy, ..) = line_of(echo(1000), true);
    assert_eq!(play(&mut sleepy, input, output, &clap(), 64), expected);
    let stats = sleepy.node_stats(plugin);
    assert!(stats.slept > 60 && stats.blocks > 30, "{stats:?}");
}

#[test]
fn a_plugin_that_still_sounds_is_not_put_to_sleep_whatever_it_declares() {
    let (mut schedule, input, plugin, output) = line_of(LoadedNode { tail: Tail::None, ..gain(1, 1.0) }, true);
    play(&mut schedule, input, output, &[0.0; 640], 64);
    assert!(schedule.node_stats(plugin).slept > 0);
    let hum = node(1, 1, |block| {
        block.pool.channel_mut(block.outputs[0], block.frames).fill(0.01);
        Ok(())
    });
    let (mut schedule, input, plugin, output) = line_of(hum, true);
    play(&mut schedule, input, output, &[0.0; 640], 64);
    assert_eq!(schedule.node_stats(plugin).slept, 0);
}

#[test]
fn an_endless_tail_and_a_node_that_must_not_sleep_stay_awake() {
    for loaded in [LoadedNode { tail: Tail::Infinite, ..gain(1, 1.0) }, LoadedNode { sleeps: false, ..gain(1, 1.0) }] {
        let (mut schedule, input, plugin, output) = line_of(loaded, true);
        play(&mut schedule, input, output, &[0.0; 640], 64);
        assert_eq!(schedule.node_stats(plugin).slept, 0);
    }
}

#[test]
fn a_parameter_wakes_a_sleeper_up() {
    let (mut schedule, input, plugin, output) = line_of(gain(1, 1.0), true);
    play(&mut schedule, input, output, &[0.0; 640], 64);
    let before = schedule.node_stats(plugin);
    schedule.queue_param(plugin, ParamPoint { param: ParamId(0), offset: 0, value: 0.0 });
    assert_eq!(tick(&mut schedule, 64).slept, 0);
    assert_eq!(schedule.node_stats(plugin).blocks, before.blocks + 1);
}

#[test]
fn an_instrument_sleeps_only_when_it_says_itself_that_it_is_silent() {
    for says in [false, true] {
        let instrument = node(0, 1, move |block| {
            if says {
                block.pool.silence(block.outputs[0], block.frames);
            }
            Ok(())
        });
        let mut sketch = Sketch::default();
        let plugin = sketch.plugin(instrument);
        let mut schedule = sketch.compile(64).unwrap();
        schedule.set_policy(Policy { sleep: true, ..Policy::default() });
        for _ in 0..10 {
            tick(&mut schedule, 64);
        }
        assert_eq!(schedule.node_stats(plugin).slept > 0, says);
    }
}
