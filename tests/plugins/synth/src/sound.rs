//! The sound of Sonic Synth: hands notes to voices and adds them up. Thread: audio.
//!
//! Invariant: ticks are counted from the reset, not from the block's start. No more than [`VOICES`] sound; the one missed
//! least gives way. Velocity 1 of one voice peaks at about −12 dB before the volume.

use crate::{
    envelope::{Pulls, Times},
    id,
    oscillator::Wave,
    voice::{Levels, Owner, Patch, Voice},
};
use plugin_kit::{Config, Dsp, Event, Io, Smooth};

/// Notes at a time.
pub const VOICES: usize = 16;
/// Samples between two looks at pitch and cutoff.
pub const TICK: u32 = 16;
/// The lower end of the volume, which is silence.
pub const SILENCE: f64 = -60.0;

/// State of the sound.
#[derive(Debug)]
pub struct Sound {
    patch: Patch,
    voices: Vec<Voice>,
    notes: u64,
    clock: u32,
    phase: f64,
    filter: Times,
    amp: Times,
    octave: f64,
    detune: [f64; 2],
    lfo_rate: f64,
    lfo_pitch: f64,
    lfo_cutoff: f64,
    bend_range: f64,
    bend: f64,
    wheel: f64,
    pedal: bool,
    mix: Smooth,
    spread: Smooth,
    volume: Smooth,
}

impl Sound {
    /// `[main]` Silent until prepared.
    pub fn new() -> Self {
        let times = Times { attack: 1.0, decay: 1.0, sustain: 1.0, release: 1.0 };
        let patch = Patch {
            rate: 48_000.0,
            waves: [Wave::Saw; 2],
            offsets: [0.0; 2],
            cutoff: 4000.0,
            resonance: 0.0,
            filter_env: 0.0,
            key_track: 0.0,
            filter: times.into(),
            amp: times.into(),
            bend: 0.0,
            lfo: (0.0, 0.0, 0.0),
            velocity: 0.0,
        };
        Self {
            patch,
            voices: vec![Voice::new(); VOICES],
            notes: 0,
            clock: 0,
            phase: 0.0,
            filter: times,
            amp: times,
            octave: 0.0,
            detune: [0.0; 2],
            lfo_rate: 5.0,
            lfo_pitch: 0.0,
            lfo_cutoff: 0.0,
            bend_range: 2.0,
            bend: 0.0,
            wheel: 0.0,
            pedal: false,
            mix: Smooth::new(0.5),
            spread: Smooth::new(0.0),
            volume: Smooth::new(0.5),
        }
    }

    /// `[any]` Notes that sound now.
    #[cfg(test)]
    pub fn sounding(&self) -> usize {
        self.voices.iter().filter(|voice| !voice.idle()).count()
    }

    fn tick(&mut self) {
        let wave = (std::f64::consts::TAU * self.phase).sin();
        let step = self.lfo_rate * f64::from(TICK) / self.patch.rate;
        self.phase = (self.phase + step).fract();
        // The wheel adds up to half a semitone of vibrato.
        self.patch.lfo = (wave * (self.lfo_pitch + 0.5 * self.wheel), wave * self.lfo_cutoff, wave);
        for voice in self.voices.iter_mut().filter(|voice| !voice.idle()) {
            voice.tick(&self.patch);
        }
    }

    fn start(&mut self, owner: Owner, velocity: f64, cents: f64) {
        // A free one; else a released one, the quietest; else the oldest.
        let missed = |voice: &Voice| {
            let class = if voice.idle() { 0 } else { 1 + u8::from(voice.held || voice.sustained) };
            let rank = if class == 1 { voice.level() } else { voice.number as f64 };
            (class, rank)
        };
        let least = |a: &&mut Voice, b: &&mut Voice| {
            let ((a, x), (b, y)) = (missed(a), missed(b));
            a.cmp(&b).then(x.total_cmp(&y))
        };
        self.notes += 1;
        let (notes, patch) = (self.notes, self.patch);
        if let Some(voice) = self.voices.iter_mut().min_by(least) {
            voice.start(owner, notes, velocity, cents / 100.0, &patch);
        }
    }

    fn stop(&mut self, owner: Owner) {
        let of = |voice: &&mut Voice| {
            let known = owner.id >= 0 && voice.owner.id >= 0;
            let same = (voice.owner.channel, voice.owner.key) == (owner.channel, owner.key);
            voice.held && if known { voice.owner.id == owner.id } else { same }
        };
        for voice in self.voices.iter_mut().filter(of) {
            if self.pedal {
                (voice.held, voice.sustained) = (false, true);
            } else {
                voice.release();
            }
        }
    }

    fn own(&mut self, id: i32, change: impl Fn(&mut Voice)) {
        for voice in self.voices.iter_mut().filter(|voice| id >= 0 && voice.owner.id == id && !voice.idle()) {
            change(voice);
        }
    }

    /// A time or level of an envelope, by its place in it.
    fn shape(times: &mut Times, place: u32, plain: f64, rate: f64) -> Pulls {
        let samples = plain / 1000.0 * rate;
        match place {
            0 => times.attack = samples,
            1 => times.decay = samples,
            2 => times.sustain = plain / 100.0,
            _ => times.release = samples,
        }
        (*times).into()
    }
}

impl Dsp for Sound {
    fn prepare(&mut self, config: &Config) {
        self.patch.rate = config.rate;
        for smooth in [&mut self.mix, &mut self.spread, &mut self.volume] {
            smooth.set_time(0.01, config.rate);
        }
    }

    fn reset(&mut self) {
        self.voices.fill_with(Voice::new);
        (self.notes, self.clock, self.phase) = (0, 0, 0.0);
    }

    fn param(&mut self, index: usize, plain: f64, snap: bool) {
        let rate = self.patch.rate;
        match index as u32 {
            id::WAVE_1 => self.patch.waves[0] = Wave::at(plain as usize),
            id::OCTAVE_1 => self.octave = 12.0 * plain,
            id::WAVE_2 => self.patch.waves[1] = Wave::at(plain as usize),
            id::SEMI_2 => self.detune[0] = plain,
            id::FINE_2 => self.detune[1] = plain / 100.0,
            id::MIX => self.mix.set(plain / 100.0, snap),
            id::SPREAD => self.spread.set(plain / 100.0, snap),
            id::CUTOFF => self.patch.cutoff = plain,
            id::RESONANCE => self.patch.resonance = plain / 100.0,
            id::FILTER_ENV => self.patch.filter_env = 6.0 * plain / 100.0,
            id::KEY_TRACK => self.patch.key_track = plain / 100.0,
            i @ id::FILTER_ATTACK..id::AMP_ATTACK => {
                self.patch.filter = Self::shape(&mut self.filter, i - id::FILTER_ATTACK, plain, rate);
            }
            i @ id::AMP_ATTACK..id::LFO_RATE => {
                self.patch.amp = Self::shape(&mut self.amp, i - id::AMP_ATTACK, plain, rate);
            }
            id::LFO_RATE => self.lfo_rate = plain,
            id::LFO_PITCH => self.lfo_pitch = plain / 100.0,
            id::LFO_CUTOFF => self.lfo_cutoff = 2.0 * plain / 100.0,
            id::VOLUME => self.volume.set(if plain <= SILENCE { 0.0 } else { 10f64.powf(plain / 20.0) }, snap),
            id::VELOCITY => self.patch.velocity = plain / 100.0,
            id::BEND_RANGE => self.bend_range = plain,
            id::BEND => self.bend = plain / 100.0,
            id::MOD_WHEEL => self.wheel = plain / 100.0,
            id::SUSTAIN => {
                self.pedal = plain > 0.5;
                if !self.pedal {
                    self.voices.iter_mut().filter(|voice| voice.sustained).for_each(Voice::release);
                }
            }
            _ => {}
        }
        self.patch.offsets = [self.octave, self.detune[0] + self.detune[1]];
        self.patch.bend = self.bend * self.bend_range;
    }

    fn event(&mut self, event: &Event) {
        match *event {
            Event::On { channel, key, velocity, tuning, id } => {
                self.start(Owner { channel, key, id }, velocity.clamp(0.0, 1.0), tuning);
            }
            Event::Off { channel, key, id } => self.stop(Owner { channel, key, id }),
            Event::Pressure { channel, key, value, id } => {
                for voice in &mut self.voices {
                    let owner = voice.owner;
                    if (id >= 0 && owner.id == id) || (owner.channel, owner.key) == (channel, key) {
                        voice.pressure = value.clamp(0.0, 1.0);
                    }
                }
            }
            Event::Volume { id, gain } => self.own(id, |voice| voice.volume.set(gain.clamp(0.0, 4.0), false)),
            Event::Tuning { id, semitones } => self.own(id, |voice| voice.tuning = semitones.clamp(-120.0, 120.0)),
        }
    }

    fn process(&mut self, io: &mut Io<'_>) {
        let (main, frames) = io.all();
        for frame in frames {
            if self.clock == 0 {
                self.tick();
            }
            self.clock = (self.clock + 1) % TICK;
            let levels = Levels { mix: self.mix.next(), spread: self.spread.next() };
            let volume = self.volume.next() * 0.25;
            let mut sum = [0.0; 2];
            for voice in self.voices.iter_mut().filter(|voice| !voice.idle()) {
                let out = voice.process(&self.patch, levels);
                sum = [sum[0] + out[0], sum[1] + out[1]];
            }
            match &mut *main {
                [left, right, ..] => (left[frame], right[frame]) = (sum[0] * volume, sum[1] * volume),
                [only] => only[frame] = (sum[0] + sum[1]) * 0.5 * volume,
                [] => {}
            }
        }
    }

    /// The release, down to −100 dB.
    fn tail(&self) -> u32 {
        (self.amp.release * 1.7).ceil() as u32 + TICK
    }
}
