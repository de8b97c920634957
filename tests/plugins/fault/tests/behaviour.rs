//! The modes that do not end the process: each does to its host exactly what its row says. Every test loads a copy of its own.

#![allow(clippy::undocumented_unsafe_blocks, reason = "a bare host calling a fixture")]

use plugin_rig::{
    host::{Block, Instance, MARK, Module, Queue, install},
    text::{text8, text16},
};
use std::path::PathBuf;
use vst3::Steinberg::{
    IPluginFactoryTrait,
    Vst::{
        BusInfo, IAudioProcessorTrait, IComponentTrait, IEditControllerTrait, ParameterInfo, SpeakerArr::kMono,
        SpeakerArr::kStereo,
    },
};

/// A loaded mode with its folder.
struct Stage {
    plugin: Instance,
    module: Module,
    folder: tempfile::TempDir,
}

fn library(mode: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for a copy");
    let library = install("fault", folder.path(), &format!("Fault {mode}"));
    (folder, library)
}

fn stage(mode: &str) -> Stage {
    let (folder, library) = library(mode);
    let module = Module::load(&library).expect("the mode loads");
    let plugin = Instance::create(&module, 0).expect("the mode can be created");
    Stage { plugin, module, folder }
}

fn started(mode: &str) -> Stage {
    let mut stage = stage(mode);
    stage.plugin.start(48_000.0, 64).expect("the mode starts");
    stage
}

fn block(stage: &mut Stage, params: &[Queue]) -> (Block, Block) {
    stage.plugin.process(64, |frame| (frame as f32 + 1.0) / 64.0, params, &[]).expect("the mode processes")
}

fn output(mode: &str) -> Vec<f32> {
    let mut stage = started(mode);
    block(&mut stage, &[]).1.channel(0, 1).to_vec()
}

fn ramp() -> Vec<f32> {
    (0..64).map(|frame| (frame as f32 + 1.0) / 64.0).collect()
}

#[test]
fn none_is_an_ordinary_gain_named_after_its_file() {
    let mut stage = started("none");
    let class = stage.module.classes()[0];
    assert_eq!(text8(&class.name), "Fault none");
    assert_eq!(class.cid, plugin_rig::identity::class_id("Fault none"));
    assert_eq!(block(&mut stage, &[]).1.channel(0, 0), ramp());
    let quieter = [Queue { id: 0, points: vec![(0, 0.25)] }];
    let (_, out) = block(&mut stage, &quieter);
    assert_eq!(out.channel(0, 0), ramp().iter().map(|sample| sample * 0.5).collect::<Vec<_>>());
    assert!(out.margins_intact());
    stage.plugin.stop();
    drop(stage.folder);
}

#[test]
fn a_plain_copy_is_another_plugin() {
    let folder = tempfile::tempdir().expect("a folder for a copy");
    let module = Module::load(&install("fault", folder.path(), "Fault")).expect("it loads");
    assert_eq!(text8(&module.classes()[0].name), "Fault");
    assert_ne!(module.classes()[0].cid, plugin_rig::identity::class_id("Fault none"));
}

#[test]
fn outputs_are_spoilt_as_announced() {
    assert!(output("output-nan").iter().filter(|sample| sample.is_nan()).count() == 1);
    assert!(output("output-inf").iter().filter(|sample| sample.is_infinite()).count() == 2);
    assert!(output("output-subnormal").iter().all(|sample| sample.is_subnormal()));
    assert_eq!(output("output-60db"), ramp().iter().map(|sample| sample * 1000.0).collect::<Vec<_>>());
    assert_eq!(output("output-dc"), ramp().iter().map(|sample| sample + 0.75).collect::<Vec<_>>());
    assert!(output("output-unwritten").iter().all(|sample| sample.to_bits() == MARK));
    assert_eq!(output("false-silence"), ramp());
}

#[test]
fn memory_is_overstepped_only_where_announced() {
    let mut past = started("writes-past-end");
    assert!(!block(&mut past, &[]).1.margins_intact());
    let mut input = started("writes-to-input");
    let (scribbled, out) = block(&mut input, &[]);
    assert!(scribbled.channel(0, 0).iter().all(|sample| *sample == 1.0));
    assert!(scribbled.margins_intact() && out.margins_intact());
    assert_eq!(out.channel(0, 0), ramp());
}

#[test]
fn restarts_come_from_the_processing_thread() {
    for (mode, flags, times) in [
        ("latency-every-block", 8, 4),
        ("buses-every-block", 2, 4),
        ("params-every-block", 16 | 4, 4),
        ("restart-in-process", 8 | 4, 1),
    ] {
        let mut stage = started(mode);
        for _ in 0..4 {
            block(&mut stage, &[]);
        }
        let calls = stage.plugin.handler.take();
        assert_eq!(calls, vec![format!("restartComponent {flags}"); times], "{mode}");
    }
}

#[test]
fn the_lookahead_delays_by_what_it_reports() {
    let mut stage = stage("latency-by-param");
    unsafe { stage.plugin.controller.setParamNormalized(1, 0.032) };
    assert_eq!(stage.plugin.handler.take(), ["restartComponent 8"]);
    stage.plugin.start(48_000.0, 64).expect("it starts");
    assert_eq!(unsafe { stage.plugin.processor.getLatencySamples() }, 32);
    let (_, first) = block(&mut stage, &[]);
    assert!(first.channel(0, 0)[..32].iter().all(|sample| *sample == 0.0));
    assert_eq!(first.channel(0, 0)[32..], ramp()[..32]);
    let (_, second) = block(&mut stage, &[]);
    assert_eq!(second.channel(0, 0)[..32], ramp()[32..]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_run_loop_mode_is_silent_until_the_third_tick() {
    let mut stage = started("needs-run-loop");
    assert_eq!(stage.plugin.context.timers(), 1);
    for ticks in 0..4 {
        let silent = block(&mut stage, &[]).1.channel(0, 0).iter().all(|sample| *sample == 0.0);
        assert_eq!(silent, ticks < 3, "after {ticks} ticks");
        stage.plugin.context.tick();
    }
    stage.plugin.stop();
    unsafe { vst3::Steinberg::IPluginBaseTrait::terminate(&stage.plugin.component) };
    assert_eq!(stage.plugin.context.timers(), 0, "the timer is given back");
}

#[test]
fn arrangements_are_refused_as_announced() {
    let mono = stage("mono-only");
    let ask = |stage: &Stage, inputs: &mut [u64], outputs: &mut [u64]| unsafe {
        let (ins, outs) = (inputs.len() as i32, outputs.len() as i32);
        stage.plugin.processor.setBusArrangements(inputs.as_mut_ptr(), ins, outputs.as_mut_ptr(), outs)
    };
    assert_eq!(mono.plugin.channels(0), [1]);
    assert_ne!(ask(&mono, &mut [kStereo], &mut [kStereo]), 0);
    assert_eq!(ask(&mono, &mut [kMono], &mut [kMono]), 0);
    let chain = stage("no-stereo-sidechain");
    assert_eq!(chain.plugin.channels(0), [2, 1]);
    assert_ne!(ask(&chain, &mut [kStereo, kStereo], &mut [kStereo]), 0);
    assert_eq!(ask(&chain, &mut [kStereo, kMono], &mut [kStereo]), 0);
}

#[test]
fn texts_have_no_end_or_no_meaning() {
    let (_folder, path) = library("names-unterminated");
    let module = Module::load(&path).expect("it loads");
    assert!(module.classes()[0].name.iter().all(|byte| *byte != 0));
    assert_eq!(text8(&module.classes()[0].category), plugin_rig::AUDIO_EFFECT);
    let plugin = Instance::create(&module, 0).expect("it can be created");
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { plugin.controller.getParameterInfo(0, &mut info) }, 0);
    assert!(info.title.iter().all(|unit| *unit != 0));
    let stage = stage("names-invalid-utf16");
    assert_eq!(unsafe { stage.plugin.controller.getParameterInfo(0, &mut info) }, 0);
    assert!(String::from_utf16(info.title.split(|unit| *unit == 0).next().unwrap_or_default()).is_err());
    assert!(text16(&info.title).contains('\u{fffd}'));
    let mut text = [7_u16; 128];
    let fails = self::stage("text-fails");
    assert_ne!(unsafe { fails.plugin.controller.getParamStringByValue(0, 0.5, &mut text) }, 0);
    assert_eq!(text, [7; 128], "nothing is written");
}

#[test]
fn numbers_are_as_wrong_as_announced() {
    let count = |mode: &str| {
        let (_folder, path) = library(mode);
        let module = Module::load(&path).expect("it loads");
        unsafe { module.factory().expect("a factory").countClasses() }
    };
    assert_eq!((count("factory-huge-count"), count("factory-negative-count")), (i32::MAX, -1));
    let (_folder, path) = library("equal-ids");
    let classes = Module::load(&path).expect("it loads").classes();
    assert!(classes.len() == 2 && classes[0].cid == classes[1].cid && classes[0].name != classes[1].name);
    let many = stage("params-100k");
    assert_eq!(unsafe { many.plugin.controller.getParameterCount() }, 100_000);
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { many.plugin.controller.getParameterInfo(99_999, &mut info) }, 0);
    assert_eq!(text16(&info.title), "Parameter 99999");
    let steps = stage("step-count-negative");
    assert_eq!(unsafe { steps.plugin.controller.getParameterInfo(0, &mut info) }, 0);
    assert_eq!(info.stepCount, -1);
    let wild = stage("values-out-of-range");
    let values: Vec<f64> = (0..3).map(|_| unsafe { wild.plugin.controller.getParamNormalized(0) }).collect();
    assert!(values.iter().all(|value| !(0.0..=1.0).contains(value)), "{values:?}");
    let garbage = stage("bus-garbage");
    let mut bus: BusInfo = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { garbage.plugin.component.getBusInfo(0, 0, 1234, &mut bus) }, 0);
    assert_eq!(bus.channelCount, 100_000);
    for (mode, buses) in [("counts-huge", i32::MAX), ("counts-negative", -1)] {
        let stage = stage(mode);
        assert_eq!(unsafe { stage.plugin.component.getBusCount(0, 0) }, buses);
        assert_eq!(unsafe { stage.plugin.controller.getParameterCount() }, buses);
    }
}

#[test]
fn what_comes_out_beside_sound_is_wild() {
    let mut points = started("points-wild");
    block(&mut points, &[]);
    let all: usize = points.plugin.answers.iter().map(|queue| queue.points.len()).sum();
    assert_eq!(all, 1000);
    let mut events = started("events-wild");
    block(&mut events, &[]);
    assert_eq!(events.plugin.sent.len(), 1000);
    let progress = stage("progress-left-open");
    assert_eq!(progress.plugin.handler.take(), ["progress start 0", "progress update 0.3"]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_floating_point_mode_is_left_changed() {
    let word = || {
        let mut word = 0_u32;
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack)) };
        word
    };
    let set = |word: u32| unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, readonly)) };
    let before = word();
    for (mode, start, bits, wanted) in [
        ("fp-ftz-off", before | 0x8040, 0x8040, 0),
        ("fp-rounding", before, 0x6000, 0x6000),
        ("fp-unmask", before, 0x0f80, 0),
    ] {
        let mut stage = started(mode);
        set(start);
        let mut input = Block::new(&[2], 8);
        input.fill(|_| 0.5);
        let result = stage.plugin.process(8, |_| 0.5, &[], &[]);
        let after = word();
        set(before);
        assert!(result.is_ok());
        assert_eq!(after & bits, wanted, "{mode}");
    }
}
