//! How many streams of stereo blocks of 128 frames at 48 kHz two cores carry through Sonic Gain without a late block, the
//! client among them.
//!
//! A block is late when it is not back eight blocks (21 ms) after it was due, or comes back unprocessed. A try in which
//! the client itself was late counts as failed. Other programs come and go, so a number has three tries.

use crate::bridge::Bridge;
use crate::client::{Client, Key};
use crate::figures::Figures;
use crate::paced::Load;
use crate::round_trip::{BLOCK, Frames, PERIOD};
use crate::support::{fixtures, sandbox::Sandbox};
use std::time::{Duration, Instant};

const MOST: usize = 512;
const GOAL: f64 = 64.0;
/// Pages that share the streams.
const PAGES: usize = 4;
const LATE: Duration = Duration::from_nanos(PERIOD.as_nanos() as u64 * 8);
const TRIES: usize = 3;
/// Blocks of a try: three seconds.
const BLOCKS: usize = 1125;

/// With a message for each frame, and with all frames of a page in one message.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    let bridge = Bridge::start(&sandbox, &[fixtures::demo_plugins()]);
    let (first, key) = bridge.pair();
    drop(first);
    for (together, what) in [(false, "a message each"), (true, "one message a page")] {
        let (mut carried, mut failed) = (0, MOST + PAGES);
        let mut last = Try::default();
        while failed - carried > PAGES {
            let count = if carried == 0 { failed.min(64) } else { (carried * 2).min((carried + failed) / 2) };
            let count = (count / PAGES * PAGES).max(PAGES);
            let tried = (0..TRIES).map(|_| attempt(&bridge, &key, count, together)).find(|tried| tried.late == 0);
            match tried {
                Some(tried) => (carried, last) = (count, tried),
                None => failed = count,
            }
        }
        let raw = [
            ("slowest hundredth µs", last.slowest_hundredth),
            ("slowest µs", last.slowest),
            ("tries up to", MOST as f64),
        ];
        figures.add_at_least(&format!("streams without a late block, {what}"), carried as f64, "", GOAL, &raw);
    }
}

#[derive(Debug, Default)]
struct Try {
    late: usize,
    slowest: f64,
    slowest_hundredth: f64,
}

/// Carries so many streams for a while.
fn attempt(bridge: &Bridge, key: &Key, count: usize, together: bool) -> Try {
    let mut pages: Vec<(Client, Load)> = (0..PAGES)
        .map(|_| {
            let mut client = bridge.client(key);
            let frames = (0..count / PAGES).map(|_| Frames::new(client.open_gain(BLOCK, 64).1)).collect();
            (client, Load { frames, together, at_once: 1, blocks: BLOCKS })
        })
        .collect();
    let start = Instant::now() + Duration::from_millis(100);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let pages: Vec<_> = pages.iter_mut().map(|(client, load)| scope.spawn(|| load.run(client, start))).collect();
        pages.into_iter().map(|page| page.join().unwrap()).collect()
    });
    let limit = LATE.as_secs_f64() * 1e6;
    let mut tried = Try::default();
    for outcome in outcomes {
        tried.late += outcome.dry + outcome.times.above(limit) + usize::from(outcome.sent_late > LATE);
        tried.slowest = tried.slowest.max(outcome.times.quantile(1.0));
        tried.slowest_hundredth = tried.slowest_hundredth.max(outcome.times.quantile(0.99));
    }
    for (mut client, _) in pages {
        let _ = client.socket.close(None);
    }
    tried
}
