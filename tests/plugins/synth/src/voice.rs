//! One voice: two oscillators, a low pass, two envelopes. Thread: audio.
//!
//! Invariant: pitch and cutoff are worked out on ticks (see `sound`) and glide in between, so a voice does not know blocks.

use crate::{
    envelope::{Envelope, Pulls},
    oscillator::Wave,
    sound::TICK,
};
use plugin_kit::{Smooth, flush};
use std::f64::consts::PI;

/// What all voices share.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    /// Hz.
    pub rate: f64,
    /// Shapes.
    pub waves: [Wave; 2],
    /// Semitones of each oscillator against the key.
    pub offsets: [f64; 2],
    /// Hz.
    pub cutoff: f64,
    /// 0…1.
    pub resonance: f64,
    /// Octaves at the envelope's full level.
    pub filter_env: f64,
    /// Octaves per octave.
    pub key_track: f64,
    /// Filter envelope.
    pub filter: Pulls,
    /// Loudness envelope.
    pub amp: Pulls,
    /// Semitones of bend, all voices.
    pub bend: f64,
    /// Semitones and octaves the LFO moves pitch and cutoff by right now, and the LFO's own value.
    pub lfo: (f64, f64, f64),
    /// 0…1: how much velocity matters.
    pub velocity: f64,
}

/// Levels that glide per sample.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    /// Share of the second oscillator.
    pub mix: f64,
    /// 0 is mono.
    pub spread: f64,
}

/// Whose note it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// MIDI channel.
    pub channel: i16,
    /// MIDI key.
    pub key: i16,
    /// Id or −1.
    pub id: i32,
}

/// A voice.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Whose note.
    pub owner: Owner,
    /// The key is down.
    pub held: bool,
    /// The key is up, the pedal holds the note.
    pub sustained: bool,
    /// Number of the note, for finding the oldest.
    pub number: u64,
    /// Semitones of the note's own.
    pub tuning: f64,
    /// Pressure on the key.
    pub pressure: f64,
    /// Factor of the note's own.
    pub volume: Smooth,
    loudness: f64,
    phases: [f64; 2],
    steps: [f64; 2],
    amp: Envelope,
    filter: Envelope,
    g: f64,
    g_step: f64,
    k: f64,
    k_step: f64,
    memory: [[f64; 2]; 2],
}

impl Voice {
    /// `[main]` Silent.
    pub fn new() -> Self {
        Self {
            owner: Owner { channel: 0, key: 0, id: -1 },
            held: false,
            sustained: false,
            number: 0,
            tuning: 0.0,
            pressure: 0.0,
            volume: Smooth::new(1.0),
            loudness: 0.0,
            phases: [0.0; 2],
            steps: [0.0; 2],
            amp: Envelope::new(),
            filter: Envelope::new(),
            g: 0.0,
            g_step: 0.0,
            k: 2.0,
            k_step: 0.0,
            memory: [[0.0; 2]; 2],
        }
    }

    /// `[audio]` Free to be used?
    pub fn idle(&self) -> bool {
        self.amp.idle()
    }

    /// `[audio]` Loudness, for finding the one that is missed least.
    pub fn level(&self) -> f64 {
        self.amp.level()
    }

    /// `[audio]` A key goes down. A voice that still sounds is taken over from its level and phase, without a click.
    pub fn start(&mut self, owner: Owner, number: u64, velocity: f64, tuning: f64, patch: &Patch) {
        if self.idle() {
            *self = Self { volume: self.volume, ..Self::new() };
        }
        (self.owner, self.number, self.tuning, self.pressure) = (owner, number, tuning, 0.0);
        (self.held, self.sustained) = (true, false);
        self.volume.set_time(0.005, patch.rate);
        self.volume.set(1.0, true);
        self.loudness = 1.0 - patch.velocity * (1.0 - velocity * velocity);
        self.amp.start();
        self.filter.start();
        self.tick(patch);
        self.g += self.g_step * f64::from(TICK);
        self.k += self.k_step * f64::from(TICK);
        (self.g_step, self.k_step) = (0.0, 0.0);
    }

    /// `[audio]` The note ends.
    pub fn release(&mut self) {
        (self.held, self.sustained) = (false, false);
        self.amp.release();
        self.filter.release();
    }

    /// `[audio]` Works out where pitch and cutoff go until the next tick.
    pub fn tick(&mut self, patch: &Patch) {
        let key = f64::from(self.owner.key) + self.tuning + patch.bend;
        let wobble = patch.lfo.0 + patch.lfo.2 * 0.5 * self.pressure;
        for (step, offset) in self.steps.iter_mut().zip(patch.offsets) {
            let frequency = 440.0 * ((key + wobble + offset - 69.0) / 12.0).exp2();
            *step = (frequency / patch.rate).min(0.45);
        }
        let octaves = patch.filter_env * self.filter.level()
            + patch.key_track * (key - 60.0) / 12.0
            + patch.lfo.1
            + 2.0 * self.pressure;
        let cutoff = (patch.cutoff * octaves.exp2()).clamp(16.0, 0.45 * patch.rate);
        let g = (PI * cutoff / patch.rate).tan();
        let k = 2.0 - 1.95 * patch.resonance;
        self.g_step = (g - self.g) / f64::from(TICK);
        self.k_step = (k - self.k) / f64::from(TICK);
    }

    /// `[audio]` One sample, left and right.
    #[inline]
    pub fn process(&mut self, patch: &Patch, levels: Levels) -> [f64; 2] {
        let amp = self.amp.advance(&patch.amp) * self.loudness * self.volume.next();
        self.filter.advance(&patch.filter);
        self.g += self.g_step;
        self.k += self.k_step;
        let mut waves = [0.0; 2];
        for (i, wave) in waves.iter_mut().enumerate() {
            *wave = patch.waves[i].sample(self.phases[i], self.steps[i]);
            self.phases[i] += self.steps[i];
            if self.phases[i] >= 1.0 {
                self.phases[i] -= 1.0;
            }
        }
        let (one, two) = (waves[0] * (1.0 - levels.mix), waves[1] * levels.mix);
        let sides = [one + two + levels.spread * (one - two), one + two - levels.spread * (one - two)];
        let a1 = 1.0 / (1.0 + self.g * (self.g + self.k));
        let (a2, a3) = (self.g * a1, self.g * self.g * a1);
        let mut out = [0.0; 2];
        for ((out, input), [first, second]) in out.iter_mut().zip(sides).zip(&mut self.memory) {
            let v3 = input - *second;
            let v1 = a1 * *first + a2 * v3;
            let v2 = *second + a2 * *first + a3 * v3;
            *first = flush(2.0 * v1 - *first);
            *second = flush(2.0 * v2 - *second);
            *out = v2 * amp;
        }
        out
    }
}
