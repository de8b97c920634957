//! Setup, buses and latency.

use crate::{
    recorder::{Line, NEEDS, judged, names, one, only},
    rig::{APART, BOTH, Rig, load, setup, song},
};
use serde_json::json;
use sonic_bridge::{
    model::{Arrangement, Transport},
    plugin::{Layout, LayoutRequest, Notice, Precision, ProcessMode, Setup, Tail},
};

fn request(input: Arrangement, output: Arrangement) -> LayoutRequest {
    LayoutRequest::main(Some(input), Some(output))
}

fn active(layout: &Layout) -> Vec<bool> {
    layout.inputs.iter().chain(&layout.outputs).map(|bus| bus.active).collect()
}

#[test]
fn double_precision_is_asked_for_first_and_done_without_where_it_is_refused() {
    for (offered, size) in [(true, 1), (false, 0)] {
        judged(move |recorder| {
            recorder.set(json!({"f64": offered}));
            let mut rig = Rig::load(APART);
            rig.start(&Setup { precision: Precision::F64, ..setup() });
            rig.block(64, &[], &[]);
            assert_eq!(rig.heard(), 0.25);
            rig.stop();
            assert_eq!(*one(&recorder.log(), "setupProcessing").arg("size"), size);
        });
    }
}

#[test]
fn another_setup_goes_through_a_full_stop() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            rig.stop();
            recorder.log();
            rig.start(&Setup { sample_rate: 96_000.0, max_block: 32, mode: ProcessMode::Realtime, ..setup() });
            rig.block(32, &[], &[]);
            rig.stop();
            let lines = recorder.log();
            assert_eq!(
                names(&lines, &["setupProcessing", "setActive", "setProcessing"]),
                [
                    "setupProcessing",
                    "setActive(true)",
                    "setProcessing(true)",
                    "setProcessing(false)",
                    "setActive(false)"
                ]
            );
            let told = one(&lines, "setupProcessing");
            assert_eq!(
                (told.arg("rate"), told.arg("maxFrames"), told.arg("mode")),
                (&96000.0.into(), &32.into(), &0.into())
            );
            let mut rig = Rig::playing(name);
            assert!(rig.controller.activate(&setup()).is_err(), "twice");
            assert!(rig.controller.configure(&LayoutRequest::default()).is_err(), "while active");
            rig.stop();
        });
    }
}

#[test]
fn a_clock_that_computes_ahead_asks_whether_it_may() {
    for (support, mode) in [(1, 1), (0, 0), (2, 0)] {
        judged(move |recorder| {
            recorder.set(json!({"prefetch": support}));
            let mut rig = Rig::load(APART);
            rig.start(&Setup { mode: ProcessMode::Prefetch, ..setup() });
            rig.block(8, &[], &[]);
            rig.stop();
            let lines = recorder.log();
            assert!(["initialized", "set up"].contains(&one(&lines, "getPrefetchableSupport").state()));
            assert_eq!(*one(&lines, "setupProcessing").arg("mode"), mode);
            assert_eq!(*one(&lines, "process").arg("mode"), mode);
        });
    }
}

#[test]
fn buses_are_on_by_request_only() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        let wanted = |rig: &mut Rig, request: LayoutRequest, now: [bool; 4]| {
            assert_eq!(active(rig.controller.configure(&request).unwrap()), now);
            rig.start(&setup());
            rig.block(16, &[], &[]);
            rig.stop();
            let lines = recorder.log();
            let told: Vec<bool> = only(&lines, &["activateBus"])
                .iter()
                .filter(|line| *line.arg("media") == 0)
                .map(|line| line.arg("on").as_bool().unwrap())
                .collect();
            assert_eq!(told, now, "each bus is told, main before auxiliary");
        };
        let stereo = Some(Arrangement::STEREO);
        wanted(&mut rig, request(Arrangement::STEREO, Arrangement::STEREO), [true, false, true, false]);
        let all = LayoutRequest { inputs: vec![stereo; 2], outputs: vec![stereo; 2] };
        wanted(&mut rig, all, [true; 4]);
        let aux = LayoutRequest { inputs: vec![None, stereo], outputs: vec![None, stereo] };
        wanted(&mut rig, aux, [false, true, false, true]);
        wanted(&mut rig, LayoutRequest::default(), [false; 4]);
    });
}

#[test]
fn arrangements_name_every_bus_and_a_refusal_is_read_back() {
    judged(|recorder| {
        let mut controller = load(APART);
        recorder.set(json!({"extraOutputs": 2, "refuseArrangements": true}));
        let layout = controller.configure(&request(Arrangement::MONO, Arrangement::MONO)).unwrap();
        assert_eq!((layout.inputs.len(), layout.outputs.len()), (2, 4));
        assert_eq!(layout.outputs[0].arrangement, Arrangement::STEREO, "as the plugin has it");
        let lines = recorder.log();
        let asked = one(&lines, "setBusArrangements");
        assert_eq!((asked.arg("in").as_array().unwrap().len(), asked.arg("out").as_array().unwrap().len()), (2, 4));
        let after = |call| only(&lines, &[call]).iter().filter(|line| line.seq() > asked.seq()).count();
        assert_eq!((after("getBusArrangement"), after("getBusInfo")), (6, 8));
    });
}

#[test]
fn channel_counts_are_read_again_after_a_change() {
    for name in BOTH {
        judged(move |_| {
            let mut rig = Rig::load(name);
            for (arrangement, channels) in [
                (Arrangement::MONO, 1),
                (Arrangement::QUADRO, 4),
                (Arrangement::SURROUND_7_1, 4),
                (Arrangement::STEREO, 2),
            ] {
                let layout = rig.controller.configure(&request(arrangement, arrangement)).unwrap();
                assert_eq!((layout.input_channels(), layout.output_channels()), (channels, channels));
                rig.start(&setup());
                rig.block(10, &[], &[]);
                rig.stop();
            }
        });
    }
}

#[test]
fn a_bus_the_plugin_asks_for_is_switched_while_it_rests() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        recorder.now(json!({"do": "requestBus", "media": 0, "direction": 0, "index": 1, "on": true}));
        recorder.now(json!({"do": "requestBus", "media": 1, "direction": 0, "index": 0, "on": true}));
        let notices = rig.poll();
        assert!(notices.contains(&Notice::BusActivation { input: true, index: 1, active: true }), "{notices:?}");
        assert!(only(&recorder.log(), &["activateBus"]).iter().all(|line| line.state() == "set up"));
        rig.stop();
        let stereo = Some(Arrangement::STEREO);
        let more = LayoutRequest { inputs: vec![stereo; 2], outputs: vec![stereo] };
        assert_eq!(active(rig.controller.configure(&more).unwrap()), [true, true, true, false]);
        rig.start(&setup());
        rig.block(16, &[], &[]);
        rig.stop();
    });
}

#[test]
fn the_context_holds_what_was_asked_for_and_only_what_is_known() {
    judged(|recorder| {
        // System time and MIDI clock besides the usual.
        recorder.set(json!({"requirements": NEEDS | 1 | 1 << 5}));
        let mut rig = Rig::playing(APART);
        for frames in [100, 7, 256] {
            rig.block(frames, &[], &[]);
        }
        rig.stop();
        let lines = recorder.log();
        assert_eq!(one(&lines, "getProcessContextRequirements").state(), "initialized");
        let heard: Vec<&serde_json::Value> =
            only(&lines, &["process"]).iter().map(|line| line.arg("context")).collect();
        assert_eq!(heard[1]["samples"], 100);
        assert_eq!(heard[2]["music"].as_f64().unwrap(), 107.0 / 24_000.0);
        recorder.set(json!({"requirements": 0}));
        let mut rig = Rig::playing(APART);
        rig.audio().transport = Transport { tempo: None, quarters: None, ..song() };
        rig.block(8, &[], &[]);
        rig.stop();
        let state = one(&recorder.log(), "process").arg("context")["state"].as_u64().unwrap();
        // Tempo, musical time, system time.
        assert_eq!(state & (1 << 10 | 1 << 9 | 1 << 8), 0);
    });
}

#[test]
fn latency_and_tail_are_asked_between_activation_and_start() {
    for name in BOTH {
        judged(move |recorder| {
            recorder.set(json!({"latency": 77, "tail": 1000}));
            let mut rig = Rig::playing(name);
            let lines = recorder.log();
            assert_eq!(
                names(&lines, &["setActive", "getLatencySamples", "setProcessing"]),
                ["setActive(true)", "getLatencySamples", "setProcessing(true)"]
            );
            assert_eq!((rig.controller.latency(), rig.controller.tail()), (77, Tail::Samples(1000)));
            rig.stop();
            for (tail, known) in [(0, Tail::None), (u32::MAX, Tail::Infinite)] {
                recorder.set(json!({"tail": tail}));
                rig.start(&setup());
                assert_eq!(rig.controller.tail(), known);
                rig.stop();
            }
            assert!(recorder.remarks().is_empty(), "{:?}", recorder.remarks());
        });
    }
}

#[test]
fn presentation_latency_is_told_while_active_where_it_is_known() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let lines = recorder.log();
        let told = only(&lines, &["setAudioPresentationLatencySamples"]);
        assert_eq!(told.len(), 2, "the buses that are on");
        assert!(told.iter().all(|line: &&Line| line.state() == "active" && *line.arg("samples") == 0));
        rig.stop();
        rig.start(&Setup { mode: ProcessMode::Realtime, ..setup() });
        rig.stop();
        assert!(only(&recorder.log(), &["setAudioPresentationLatencySamples"]).is_empty());
    });
}
