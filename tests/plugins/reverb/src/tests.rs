//! Sonic Reverb: how it decays, and the plugin through its interfaces.

use crate::{
    plugin,
    sound::{OPEN, Sound, index},
};
use plugin_kit::{
    Config, Dsp, Io,
    rig::{self, Piece, Rig},
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

fn wet(rate: f64, decay: f64, size: f64, damping: f64) -> Sound {
    let mut sound = Sound::new();
    sound.prepare(&Config { rate, max_block: 1, channels: 2, side: 0 });
    sound.reset();
    for (index, value) in [size, 1000.0 * decay, damping, 0.0, 10.0, 100.0, 100.0].into_iter().enumerate() {
        sound.param(index, value, true);
    }
    sound
}

fn click(sound: &mut Sound, frames: usize) -> Vec<Vec<f64>> {
    let mut main = vec![vec![0.0; frames]; 2];
    (main[0][0], main[1][0]) = (1.0, 1.0);
    sound.process(&mut Io::new(&mut main, &[], 0, frames));
    main
}

/// Seconds to fall 60 dB, from the slope of the remaining energy between −5 and −35 dB.
fn decay_time(channel: &[f64], rate: f64) -> f64 {
    let mut left = 0.0;
    let mut remaining: Vec<f64> = channel
        .iter()
        .rev()
        .map(|s| {
            left += s * s;
            left
        })
        .collect();
    remaining.reverse();
    let below = |decibels: f64| {
        let limit = remaining[0] * 10f64.powf(decibels / 10.0);
        remaining.iter().position(|energy| *energy < limit).expect("it decays") as f64 / rate
    };
    2.0 * (below(-35.0) - below(-5.0))
}

#[test]
fn it_decays_in_the_time_asked_for() {
    for (rate, decay, size) in
        [(48_000.0, 0.8, 50.0), (48_000.0, 2.5, 20.0), (48_000.0, 3.0, 100.0), (96_000.0, 1.5, 50.0)]
    {
        let out = click(&mut wet(rate, decay, size, OPEN), (rate * decay * 2.5) as usize);
        for channel in &out {
            let heard = decay_time(channel, rate);
            assert!((heard / decay - 1.0).abs() < 0.08, "{heard} s instead of {decay} s at {rate} Hz, size {size}");
        }
    }
}

#[test]
fn damping_shortens_the_highs() {
    let energy = |damping: f64| {
        let out = click(&mut wet(48_000.0, 2.0, 50.0, damping), 48_000);
        // First differences weigh the highs.
        out[0][24_000..].windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum::<f64>()
    };
    assert!(energy(2000.0) < 0.05 * energy(OPEN));
}

#[test]
fn the_tail_is_long_enough() {
    let mut sound = wet(48_000.0, 0.7, 60.0, OPEN);
    let tail = sound.tail() as usize;
    let out = click(&mut sound, tail + 48_000);
    let loudest = out[0].iter().fold(0.0f64, |peak, s| peak.max(s.abs()));
    assert!(out[0][tail..].iter().all(|sample| sample.abs() < 2e-6 * loudest));
}

#[test]
fn it_falls_silent_entirely() {
    let mut sound = wet(48_000.0, 0.1, 50.0, OPEN);
    let out = click(&mut sound, 96_000);
    assert!(out[0][90_000..].iter().all(|sample| *sample == 0.0));
}

#[test]
fn width_zero_is_mono_and_dry_is_exact() {
    let mut sound = wet(48_000.0, 1.0, 50.0, OPEN);
    sound.param(index::WIDTH, 0.0, true);
    let out = click(&mut sound, 8000);
    assert_eq!(out[0], out[1]);
    assert!(out[0].iter().any(|sample| *sample != 0.0));

    let mut rig = Rig::new(plugin);
    rig.start(48_000.0, 512, false);
    let mix = rig.param("Mix").id;
    rig.flush(&[(mix, 0.0)]);
    let input = vec![rig::noise(4000, 1), rig::noise(4000, 2)];
    let out = rig.play(&Piece { frames: 4000, inputs: vec![input.clone()], ..Piece::default() }, &[512]);
    assert_eq!(out, input, "dry is the input, at once");
}

#[test]
fn pre_delay_holds_the_room_back() {
    let first = |milliseconds: f64| {
        let mut sound = wet(48_000.0, 1.0, 50.0, OPEN);
        sound.param(index::PRE_DELAY, milliseconds, true);
        click(&mut sound, 48_000)[0].iter().position(|sample| sample.abs() > 1e-12).expect("a sound")
    };
    assert_eq!(first(100.0) - first(0.0), 4800);
}

#[test]
fn the_room_is_about_as_loud_as_the_music() {
    let mut main = vec![rig::noise(96_000, 1), rig::noise(96_000, 2)];
    let rms = |channel: &[f64]| (channel.iter().map(|s| s * s).sum::<f64>() / channel.len() as f64).sqrt();
    let before = rms(&main[0]);
    wet(48_000.0, 1.8, 50.0, 6000.0).process(&mut Io::new(&mut main, &[], 0, 96_000));
    let after = 20.0 * (rms(&main[0][48_000..]) / before).log10();
    assert!((-9.0..3.0).contains(&after), "{after} dB");
}
