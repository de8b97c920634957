//! Rows of the attack list that only the whole program can show; `tests/server` has the others.

use crate::audio::fault_folder;
use crate::studio::load;
use crate::support::{bridge::Bridge, fixtures};
use serde_json::json;

/// S41: a plugin is named by its id; whatever looks like a path leads nowhere.
#[tokio::test]
async fn s41_paths_are_no_plugins() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    let bundle = fixtures::bundle(&fixtures::demo_plugins(), "Sonic Gain");
    for name in [
        bundle.to_str().unwrap(),
        "../../x.vst3",
        "\\\\server\\share\\x.vst3",
        "file:///tmp/x.vst3",
        "/dev/zero",
        "CON",
        "Sonic\0Gain",
        "",
    ] {
        let error = page.request("LOAD_PLUGIN", json!({ "plugin_id": name })).await.expect_err(name);
        let kind = error["data"]["kind"].as_str().unwrap();
        assert!(["PLUGIN_NOT_FOUND", "FIELD_TYPE", "OUT_OF_RANGE"].contains(&kind), "{name:?}: {error}");
    }
    let error = page.request("LOAD_PLUGIN", json!({ "path": bundle })).await.expect_err("a path");
    assert_eq!(error["data"]["kind"], "FIELD_MISSING", "{error}");
}

/// S43: a plugin whose file is another one than the scanned one is not loaded.
#[tokio::test]
async fn s43_a_swapped_plugin_is_not_loaded() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("swapped");
    let _ = std::fs::remove_dir_all(&folder);
    let copied = folder.join("Sonic Gain.vst3");
    copy(&fixtures::bundle(&fixtures::demo_plugins(), "Sonic Gain"), &copied);
    let bridge = Bridge::start(&[folder]);
    let (mut page, _) = bridge.own_page().await;
    load(&mut page, &["Sonic Gain"], "realtime").await;
    let id = crate::studio::id_of(&mut page, "Sonic Gain").await;
    let binary = binary_in(&copied);
    let other = binary_in(&fixtures::bundle(&fixtures::demo_plugins(), "Sonic EQ"));
    // A new file in its place: the one that is loaded must stay what it is.
    let new = binary.with_extension("new");
    std::fs::copy(other, &new).unwrap();
    std::fs::rename(new, binary).unwrap();
    let error = page.request("LOAD_PLUGIN", json!({ "plugin_id": id })).await.expect_err("swapped");
    assert!(error["message"].as_str().unwrap().contains("scan"), "{error}");
}

fn binary_in(bundle: &std::path::Path) -> std::path::PathBuf {
    let machine = std::fs::read_dir(bundle.join("Contents"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_str().unwrap().ends_with("-linux"))
        .unwrap();
    std::fs::read_dir(machine).unwrap().next().unwrap().unwrap().path()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// S45: names of presets are names.
#[tokio::test]
async fn s45_preset_names_are_no_paths() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.own_page().await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let long = "x".repeat(300);
    for name in
        ["../x", "..\\x", "C:x", "CON", "a/b", &long, "\u{202e}gnp", "", ".", "..", "x.", "x ", "a\0b", "/etc/x"]
    {
        let wish = json!({ "instance": gain["instance"], "name": name });
        let error = page.request("SAVE_PRESET", wish).await.expect_err(name);
        let kind = error["data"]["kind"].as_str().unwrap();
        assert!(["OUT_OF_RANGE", "TOO_LARGE", "FIELD_TYPE", "FIELD_MISSING"].contains(&kind), "{name:?}: {error}");
    }
    page.call("SAVE_PRESET", json!({ "instance": gain["instance"], "name": "Warm & soft (2)" })).await;
    let list = page.call("LIST_PRESETS", json!({ "instance": gain["instance"] })).await;
    assert!(list["presets"].as_array().unwrap().iter().any(|preset| preset["name"] == "Warm & soft (2)"), "{list}");
}

/// S49: numbers that are none do not reach a plugin.
#[tokio::test]
async fn s49_numbers_that_are_none_change_nothing() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, key) = bridge.own_page().await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let instance = &gain["instance"];
    let ask = |value: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":"x{value}","method":"SET_PARAM","params":{{"instance":{instance},"param":"Gain","value":{value}}}}}"#
        )
    };
    let before = page.call("GET_PARAM", json!({ "instance": instance, "param": "Gain" })).await["norm"].clone();
    for value in ["2", "-0.1", "9223372036854775808", "1e308"] {
        page.send(ask(value).into()).await;
    }
    // What is no number of JSON is no message.
    for value in ["1e999", "-1e999", "NaN"] {
        let mut other = bridge.client(&key).await;
        other.send(ask(value).into()).await;
        assert_eq!(other.closed().await, crate::support::client::Closed(4002), "{value}");
    }
    page.call("PING", json!({})).await;
    let after = page.call("GET_PARAM", json!({ "instance": instance, "param": "Gain" })).await["norm"].clone();
    assert_eq!(before, after);
}

/// S51: a storm of changes neither stops the sound nor buries the bridge.
#[tokio::test]
async fn s51_a_storm_of_changes_is_survived() {
    let bridge = Bridge::start(&[fixtures::demo_plugins()]);
    let (mut page, key) = bridge.own_page().await;
    let mut other = bridge.client(&key).await;
    let gain = load(&mut page, &["Sonic Gain"], "realtime").await;
    let steady = load(&mut other, &["Sonic Gain"], "realtime").await;
    let stream = crate::studio::number(&crate::studio::open(&mut other, &steady, "realtime").await);
    let storm = tokio::spawn(async move {
        let (mut applied, mut refused) = (0, 0);
        for round in 0..200 {
            let mut asked = Vec::new();
            for at in 0..50 {
                let value = f64::from(round * 50 + at) / 10_000.0;
                let params = json!({ "instance": gain["instance"], "param": "Gain", "value": value, "texts": false });
                asked.push(page.ask("SET_PARAM", params).await);
            }
            for id in asked {
                match page.answer(id).await {
                    Ok(_) => applied += 1,
                    Err(error) => {
                        let kind = error["data"]["kind"].as_str().unwrap();
                        assert!(["BUSY", "RATE_LIMITED"].contains(&kind), "{error}");
                        refused += 1;
                    }
                }
            }
        }
        (applied, refused)
    });
    let block = [0.5_f32; 128];
    let mut at = 0;
    while !storm.is_finished() {
        let answer =
            crate::studio::exchange(&mut other, &crate::support::client::Frame::new(stream, at, 0, &[&block, &block]))
                .await;
        assert_eq!(answer.flags & crate::support::client::DRY, 0);
        at += 1;
    }
    let (applied, refused) = storm.await.unwrap();
    assert_eq!(applied + refused, 10_000);
    assert!(applied > 0);
}

/// S57: what a plugin calls itself reaches a client as text of bounded length.
#[tokio::test]
async fn s57_names_are_bounded_text() {
    let bridge = Bridge::start(&[fault_folder("names-unterminated"), fault_folder("names-invalid-utf16")]);
    let (mut page, _) = bridge.own_page().await;
    let list = page.call("LIST_PLUGINS", json!({})).await;
    let plugins = list["plugins"].as_array().unwrap();
    assert!(!plugins.is_empty());
    for plugin in plugins {
        for field in ["name", "vendor", "version"] {
            let text = plugin[field].as_str().unwrap();
            assert!(text.chars().count() <= 256 && !text.chars().any(char::is_control), "{text:?}");
        }
    }
}

/// S59: nothing that the bridge starts inherits its listening socket.
#[tokio::test]
async fn s59_children_do_not_inherit_the_socket() {
    let bridge = Bridge::start(&[fault_folder("hang-in-load"), fixtures::demo_plugins()]);
    let inode = listening_inode(bridge.port);
    let holders: Vec<String> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok().filter(|name| name.parse::<u32>().is_ok()))
        .filter(|pid| {
            std::fs::read_dir(format!("/proc/{pid}/fd")).is_ok_and(|fds| {
                fds.flatten().any(|fd| {
                    std::fs::read_link(fd.path()).is_ok_and(|link| link.to_str() == Some(&format!("socket:[{inode}]")))
                })
            })
        })
        .collect();
    assert_eq!(holders, [bridge.pid().to_string()]);
}

fn listening_inode(port: u16) -> String {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let wanted = format!("0100007F:{port:04X}");
    let row = table.lines().find(|line| line.contains(&wanted) && line.contains(" 0A ")).expect("listening");
    row.split_whitespace().nth(9).unwrap().to_owned()
}
