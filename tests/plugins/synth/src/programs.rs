//! The factory sounds. Thread: main. A program names what differs from the parameters' defaults.

use crate::id;
use plugin_kit::Program;

/// Names, in order.
pub const NAMES: &[&str] =
    &["Init Saw", "Warm Pad", "Round Bass", "Glass Bells", "Hollow Lead", "Brass Section", "Pluck", "Wobble"];

/// Waves by their place in the list.
const SINE: f64 = 0.0;
const TRIANGLE: f64 = 1.0;
const SAW: f64 = 2.0;
const SQUARE: f64 = 3.0;

fn envelope(first: u32, [a, d, s, r]: [f64; 4]) -> [(u32, f64); 4] {
    [(first, a), (first + 1, d), (first + 2, s), (first + 3, r)]
}

fn program(name: &'static str, rows: &[(u32, f64)], amp: [f64; 4], filter: [f64; 4]) -> Program {
    let envelopes = [envelope(id::AMP_ATTACK, amp), envelope(id::FILTER_ATTACK, filter)].concat();
    Program { name, values: [rows, &envelopes[..]].concat() }
}

/// `[main]` All programs.
pub fn programs() -> Vec<Program> {
    vec![
        Program { name: NAMES[0], values: vec![] },
        program(
            NAMES[1],
            &[
                (id::WAVE_2, TRIANGLE),
                (id::FINE_2, -9.0),
                (id::SPREAD, 80.0),
                (id::CUTOFF, 900.0),
                (id::RESONANCE, 10.0),
                (id::FILTER_ENV, 30.0),
                (id::LFO_RATE, 0.3),
                (id::LFO_CUTOFF, 20.0),
            ],
            [900.0, 1000.0, 90.0, 2500.0],
            [1500.0, 3000.0, 60.0, 2500.0],
        ),
        program(
            NAMES[2],
            &[
                (id::WAVE_1, SQUARE),
                (id::OCTAVE_1, -1.0),
                (id::WAVE_2, SINE),
                (id::SEMI_2, -12.0),
                (id::FINE_2, 0.0),
                (id::SPREAD, 0.0),
                (id::CUTOFF, 220.0),
                (id::RESONANCE, 25.0),
                (id::FILTER_ENV, 45.0),
            ],
            [2.0, 300.0, 70.0, 120.0],
            [1.0, 220.0, 0.0, 120.0],
        ),
        program(
            NAMES[3],
            &[
                (id::WAVE_1, SINE),
                (id::WAVE_2, SINE),
                (id::SEMI_2, 19.0),
                (id::FINE_2, 4.0),
                (id::MIX, 35.0),
                (id::SPREAD, 60.0),
                (id::CUTOFF, 20_000.0),
                (id::RESONANCE, 0.0),
                (id::FILTER_ENV, 0.0),
                (id::VELOCITY, 90.0),
            ],
            [1.0, 3500.0, 0.0, 2800.0],
            [1.0, 1000.0, 0.0, 1000.0],
        ),
        program(
            NAMES[4],
            &[
                (id::WAVE_1, SQUARE),
                (id::WAVE_2, SQUARE),
                (id::SEMI_2, 12.0),
                (id::FINE_2, 3.0),
                (id::MIX, 25.0),
                (id::SPREAD, 10.0),
                (id::CUTOFF, 2500.0),
                (id::LFO_RATE, 5.5),
                (id::LFO_PITCH, 8.0),
            ],
            [15.0, 300.0, 85.0, 180.0],
            [10.0, 500.0, 50.0, 200.0],
        ),
        program(
            NAMES[5],
            &[
                (id::WAVE_1, SAW),
                (id::WAVE_2, SAW),
                (id::FINE_2, 11.0),
                (id::SPREAD, 50.0),
                (id::CUTOFF, 500.0),
                (id::RESONANCE, 12.0),
                (id::FILTER_ENV, 55.0),
                (id::VELOCITY, 80.0),
            ],
            [40.0, 500.0, 85.0, 250.0],
            [70.0, 900.0, 55.0, 250.0],
        ),
        program(
            NAMES[6],
            &[
                (id::WAVE_2, SQUARE),
                (id::SEMI_2, 12.0),
                (id::MIX, 30.0),
                (id::CUTOFF, 350.0),
                (id::RESONANCE, 35.0),
                (id::FILTER_ENV, 65.0),
                (id::KEY_TRACK, 70.0),
            ],
            [1.0, 700.0, 0.0, 500.0],
            [1.0, 180.0, 0.0, 200.0],
        ),
        program(
            NAMES[7],
            &[
                (id::WAVE_1, SAW),
                (id::OCTAVE_1, -1.0),
                (id::WAVE_2, SQUARE),
                (id::SEMI_2, -12.0),
                (id::FINE_2, 5.0),
                (id::CUTOFF, 500.0),
                (id::RESONANCE, 55.0),
                (id::FILTER_ENV, 0.0),
                (id::LFO_RATE, 3.0),
                (id::LFO_CUTOFF, 90.0),
            ],
            [5.0, 300.0, 100.0, 200.0],
            [1.0, 300.0, 0.0, 300.0],
        ),
    ]
}
