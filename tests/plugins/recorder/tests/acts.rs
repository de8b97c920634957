//! The recorder does what a test tells it to, where it is told to.

#![allow(clippy::undocumented_unsafe_blocks, reason = "a bare host calling a fixture")]

mod support;

use plugin_rig::host::{Instance, Queue};
use support::{Recorder, calls, complaints};
use vst3::Steinberg::{
    Vst::{IAudioProcessorTrait, IComponentTrait, IDataExchangeReceiver, IEditControllerTrait},
    kNoInterface,
};

fn running(recorder: &Recorder) -> Instance {
    let mut plugin = Instance::create(&recorder.module, 0).expect("it can be created");
    plugin.start(48_000.0, 64).expect("it starts");
    recorder.log();
    plugin
}

fn block(plugin: &mut Instance) {
    plugin.process(64, |_| 0.5, &[], &[]).expect("it processes");
}

#[test]
fn commands_wait_for_their_place() {
    let recorder = Recorder::load();
    let mut plugin = running(&recorder);
    assert_eq!(recorder.command(r#"{"do": "restart", "flags": 8, "when": "process"}"#), 0);
    assert_eq!(recorder.command(r#"{"do": "setDirty"}"#), 0);
    assert_eq!(recorder.command(r#"{"do": "beginEdit", "id": 100, "when": "now"}"#), 0);
    assert_eq!(plugin.handler.take(), ["beginEdit 100"]);
    unsafe { plugin.controller.getParameterCount() };
    assert_eq!(plugin.handler.take(), ["setDirty 1"]);
    block(&mut plugin);
    assert_eq!(plugin.handler.take(), ["restartComponent 8"]);
    assert_eq!(recorder.command(r#"{"do": "edit", "id": 100, "values": [0.1, 0.2], "when": "thread"}"#), 0);
    assert_eq!(plugin.handler.take(), ["beginEdit 100", "performEdit 100 0.1", "performEdit 100 0.2", "endEdit 100"]);
    let log = recorder.log();
    let edits = calls(&log, "edit");
    assert_eq!(edits.len(), 2);
    assert_eq!((&edits[0]["state"], &edits[1]["state"]), (&"asks".into(), &"answers".into()));
    assert_eq!(edits[0]["entered"], false, "from a thread of its own");
    assert_eq!(complaints(&log), [""; 0]);
}

#[test]
fn progress_group_and_timer_reach_the_host() {
    let recorder = Recorder::load();
    let plugin = running(&recorder);
    for json in [
        r#"{"do": "startGroup"}"#,
        r#"{"do": "finishGroup"}"#,
        r#"{"do": "openEditor"}"#,
        r#"{"do": "progressStart", "kind": 1, "text": "Loading"}"#,
        r#"{"do": "progressUpdate", "value": 0.5}"#,
        r#"{"do": "progressFinish"}"#,
        r#"{"do": "timer", "value": 10}"#,
        r#"{"do": "systemTime"}"#,
    ] {
        assert_eq!(recorder.command(json), 0, "{json}");
    }
    unsafe { plugin.controller.getParameterCount() };
    let calls_seen = plugin.handler.take();
    assert_eq!(
        calls_seen,
        [
            "startGroupEdit",
            "finishGroupEdit",
            "requestOpenEditor",
            "progress start 1",
            "progress update 0.5",
            "progress finish"
        ]
    );
    assert_eq!(plugin.context.timers(), 1);
    // A tick is a chance to act on the main thread, too.
    recorder.command(r#"{"do": "restart", "flags": 16}"#);
    plugin.context.tick();
    assert_eq!(plugin.handler.take(), ["restartComponent 16"]);
    recorder.command(r#"{"do": "untimer", "when": "now"}"#);
    assert_eq!(plugin.context.timers(), 0);
    let log = recorder.log();
    assert_eq!(calls(&log, "onTimer").len(), 1);
    let clock = calls(&log, "systemTime");
    assert_eq!(clock[1]["args"]["result"], kNoInterface, "the bare host has no clock to offer");
}

#[test]
fn handlers_units_buses_and_menus_are_asked() {
    let recorder = Recorder::load();
    let plugin = running(&recorder);
    for (json, call) in [
        (r#"{"do": "contextMenu", "id": 7, "when": "now"}"#, "createContextMenu 7"),
        (
            r#"{"do": "requestBus", "media": 0, "direction": 1, "index": 1, "on": false, "when": "now"}"#,
            "requestBusActivation 0 1 1 0",
        ),
        (r#"{"do": "selectUnit", "unit": 1, "when": "now"}"#, "notifyUnitSelection 1"),
        (r#"{"do": "programList", "list": 1, "index": -1, "when": "now"}"#, "notifyProgramListChange 1 -1"),
        (r#"{"do": "unitByBus", "when": "now"}"#, "notifyUnitByBusChange"),
    ] {
        assert_eq!(recorder.command(json), 0, "{json}");
        assert_eq!(plugin.handler.take(), [call]);
    }
    recorder.command(r#"{"do": "supports", "text": "IMidiMapping", "when": "now"}"#);
    let log = recorder.log();
    assert_eq!(
        calls(&log, "supports")[1]["args"]["result"],
        kNoInterface,
        "the bare host does not tell what it supports"
    );
}

#[test]
fn messages_reach_the_other_half() {
    let recorder = Recorder::load();
    let plugin = Instance::create(&recorder.module, 0).expect("it can be created");
    plugin.connect_directly();
    recorder.log();
    let json = r#"{"do": "message", "from": "component", "id": "hello", "value": 7, "text": "wörld", "when": "WHEN"}"#;
    assert_eq!(recorder.command(&json.replace("WHEN", "now")), 0);
    let log = recorder.log();
    let arrived = calls(&log, "notify");
    assert_eq!(arrived[0]["object"], "controller");
    assert_eq!(arrived[0]["args"], serde_json::json!({"id": "hello", "value": 7, "text": "wörld"}));
    assert_eq!(complaints(&log), [""; 0]);
    // Peer to peer a message from a thread arrives on that thread, which is why a host stands between.
    assert_eq!(recorder.command(&json.replace("WHEN", "thread").replace("component", "controller")), 0);
    let log = recorder.log();
    assert_eq!(calls(&log, "notify")[0]["object"], "component");
    assert_eq!(complaints(&log), ["notify: 14: not on the main thread"]);
}

#[test]
fn data_blocks_go_from_process_to_the_controller() {
    let recorder = Recorder::load();
    let mut plugin = Instance::create(&recorder.module, 0).expect("it can be created");
    assert_eq!(recorder.command(r#"{"do": "exchangeOpen", "size": 64, "count": 2, "user": 5, "when": "now"}"#), 0);
    plugin.start(48_000.0, 64).expect("it starts");
    recorder.log();
    assert_eq!(recorder.command(r#"{"do": "exchangeSend", "value": 4711, "when": "process"}"#), 0);
    assert_eq!(recorder.command(r#"{"do": "exchangeLock", "when": "process"}"#), 0);
    assert_eq!(recorder.command(r#"{"do": "exchangeLock", "when": "process"}"#), 0);
    block(&mut plugin);
    let log = recorder.log();
    let result = |name: &str, index: usize| calls(&log, name)[index]["args"]["result"].as_i64();
    assert_eq!((result("exchangeSend", 1), result("exchangeLock", 1)), (Some(0), Some(0)));
    assert_ne!(result("exchangeLock", 3), Some(0), "the queue is full");
    recorder.command(r#"{"do": "exchangeFree", "on": false, "when": "process"}"#);
    recorder.command(r#"{"do": "exchangeSend", "value": 4712, "when": "process"}"#);
    block(&mut plugin);
    let receiver = plugin.controller.cast::<IDataExchangeReceiver>().expect("it receives");
    assert_eq!(plugin.context.deliver(receiver.as_com_ref()), 1 + 1);
    plugin.stop();
    assert_eq!(recorder.command(r#"{"do": "exchangeClose", "when": "now"}"#), 0);
    let log = recorder.log();
    let received = calls(&log, "onDataExchangeBlocksReceived");
    assert_eq!(received[0]["args"]["blocks"][0], serde_json::json!({"id": 1, "size": 64, "first": 4712}));
    assert_eq!(calls(&log, "exchangeClose")[1]["args"]["result"], 0);
    assert_eq!(complaints(&log), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_descriptor_wakes_the_plugin() {
    let recorder = Recorder::load();
    let plugin = running(&recorder);
    recorder.command(r#"{"do": "descriptor", "when": "now"}"#);
    assert_eq!(plugin.context.descriptors(), 1);
    recorder.command(r#"{"do": "wake", "when": "thread"}"#);
    plugin.context.wake();
    let log = recorder.log();
    assert_eq!(calls(&log, "onFDIsSet")[0]["args"]["read"], 1);
    recorder.command(r#"{"do": "undescriptor", "when": "now"}"#);
    assert_eq!(plugin.context.descriptors(), 0);
}

#[test]
fn output_points_and_notes_are_sent() {
    let recorder = Recorder::load();
    let mut plugin = running(&recorder);
    recorder.command(r#"{"do": "set", "meter": false}"#);
    recorder.command(r#"{"do": "point", "id": 33, "index": 5, "value": 0.75, "when": "process"}"#);
    recorder.command(r#"{"do": "note", "id": 61, "index": 6, "when": "process"}"#);
    block(&mut plugin);
    assert_eq!(plugin.answers, [Queue { id: 33, points: vec![(5, 0.75)] }]);
    assert_eq!(plugin.sent.len(), 1);
    assert_eq!((plugin.sent[0].sampleOffset, unsafe { plugin.sent[0].__field0.noteOn.pitch }), (6, 61));
}

#[test]
fn switches_change_what_is_answered() {
    let recorder = Recorder::load();
    let plugin = running(&recorder);
    assert_eq!(recorder.command(r#"{"do": "set", "latency": 77, "tail": 5, "f64": false, "extraOutputs": 2}"#), 0);
    assert_eq!(unsafe { plugin.processor.getLatencySamples() }, 77);
    assert_eq!(unsafe { plugin.processor.getTailSamples() }, 5);
    assert_ne!(unsafe { plugin.processor.canProcessSampleSize(1) }, 0);
    assert_eq!(unsafe { plugin.component.getBusCount(0, 1) }, 4);
    assert_eq!(recorder.command("nonsense"), -1);
    assert_eq!(recorder.command(r#"{"do": "fly"}"#), -2);
    assert_eq!(recorder.command(r#"{"do": "set", "wings": 2}"#), -2);
    drop(plugin);
    assert_eq!(recorder.command(r#"{"do": "restart", "when": "now"}"#), -3);
}

#[test]
fn process_allocates_nothing() {
    let recorder = Recorder::load();
    let count: unsafe extern "C" fn() -> u64 =
        recorder.module.function("recorder_allocations").expect("it is exported");
    let mut plugin = running(&recorder);
    for number in 0..50 {
        recorder.command(r#"{"do": "point", "id": 33, "index": 5, "value": 0.75, "when": "process"}"#);
        recorder.command(r#"{"do": "restart", "flags": 8, "when": "process"}"#);
        let points = [Queue { id: 100, points: vec![(0, 0.5), (number, 0.25)] }];
        plugin.process(64, |_| 0.5, &points, &[]).expect("it processes");
    }
    assert_eq!(unsafe { count() }, 0);
    recorder.command(r#"{"do": "set", "allocates": true}"#);
    block(&mut plugin);
    assert_eq!(unsafe { count() }, 2, "the count counts");
}

#[test]
fn a_full_log_counts_instead_of_waiting() {
    let recorder = Recorder::load();
    let plugin = running(&recorder);
    for _ in 0..40_000 {
        unsafe { plugin.processor.getTailSamples() };
    }
    let dropped: unsafe extern "C" fn() -> u64 = recorder.module.function("recorder_dropped").expect("it is exported");
    assert_eq!(unsafe { dropped() }, 40_000 - 32_768);
    assert_eq!(recorder.log().len(), 32_768);
    unsafe { plugin.processor.getTailSamples() };
    assert_eq!(recorder.log().len(), 1, "it goes on where there is room again");
}
