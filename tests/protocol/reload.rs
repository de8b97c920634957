//! A script that is saved takes over, or is refused; whatever was loaded goes on.

use super::rig::{Rig, script, wait};
use serde_json::json;
use sonic_bridge::{link::SessionId, script::FileFeed, watch::Watch};
use std::{fs, path::PathBuf, time::Duration};

struct Live {
    folder: tempfile::TempDir,
    rig: Rig,
    me: SessionId,
    _watch: Watch,
}

fn text(answer: &str) -> String {
    format!(
        "require 'protocol'
local proto = require 'bridge'.protocol 'sonic-core'
proto:verb 'WHO' {{ run = function() return {{ who = '{answer}' }} end }}
proto:verb 'SLOW' {{ run = function() require 'bridge'.sleep(1) return {{ who = '{answer}' }} end }}
"
    )
}

fn live(first: Option<&str>) -> Live {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("mine.lua");
    if let Some(first) = first {
        fs::write(&path, first).expect("script");
    }
    let (sender, changed) = tokio::sync::mpsc::unbounded_channel();
    let watch = Watch::start(move |files| drop(sender.send(files))).expect("watch");
    let watched = watch.watched();
    let feed = FileFeed { watch: Box::new(move |files: Vec<PathBuf>| watched.set(files)), changed };
    let rig = Rig::with(script(Some(&path)), Some(feed));
    let me = rig.open(1);
    // The files are handed over before anything is served; the system's own watch needs a moment.
    std::thread::sleep(Duration::from_millis(300));
    Live { folder, rig, me, _watch: watch }
}

impl Live {
    fn save(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("save");
    }

    fn who(&mut self) -> String {
        self.rig.good(self.me, "WHO", json!({}))["who"].as_str().expect("text").to_owned()
    }

    fn becomes(&mut self, who: &str) {
        let event = self.rig.event("SCRIPT_RELOADED");
        assert_eq!(event.class, "scripts");
        assert_eq!(self.who(), who);
    }

    fn refused(&mut self, words: &str) {
        let event = self.rig.event("SCRIPT_REJECTED");
        let message = event.data["message"].as_str().expect("text");
        assert!(message.contains(words), "{message} does not say “{words}”");
        assert_eq!(event.class, "scripts");
    }
}

#[test]
fn a_saved_script_takes_over_and_sessions_and_instances_stay() {
    let mut live = live(Some(&text("one")));
    let at = live.rig.good(live.me, "LOAD_PLUGIN", json!({ "plugin_id": "Room" }))["instance"].clone();
    let stream = live.rig.good(live.me, "OPEN_STREAM", json!({ "instance": at }))["stream"].clone();
    let (_, mut slow) = live.rig.ask(live.me, "SLOW", json!({}));
    live.rig.good(live.me, "PING", json!({}));
    live.save("mine.lua", &text("two"));
    live.becomes("two");
    let old = wait("SLOW", &mut slow).expect("an answer").result;
    assert_eq!(old["who"], "one", "a request in flight ends with the text it began with");
    assert_eq!(live.rig.good(live.me, "GET_INSTANCE", json!({ "instance": at }))["instance"], at);
    live.rig.good(live.me, "CLOSE_STREAM", json!({ "stream": stream }));
    let status = live.rig.good(live.me, "GET_STATUS", json!({}));
    assert_eq!((&status["reload"]["generation"], &status["instances"]), (&json!(2), &json!(1)));
    assert_eq!(live.rig.served.len(), 2);
    live.save("mine.lua", &text("one"));
    live.becomes("one");
}

#[test]
fn a_text_that_does_not_load_changes_nothing_and_says_where() {
    let mut live = live(Some(&text("one")));
    for (broken, words) in [
        ("local = 1", "mine.lua:1: "),
        ("require 'protocol'\n\nnothing.here = 1", "mine.lua:3: attempt to index nil"),
        ("while true do end", "mine.lua:1: the script was stopped"),
        ("local proto = require 'bridge'.protocol 'sonic-core'\nproto:verb 'A' { run = 1 }", "mine.lua:2: "),
        ("require 'gone'", "there is no module “gone”"),
        ("\u{1b}", "mine.lua:1"),
    ] {
        live.save("mine.lua", broken);
        live.refused(words);
        assert_eq!(live.who(), "one", "after {broken}");
        let status = live.rig.good(live.me, "GET_STATUS", json!({}));
        assert!(status["reload"]["error"].as_str().is_some_and(|error| error.contains(words)), "{status}");
    }
    fs::remove_file(live.folder.path().join("mine.lua")).expect("remove");
    live.refused("cannot be read");
    assert_eq!(live.who(), "one");
    live.save("mine.lua", &text("two"));
    live.becomes("two");
    assert_eq!(live.rig.good(live.me, "GET_STATUS", json!({}))["reload"].get("error"), None);
}

#[test]
fn while_a_bad_text_is_tried_others_are_answered() {
    let mut live = live(Some(&text("one")));
    live.save("mine.lua", "while true do end");
    let end = std::time::Instant::now() + Duration::from_secs(3);
    let mut slowest = Duration::ZERO;
    while std::time::Instant::now() < end {
        let started = std::time::Instant::now();
        live.who();
        slowest = slowest.max(started.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    live.refused("more than 5 s");
}

#[test]
fn modules_are_part_of_the_script() {
    let first = "local name = require 'lib.name'\n".to_owned() + &text("one").replace("'one'", "name");
    let mut live = live(None);
    fs::create_dir(live.folder.path().join("lib")).expect("folder");
    live.save("lib/name.lua", "return 'module one'");
    live.save("mine.lua", &first);
    live.becomes("module one");
    std::thread::sleep(Duration::from_millis(300));
    live.save("lib/name.lua", "return 'module two'");
    live.becomes("module two");
    live.save("lib/name.lua", "return (");
    live.refused("name.lua:1: ");
    assert_eq!(live.who(), "module two");
}

#[test]
fn two_saves_in_a_moment_end_with_the_second() {
    let mut live = live(Some(&text("one")));
    live.save("mine.lua", &text("two").replace("end }", "e"));
    std::thread::sleep(Duration::from_millis(10));
    live.save("mine.lua", &text("three"));
    live.becomes("three");
    assert!(!live.rig.events.iter().any(|event| event.kind == "SCRIPT_REJECTED"), "the half of a file is not tried");
}

#[test]
fn a_script_that_is_replaced_by_renaming_takes_over() {
    let mut live = live(Some(&text("one")));
    live.save("new.lua", &text("two"));
    fs::rename(live.folder.path().join("new.lua"), live.folder.path().join("mine.lua")).expect("rename");
    live.becomes("two");
}

#[test]
fn timers_of_the_old_text_end() {
    let timer = |name: &str| {
        text(name)
            + &format!(
                "local bridge = require 'bridge'\nproto:event 'TICK' {{ class = 'meters' }}\n\
                 bridge.every(0.02, function() proto:emit('TICK', {{ who = '{name}' }}) end)"
            )
    };
    let mut live = live(Some(&timer("one")));
    live.rig.event("TICK");
    live.save("mine.lua", &timer("two"));
    live.becomes("two");
    live.rig.drain();
    live.rig.events.clear();
    for _ in 0..5 {
        assert_eq!(live.rig.event("TICK").data["who"], "two");
    }
}

#[test]
fn without_a_file_the_shipped_protocol_answers_until_there_is_one() {
    let mut live = live(None);
    live.rig.good(live.me, "PING", json!({}));
    assert_eq!(live.rig.bad(live.me, "WHO", json!({})).code, -32601);
    live.save("mine.lua", &text("mine"));
    live.becomes("mine");
}

#[test]
fn a_first_text_that_does_not_load_leaves_the_shipped_protocol() {
    let mut live = live(Some("local = 1"));
    live.rig.good(live.me, "PING", json!({}));
    let status = live.rig.good(live.me, "GET_STATUS", json!({}));
    assert!(status["reload"]["error"].as_str().is_some_and(|error| error.contains("mine.lua:1")), "{status}");
    assert!(live.rig.logged("mine.lua:1"));
    live.save("mine.lua", &text("mine"));
    live.becomes("mine");
}
