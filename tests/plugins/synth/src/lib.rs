//! Sonic Synth: sixteen voices with two oscillators, a filter, two envelopes and an LFO each. One object; mono or stereo.

mod envelope;
mod oscillator;
mod programs;
mod sound;
mod voice;

#[cfg(test)]
mod tests;

use oscillator::WAVES;
use plugin_kit::{Bus, Expression, Layouts, Param, Plugin, Role, Taper, Text, Uid, list, number, steps, switch};
use sound::Sound;
use std::sync::LazyLock;

static PLUGIN: LazyLock<Plugin> = LazyLock::new(|| Plugin {
    name: "Sonic Synth",
    version: env!("CARGO_PKG_VERSION"),
    categories: "Instrument|Synth",
    code: *b"SYNT",
    class: Uid(0xA86E_1D47, 0x52C3_4E0B, 0xBD79_6F18, 0xE240_9505),
    controller: None,
    inputs: vec![],
    outputs: vec![Bus::main("Output")],
    instrument: true,
    layouts: Layouts::Source,
    needs: 0,
    params: params(),
    programs: programs::programs(),
    // Modulation wheel, sustain pedal, resonance, cutoff, pitch bend.
    midi: vec![(1, id::MOD_WHEEL), (64, id::SUSTAIN), (71, id::RESONANCE), (74, id::CUTOFF), (129, id::BEND)],
    expressions: vec![Expression::Volume, Expression::Tuning],
    create: || Box::new(Sound::new()),
});

/// Parameter ids; their places in the table are the same.
pub mod id {
    /// Wave of the first oscillator.
    pub const WAVE_1: u32 = 0;
    /// Octaves.
    pub const OCTAVE_1: u32 = 1;
    /// Wave of the second oscillator.
    pub const WAVE_2: u32 = 2;
    /// Semitones.
    pub const SEMI_2: u32 = 3;
    /// Cents.
    pub const FINE_2: u32 = 4;
    /// Percent of the second oscillator.
    pub const MIX: u32 = 5;
    /// Percent.
    pub const SPREAD: u32 = 6;
    /// Hz.
    pub const CUTOFF: u32 = 7;
    /// Percent.
    pub const RESONANCE: u32 = 8;
    /// Percent of six octaves.
    pub const FILTER_ENV: u32 = 9;
    /// Percent.
    pub const KEY_TRACK: u32 = 10;
    /// Attack, decay, sustain, release follow each other.
    pub const FILTER_ATTACK: u32 = 11;
    /// Attack, decay, sustain, release follow each other.
    pub const AMP_ATTACK: u32 = 15;
    /// Hz.
    pub const LFO_RATE: u32 = 19;
    /// Cents.
    pub const LFO_PITCH: u32 = 20;
    /// Percent of two octaves.
    pub const LFO_CUTOFF: u32 = 21;
    /// dB.
    pub const VOLUME: u32 = 22;
    /// Percent.
    pub const VELOCITY: u32 = 23;
    /// Semitones.
    pub const BEND_RANGE: u32 = 24;
    /// −100…100.
    pub const BEND: u32 = 25;
    /// Percent.
    pub const MOD_WHEEL: u32 = 26;
    /// Pedal.
    pub const SUSTAIN: u32 = 27;
    /// Factory sound.
    pub const PROGRAM: u32 = 28;
}

fn params() -> Vec<Param> {
    let percent = Text::Number { decimals: 1, unit: "%" };
    let with = |decimals, unit| Text::Number { decimals, unit };
    let share = |id, name: &str, default| number(id, name, Taper::Linear(0.0, 100.0), default, percent);
    let time = |id, name: String, default| number(id, &name, Taper::Log(1.0, 10_000.0), default, Text::Time);
    let envelope = |first: u32, name: &str, [a, d, s, r]: [f64; 4]| {
        [
            time(first, format!("{name} Attack"), a).short("A"),
            time(first + 1, format!("{name} Decay"), d).short("D"),
            share(first + 2, &format!("{name} Sustain"), s).short("S"),
            time(first + 3, format!("{name} Release"), r).short("R"),
        ]
        .map(|row| row.group(&format!("{name} Envelope")))
    };
    let mut params = vec![
        list(id::WAVE_1, "Osc 1 Wave", WAVES, 2).short("Wave 1").group("Oscillators"),
        steps(id::OCTAVE_1, "Osc 1 Octave", -2, 2, 0, "oct").short("Oct 1").group("Oscillators"),
        list(id::WAVE_2, "Osc 2 Wave", WAVES, 2).short("Wave 2").group("Oscillators"),
        steps(id::SEMI_2, "Osc 2 Semi", -24, 24, 0, "st").short("Semi 2").group("Oscillators"),
        number(id::FINE_2, "Osc 2 Fine", Taper::Linear(-50.0, 50.0), 7.0, with(1, "ct"))
            .short("Fine 2")
            .group("Oscillators"),
        share(id::MIX, "Osc Mix", 50.0).short("Mix").group("Oscillators"),
        share(id::SPREAD, "Spread", 30.0).group("Oscillators"),
        number(id::CUTOFF, "Cutoff", Taper::Log(20.0, 20_000.0), 4000.0, Text::Hertz).group("Filter"),
        share(id::RESONANCE, "Resonance", 15.0).short("Res").group("Filter"),
        number(id::FILTER_ENV, "Filter Env", Taper::Linear(-100.0, 100.0), 25.0, percent).short("Env").group("Filter"),
        share(id::KEY_TRACK, "Key Track", 30.0).short("Key").group("Filter"),
    ];
    params.extend(envelope(id::FILTER_ATTACK, "Filter", [5.0, 600.0, 30.0, 400.0]));
    params.extend(envelope(id::AMP_ATTACK, "Amp", [5.0, 400.0, 80.0, 300.0]));
    params.extend([
        number(id::LFO_RATE, "LFO Rate", Taper::Log(0.05, 20.0), 5.0, with(2, "Hz")).short("Rate").group("LFO"),
        number(id::LFO_PITCH, "LFO Pitch", Taper::Linear(0.0, 100.0), 0.0, with(1, "ct")).short("Pitch").group("LFO"),
        share(id::LFO_CUTOFF, "LFO Cutoff", 0.0).short("Cutoff").group("LFO"),
        number(id::VOLUME, "Volume", Taper::Linear(sound::SILENCE, 6.0), -6.0, Text::Decibels).short("Vol"),
        share(id::VELOCITY, "Velocity", 60.0).short("Vel"),
        steps(id::BEND_RANGE, "Bend Range", 0, 24, 2, "st").short("Range").group("Play"),
        number(id::BEND, "Pitch Bend", Taper::Linear(-100.0, 100.0), 0.0, percent).short("Bend").group("Play"),
        share(id::MOD_WHEEL, "Mod Wheel", 0.0).short("Mod").group("Play"),
        switch(id::SUSTAIN, "Sustain", false).group("Play"),
        list(id::PROGRAM, "Program", programs::NAMES, 0).role(Role::Program),
    ]);
    params
}

/// `[any]` The plugin's table.
pub fn plugin() -> &'static Plugin {
    &PLUGIN
}

plugin_kit::export!(plugin);
