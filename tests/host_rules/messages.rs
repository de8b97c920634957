//! Messages between the two halves.

use crate::{
    recorder::{judged, only},
    rig::{APART, load},
};
use serde_json::json;

#[test]
fn messages_go_through_the_host_and_those_from_other_threads_wait() {
    judged(|recorder| {
        let mut controller = load(APART);
        recorder.log();
        for from in ["component", "controller"] {
            let to = if from == "component" { "controller" } else { "component" };
            recorder.now(json!({"do": "message", "from": from, "id": "at once"}));
            let lines = recorder.log();
            assert_eq!(only(&lines, &["notify"])[0].object(), to);
            recorder.elsewhere(json!({"do": "message", "from": from, "id": "later"}));
            assert!(only(&recorder.log(), &["notify"]).is_empty());
            controller.poll();
            let lines = recorder.log();
            let heard = only(&lines, &["notify"]);
            assert_eq!((heard.len(), heard[0].object(), heard[0].on_main()), (1, to, true));
        }
        recorder.elsewhere(json!({"do": "message", "from": "component", "id": "too late"}));
        drop(controller);
        assert!(only(&recorder.log(), &["notify"]).is_empty(), "nothing is heard while it is unmade");
    });
}

#[test]
fn nothing_is_heard_by_a_half_that_is_not_connected() {
    judged(|recorder| {
        for from in ["component", "controller"] {
            let controller = load(APART);
            // Done at the end of the next call on the main thread: inside disconnecting.
            recorder.command(json!({"do": "message", "from": from, "id": "bye"}));
            recorder.log();
            drop(controller);
            let lines = recorder.log();
            assert_eq!(only(&lines, &["message"]).len(), 2, "it was tried");
            assert!(only(&lines, &["notify"]).is_empty());
        }
    });
}
