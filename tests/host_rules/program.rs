//! The program itself, from the search to the finished file, under the eyes of the recorder.

use crate::{
    rig::{APART, SINGLE},
    support::{fixtures, player::noise, sandbox::Sandbox, sound::write_wav},
};
use serde_json::Value;

#[test]
fn a_whole_render_breaks_no_rule() {
    for (name, precision) in [(APART, "32"), (SINGLE, "64")] {
        let sandbox = Sandbox::new();
        let (input, side, log) = (sandbox.file("in.wav"), sandbox.file("side.wav"), sandbox.file("calls.jsonl"));
        write_wav(&input, 48_000, &noise(2, 20_000));
        write_wav(&side, 48_000, &noise(2, 9000));
        let automation = sandbox.file("moves.json");
        std::fs::write(&automation, r#"{"Gain": [[0.0, 1.0], [0.1, 0.2], [0.2, 0.9]]}"#).unwrap();
        // A song in format 0: one note that is never ended, and the wheel.
        let song = sandbox.file("song.mid");
        let track = b"\x00\x90\x3c\x40\x20\xb0\x01\x7f\x20\x90\x3e\x40\x20\x80\x3e\x00\x00\xff\x2f\x00";
        let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(track);
        std::fs::write(&song, bytes).unwrap();
        let mut command = sandbox.sonic_bridge(&[fixtures::recorder()]);
        command.env("SONIC_RECORDER_LOG", &log).args(["render", "--no-standard-folders", "--plugin", name]);
        command.args(["--param", "Choice=South", "--block", "300", "--tail", "0.2", "--precision", precision]);
        command.arg("--automation").arg(&automation).arg("--midi").arg(&song).arg("--sidechain").arg(&side);
        let output = command.arg(&input).arg("-o").arg(sandbox.file("out.wav")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let illegal: Vec<&Value> = lines.iter().filter(|line| line["legal"] == false).take(5).collect();
        assert!(illegal.is_empty(), "{name}: {illegal:#?}");
        assert!(lines.iter().filter(|line| line["call"] == "process").count() > 60, "{name}");
        let last = lines.last().unwrap();
        assert_eq!((&last["call"], &last["args"]["live"]), (&"exit".into(), &0.into()), "{name}");
    }
}

/// Calls of a render through the recorder, none of which broke a rule.
fn calls(sandbox: &Sandbox, arguments: &[&str], succeeds: bool) -> Vec<Value> {
    let log = sandbox.file("calls.jsonl");
    let mut command = sandbox.sonic_bridge(&[fixtures::recorder()]);
    command.env("SONIC_RECORDER_LOG", &log).args(["render", "--no-standard-folders", "--plugin", APART]);
    let output = command.args(arguments).output().unwrap();
    assert_eq!(output.status.success(), succeeds, "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let illegal: Vec<&Value> = lines.iter().filter(|line| line["legal"] == false).take(5).collect();
    assert!(illegal.is_empty(), "{illegal:#?}");
    assert_eq!(lines.last().unwrap()["args"]["live"], 0);
    lines
}

#[test]
fn pressure_and_a_new_tempo_reach_the_plugin_at_their_sample() {
    let sandbox = Sandbox::new();
    // 96 ticks a quarter of half a second: a note, 10 ticks later a new tempo, 5 ticks later pressure on its key, and its end.
    let track = b"\x00\x90\x3c\x40\x0a\xff\x51\x03\x0f\x42\x40\x05\xa0\x3c\x7f\x60\x80\x3c\x00\x00\xff\x2f\x00";
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    bytes.extend((track.len() as u32).to_be_bytes());
    bytes.extend(track);
    std::fs::write(sandbox.file("song.mid"), bytes).unwrap();
    write_wav(&sandbox.file("in.wav"), 48_000, &noise(2, 20_000));
    // 10 ticks at 250 samples; then 5 of 500.
    let (tempo_at, pressure_at) = (2500, 5000);
    for block in ["1", "300", "4096"] {
        let out = format!("out{block}.wav");
        let lines =
            calls(&sandbox, &["--tail", "0", "--block", block, "--midi", "song.mid", "in.wav", "-o", &out], true);
        let (mut pressed, mut tempi) = (Vec::new(), Vec::new());
        for args in lines.iter().filter(|line| line["call"] == "process").map(|line| &line["args"]) {
            let Some(start) = args["context"]["samples"].as_i64().filter(|_| args["frames"] != 0) else { continue };
            let tempo = args["context"]["tempo"].as_f64().unwrap().round();
            if args["context"]["state"].as_i64().unwrap() & 2 != 0
                && tempi.last().is_none_or(|(_, last)| *last != tempo)
            {
                tempi.push((start, tempo));
            }
            for event in args["events"].as_array().into_iter().flatten().filter(|event| event["type"] == 3) {
                pressed.push((
                    start + event["offset"].as_i64().unwrap(),
                    event["pitch"].clone(),
                    event["pressure"].clone(),
                ));
            }
        }
        assert_eq!(tempi, [(0, 120.0), (tempo_at, 60.0)], "--block {block}");
        assert_eq!(pressed, [(pressure_at, 60.into(), 1.0.into())], "--block {block}");
    }
}

#[test]
fn an_output_that_cannot_be_made_leaves_the_plugin_in_order() {
    let sandbox = Sandbox::new();
    write_wav(&sandbox.file("in.wav"), 48_000, &vec![vec![0.1; 480]; 9]);
    // FLAC has no room for nine channels, which is known when the plugins are active.
    let lines = calls(&sandbox, &["in.wav", "-o", "out.flac"], false);
    let calls: Vec<(&str, &Value, &Value)> = lines
        .iter()
        .filter(|line| line["object"] == "component")
        .map(|line| (line["call"].as_str().unwrap(), &line["instance"], &line["args"]["on"]))
        .filter(|(call, ..)| matches!(*call, "setProcessing" | "setActive" | "terminate"))
        .collect();
    let instances: std::collections::BTreeSet<u64> = calls.iter().map(|(_, id, _)| id.as_u64().unwrap()).collect();
    assert!(!instances.is_empty());
    for instance in instances {
        let own: Vec<String> = calls
            .iter()
            .filter(|(_, id, _)| **id == instance)
            .map(|(call, _, on)| if on.is_null() { (*call).to_owned() } else { format!("{call}({on})") })
            .collect();
        let end = ["setActive(true)", "setProcessing(true)", "setProcessing(false)", "setActive(false)", "terminate"];
        assert!(own.ends_with(&end.map(str::to_owned)), "{own:?}");
    }
    assert!(!sandbox.file("out.flac").exists());
}
