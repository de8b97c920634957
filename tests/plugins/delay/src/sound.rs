//! The sound of Sonic Delay. Thread: audio.
//!
//! Invariant: an echo stands on a whole sample, `round(seconds × rate)` behind its source. A new time is reached by a
//! crossfade of 30 ms, never by a change of pitch; everything else moves per sample. The first echo is undamped.
//! When the host gives no valid tempo, 120 BPM is assumed, and the meters say so.

use plugin_kit::{Config, Dsp, Io, Smooth, Transport, flush};
use std::f64::consts::PI;

/// Tempo when the host knows none.
pub const ASSUMED: f64 = 120.0;
/// At this frequency the high cut is out of the way.
pub const OPEN: f64 = 20_000.0;
/// Longest delay.
const SECONDS: f64 = 8.0;
const FADE: f64 = 0.03;

/// Names of the note lengths, from long to short; "D" is dotted, "T" a triplet.
pub const NOTES: &[&str] = &[
    "1/1", "1/2 D", "1/1 T", "1/2", "1/4 D", "1/2 T", "1/4", "1/8 D", "1/4 T", "1/8", "1/16 D", "1/8 T", "1/16",
    "1/16 T", "1/32",
];

/// Places in the parameter table.
pub mod index {
    /// Note lengths or milliseconds.
    pub const SYNC: usize = 0;
    /// Note length.
    pub const NOTE: usize = 1;
    /// Milliseconds.
    pub const TIME: usize = 2;
    /// Percent.
    pub const FEEDBACK: usize = 3;
    /// Sides take turns.
    pub const PING_PONG: usize = 4;
    /// Hz.
    pub const HIGH_CUT: usize = 5;
    /// Percent.
    pub const MIX: usize = 6;
    /// Meter: tempo in use.
    pub const TEMPO: usize = 8;
    /// Meter: where it comes from.
    pub const FROM: usize = 9;
}

/// `[any]` Quarter notes in a note length.
pub fn beats(note: usize) -> f64 {
    let name = NOTES[note.min(NOTES.len() - 1)];
    let (fraction, feel) = name.split_once(' ').unwrap_or((name, ""));
    let part: f64 = fraction[2..].parse().unwrap_or(4.0);
    let feel = match feel {
        "D" => 1.5,
        "T" => 2.0 / 3.0,
        _ => 1.0,
    };
    4.0 / part * feel
}

/// State of the sound.
#[derive(Debug)]
pub struct Sound {
    rate: f64,
    lines: [Vec<f64>; 2],
    write: usize,
    /// Samples, now and before the running crossfade.
    delay: usize,
    before: usize,
    /// 0…1, 1 when done.
    fade: f64,
    damped: [f64; 2],
    sync: bool,
    beats: f64,
    time: f64,
    tempo: Option<f64>,
    feedback: Smooth,
    ping_pong: Smooth,
    cut: Smooth,
    mix: Smooth,
    /// Nothing sounded since the reset: a new time holds at once.
    fresh: bool,
}

impl Sound {
    /// `[main]` Silent until prepared.
    pub fn new() -> Self {
        Self {
            rate: 48_000.0,
            lines: [vec![], vec![]],
            write: 0,
            delay: 1,
            before: 1,
            fade: 1.0,
            damped: [0.0; 2],
            sync: true,
            beats: 1.0,
            time: 0.35,
            tempo: None,
            feedback: Smooth::new(0.4),
            ping_pong: Smooth::new(0.0),
            cut: Smooth::new(1.0),
            mix: Smooth::new(0.35),
            fresh: true,
        }
    }

    fn wanted(&self) -> usize {
        let seconds = if self.sync { self.beats * 60.0 / self.tempo.unwrap_or(ASSUMED) } else { self.time };
        ((seconds.min(SECONDS) * self.rate).round() as usize).max(1)
    }

    /// A running crossfade is finished before the next one starts.
    fn follow_time(&mut self) {
        let wanted = self.wanted();
        if self.fresh {
            (self.delay, self.before, self.fade) = (wanted, wanted, 1.0);
        } else if self.fade >= 1.0 && wanted != self.delay {
            (self.before, self.delay, self.fade) = (self.delay, wanted, 0.0);
        }
    }

    fn tap(&self, line: usize, delay: usize) -> f64 {
        let line = &self.lines[line];
        line[(self.write + line.len() - delay) % line.len()]
    }

    /// What comes out of a line, and the same after the high cut.
    fn echo(&mut self, line: usize, pull: f64) -> (f64, f64) {
        let mut out = self.tap(line, self.delay);
        if self.fade < 1.0 {
            let old = self.tap(line, self.before);
            out = old + (out - old) * self.fade;
        }
        self.damped[line] = flush(self.damped[line] + (out - self.damped[line]) * pull);
        (out, self.damped[line])
    }
}

impl Dsp for Sound {
    fn prepare(&mut self, config: &Config) {
        self.rate = config.rate;
        let length = (SECONDS * config.rate).ceil() as usize + 1;
        self.lines = std::array::from_fn(|line| if line < config.channels { vec![0.0; length] } else { vec![] });
        for smooth in [&mut self.feedback, &mut self.ping_pong, &mut self.cut, &mut self.mix] {
            smooth.set_time(0.01, config.rate);
        }
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(|line| line.fill(0.0));
        self.damped = [0.0; 2];
        self.write = 0;
        self.fresh = true;
    }

    fn param(&mut self, index: usize, plain: f64, snap: bool) {
        match index {
            index::SYNC => self.sync = plain > 0.5,
            index::NOTE => self.beats = beats(plain as usize),
            index::TIME => self.time = plain / 1000.0,
            index::FEEDBACK => self.feedback.set(plain / 100.0, snap),
            index::PING_PONG => self.ping_pong.set(plain, snap),
            index::HIGH_CUT => {
                let pull = if plain >= OPEN { 1.0 } else { 1.0 - (-2.0 * PI * plain / self.rate).exp() };
                self.cut.set(pull, snap);
            }
            index::MIX => self.mix.set(plain / 100.0, snap),
            _ => {}
        }
    }

    fn transport(&mut self, transport: &Transport) {
        self.tempo = transport.tempo;
    }

    fn process(&mut self, io: &mut Io<'_>) {
        let step = 1.0 / (FADE * self.rate).max(1.0);
        let (main, frames) = io.all();
        for frame in frames {
            self.follow_time();
            self.fresh = false;
            let (feedback, cut, mix) = (self.feedback.next(), self.cut.next(), self.mix.next());
            let turn = self.ping_pong.next();
            match &mut *main {
                [left, right, ..] => {
                    let (l, r) = (left[frame], right[frame]);
                    let (out_l, back_l) = self.echo(0, cut);
                    let (out_r, back_r) = self.echo(1, cut);
                    // Ping-pong: both sides enter on the left, and each side feeds the other.
                    let enter_l = l + turn * ((l + r) * 0.5 - l);
                    let enter_r = r * (1.0 - turn);
                    let write = self.write;
                    self.lines[0][write] = flush(enter_l + feedback * (back_l + turn * (back_r - back_l)));
                    self.lines[1][write] = flush(enter_r + feedback * (back_r + turn * (back_l - back_r)));
                    left[frame] = l + mix * (out_l - l);
                    right[frame] = r + mix * (out_r - r);
                }
                [only] => {
                    let x = only[frame];
                    let (out, back) = self.echo(0, cut);
                    let write = self.write;
                    self.lines[0][write] = flush(x + feedback * back);
                    only[frame] = x + mix * (out - x);
                }
                [] => {}
            }
            self.write = (self.write + 1) % self.lines[0].len().max(1);
            self.fade = (self.fade + step).min(1.0);
        }
    }

    /// Until the echoes are 120 dB down.
    fn tail(&self) -> u32 {
        let feedback = self.feedback.target();
        let repeats = if feedback < 1e-6 { 1.0 } else { (1e-6f64.ln() / feedback.ln()).ceil() + 1.0 };
        let delay = self.wanted().max(self.delay).max(self.before) as f64;
        (repeats * delay).min(f64::from(u32::MAX - 1)) as u32
    }

    fn meter(&self, index: usize) -> Option<f64> {
        match index {
            index::TEMPO => Some((self.tempo.unwrap_or(ASSUMED) / 1000.0).clamp(0.0, 1.0)),
            index::FROM => Some(if self.tempo.is_some() { 1.0 } else { 0.0 }),
            _ => None,
        }
    }
}
