//! The recorder finds what is wrong, and nothing where nothing is wrong.

#![allow(clippy::undocumented_unsafe_blocks, reason = "a bare host calling a fixture")]

mod support;

use plugin_rig::host::{Instance, Queue, Stream};
use support::{Recorder, calls, complaints};
use vst3::ComPtr;
use vst3::Steinberg::{
    IPluginBaseTrait,
    Vst::{
        AudioBusBuffers, Event, IAudioProcessorTrait, IComponentTrait, IConnectionPoint, IConnectionPointTrait,
        IEditControllerTrait, IPrefetchableSupport, IPrefetchableSupportTrait, IProcessContextRequirements,
        IProcessContextRequirementsTrait, ProcessContext, ProcessData, ProcessSetup, SpeakerArr::kStereo,
    },
};

const GAIN: u32 = 100;
const METER: u32 = 33;
const HIDDEN: u32 = 555;

/// Class indices.
const APART: usize = 0;
const SINGLE: usize = 2;

fn note(on: bool, offset: i32, pitch: i16, id: i32) -> Event {
    let mut event: Event = unsafe { std::mem::zeroed() };
    event.sampleOffset = offset;
    event.r#type = u16::from(!on);
    if on {
        event.__field0.noteOn.pitch = pitch;
        event.__field0.noteOn.velocity = 0.5;
        event.__field0.noteOn.noteId = id;
    } else {
        event.__field0.noteOff.pitch = pitch;
        event.__field0.noteOff.noteId = id;
    }
    event
}

fn queue(id: u32, points: &[(i32, f64)]) -> Queue {
    Queue { id, points: points.to_vec() }
}

/// A plugin that processes, and an empty log.
fn running(recorder: &Recorder, class: usize) -> Instance {
    let mut plugin = Instance::create(&recorder.module, class).expect("it can be created");
    plugin.share_state().expect("it has a state");
    plugin.start(48_000.0, 256).expect("it starts");
    assert_eq!(recorder.complaints(), [""; 0]);
    plugin
}

fn process(plugin: &mut Instance, params: &[Queue], events: &[Event]) {
    plugin.process(64, |_| 0.5, params, events).expect("it processes");
}

#[test]
fn a_proper_life_is_legal_from_entry_to_exit() {
    let recorder = Recorder::load();
    let mut log = recorder.log();
    for class in [APART, SINGLE] {
        let mut plugin = Instance::create(&recorder.module, class).expect("it can be created");
        plugin.share_state().expect("it has a state");
        plugin.start(48_000.0, 256).expect("it starts");
        process(&mut plugin, &[queue(GAIN, &[(0, 0.5), (32, 0.25)])], &[note(true, 3, 60, 1)]);
        process(&mut plugin, &[], &[note(false, 5, 60, 1)]);
        plugin.stop();
        drop(plugin);
        assert_eq!(recorder.live(), 0);
    }
    log.extend(recorder.log());
    assert_eq!(complaints(&log), [""; 0]);
    let blocks = calls(&log, "process");
    assert_eq!(blocks[0]["args"]["params"][0]["points"], serde_json::json!([[0, 0.5], [32, 0.25]]));
    assert_eq!(blocks[0]["args"]["events"][0]["pitch"], 60);
    assert_eq!(blocks[0]["state"], "processing");
    assert_eq!(blocks[0]["args"]["in"], serde_json::json!([[2, 0], [2, 0]]));
    let numbers: Vec<u64> = log.iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    let released: Vec<&str> = calls(&log, "released").iter().filter_map(|line| line["object"].as_str()).collect();
    assert_eq!(released, ["controller", "component", "single"]);
}

#[test]
fn the_sound_is_the_input_times_the_gain_from_each_point_on() {
    let recorder = Recorder::load();
    let mut plugin = running(&recorder, APART);
    let points = [queue(GAIN, &[(0, 0.5), (10, 0.25), (10, 1.0), (40, 0.0)])];
    let (_, out) = plugin.process(64, |frame| frame as f32, &points, &[]).expect("it processes");
    for (frame, sample) in out.channel(0, 1).iter().enumerate() {
        let gain = [1.0, 2.0, 0.0][usize::from(frame >= 10) + usize::from(frame >= 40)];
        assert_eq!(*sample, frame as f32 * gain, "sample {frame}");
    }
    // The aux output carries the side-chain; the gain stays where the last point left it.
    assert_eq!(out.channel(1, 0)[20], 40.0);
    let (_, out) = plugin.process(64, |_| 1.0, &[queue(7, &[(0, 1.0)])], &[]).expect("it processes");
    assert!(out.channel(0, 0).iter().all(|sample| *sample == 0.0), "bypass holds from the next block on");
    let (_, out) = plugin.process(64, |_| 1.0, &[], &[]).expect("it processes");
    assert!(out.channel(0, 0).iter().all(|sample| *sample == 1.0));
    assert_eq!(plugin.answers, [queue(METER, &[(63, 1.0)])]);
    assert!(out.margins_intact());
}

#[test]
fn order_of_life_is_judged() {
    let recorder = Recorder::load();
    let mut plugin = Instance::create(&recorder.module, APART).expect("it can be created");
    recorder.log();
    unsafe {
        plugin.component.setActive(1);
        plugin.processor.setProcessing(1);
        plugin.component.setActive(0);
        plugin.processor.getLatencySamples();
        plugin.component.initialize(std::ptr::null_mut());
        plugin.component.setIoMode(1);
    }
    let found = recorder.complaints();
    let wanted = [
        "setActive: 6: setActive(true) before setupProcessing",
        "getLatencySamples: 38: latency asked before setupProcessing",
        "initialize: 8: initialize more than once",
        "initialize: 49: no host context",
        "setIoMode: 13: setIoMode after initialize",
    ];
    // setActive(true) took effect in spite of the complaint, so setProcessing was legal and the second setActive was not.
    assert!(wanted.iter().all(|line| found.iter().any(|other| other == line)), "{found:#?}");
    assert!(
        found.iter().any(|line| line == "setActive: 6: setActive(false) before setProcessing(false)"),
        "{found:#?}"
    );
    unsafe { plugin.component.setActive(0) };
    plugin.start(48_000.0, 64).expect("it starts");
    recorder.log();
    unsafe {
        plugin.component.activateBus(0, 0, 0, 1);
        plugin.processor.setupProcessing(&mut ProcessSetup {
            processMode: 0,
            symbolicSampleSize: 1,
            maxSamplesPerBlock: 0,
            sampleRate: f64::NAN,
        });
        let mut arrangement = [kStereo];
        plugin.processor.setBusArrangements(arrangement.as_mut_ptr(), 1, arrangement.as_mut_ptr(), 1);
        plugin.component.terminate();
    }
    let found = recorder.complaints();
    for line in [
        "activateBus: 24: activateBus while processing",
        "setupProcessing: 19: called while active",
        "setupProcessing: 19: no samples per block",
        "setupProcessing: 19: an impossible sample rate",
        "setupProcessing: 18: 64 bit without having asked, or in spite of the answer",
        "setBusArrangements: 19: called while active",
        "setBusArrangements: 22: not an arrangement for every bus",
        "terminate: 6: terminate while active",
    ] {
        assert!(found.iter().any(|other| other == line), "{line} is not in {found:#?}");
    }
}

#[test]
fn use_after_terminate_and_release_without_it_are_judged() {
    let recorder = Recorder::load();
    let plugin = Instance::create(&recorder.module, SINGLE).expect("it can be created");
    recorder.log();
    let component = plugin.component.clone();
    drop(plugin);
    assert_eq!(recorder.complaints(), [""; 0]);
    unsafe { component.getBusCount(0, 0) };
    assert_eq!(recorder.complaints(), ["getBusCount: 6: called after terminate"]);
    drop(component);
    assert_eq!(recorder.live(), 0);
    let forgotten = support::initialized(&recorder.module, SINGLE);
    recorder.log();
    drop(forgotten);
    assert_eq!(recorder.complaints(), ["released: 6: released without terminate"]);
}

#[test]
fn threads_are_judged() {
    let recorder = Recorder::load();
    let mut plugin = running(&recorder, APART);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            process(&mut plugin, &[], &[]);
            unsafe { plugin.processor.setProcessing(0) };
            unsafe { plugin.processor.setProcessing(1) };
            unsafe { plugin.controller.getParamNormalized(GAIN) };
            unsafe { plugin.component.getBusCount(0, 0) };
        });
        thread.join().expect("the thread ends");
    });
    let log = recorder.log();
    assert_eq!(
        complaints(&log),
        ["getParamNormalized: 14: not on the main thread", "getBusCount: 14: not on the main thread"]
    );
    assert_eq!(calls(&log, "process")[0]["entered"], false);
    plugin.stop();
}

#[test]
fn blocks_are_judged() {
    let recorder = Recorder::load();
    let mut plugin = running(&recorder, APART);
    plugin.process(257, |_| 0.0, &[], &[]).expect("it answers");
    assert_eq!(recorder.complaints(), ["process: 27: the block is longer than set up"]);
    for (params, complaint) in [
        (vec![queue(GAIN, &[(9, 0.5), (8, 0.5)])], "31: points out of order"),
        (vec![queue(GAIN, &[(64, 0.5)])], "31: a point outside the block"),
        (vec![queue(GAIN, &[(0, 1.5)])], "31: a value outside 0…1"),
        (vec![queue(GAIN, &[(0, f64::NAN)])], "31: a value outside 0…1"),
        (vec![queue(GAIN, &[(0, 0.5)]), queue(GAIN, &[(9, 0.5)])], "31: two queues for one parameter"),
        (vec![queue(METER, &[(0, 0.5)])], "45: a read-only parameter is written"),
        (vec![queue(HIDDEN, &[(0, 0.5)])], "45: a hidden parameter is written"),
        (vec![queue(12345, &[(0, 0.5)])], "41: an unknown parameter"),
    ] {
        process(&mut plugin, &params, &[]);
        assert_eq!(recorder.complaints(), [format!("process: {complaint}")]);
    }
    let mut bus = note(true, 0, 60, 2);
    bus.busIndex = 1;
    for (events, complaint) in [
        (vec![note(false, 0, 60, 1)], "37: a note-off without its note-on"),
        (vec![note(true, 9, 60, 5), note(false, 8, 60, 5)], "37: events out of order"),
        (vec![note(true, 64, 61, 6), note(false, 64, 61, 6)], "37: an event outside the block"),
        (vec![note(true, 0, 128, 7), note(false, 0, 128, 7)], "37: a note outside 16 channels × 128 keys"),
        (vec![note(true, 0, 62, 9), note(true, 0, 63, 9)], "37: the note id is sounding already"),
        (vec![bus], "37: an event for a bus that does not exist"),
    ] {
        process(&mut plugin, &[], &events);
        assert!(recorder.complaints().contains(&format!("process: {complaint}")), "{complaint}");
    }
    plugin.stop();
    assert_eq!(recorder.complaints(), ["setActive: 37: notes still sound"]);
    process(&mut plugin, &[], &[]);
    assert_eq!(recorder.complaints(), ["process: 6: process outside setProcessing(true)"]);
}

#[test]
fn buffers_and_context_are_judged() {
    let recorder = Recorder::load();
    let plugin = running(&recorder, APART);
    let mut samples = vec![1.0_f32; 64];
    let mut channels = [samples.as_mut_ptr(), samples.as_mut_ptr()];
    let bus = |silence: u64, channels: &mut [*mut f32; 2]| {
        let mut bus: AudioBusBuffers = unsafe { std::mem::zeroed() };
        bus.numChannels = 2;
        bus.silenceFlags = silence;
        bus.__field0.channelBuffers32 = channels.as_mut_ptr();
        bus
    };
    let mut none: [*mut f32; 2] = [std::ptr::null_mut(); 2];
    let mut inputs = [bus(0b111, &mut channels), bus(0, &mut none)];
    let mut outputs = [bus(1, &mut channels)];
    let mut data: ProcessData = unsafe { std::mem::zeroed() };
    data.numSamples = 64;
    data.symbolicSampleSize = 1;
    data.processMode = 2;
    (data.numInputs, data.numOutputs) = (2, 1);
    (data.inputs, data.outputs) = (inputs.as_mut_ptr(), outputs.as_mut_ptr());
    unsafe { plugin.processor.process(&mut data) };
    let found = recorder.complaints();
    for line in [
        "18: another sample size than set up",
        "20: to or from offline without a new setup",
        "28: not an entry for every bus",
        "33: output silence flags are set beforehand",
        "33: silence flags of channels that do not exist",
        "28: an active bus lacks sample pointers",
    ] {
        assert!(found.contains(&format!("process: {line}")), "{line} is not in {found:#?}");
    }
    (data.symbolicSampleSize, data.processMode, data.numOutputs) = (0, 0, 2);
    let mut inputs = [bus(0b11, &mut channels), bus(0, &mut channels)];
    let mut outputs = [bus(0, &mut channels), bus(0, &mut channels)];
    (data.inputs, data.outputs) = (inputs.as_mut_ptr(), outputs.as_mut_ptr());
    unsafe { plugin.processor.process(&mut data) };
    let log = recorder.log();
    let found = complaints(&log);
    assert!(found.contains(&"process: 33: an input flagged silent is not zero".to_owned()), "{found:#?}");
    assert!(found.contains(&"process: 26: no process context, though one was asked for".to_owned()), "{found:#?}");
    assert_eq!(calls(&log, "process")[0]["args"]["inPlace"], true);
}

#[test]
fn each_missing_field_of_the_context_is_named_but_not_in_a_flush() {
    let recorder = Recorder::load();
    let plugin = running(&recorder, SINGLE);
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.sampleRate = 48_000.0;
    let mut data: ProcessData = unsafe { std::mem::zeroed() };
    data.processContext = &mut context;
    unsafe { plugin.processor.process(&mut data) };
    assert_eq!(recorder.complaints(), [""; 0], "a flush has no time");
    data.processContext = std::ptr::null_mut();
    unsafe { plugin.processor.process(&mut data) };
    assert_eq!(recorder.complaints(), [""; 0]);
    data.processContext = &mut context;
    data.numSamples = 8;
    unsafe { plugin.processor.process(&mut data) };
    let log = recorder.log();
    let found: Vec<String> = complaints(&log).into_iter().filter(|line| line.starts_with("process: 26")).collect();
    let field = |name: &str| format!("process: 26: {name} was asked for and is not valid");
    assert_eq!(found, [field("continuous time")], "the clock is always known");
    // A host may know no music; it is noticed all the same.
    let remarks = calls(&log, "process")[0]["remarks"].to_string();
    for name in ["musical time", "the bar", "the tempo", "the time signature", "the cycle"] {
        assert!(remarks.contains(&format!("{name} was asked for")), "{name}: {remarks}");
    }
}

#[test]
fn a_flush_without_buses_is_legal_and_reaches_the_state() {
    let recorder = Recorder::load();
    let mut plugin = running(&recorder, APART);
    let state = |plugin: &Instance| {
        let stream = Stream::new(Vec::new(), 5, usize::MAX);
        assert_eq!(unsafe { plugin.component.getState(Stream::pointer(&stream)) }, 0);
        stream.bytes()
    };
    let before = state(&plugin);
    process(&mut plugin, &[queue(GAIN, &[(0, 0.75)])], &[]);
    assert_ne!(state(&plugin), before);
    let copy = Stream::new(before.clone(), 3, usize::MAX);
    assert_eq!(unsafe { plugin.component.setState(Stream::pointer(&copy)) }, 0);
    assert_eq!(state(&plugin), before, "a state survives short reads");
    assert_eq!(recorder.complaints(), [""; 0]);
    // The same stream again is at its end: nothing is there, and that is not the beginning.
    unsafe { plugin.component.setState(Stream::pointer(&copy)) };
    assert_eq!(recorder.complaints(), ["setState: 60: the stream is not at its beginning"]);
    let foreign = Stream::new(b"something else".to_vec(), usize::MAX, usize::MAX);
    unsafe { plugin.controller.setComponentState(Stream::pointer(&foreign)) };
    assert_eq!(recorder.complaints(), ["setComponentState: 60: a state of somebody else"]);
}

#[test]
fn connections_are_judged() {
    let recorder = Recorder::load();
    let plugin = Instance::create(&recorder.module, APART).expect("it can be created");
    recorder.log();
    plugin.connect_directly();
    assert_eq!(recorder.complaints(), vec!["connect: 11: connected peer to peer instead of through the host"; 2]);
    let end: ComPtr<IConnectionPoint> = plugin.component.cast().expect("it can be connected");
    unsafe { end.disconnect(end.as_ptr()) };
    unsafe { end.notify(std::ptr::null_mut()) };
    drop(plugin);
    assert_eq!(
        recorder.complaints(),
        [
            "disconnect: 11: disconnected from another than it was connected to",
            "notify: 11: a message while not connected",
            "notify: 11: no message",
            "terminate: 11: terminate while connected",
        ]
    );
}

#[test]
fn what_a_host_may_ask_is_answered() {
    let recorder = Recorder::load();
    let plugin = running(&recorder, SINGLE);
    let prefetch = plugin.component.cast::<IPrefetchableSupport>().expect("it has one");
    let mut support = 9;
    assert_eq!(unsafe { prefetch.getPrefetchableSupport(&mut support) }, 0);
    assert_eq!(support, 1);
    let context = plugin.component.cast::<IProcessContextRequirements>().expect("it has one");
    assert_ne!(unsafe { context.getProcessContextRequirements() }, 0);
    assert_eq!(recorder.complaints(), ["getProcessContextRequirements: 26: requirements asked while active"]);
    assert_eq!(unsafe { plugin.controller.getParameterCount() }, 10);
    let mut text = [0_u16; 128];
    assert_eq!(unsafe { plugin.controller.getParamStringByValue(4, 1.0, &mut text) }, 0);
    assert_eq!(plugin_rig::text::text16(&text), "West");
    let mut value = -1.0;
    assert_eq!(unsafe { plugin.controller.getParamValueByString(4, text.as_mut_ptr(), &mut value) }, 0);
    assert_eq!(value, 1.0);
}
