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
