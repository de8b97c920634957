//! L2 · when a plugin may be left out of a block.
//!
//! Thread: audio. Invariant: only a plugin that said it may sleep does, and never within its tail.

use super::{Now, Runner};
use crate::{engine::BlockReport, plugin::Tail, rt::Pool};

impl Runner {
    /// Whether skipping this block would change nothing, as far as the plugin's own word and the last block tell.
    pub(super) fn may_sleep(&mut self, pool: &Pool, frames: usize) -> bool {
        let heard = self.inputs.iter().any(|channel| !pool.is_silent(*channel));
        if heard || !self.params.is_empty() || !self.events.is_empty() {
            self.idle = 0;
            return false;
        }
        let over = match self.tail {
            Tail::None => Some(u64::from(self.latency)),
            Tail::Samples(tail) => Some(u64::from(self.latency) + u64::from(tail)),
            Tail::Infinite => None,
        };
        // Who hears nothing may be holding a note: then only the plugin's own word counts.
        let quiet = if self.inputs.is_empty() { self.said_silent } else { self.was_quiet };
        let may = self.sleeps && quiet && over.is_some_and(|over| self.idle >= over);
        self.idle += frames as u64;
        may
    }

    pub(super) fn sleep(&mut self, pool: &mut Pool, now: &Now<'_>, report: &mut BlockReport) {
        self.silence(pool, now.frames);
        self.stats.slept += 1;
        report.slept += 1;
    }
}
