//! Notes, controllers, tempo and automation from the command line.

use crate::bad_input::Case;
use crate::render::{render, report};
use crate::support::fixtures;
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::{peak, read_wav, write_wav};

#[test]
fn an_instrument_plays_a_midi_file() {
    let sandbox = Sandbox::new();
    let midi = sandbox.file("song.mid");
    std::fs::write(&midi, one_note()).unwrap();
    let out = sandbox.file("out.wav");
    let report = report(
        render(&sandbox, &[])
            .args(["--plugin", "Sonic Synth", "--preset", "Round Bass", "--sample-rate", "44100"])
            .arg("--midi")
            .arg(&midi)
            .arg("-o")
            .arg(&out),
    );
    let (rate, heard) = read_wav(&out);
    assert_eq!(rate, 44_100);
    // 120 quarters a minute: the note lies between 0.5 and 1.0 s.
    assert!(peak(&[heard[0][..22_000].to_vec()]) < 1e-6, "sound before the note");
    assert!(peak(&[heard[0][22_060..44_000].to_vec()]) > 0.01, "{report:#}");
    assert!(heard[0].len() > 44_100, "the release is there");
}

#[test]
fn controllers_move_at_their_sample_whatever_the_block() {
    let sandbox = Sandbox::new();
    let midi = sandbox.file("song.mid");
    // A note; 150 ticks later the cutoff (74) falls, 150 ticks later pitch bend and wheel move, 600 ticks later all ends.
    let track: &[u8] = &[
        0, 0x90, 57, 100, 0x81, 0x16, 0xb0, 74, 10, 0x81, 0x16, 0xe0, 0, 0x60, 5, 0xb0, 1, 127, 0x84, 0x58, 0x80, 57, 0,
    ];
    std::fs::write(&midi, song(track)).unwrap();
    let mut first: Option<Vec<u8>> = None;
    for block in ["1", "64", "441", "8192"] {
        let out = sandbox.file(&format!("out{block}.wav"));
        let mut command = render(&sandbox, &[]);
        command.args(["--plugin", "Sonic Synth", "--block", block, "--tail", "0.2", "--midi"]);
        report(command.arg(&midi).arg("-o").arg(&out));
        let bytes = std::fs::read(&out).unwrap();
        match &first {
            None => first = Some(bytes),
            Some(first) => assert!(*first == bytes, "--block {block} changes the sound"),
        }
    }
}

/// A rest of a quarter, A3 for a quarter.
fn one_note() -> Vec<u8> {
    song(&[0x83, 0x60, 0x90, 57, 100, 0x83, 0x60, 0x80, 57, 0])
}

/// Format 0, 480 ticks a quarter.
fn song(track: &[u8]) -> Vec<u8> {
    let track = [track, &[0x00, 0xff, 0x2f, 0x00]].concat();
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    file.extend_from_slice(&(track.len() as u32).to_be_bytes());
    file.extend_from_slice(&track);
    file
}

#[test]
fn plugins_hear_the_tempo() {
    let sandbox = Sandbox::new();
    let input = sandbox.file("click.wav");
    let mut click = vec![vec![0.0; 96_000]; 2];
    click[0][0] = 0.5;
    click[1][0] = 0.5;
    write_wav(&input, 48_000, &click);
    for (tempo, expected) in [("120", 24_000), ("90", 32_000)] {
        let out = sandbox.file(&format!("{tempo}.wav"));
        report(
            render(&sandbox, &[])
                .args([
                    "--plugin",
                    "Sonic Delay",
                    "--param",
                    "Note=1/4",
                    "--param",
                    "Mix=100 %",
                    "--tempo",
                    tempo,
                    "--tail",
                    "0",
                ])
                .arg(&input)
                .arg("-o")
                .arg(&out),
        );
        let heard = &read_wav(&out).1[0];
        let loudest = (0..heard.len()).max_by(|a, b| heard[*a].abs().total_cmp(&heard[*b].abs())).unwrap();
        assert!(loudest.abs_diff(expected) <= 64, "at {tempo} the echo comes after {loudest} samples");
    }
}

#[test]
fn a_whole_name_in_a_later_plugin_beats_a_part_of_one_in_an_earlier() {
    let sandbox = Sandbox::new();
    let (input, out, moves) = (sandbox.file("in.wav"), sandbox.file("out.wav"), sandbox.file("moves.csv"));
    write_wav(&input, 48_000, &noise(2, 4800));
    // ZamGEQ31 has a "Master Gain" in decibels, which ends at -30.
    std::fs::write(&moves, "0,Gain,\"-96 dB\"\n").unwrap();
    let mut command = render(&sandbox, &[fixtures::real_plugins()]);
    command.args(["--plugin", "ZamGEQ31", "--plugin", "Sonic Gain", "--tail", "0", "--automation"]);
    report(command.arg(&moves).arg(&input).arg("-o").arg(&out));
    assert!(peak(&read_wav(&out).1) < 1e-4);
}

#[test]
fn automation_without_a_point_is_a_mistake() {
    let case = Case::new();
    for text in ["", "{}", "time,param,value\n", r#"{"Gain": []}"#] {
        let moves = case.file("moves");
        std::fs::write(&moves, text).unwrap();
        let mut command = case.render(&[], "Sonic Gain");
        command.arg("--automation").arg(&moves);
        assert_eq!(case.refuses(&mut command, &["moves", "point"]), 1, "{text}");
    }
}
