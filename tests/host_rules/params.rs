//! Parameters and editing.

use crate::{
    recorder::{Line, judged, names, one, only},
    rig::{APART, BOTH, CHOICE, FIXED, GAIN, HIDDEN, METER, Rig, load, point, setup},
};
use serde_json::json;
use sonic_bridge::{
    model::ParamId,
    plugin::{Notice, PluginError},
};
use std::time::Duration;

#[test]
fn a_parameter_is_its_id_and_not_its_place() {
    for name in BOTH {
        judged(move |recorder| {
            let mut rig = Rig::playing(name);
            let ids: Vec<u32> = rig.controller.params().iter().map(|info| info.id.0).collect();
            assert_eq!(ids, [100, 7, 2000, 33, 4, 555, 66, 71, 8, 9]);
            recorder.log();
            rig.controller.set_normalized(CHOICE, 1.0).unwrap();
            rig.block(8, &[point(CHOICE, 0, 1.0)], &[]);
            let lines = recorder.log();
            assert_eq!(*one(&lines, "setParamNormalized").arg("id"), CHOICE.0);
            assert_eq!(one(&lines, "process").arg("params")[0]["id"], CHOICE.0);
            let unknown = ParamId(4242);
            assert!(matches!(rig.controller.normalized(unknown), Err(PluginError::NoSuchParam { .. })));
            assert!(rig.controller.set_normalized(unknown, 0.5).is_err());
            assert!(rig.controller.to_text(unknown, 0.5).is_err());
            rig.stop();
        });
    }
}

#[test]
fn steps_and_texts_agree_with_the_plugins() {
    for name in BOTH {
        judged(move |_| {
            let controller = load(name);
            let info = controller.params().iter().find(|info| info.id == CHOICE).unwrap().clone();
            for (step, text) in ["North", "East", "South", "West"].into_iter().enumerate() {
                let value = info.normalized_of_step(step as u32);
                assert_eq!(info.step_of(value), Some(step as u32));
                assert_eq!(controller.to_plain(CHOICE, value).unwrap(), step as f64);
                assert_eq!(controller.to_text(CHOICE, value).unwrap(), text);
                assert_eq!(controller.normalized_from_text(CHOICE, text).unwrap(), value);
            }
            for (at, step) in [(0.0, 0), (0.2499, 0), (0.25, 1), (0.5, 2), (0.75, 3), (1.0, 3)] {
                assert_eq!(info.step_of(at), Some(step));
                assert_eq!(controller.to_plain(CHOICE, at).unwrap(), f64::from(step));
            }
            for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
                assert!(controller.to_text(CHOICE, wrong).is_err() && controller.to_plain(CHOICE, wrong).is_err());
            }
            assert!(matches!(controller.normalized_from_text(CHOICE, "Up"), Err(PluginError::BadText { .. })));
        });
    }
}

#[test]
fn an_edit_has_a_beginning_and_an_end_even_when_the_plugin_forgets_them() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        rig.poll();
        recorder.now(json!({"do": "edit", "id": GAIN.0, "values": [0.1, 0.2]}));
        let began = Notice::EditBegan(GAIN);
        let ended = Notice::EditEnded(GAIN);
        let edited = |value| Notice::Edited(GAIN, value);
        assert_eq!(rig.poll(), [began.clone(), edited(0.1), edited(0.2), ended.clone()]);
        // A mouse wheel: no begin, no end.
        recorder.now(json!({"do": "performEdit", "id": GAIN.0, "value": 0.3}));
        recorder.now(json!({"do": "performEdit", "id": GAIN.0, "value": 7.0}));
        assert_eq!(rig.poll(), [began.clone(), edited(0.3), edited(1.0)]);
        assert_eq!(rig.poll(), []);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(rig.poll(), std::slice::from_ref(&ended));
        // An end without a begin ends what was begun for the plugin, at once and once.
        recorder.now(json!({"do": "performEdit", "id": GAIN.0, "value": 0.4}));
        recorder.now(json!({"do": "endEdit", "id": GAIN.0}));
        recorder.now(json!({"do": "endEdit", "id": GAIN.0}));
        assert_eq!(rig.poll(), [began.clone(), edited(0.4), ended.clone()]);
        // A begin in the middle of one goes on with it.
        recorder.now(json!({"do": "performEdit", "id": GAIN.0, "value": 0.5}));
        recorder.now(json!({"do": "beginEdit", "id": GAIN.0}));
        assert_eq!(rig.poll(), [began, edited(0.5)]);
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(rig.poll(), []);
        recorder.now(json!({"do": "endEdit", "id": GAIN.0}));
        assert_eq!(rig.poll(), [ended]);
        rig.stop();
    });
}

#[test]
fn an_edit_of_what_does_not_exist_goes_nowhere() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        recorder.now(json!({"do": "edit", "id": 31337, "values": [0.5, 0.6]}));
        let notices = rig.poll();
        assert!(matches!(&notices[..], [Notice::Misbehaved(what)] if what.contains("31337")), "{notices:?}");
        rig.stop();
    });
}

#[test]
fn the_host_tells_both_halves_and_announces_what_cannot_be_automated() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        recorder.log();
        rig.controller.set_normalized(GAIN, 0.25).unwrap();
        rig.block(8, &[point(GAIN, 0, 0.25)], &[]);
        assert_eq!((rig.heard(), rig.controller.normalized(GAIN).unwrap()), (0.125, 0.25));
        let edit = ["beginEditFromHost", "setParamNormalized", "endEditFromHost"];
        assert_eq!(names(&recorder.log(), &edit), [edit[1]]);
        rig.controller.set_normalized(FIXED, 0.25).unwrap();
        assert_eq!(names(&recorder.log(), &edit), edit);
        rig.stop();
    });
}

#[test]
fn what_is_hidden_or_read_only_is_not_written() {
    for name in BOTH {
        judged(move |recorder| {
            let mut controller = load(name);
            recorder.log();
            for param in [HIDDEN, METER] {
                assert!(matches!(controller.set_normalized(param, 0.5), Err(PluginError::ReadOnly { .. })));
            }
            for value in [-0.1, 1.1, f64::NAN] {
                assert!(matches!(controller.set_normalized(GAIN, value), Err(PluginError::OutOfRange { .. })));
            }
            assert!(only(&recorder.log(), &["setParamNormalized"]).is_empty());
        });
    }
}

#[test]
fn dirt_and_the_wish_for_an_editor_are_taken() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        recorder.now(json!({"do": "setDirty"}));
        recorder.now(json!({"do": "openEditor"}));
        assert_eq!(rig.poll(), [Notice::Dirty, Notice::EditorWanted]);
        assert_answers(&recorder.log());
    });
}

#[test]
fn edits_of_a_group_come_together_and_a_group_ends_with_its_object() {
    judged(|recorder| {
        let mut rig = Rig::playing(APART);
        let edit = |param: ParamId, value: f64| {
            recorder.now(json!({"do": "edit", "id": param.0, "values": [value]}));
            [Notice::EditBegan(param), Notice::Edited(param, value), Notice::EditEnded(param)]
        };
        recorder.now(json!({"do": "finishGroup"}));
        recorder.now(json!({"do": "startGroup"}));
        let gain = edit(GAIN, 0.5);
        recorder.now(json!({"do": "startGroup"}));
        let choice = edit(CHOICE, 1.0);
        recorder.now(json!({"do": "finishGroup"}));
        recorder.now(json!({"do": "finishGroup"}));
        let expected = [&[Notice::GroupBegan], &gain[..], &choice[..], &[Notice::GroupEnded]].concat();
        assert_eq!(rig.poll(), expected, "one begin and one end, and nothing of an end without a begin");
        recorder.now(json!({"do": "startGroup"}));
        recorder.now(json!({"do": "restart", "flags": 1}));
        rig.poll();
        rig.restart(&setup());
        assert!(rig.poll().contains(&Notice::GroupEnded), "a group of an object that is gone is over");
        assert_answers(&recorder.log());
        rig.stop();
    });
}

#[test]
fn a_context_menu_is_a_menu_without_entries() {
    judged(|recorder| {
        let _controller = load(APART);
        recorder.now(json!({"do": "contextMenu", "id": GAIN.0}));
        assert_answers(&recorder.log());
    });
}

#[test]
fn progress_begins_goes_on_and_ends_also_when_the_plugin_is_loaded_anew() {
    judged(|recorder| {
        let mut rig = Rig::load(APART);
        let share = |notices: Vec<Notice>| -> Vec<Option<f64>> {
            let shares = notices.into_iter().filter_map(|notice| match notice {
                Notice::Progress { share, text, .. } => {
                    assert_eq!(text, "Thinking");
                    Some(share)
                }
                _ => None,
            });
            shares.collect()
        };
        recorder.now(json!({"do": "progressStart", "text": "Thinking"}));
        recorder.now(json!({"do": "progressUpdate", "value": 0.5}));
        recorder.elsewhere(json!({"do": "progressFinish"}));
        assert_eq!(share(rig.poll()), [Some(0.0), Some(0.5), None]);
        assert_answers(&recorder.log());
        recorder.now(json!({"do": "progressStart", "text": "Thinking"}));
        recorder.now(json!({"do": "restart", "flags": 1}));
        assert_eq!(share(rig.poll()), [Some(0.0), None], "its end, although nobody said so");
        recorder.now(json!({"do": "progressStart", "text": "Left open"}));
    });
}

/// Everything the plugin asked was answered with success.
pub fn assert_answers(lines: &[Line]) {
    let answers: Vec<&Line> =
        lines.iter().filter(|line| line.object() == "host" && line.state() == "answers").collect();
    assert!(!answers.is_empty());
    assert!(answers.iter().all(|line| *line.arg("result") == 0), "{answers:#?}");
}
