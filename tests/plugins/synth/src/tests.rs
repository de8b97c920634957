//! Sonic Synth: what it plays, and the plugin through its interfaces.

use crate::{id, plugin, programs::NAMES, sound::Sound};
use plugin_kit::{
    Config, Dsp, Event, Io,
    rig::{self, Piece, Rig, expression, note_off, note_on},
    vst3::Steinberg::Vst::RestartFlags_,
};

#[test]
fn the_sound_does_not_depend_on_block_lengths() {
    rig::check_blocks(plugin);
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

#[test]
fn ids_are_places() {
    for (place, param) in plugin().params.iter().enumerate() {
        assert_eq!(param.id as usize, place, "{}", param.name);
    }
}

const RATE: f64 = 48_000.0;

/// A rig with one clean sine.
fn sine() -> Rig {
    let mut rig = Rig::new(plugin);
    rig.start(RATE, 512, true);
    let texts = [
        ("Osc 1 Wave", "Sine"),
        ("Osc Mix", "0"),
        ("Spread", "0"),
        ("Cutoff", "20 kHz"),
        ("Resonance", "0"),
        ("Volume", "0"),
    ];
    let points: Vec<_> = texts
        .iter()
        .map(|(name, text)| {
            let id = rig.param(name).id;
            (id, rig.parse(id, text).unwrap_or_else(|| panic!("{name}: {text}")))
        })
        .collect();
    rig.flush(&points);
    rig
}

/// Frequency from the first to the last rising zero crossing.
fn pitch(samples: &[f64]) -> f64 {
    let rises: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(n, pair)| n as f64 + pair[0] / (pair[0] - pair[1]))
        .collect();
    RATE * (rises.len() - 1) as f64 / (rises[rises.len() - 1] - rises[0])
}

fn play(rig: &mut Rig, piece: Piece) -> Vec<f64> {
    rig.play(&piece, &[512]).swap_remove(0)
}

#[test]
fn keys_are_in_tune() {
    for (key, expected) in [(69, 440.0), (57, 220.0), (60, 261.6256), (96, 2093.005)] {
        let out =
            play(&mut sine(), Piece { frames: 24_000, events: vec![(0, note_on(key, 1.0, 1))], ..Piece::default() });
        let heard = pitch(&out[4000..]);
        assert!((heard / expected - 1.0).abs() < 2e-5, "key {key}: {heard} Hz");
    }
}

#[test]
fn bend_and_note_expression_change_the_pitch() {
    let mut rig = sine();
    let bend = rig.param("Pitch Bend").id;
    let piece = Piece {
        frames: 48_000,
        events: vec![(0, note_on(69, 1.0, 7)), (24_000, expression(2, 7, 0.5 + 12.0 / 240.0))],
        points: vec![(bend, 0, 1.0), (bend, 23_999, 1.0), (bend, 24_000, 0.5)],
        ..Piece::default()
    };
    let out = play(&mut rig, piece);
    let (bent, octave) = (pitch(&out[4000..23_000]), pitch(&out[25_000..]));
    assert!((bent / (440.0 * 2f64.powf(2.0 / 12.0)) - 1.0).abs() < 2e-5, "{bent}");
    assert!((octave / 880.0 - 1.0).abs() < 2e-5, "{octave}");
}

#[test]
fn a_note_has_its_own_volume() {
    let events = vec![(0, note_on(69, 1.0, 7)), (12_000, expression(0, 7, 0.125)), (12_000, expression(0, 8, 1.0))];
    let out = play(&mut sine(), Piece { frames: 24_000, events, ..Piece::default() });
    let peak = |range: std::ops::Range<usize>| out[range].iter().fold(0.0f64, |peak, s| peak.max(s.abs()));
    let ratio = peak(18_000..24_000) / peak(10_000..12_000);
    assert!((ratio - 0.5).abs() < 0.05, "half as loud: {ratio}");
}

#[test]
fn notes_start_on_their_sample_and_end_in_silence() {
    let mut rig = sine();
    let piece = Piece {
        frames: 96_000,
        events: vec![(1000, note_on(69, 1.0, -1)), (20_000, note_off(69, -1))],
        ..Piece::default()
    };
    let out = play(&mut rig, piece);
    assert!(out[..1000].iter().all(|sample| *sample == 0.0));
    assert!(out[1000..1010].iter().any(|sample| *sample != 0.0));
    let end = 20_000 + rig.tail() as usize;
    assert!(out[end - 2000..end].iter().any(|sample| *sample != 0.0), "the tail is not too long");
    assert!(out[end..].iter().all(|sample| *sample == 0.0), "nor too short");
}

#[test]
fn the_pedal_holds_notes() {
    let mut rig = sine();
    let pedal = rig.param("Sustain").id;
    let piece = Piece {
        frames: 96_000,
        events: vec![(0, note_on(69, 1.0, 3)), (4000, note_off(69, 3))],
        points: vec![(pedal, 2000, 1.0), (pedal, 47_999, 1.0), (pedal, 48_000, 0.0)],
        ..Piece::default()
    };
    let out = play(&mut rig, piece);
    let loud = |range: std::ops::Range<usize>| out[range].iter().any(|sample| sample.abs() > 0.1);
    assert!(loud(40_000..48_000) && !loud(90_000..96_000));
}

#[test]
fn sixteen_notes_sound_and_the_oldest_gives_way() {
    let mut sound = Sound::new();
    sound.prepare(&Config { rate: RATE, max_block: 64, channels: 2, side: 0 });
    let mut main = vec![vec![0.0; 64]; 2];
    for key in 40..60 {
        sound.event(&Event::On { channel: 0, key, velocity: 1.0, tuning: 0.0, id: i32::from(key) });
        sound.process(&mut Io::new(&mut main, &[], 0, 64));
        assert_eq!(sound.sounding(), (key as usize - 39).min(16));
    }
    // The four oldest are gone: their note-offs meet nobody.
    for key in 40..44 {
        sound.event(&Event::Off { channel: 0, key, id: i32::from(key) });
    }
    for _ in 0..100 {
        sound.process(&mut Io::new(&mut main, &[], 0, 64));
    }
    assert_eq!(sound.sounding(), 16);
}

#[test]
fn every_program_sounds_and_none_like_another() {
    let mut heard: Vec<Vec<f64>> = Vec::new();
    for (place, name) in NAMES.iter().enumerate() {
        let mut rig = Rig::new(plugin);
        rig.start(RATE, 512, true);
        let value = rig.parse(id::PROGRAM, name).expect("a program");
        assert_eq!(plugin().programs[place].name, *name);
        rig.flush(&[(id::PROGRAM, value)]);
        let chord = [45, 57, 60, 64];
        let events = chord.iter().map(|key| (0, note_on(*key, 0.9, i32::from(*key)))).collect();
        let out = play(&mut rig, Piece { frames: 72_000, events, ..Piece::default() });
        let peak = out.iter().fold(0.0f64, |peak, sample| peak.max(sample.abs()));
        assert!((0.05..1.0).contains(&peak), "{name} peaks at {peak}");
        assert!(!heard.contains(&out), "{name} sounds like another");
        heard.push(out);

        // The controller's knobs follow when the host tells it.
        assert_eq!(rig.set_knob(id::PROGRAM, value), 0);
        let state = rig.save();
        let other = Rig::new(plugin);
        assert!(other.load(&state));
        for param in &plugin().params {
            assert_eq!(rig.knob(param.id), other.knob(param.id), "{name}: {}", param.name);
        }
        let expected = if place == 0 { 0 } else { RestartFlags_::kParamValuesChanged };
        assert_eq!(rig.restarts(), expected);
    }
}
