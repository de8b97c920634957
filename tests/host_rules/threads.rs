//! Who is called where.

use crate::{
    recorder::{judged, only},
    rig::{APART, Audio, BOTH, GAIN, METER, Rig, point, setup},
};
use serde_json::json;
use sonic_bridge::plugin::Notice;
use std::time::Duration;

#[test]
fn only_processing_leaves_the_main_thread() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            let mut audio = rig.audio.take().unwrap();
            let mut audio = std::thread::spawn(move || {
                for _ in 0..20 {
                    audio.block(100, 0.5, &[point(GAIN, 3, 0.25)], &[]).unwrap();
                }
                audio.processor.flush(&[point(GAIN, 0, 0.75)]);
                audio.processor.reset();
                audio
            })
            .join()
            .unwrap();
            rig.poll();
            audio.block(1, 0.5, &[], &[]).unwrap();
            rig.controller.deactivate(audio.processor).unwrap();
            drop(rig);
            let lines = recorder.log();
            let away: Vec<&str> = lines.iter().filter(|line| !line.on_main()).map(|line| line.call()).collect();
            assert_eq!(away.iter().filter(|call| **call == "process").count(), 21, "{name}");
            assert!(away.iter().all(|call| ["process", "setProcessing"].contains(call)), "{name}: {away:?}");
        });
    }
}

#[test]
fn callbacks_from_other_threads_wait_for_the_main_thread_and_are_told() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        rig.poll();
        recorder.log();
        recorder.elsewhere(json!({"do": "edit", "id": GAIN.0, "values": [0.25]}));
        recorder.elsewhere(json!({"do": "restart", "flags": 1 << 4 | 1 << 5}));
        recorder.command(json!({"do": "restart", "flags": 1 << 3, "when": "process"}));
        rig.block(64, &[], &[]);
        let lines = recorder.log();
        assert!(lines.iter().all(|line| ["host", "component"].contains(&line.object())), "nothing is done in place");
        assert!(only(&lines, &["edit", "restart"]).iter().all(|line| line.arg("result").as_i64().unwrap_or(0) == 0));
        let notices = rig.poll();
        for wanted in
            [Notice::EditBegan(GAIN), Notice::Edited(GAIN, 0.25), Notice::EditEnded(GAIN), Notice::InfoChanged]
        {
            assert!(notices.contains(&wanted), "{wanted:?} in {notices:?}");
        }
        let told = |notices: &[Notice]| {
            notices.iter().filter(|n| matches!(n, Notice::Misbehaved(what) if what.contains("another thread"))).count()
        };
        assert_eq!(told(&notices), 1);
        recorder.elsewhere(json!({"do": "setDirty"}));
        let again = rig.poll();
        assert!(again.contains(&Notice::Dirty));
        assert_eq!(told(&again), 0, "said once");
        rig.restart(&setup());
        rig.stop();
    });
}

#[test]
fn state_is_saved_and_loaded_while_another_thread_processes() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            let mut audio: Audio = rig.audio.take().unwrap();
            let (stop, stopped) = std::sync::mpsc::channel::<()>();
            let player = std::thread::spawn(move || {
                let mut blocks = 0;
                while stopped.try_recv().is_err() || blocks == 0 {
                    audio.block(16, 0.5, &[point(GAIN, 0, 0.3)], &[]).unwrap();
                    blocks += 1;
                    // On a busy machine the log would grow faster than it is read.
                    std::thread::sleep(Duration::from_micros(200));
                }
                audio
            });
            for _ in 0..20 {
                let state = rig.controller.state().unwrap();
                rig.controller.set_state(&state).unwrap();
                recorder.log();
            }
            stop.send(()).unwrap();
            let audio = player.join().unwrap();
            rig.controller.deactivate(audio.processor).unwrap();
        });
    }
}

#[test]
fn processing_frees_and_allocates_nothing() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let before = recorder.allocations();
        for frames in 1..200 {
            rig.block(frames, &[point(GAIN, 0, 0.1), point(GAIN, 1, 0.9)], &[crate::rig::on(0, 60, -1)]);
            rig.audio().processor.flush(&[point(GAIN, 0, 0.5)]);
        }
        assert_eq!(recorder.allocations(), before);
        assert!(rig.poll().iter().any(|notice| matches!(notice, Notice::Output(METER, _))));
        rig.stop();
    });
}
