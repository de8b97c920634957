//! Destroyed in every state, and in any order.

use crate::{
    recorder::{Recorder, judged, only},
    rig::{BOTH, GAIN, Rig, on, point, setup},
};
use serde_json::json;
use sonic_bridge::plugin::LayoutRequest;

fn gone(recorder: &Recorder) {
    recorder.assert_no_violations();
    assert_eq!(recorder.live(), 0);
}

#[test]
fn a_plugin_is_unmade_from_every_state() {
    for name in BOTH {
        judged(move |recorder| {
            let states: [fn(&mut Rig); 6] = [
                |_| {},
                |rig| {
                    rig.controller.configure(&LayoutRequest::default()).unwrap();
                },
                |rig| rig.controller.set_normalized(GAIN, 0.1).unwrap(),
                |rig| rig.start(&setup()),
                |rig| {
                    rig.start(&setup());
                    rig.block(8, &[point(GAIN, 0, 0.2)], &[on(0, 60, -1), on(1, 61, 7)]);
                },
                |rig| {
                    rig.start(&setup());
                    rig.audio().processor.reset();
                    rig.stop();
                },
            ];
            for reach in states {
                // The controller goes first, and its audio half after it.
                let mut rig = Rig::load(name);
                reach(&mut rig);
                drop(rig);
                gone(recorder);
                // The audio half goes first.
                let mut rig = Rig::load(name);
                reach(&mut rig);
                rig.audio = None;
                drop(rig);
                gone(recorder);
            }
        });
    }
}

#[test]
fn a_plugin_whose_controller_is_gone_plays_on_until_its_audio_half_is_dropped() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            let mut audio = rig.audio.take().unwrap();
            drop(rig);
            assert!(only(&recorder.log(), &["setActive", "terminate"]).iter().all(|line| *line.arg("on") == true));
            audio.block(64, 0.5, &[], &[on(0, 60, -1)]).unwrap();
            // Dropped on another thread: it ends where the next plugin is looked after.
            std::thread::spawn(move || drop(audio)).join().unwrap();
            assert!(recorder.live() > 0);
            let mut other = Rig::load(name);
            other.poll();
            assert_eq!(recorder.live(), if name == BOTH[0] { 2 } else { 1 }, "only the other is left");
        });
    }
}

#[test]
fn callbacks_to_a_host_that_forgot_the_plugin_are_harmless() {
    judged(|recorder| {
        let mut rig = Rig::load(BOTH[0]);
        recorder.command(json!({"do": "edit", "id": GAIN.0, "values": [0.5]}));
        recorder.command(json!({"do": "restart", "flags": 0x7ff}));
        recorder.now(json!({"do": "exchangeOpen", "size": 16, "count": 4}));
        rig.start(&setup());
        recorder.command(json!({"do": "restart", "flags": 0x7ff, "when": "process"}));
        recorder.command(json!({"do": "message", "from": "component", "id": "x", "when": "process"}));
    });
}
