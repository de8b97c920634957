//! Sonic Delay: where its echoes stand, and the plugin through its interfaces.

use crate::{
    plugin,
    sound::{NOTES, Sound, beats, index},
};
use plugin_kit::{
    Config, Dsp, Io, Transport,
    rig::{self, MONO, Piece, Rig, STEREO},
    vst3::Steinberg::Vst::RestartFlags_,
};

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

const RATE: f64 = 48_000.0;

/// Wet only, open high cut, this time in ms and feedback in percent.
fn wet(channels: usize, time: f64, feedback: f64) -> Sound {
    let mut sound = Sound::new();
    sound.prepare(&Config { rate: RATE, max_block: 1, channels, side: 0 });
    sound.reset();
    for (index, value) in
        [(index::SYNC, 0.0), (index::TIME, time), (index::FEEDBACK, feedback), (index::PING_PONG, 0.0)]
    {
        sound.param(index, value, true);
    }
    sound.param(index::HIGH_CUT, 20_000.0, true);
    sound.param(index::MIX, 100.0, true);
    sound
}

fn click(sound: &mut Sound, channels: usize, frames: usize) -> Vec<Vec<f64>> {
    let mut main = vec![vec![0.0; frames]; channels];
    main[0][0] = 1.0;
    sound.process(&mut Io::new(&mut main, &[], 0, frames));
    main
}

fn peaks(channel: &[f64]) -> Vec<(usize, f64)> {
    channel.iter().copied().enumerate().filter(|(_, sample)| sample.abs() > 1e-9).collect()
}

#[test]
fn echoes_stand_on_their_samples() {
    let out = click(&mut wet(1, 10.0, 50.0), 1, 2000);
    assert_eq!(peaks(&out[0]), [(480, 1.0), (960, 0.5), (1440, 0.25), (1920, 0.125)]);
}

#[test]
fn ping_pong_takes_turns() {
    let mut sound = wet(2, 10.0, 50.0);
    sound.param(index::PING_PONG, 1.0, true);
    let out = click(&mut sound, 2, 2000);
    assert_eq!(peaks(&out[0]), [(480, 0.5), (1440, 0.125)]);
    assert_eq!(peaks(&out[1]), [(960, 0.25), (1920, 0.0625)]);
}

#[test]
fn note_lengths_follow_the_tempo() {
    let expected = |name: &str| beats(NOTES.iter().position(|note| *note == name).expect("a note"));
    assert_eq!(expected("1/1"), 4.0);
    assert_eq!(expected("1/4"), 1.0);
    assert_eq!(expected("1/8 D"), 0.75);
    assert!((expected("1/4 T") - 2.0 / 3.0).abs() < 1e-15);
    assert!(NOTES.iter().enumerate().skip(1).all(|(i, _)| beats(i) < beats(i - 1)), "from long to short");

    for (tempo, heard, place) in [(Some(150.0), 0.3, 1.0), (None, 0.375, 0.0)] {
        let mut sound = wet(1, 10.0, 0.0);
        sound.param(index::SYNC, 1.0, true);
        sound.param(index::NOTE, NOTES.iter().position(|note| *note == "1/8 D").expect("a note") as f64, true);
        sound.transport(&Transport { tempo, playing: true });
        let out = click(&mut sound, 1, 48_000);
        assert_eq!(peaks(&out[0]), [((heard * RATE) as usize, 1.0)]);
        assert_eq!(sound.meter(index::FROM), Some(place), "says where the tempo comes from");
    }
}

#[test]
fn a_new_time_is_reached_without_a_click() {
    let mut sound = wet(1, 10.0, 0.0);
    let hum: Vec<f64> = (0..9600).map(|n| (n as f64 * 0.01).sin()).collect();
    let mut main = vec![hum];
    sound.process(&mut Io::new(&mut main, &[], 0, 4800));
    sound.param(index::TIME, 37.0, false);
    sound.process(&mut Io::new(&mut main, &[], 4800, 9600));
    let jump = main[0][1000..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(jump < 0.02, "{jump}");
    let late = (9000.0 - 1776.0) * 0.01;
    assert!((main[0][9000] - f64::sin(late)).abs() < 1e-9, "arrived at 37 ms");
}

#[test]
fn the_tail_is_as_long_as_it_says() {
    for feedback in [0.0, 30.0, 80.0] {
        let mut sound = wet(1, 20.0, feedback);
        let tail = sound.tail() as usize;
        let out = click(&mut sound, 1, tail + 20_000);
        assert!(out[0][tail + 1..].iter().all(|sample| sample.abs() <= 1e-6), "silent after {tail}");
        let last = out[0].iter().rposition(|sample| sample.abs() > 1e-6).expect("an echo");
        assert!(tail - last <= 2 * 960, "not much longer than needed: {last} and {tail}");
    }
}

#[test]
fn a_mono_input_echoes_on_both_sides() {
    let mut rig = Rig::new(plugin);
    assert!(rig.arrange(&[MONO], &[STEREO]));
    assert!(!rig.arrange(&[STEREO], &[MONO]));
    rig.start(RATE, 256, true);
    let mut x = vec![0.0; 30_000];
    x[0] = 1.0;
    let out =
        rig.play(&Piece { frames: 30_000, inputs: vec![vec![x]], tempo: Some(120.0), ..Piece::default() }, &[256]);
    assert_eq!(out[0], out[1]);
    assert!(out[0][12_000] > 0.3, "an eighth at 120 BPM");
}

#[test]
fn the_host_learns_tempo_and_sample_rate() {
    let mut rig = Rig::new(plugin);
    assert_eq!(rig.restarts(), 0);
    rig.start(44_100.0, 64, false);
    let rate = rig.param("Sample Rate");
    assert_eq!(rig.format(rate.id, rig.knob(rate.id)), "44100");
    assert_eq!(rig.restarts(), RestartFlags_::kParamValuesChanged);
    let quiet = |tempo| Piece { frames: 64, inputs: vec![vec![vec![0.0; 64]; 2]], tempo, ..Piece::default() };
    let (tempo, from) = (rig.param("Tempo").id, rig.param("Tempo From").id);
    let said = |rig: &Rig, id| {
        let &(_, value) = rig.meters.iter().find(|(known, _)| *known == id).expect("a meter");
        rig.format(id, value)
    };
    rig.play(&quiet(None), &[64]);
    assert_eq!((said(&rig, tempo).as_str(), said(&rig, from).as_str()), ("120.00", "Assumed"));
    rig.play(&quiet(Some(93.5)), &[64]);
    assert_eq!((said(&rig, tempo).as_str(), said(&rig, from).as_str()), ("93.50", "Host"));
}
