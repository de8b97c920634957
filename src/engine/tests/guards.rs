//! What plugins do wrong, and what comes of it.

use super::*;
use crate::{
    engine::{LoadedNode, Policy, Prefill, fakes::*},
    model::{ParamId, ParamPoint},
    plugin::ProcessError,
};

fn alone(loaded: LoadedNode, max_block: usize) -> (Schedule, usize, usize, usize) {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let plugin = sketch.plugin(loaded);
    sketch.line(&[input, plugin, output]);
    (sketch.compile(max_block).unwrap(), input, plugin, output)
}

/// Passes sound on, but for the blocks (from 0) in which it says `bad`.
fn sick_in(
    blocks: &'static [usize],
    bad: f32,
) -> impl FnMut(&mut crate::plugin::Block<'_>) -> Result<(), ProcessError> {
    let mut count = 0;
    move |block| {
        let (source, target) = block.pool.pair_mut(block.inputs[0], block.outputs[0], block.frames);
        target.copy_from_slice(source);
        if blocks.contains(&count) {
            target[block.frames / 2] = bad;
        }
        count += 1;
        Ok(())
    }
}

#[test]
fn nan_is_silenced_the_plugin_reset_and_given_up_when_it_happens_again() {
    let (loaded, diary) = watched(1, 1, sick_in(&[1, 3], f32::NAN));
    let (mut schedule, input, plugin, output) = alone(loaded, 100);
    let heard = play(&mut schedule, input, output, &[0.5; 500], 100);
    for (block, expected) in [0.5, 0.0, 0.5, 0.0, 0.5].into_iter().enumerate() {
        assert_eq!(heard[block * 100..][..100], [expected; 100], "block {block}");
    }
    assert_eq!(diary.lock().unwrap().resets, 1);
    assert_eq!(diary.lock().unwrap().blocks.len(), 4, "a bypassed plugin is not called");
    let stats = schedule.node_stats(plugin);
    assert_eq!((stats.non_finite, stats.resets, stats.bypassed), (2, 1, true));
    assert_eq!(tick(&mut schedule, 10).bypassed, 1);
    schedule.reset();
    assert!(!schedule.node_stats(plugin).bypassed);
}

#[test]
fn infinity_long_after_the_first_is_not_a_relapse() {
    let (loaded, diary) = watched(1, 1, sick_in(&[0, 500], f32::NEG_INFINITY));
    let (mut schedule, input, plugin, output) = alone(loaded, 100);
    play(&mut schedule, input, output, &vec![0.5; 60_000], 100);
    assert_eq!(diary.lock().unwrap().resets, 2);
    assert!(!schedule.node_stats(plugin).bypassed);
}

#[test]
fn a_bypassed_plugin_is_replaced_by_its_latency() {
    let loaded = LoadedNode {
        latency: 30,
        ..node(1, 1, |block| {
            block.pool.channel_mut(block.outputs[0], block.frames).fill(f32::INFINITY);
            Ok(())
        })
    };
    let (mut schedule, input, _, output) = alone(loaded, 100);
    let signal = counting(400);
    let heard = play(&mut schedule, input, output, &signal, 100);
    assert_eq!(heard[..230], [0.0; 230]);
    assert_eq!(heard[230..], signal[200..370]);
}

#[test]
fn a_bypassed_plugin_of_other_channels_is_silent() {
    let mut sketch = Sketch::default();
    let output = sketch.output(2);
    let plugin = sketch.plugin(constant(2, f32::NAN));
    sketch.cable((plugin, 0..2), (output, 0..2));
    let mut schedule = sketch.compile(8).unwrap();
    for _ in 0..4 {
        tick(&mut schedule, 8);
        assert_eq!(schedule.output(output, 1, 8), [0.0; 8]);
    }
}

#[test]
fn nan_does_not_reach_the_neighbours() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(1), sketch.output(1));
    let (sick, well) = (sketch.plugin(node(1, 1, sick_in(&[0], f32::NAN))), sketch.plugin(gain(1, 1.0)));
    sketch.line(&[input, sick, output]);
    sketch.line(&[input, well, output]);
    let mut schedule = sketch.compile(8).unwrap();
    assert_eq!(play(&mut schedule, input, output, &[1.0; 16], 8), [[1.0; 8], [2.0; 8]].concat());
}

#[test]
fn loud_sound_is_counted_and_left_alone() {
    let (mut schedule, input, plugin, output) = alone(gain(1, 20.0), 100);
    assert_eq!(play(&mut schedule, input, output, &[0.5; 100], 100), [10.0; 100]);
    assert_eq!(schedule.node_stats(plugin).loud, 1);
    play(&mut schedule, input, output, &[0.4; 100], 100);
    assert_eq!(schedule.node_stats(plugin).loud, 1, "8.0 is not beyond 8.0");
}

#[test]
fn a_failed_block_is_silent_and_counted() {
    let loaded = node(1, 1, |block| {
        block.pool.channel_mut(block.outputs[0], block.frames).fill(1.0);
        Err(ProcessError::Result(7))
    });
    let (mut schedule, _, plugin, output) = alone(loaded, 8);
    let report = tick(&mut schedule, 8);
    assert_eq!((report.failed, report.is_clean()), (1, false));
    assert_eq!(schedule.output(output, 0, 8), [0.0; 8]);
    assert_eq!(schedule.node_stats(plugin).failed, 1);
}

#[test]
fn samples_nobody_wrote_are_silent() {
    for (prefill, counted) in [(Prefill::Zeros, 0), (Prefill::Marks, 2)] {
        let loaded = node(1, 1, |block| {
            block.pool.channel_mut(block.outputs[0], block.frames)[..3].fill(1.0);
            Ok(())
        });
        let (mut schedule, _, plugin, output) = alone(loaded, 5);
        schedule.set_policy(Policy { prefill, ..Policy::default() });
        for _ in 0..2 {
            tick(&mut schedule, 5);
            assert_eq!(schedule.output(output, 0, 5), [1.0, 1.0, 1.0, 0.0, 0.0]);
        }
        let stats = schedule.node_stats(plugin);
        assert_eq!((stats.unwritten, stats.non_finite), (counted, 0));
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_write_past_the_end_of_a_buffer_is_counted() {
    let loaded = node(1, 1, |block| {
        block.pool.overrun(block.outputs[0]);
        Ok(())
    });
    let (mut schedule, _, plugin, _) = alone(loaded, 8);
    assert_eq!(tick(&mut schedule, 8).overran, 1);
    assert_eq!(tick(&mut schedule, 8).overran, 1);
    assert_eq!(schedule.node_stats(plugin).overran, 2);
}

#[test]
fn the_float_environment_is_right_for_plugins_and_restored_for_the_caller() {
    use std::hint::black_box;
    let denormal = || black_box(f32::MIN_POSITIVE) * black_box(0.25);
    let loaded = node(1, 1, move |block| {
        let value = if denormal() == 0.0 { 1.0 } else { 2.0 };
        block.pool.channel_mut(block.outputs[0], block.frames).fill(value);
        Ok(())
    });
    let (mut schedule, _, _, output) = alone(loaded, 8);
    tick(&mut schedule, 8);
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        assert_eq!(schedule.output(output, 0, 8), [1.0; 8]);
    }
    assert!(denormal() > 0.0);
}

#[test]
fn a_plugin_that_is_away_is_dry_and_hears_of_its_parameters_when_it_is_back() {
    let (loaded, diary) = watched(1, 1, |block| {
        block.pool.channel_mut(block.outputs[0], block.frames).fill(7.0);
        Ok(())
    });
    let (mut schedule, input, plugin, output) = alone(loaded, 8);
    let processor = schedule.take_processor(plugin).unwrap();
    let point = ParamPoint { param: ParamId(3), offset: 5, value: 0.5 };
    assert!(schedule.queue_param(plugin, point));
    assert_eq!(play(&mut schedule, input, output, &[1.0; 8], 8), [1.0; 8]);
    assert!(schedule.put_processor(plugin, processor).is_ok());
    assert_eq!(play(&mut schedule, input, output, &[1.0; 8], 8), [7.0; 8]);
    assert_eq!(diary.lock().unwrap().params, [ParamPoint { offset: 0, ..point }]);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "prepared for 8"))]
fn a_block_that_is_too_long_is_refused() {
    let (mut schedule, _, _, output) = alone(gain(1, 1.0), 8);
    let report = tick(&mut schedule, 9);
    assert!(report.refused);
    assert_eq!(schedule.output(output, 0, 8), [0.0; 8]);
}
