//! Files that other programs wrote, read by `render`: the tones come out at their pitch, level and length. And what comes
//! in formats we write ourselves goes through unchanged.

use crate::render::{render, report};
use crate::support::player::noise;
use crate::support::sandbox::Sandbox;
use crate::support::sound::{read_wav, write_wav};
use std::f64::consts::TAU;
use std::path::Path;

/// Amplitude of one frequency in the middle of a channel.
fn amplitude(sound: &[f32], hz: f64, rate: f64) -> f64 {
    let middle = &sound[sound.len() / 4..sound.len() * 3 / 4];
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (at, sample) in middle.iter().enumerate() {
        let phase = TAU * hz * at as f64 / rate;
        sine += f64::from(*sample) * phase.sin();
        cosine += f64::from(*sample) * phase.cos();
    }
    (sine.hypot(cosine)) * 2.0 / middle.len() as f64
}

fn through_gain(name: &str, extra: &[&str]) -> (u32, Vec<Vec<f32>>) {
    let sandbox = Sandbox::new();
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sound").join(name);
    let out = sandbox.file("out.wav");
    report(
        render(&sandbox, &[])
            .args(["--plugin", "Sonic Gain", "--tail", "0"])
            .args(extra)
            .arg(&input)
            .arg("-o")
            .arg(&out),
    );
    read_wav(&out)
}

#[test]
fn sound_files_of_other_programs_are_read() {
    for (name, frames, slack) in
        [("tone.ogg", 22_050, 0), ("tone.mp3", 22_050, 2400), ("tone.flac", 22_050, 0), ("tone.aiff", 4410, 0)]
    {
        let (rate, sound) = through_gain(name, &[]);
        assert_eq!((rate, sound.len()), (44_100, 2), "{name}");
        let length = sound[0].len();
        assert!((frames..=frames + slack).contains(&length), "{name} has {length} frames");
        for (channel, hz, other) in [(0, 440.0, 660.0), (1, 660.0, 440.0)] {
            let own = amplitude(&sound[channel], hz, 44_100.0);
            let cross = amplitude(&sound[channel], other, 44_100.0);
            assert!((own - 0.5).abs() < 0.03, "{name}, channel {channel}: {own} at {hz} Hz");
            assert!(cross < 0.02, "{name}, channel {channel}: {cross} at {other} Hz");
        }
    }
}

#[test]
fn a_file_is_converted_to_the_wanted_sample_rate() {
    let (rate, sound) = through_gain("tone.flac", &["--sample-rate", "96000"]);
    assert_eq!((rate, sound[0].len()), (96_000, 48_000));
    assert!((amplitude(&sound[0], 440.0, 96_000.0) - 0.5).abs() < 0.01);
}

#[test]
fn flac_and_integer_wav_come_back_as_they_went_in() {
    let sandbox = Sandbox::new();
    let input = sandbox.file("in.wav");
    // Whole 16-bit steps, so that nothing is rounded on the way.
    let sound: Vec<Vec<f32>> = noise(2, 5000)
        .into_iter()
        .map(|channel| channel.into_iter().map(|sample| (sample * 32_768.0).round() / 32_768.0).collect())
        .collect();
    write_wav(&input, 48_000, &sound);
    for (first, bits) in [("a.flac", "16"), ("b.flac", "24"), ("c.wav", "16"), ("d.wav", "24")] {
        let (first, back) = (sandbox.file(first), sandbox.file("back.wav"));
        let gain = || {
            let mut command = render(&sandbox, &[]);
            command.args(["--plugin", "Sonic Gain", "--tail", "0", "--force"]);
            command
        };
        report(gain().args(["--bits", bits]).arg(&input).arg("-o").arg(&first));
        report(gain().arg(&first).arg("-o").arg(&back));
        assert!(read_wav(&back).1 == sound, "{} at {bits} bits", first.display());
    }
}

#[test]
fn sixty_four_bit_processing_sounds_the_same_where_it_is_offered() {
    let sandbox = Sandbox::new();
    let input = sandbox.file("in.wav");
    write_wav(&input, 48_000, &noise(2, 20_000));
    let play = |precision: &str| {
        let out = sandbox.file(&format!("{precision}.wav"));
        report(
            render(&sandbox, &[])
                .args(["--plugin", "Sonic EQ", "--param", "Band 3 Gain=9", "--precision", precision, "--tail", "0"])
                .arg(&input)
                .arg("-o")
                .arg(&out),
        );
        read_wav(&out).1
    };
    let (single, double) = (play("32"), play("64"));
    let worst =
        single.iter().flatten().zip(double.iter().flatten()).fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(worst < 1e-5, "{worst}");
}
