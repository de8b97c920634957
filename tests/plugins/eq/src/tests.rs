//! Sonic EQ: its curve, and the plugin through its interfaces.

use crate::{
    band::{Band, KINDS, Kind, Knobs},
    plugin,
};
use plugin_kit::rig::{self, Piece, Rig, noise};
use std::f64::consts::PI;

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

/// Magnitude of the textbook biquad (bilinear transform, "cookbook" formulas) at a frequency.
fn textbook(knobs: &Knobs, rate: f64, frequency: f64) -> f64 {
    let w0 = 2.0 * PI * knobs.frequency / rate;
    let (cos, alpha) = (w0.cos(), w0.sin() / (2.0 * knobs.q));
    let a = 10f64.powf(knobs.gain / 40.0);
    let root = 2.0 * a.sqrt() * alpha;
    let (b, c) = match knobs.kind {
        Kind::Bell => ([1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a], [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a]),
        Kind::LowShelf => (
            [
                a * ((a + 1.0) - (a - 1.0) * cos + root),
                2.0 * a * ((a - 1.0) - (a + 1.0) * cos),
                a * ((a + 1.0) - (a - 1.0) * cos - root),
            ],
            [
                (a + 1.0) + (a - 1.0) * cos + root,
                -2.0 * ((a - 1.0) + (a + 1.0) * cos),
                (a + 1.0) + (a - 1.0) * cos - root,
            ],
        ),
        Kind::HighShelf => (
            [
                a * ((a + 1.0) + (a - 1.0) * cos + root),
                -2.0 * a * ((a - 1.0) + (a + 1.0) * cos),
                a * ((a + 1.0) + (a - 1.0) * cos - root),
            ],
            [
                (a + 1.0) - (a - 1.0) * cos + root,
                2.0 * ((a - 1.0) - (a + 1.0) * cos),
                (a + 1.0) - (a - 1.0) * cos - root,
            ],
        ),
        Kind::LowCut => ([(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]),
        Kind::HighCut => ([(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]),
        Kind::Notch => ([1.0, -2.0 * cos, 1.0], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]),
    };
    let w = 2.0 * PI * frequency / rate;
    let size = |p: [f64; 3]| {
        let re = p[0] + p[1] * w.cos() + p[2] * (2.0 * w).cos();
        let im = p[1] * w.sin() + p[2] * (2.0 * w).sin();
        re.hypot(im)
    };
    size(b) / size(c)
}

/// Magnitude of an impulse response at a frequency.
fn measured(response: &[f64], rate: f64, frequency: f64) -> f64 {
    let w = 2.0 * PI * frequency / rate;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in response.iter().enumerate() {
        re += sample * (w * n as f64).cos();
        im += sample * (w * n as f64).sin();
    }
    re.hypot(im)
}

#[test]
fn every_kind_has_the_textbook_curve_at_every_rate() {
    for rate in [44_100.0, 96_000.0] {
        for place in 0..KINDS.len() {
            let kind = Kind::at(place);
            for (frequency, gain, q) in [(100.0, 9.0, 0.7), (1000.0, -12.0, 3.0), (9000.0, 6.0, 1.0)] {
                let knobs = Knobs { on: true, kind, frequency, gain, q };
                let mut band = Band::new();
                band.prepare(rate, 1);
                band.knobs = knobs;
                band.aim(true);
                let mut main = vec![vec![0.0; 16_384]];
                main[0][0] = 1.0;
                for frame in 0..16_384 {
                    band.process(&mut main, frame);
                }
                for probe in [50.0, 100.0, 700.0, 1000.0, 2500.0, 9000.0, 15_000.0] {
                    let (a, b) = (measured(&main[0], rate, probe), textbook(&knobs, rate, probe));
                    assert!((a - b).abs() < 1e-5 * (1.0 + b), "{knobs:?} at {probe} Hz of {rate}: {a}, not {b}");
                }
            }
        }
    }
}

#[test]
fn a_flat_setting_is_the_input_bit_for_bit() {
    let mut rig = Rig::new(plugin);
    rig.start(48_000.0, 512, false);
    let input = vec![noise(2000, 1), noise(2000, 2)];
    let out = rig.play(&Piece { frames: 2000, inputs: vec![input.clone()], ..Piece::default() }, &[512]);
    assert_eq!(out, input);
}

#[test]
fn knobs_reach_the_sound_by_text() {
    let mut rig = Rig::new(plugin);
    rig.start(48_000.0, 512, true);
    let set = |name: &str, text: &str| {
        let id = rig.param(name).id;
        (id, rig.parse(id, text).unwrap_or_else(|| panic!("{name}: {text}")))
    };
    let points =
        [set("Band 3 Freq", "2.5 kHz"), set("Band 3 Gain", "12 dB"), set("Band 3 Q", "2"), set("Output", "-6")];
    rig.flush(&points);
    let mut click = vec![vec![0.0; 8192]; 2];
    click[0][0] = 1.0;
    let out = rig.play(&Piece { frames: 8192, inputs: vec![click], ..Piece::default() }, &[512]);
    let decibels = |frequency| 20.0 * measured(&out[0], 48_000.0, frequency).log10();
    assert!((decibels(2500.0) - 6.0).abs() < 0.01, "{}", decibels(2500.0));
    assert!((decibels(30.0) + 6.0).abs() < 0.05, "{}", decibels(30.0));
}
