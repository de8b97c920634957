//! Blocks.

use crate::{
    recorder::{judged, names, one, only},
    rig::{APART, BOTH, BYPASS, GAIN, METER, Rig, off, on, point, setup},
};
use serde_json::json;
use sonic_bridge::{
    model::{Arrangement, Event, EventBody},
    plugin::{LayoutRequest, Notice, Precision, ProcessError, Setup},
};

#[test]
fn block_lengths_vary_and_a_longer_one_never_reaches_the_plugin() {
    for precision in [Precision::F32, Precision::F64] {
        judged(move |recorder| {
            let mut rig = Rig::load(APART);
            rig.start(&Setup { precision, ..setup() });
            for frames in [1, 256, 17, 255, 2, 64] {
                rig.block(frames, &[], &[]);
            }
            let before = names(&recorder.log(), &["process"]).len();
            assert_eq!(before, 6);
            let audio = rig.audio();
            let error = audio.block(257, 0.5, &[], &[]).unwrap_err();
            assert_eq!(error, ProcessError::TooLong { frames: 257, max: 256 });
            assert!(names(&recorder.log(), &["process"]).is_empty());
            rig.stop();
        });
    }
}

#[test]
fn every_bus_has_an_entry_also_those_that_are_off() {
    judged(|recorder| {
        recorder.set(json!({"extraOutputs": 3}));
        let mut rig = Rig::playing(APART);
        rig.block(32, &[], &[]);
        rig.stop();
        let lines = recorder.log();
        let block = one(&lines, "process");
        assert_eq!((block.arg("inputs"), block.arg("outputs")), (&2.into(), &5.into()));
    });
}

#[test]
fn input_and_output_never_share_memory() {
    for precision in [Precision::F32, Precision::F64] {
        judged(move |recorder| {
            let mut rig = Rig::load(APART);
            let stereo = Some(Arrangement::STEREO);
            let all = LayoutRequest { inputs: vec![stereo; 2], outputs: vec![stereo; 2] };
            rig.controller.configure(&all).unwrap();
            rig.start(&Setup { precision, ..setup() });
            for frames in [1, 100, 256] {
                rig.block(frames, &[], &[]);
                assert_eq!(rig.heard(), 0.25);
                assert!(rig.audio().pool.guards_intact());
            }
            rig.stop();
            assert!(only(&recorder.log(), &["process"]).iter().all(|line| *line.arg("inPlace") == false));
        });
    }
}

#[test]
fn a_flush_has_no_buses_and_no_samples_and_carries_the_parameters() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            rig.audio().processor.flush(&[point(GAIN, 5, 0.25), point(BYPASS, 0, 0.0)]);
            let lines = recorder.log();
            let flush = one(&lines, "process");
            assert_eq!(
                (flush.arg("frames"), flush.arg("inputs"), flush.arg("outputs")),
                (&0.into(), &0.into(), &0.into())
            );
            assert_eq!((flush.state(), flush.arg("params")[0]["points"][0][1].as_f64()), ("processing", Some(0.25)));
            rig.block(8, &[], &[]);
            assert_eq!(rig.heard(), 0.125);
            rig.stop();
        });
    }
}

#[test]
fn what_was_set_while_resting_reaches_the_component_before_its_state_is_saved() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::load(name);
            rig.controller.set_normalized(GAIN, 0.75).unwrap();
            recorder.log();
            let state = rig.controller.state().unwrap();
            let lines = recorder.log();
            assert_eq!(
                names(&lines, &["setActive", "setProcessing", "process", "getState"]),
                [
                    "setActive(true)",
                    "setProcessing(true)",
                    "process",
                    "process",
                    "setProcessing(false)",
                    "setActive(false)",
                    "getState"
                ],
                "a flush, and for those who ignore it a short block"
            );
            drop(rig);
            let mut rig = Rig::load(name);
            rig.controller.set_state(&state).unwrap();
            assert_eq!(rig.controller.normalized(GAIN).unwrap(), 0.75);
            rig.controller.set_normalized(GAIN, 1.0).unwrap();
            rig.start(&setup());
            rig.block(8, &[], &[]);
            assert_eq!(rig.heard(), 0.5);
            rig.stop();
            // What comes after the start and before the first block is newer.
            rig.controller.set_normalized(GAIN, 1.0).unwrap();
            rig.start(&setup());
            rig.audio().processor.flush(&[point(GAIN, 0, 0.25)]);
            rig.block(8, &[], &[]);
            assert_eq!(rig.heard(), 0.125);
            rig.stop();
            rig.controller.set_normalized(GAIN, 1.0).unwrap();
            rig.start(&setup());
            rig.controller.set_state(&state).unwrap();
            rig.block(8, &[], &[]);
            assert_eq!(rig.heard(), 0.375);
            rig.stop();
        });
    }
}

#[test]
fn one_queue_for_each_parameter_and_its_points_in_order() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let points = [
            point(GAIN, 9, 0.9),
            point(BYPASS, 0, 0.0),
            point(GAIN, 3, 0.3),
            point(GAIN, 9, 1.0),
            point(GAIN, 900, 2.0),
        ];
        rig.block(64, &points, &[]);
        let lines = recorder.log();
        let queues = one(&lines, "process").arg("params").as_array().unwrap().clone();
        assert_eq!(queues.len(), 2);
        assert_eq!(queues[0]["points"], json!([[3, 0.3], [9, 1.0], [63, 1.0]]), "sorted, the later one wins, inside");
        rig.stop();
    });
}

#[test]
fn output_points_reach_the_block_and_the_controller() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            rig.poll();
            recorder.log();
            rig.block(64, &[], &[]);
            assert_eq!(rig.audio().out.params(), [point(METER, 63, 0.25)]);
            recorder.command(json!({"do": "point", "id": 4_000_000, "index": 3, "value": 0.5, "when": "process"}));
            rig.block(64, &[], &[]);
            assert!(only(&recorder.log(), &["setParamNormalized"]).is_empty(), "not from the audio thread");
            let notices = rig.poll();
            assert_eq!(notices, [Notice::Output(METER, 0.25)], "and nothing of a parameter that does not exist");
            assert_eq!(*one(&recorder.log(), "setParamNormalized").arg("id"), METER.0);
            rig.stop();
        });
    }
}

#[test]
fn silence_is_flagged_with_zeros_and_a_flag_that_comes_back_is_believed() {
    for precision in [Precision::F32, Precision::F64] {
        judged(move |recorder| {
            let mut rig = Rig::load(APART);
            rig.start(&Setup { precision, ..setup() });
            rig.audio().block(64, 0.0, &[], &[]).unwrap();
            let audio = rig.audio();
            assert!(audio.outputs.iter().all(|channel| audio.pool.is_silent(*channel)));
            rig.block(64, &[], &[]);
            let audio = rig.audio();
            assert!(audio.outputs.iter().all(|channel| !audio.pool.is_silent(*channel)));
            let lines = recorder.log();
            let flags: Vec<_> = only(&lines, &["process"]).iter().map(|line| line.arg("in")[0][1].clone()).collect();
            assert_eq!(flags, [3, 0]);
            // Flagged although there is sound in the buffer: nobody hears it.
            recorder.set(json!({"silence": 2}));
            rig.block(64, &[], &[]);
            assert_eq!(rig.heard(), 0.0);
            rig.stop();
        });
    }
}

#[test]
fn a_bypass_parameter_is_the_plugins_own_business() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        assert!(rig.controller.params().iter().any(|info| info.id == BYPASS && info.flags.bypass));
        // The recorder takes it over at the end of a block.
        rig.block(8, &[point(GAIN, 0, 1.0), point(BYPASS, 0, 1.0)], &[]);
        rig.block(8, &[], &[]);
        assert_eq!(rig.heard(), 0.25);
        rig.block(8, &[point(BYPASS, 0, 0.0)], &[]);
        rig.block(8, &[], &[]);
        assert_eq!(rig.heard(), 0.5);
        rig.stop();
        assert_eq!(names(&recorder.log(), &["process"]).len(), 4, "it was called all the time");
    });
}

#[test]
fn stop_and_start_is_the_way_to_forget() {
    for answers in [false, true] {
        judged(move |recorder| {
            recorder.set(json!({"processingUnimplemented": answers}));
            let mut rig = Rig::playing(APART);
            recorder.log();
            rig.audio().processor.reset();
            rig.audio().processor.reset();
            rig.block(8, &[], &[]);
            let calls = names(&recorder.log(), &["setProcessing", "process"]);
            let pair = ["setProcessing(false)", "setProcessing(true)"];
            assert_eq!(calls, [pair[0], pair[1], pair[0], pair[1], "process"]);
            rig.stop();
        });
    }
}

#[test]
fn every_note_is_ended_before_the_plugin_stops() {
    for precision in [Precision::F32, Precision::F64] {
        judged(move |recorder| {
            let mut rig = Rig::load(APART);
            rig.start(&Setup { precision, ..setup() });
            let twins = [on(0, 60, 1), on(5, 60, 2), on(7, 60, -1), on(9, 64, -1)];
            rig.block(16, &[], &twins);
            rig.block(16, &[], &[off(3, 60, 2), off(4, 99, -1), off(5, 64, 77)]);
            rig.stop();
            let lines = recorder.log();
            let last = *only(&lines, &["process"]).last().unwrap();
            let offs = last.arg("events").as_array().unwrap();
            assert_eq!(offs.len(), 2, "{last:?}");
            rig.start(&Setup { precision, ..setup() });
            let many: Vec<Event> = (0..120).map(|at| on(0, at % 60, -1)).collect();
            rig.block(16, &[], &many);
            rig.block(16, &[], &many);
            rig.audio().processor.reset();
            rig.stop();
        });
    }
}

#[test]
fn events_stay_inside_the_block_and_on_buses_that_are_there() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let wild = |offset, bus, key| Event { bus, ..on(offset, key, -1) };
        let body = EventBody::NoteExpression { kind: 0, note_id: 5, value: 7.0 };
        let events =
            [wild(0, 0, 60), wild(1, 9, 60), wild(2, 0, 200), wild(999, 0, 61), Event { offset: 999, bus: 0, body }];
        rig.block(16, &[], &events);
        assert!(rig.audio().processor.dropped() > 0);
        let lines = recorder.log();
        let heard = one(&lines, "process").arg("events").as_array().unwrap().clone();
        let offsets: Vec<_> = heard.iter().map(|event| event["offset"].as_i64().unwrap()).collect();
        assert_eq!(offsets, [0, 15, 15]);
        rig.stop();
    });
}
