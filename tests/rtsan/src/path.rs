//! What is run as audio: the sample memory every schedule works on.
//!
//! Not yet: the engine's schedule with the demo plugins in it.

use crate::as_audio;
use sonic_bridge::rt::{Channel, Pool};

const FRAMES: usize = 128;
const BLOCKS: usize = 1000;

/// Runs the audio path and says how many blocks it processed.
pub fn run() -> usize {
    let mut pool = Pool::new(4, FRAMES);
    for _ in 0..BLOCKS {
        as_audio(&mut || block(&mut pool));
    }
    assert!(pool.guards_intact(), "something wrote behind a channel");
    BLOCKS
}

fn block(pool: &mut Pool) {
    pool.channel_mut(Channel(0), FRAMES).fill(0.5);
    let (from, to) = pool.pair_mut(Channel(0), Channel(2), FRAMES);
    to.copy_from_slice(from);
    pool.silence(Channel(0), FRAMES);
}
