//! How late the blocks of a steady stream come back to a client that sends by the clock and otherwise only reads.
//!
//! Two rhythms: a block each 2.67 ms, and two blocks, each a message, every 5.33 ms. With the second a socket that waits
//! for an acknowledgement before it sends the next small piece (Nagle) is late by milliseconds; a floor that has this
//! fault is measured beside, to show that the figure would.

use crate::bridge::Bridge;
use crate::client::Client;
use crate::figures::Figures;
use crate::floor::Floor;
use crate::paced::Load;
use crate::round_trip::{BLOCK, Frames};
use crate::samples::{Samples, take};
use crate::support::{fixtures, sandbox::Sandbox};
use std::time::{Duration, Instant};

/// Blocks of a turn: two seconds.
const BLOCKS: usize = 750;
const TURNS: usize = 11;

/// The slowest hundredth, and the least that carries the same beside it.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    let bridge = Bridge::start(&sandbox, &[fixtures::demo_plugins()]);
    let (mut page, _) = bridge.pair();
    let (_, stream) = page.open_gain(BLOCK, 32);
    let (warp, delayed) = (Floor::Warp.start(), Floor::WarpDelayed.start());
    let (echo, late_echo) = (Client::to_floor(warp.port), Client::to_floor(delayed.port));
    let mut clients = [echo, page, late_echo];
    let mut loads =
        [0, 1, 2].map(|_| Load { frames: vec![Frames::new(stream)], together: false, at_once: 1, blocks: BLOCKS });
    for (at_once, rhythm) in [(1, "one at a time"), (2, "in pairs")] {
        let [floor, ours, delayed] = take(TURNS, |side| -> Samples {
            let load = &mut loads[side];
            load.at_once = at_once;
            let outcome = load.run(&mut clients[side], Instant::now() + Duration::from_millis(20));
            assert_eq!(outcome.dry, 0, "blocks that were not processed");
            outcome.times
        });
        let raw = [
            ("warp echo µs", floor.quantile(0.99)),
            ("with Nagle µs", delayed.quantile(0.99)),
            ("bridge middle µs", ours.quantile(0.5)),
            ("warp echo middle µs", floor.quantile(0.5)),
        ];
        let name = format!("lateness, {rhythm}, slowest hundredth");
        figures.add(&name, ours.quantile(0.99), "µs", 1000.0, &raw);
    }
}
