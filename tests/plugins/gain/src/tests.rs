//! Sonic Gain through its interfaces.

use crate::plugin;
use plugin_kit::rig::{self, Piece, Rig, STEREO, noise};

#[test]
fn the_sound_does_not_depend_on_block_lengths() {
    rig::check_blocks(plugin);
}

#[test]
fn buffers_may_be_shared() {
    rig::check_in_place(plugin);
}

#[test]
fn both_sample_sizes_sound_the_same() {
    rig::check_precision(plugin);
}

#[test]
fn a_state_sounds_the_same_again() {
    rig::check_state(plugin);
}

#[test]
fn every_text_reads_back() {
    rig::check_texts(plugin);
}

#[test]
fn wrong_calls_are_answered_with_an_error() {
    rig::check_edges(plugin);
}

fn stereo(frames: usize) -> Piece {
    let bus = |seed| vec![noise(frames, seed), noise(frames, seed + 1)];
    Piece { frames, inputs: vec![bus(1), bus(3)], ..Piece::default() }
}

#[test]
fn points_are_exact_to_the_sample() {
    let mut rig = Rig::new(plugin);
    rig.start(48_000.0, 256, true);
    let (gain, smoothing) = (rig.param("Gain"), rig.param("Smoothing"));
    let quiet = rig.parse(gain.id, "-12 dB").expect("a level");
    rig.flush(&[(smoothing.id, 0.0)]);
    let mut piece = stereo(256);
    piece.points = vec![(gain.id, 99, gain.default_normalized()), (gain.id, 100, quiet)];
    let out = rig.play(&piece, &[256]);
    let factor = 10f64.powf(-12.0 / 20.0);
    for (frame, heard) in out[0].iter().enumerate() {
        let expected = piece.inputs[0][0][frame] * if frame < 100 { 1.0 } else { factor };
        assert!((heard - expected).abs() < 1e-12, "frame {frame}");
    }
}

#[test]
fn a_ramp_is_a_straight_line_in_decibels() {
    let mut rig = Rig::new(plugin);
    rig.start(48_000.0, 512, true);
    let (gain, smoothing) = (rig.param("Gain"), rig.param("Smoothing"));
    rig.flush(&[(smoothing.id, 0.0)]);
    let mut piece = stereo(400);
    let (from, to) = (gain.normalized(0.0), gain.normalized(-40.0));
    piece.points = vec![(gain.id, 0, from), (gain.id, 400 - 1, to)];
    let out = rig.play(&piece, &[512]);
    for (frame, heard) in out[1].iter().enumerate() {
        let decibels = -40.0 * frame as f64 / 399.0;
        let expected = piece.inputs[0][1][frame] * 10f64.powf(decibels / 20.0);
        assert!((heard - expected).abs() < 1e-12, "frame {frame}");
    }
}

#[test]
fn bypass_is_the_input_bit_for_bit_and_fades_in_between() {
    let mut rig = Rig::new(plugin);
    rig.start(48_000.0, 512, false);
    let (gain, bypass) = (rig.param("Gain"), rig.param("Bypass"));
    rig.flush(&[(gain.id, 0.0)]);
    let mut piece = stereo(2048);
    piece.points = vec![(bypass.id, 512, 1.0)];
    let out = rig.play(&piece, &[512]);
    assert!(out[0][..512].iter().all(|sample| *sample == 0.0), "silence before");
    assert!(out[0][512..740].iter().zip(&piece.inputs[0][0][512..]).any(|(a, b)| a != b), "a fade");
    assert_eq!(out[0][760..], piece.inputs[0][0][760..2048]);
    assert_eq!(out[1][760..], piece.inputs[0][1][760..2048]);
}

#[test]
fn any_width_works_and_silence_is_flagged() {
    let mut rig = Rig::new(plugin);
    let wide = (1u64 << 12) - 1;
    assert!(rig.arrange(&[wide, STEREO], &[wide]));
    assert!(!rig.arrange(&[wide, STEREO], &[STEREO]));
    assert!(!rig.arrange(&[STEREO, wide], &[STEREO]), "a side-chain is mono or stereo");
    rig.start(48_000.0, 64, false);
    let mut main: Vec<_> = (0..12).map(|c| noise(64, c + 1)).collect();
    main[3] = vec![0.0; 64];
    let piece = Piece { frames: 64, inputs: vec![main.clone()], ..Piece::default() };
    let out = rig.play(&piece, &[64]);
    assert_eq!(out, main);
    assert_eq!(rig.silence, 1 << 3);
}
