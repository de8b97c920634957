//! L3 · what is to happen at which sample.
//!
//! Thread: audio. Invariant: in order of time, and for equal times in the order it was asked for; of several values of one
//! parameter at one sample only the last comes out. Never grows.

use crate::model::{EventBody, ParamId};
use std::collections::VecDeque;

/// Room for a frame full of events for a long chain.
const ROOM: usize = 8192;

/// One thing to happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Due {
    /// Samples played before it.
    pub at: u64,
    /// In which plugin of the chain.
    pub member: u8,
    pub deed: Deed,
}

/// What.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Deed {
    Param { index: u32, param: ParamId, value: f64 },
    Event(EventBody),
}

/// Everything that is to happen.
#[derive(Debug)]
pub(super) struct Agenda {
    dues: VecDeque<Due>,
}

impl Agenda {
    /// `[any, not audio]` Nothing.
    pub fn new() -> Self {
        Self { dues: VecDeque::with_capacity(ROOM) }
    }

    /// `[audio]` Notes it down; false when there is no room.
    pub fn put(&mut self, due: Due) -> bool {
        if self.dues.len() >= ROOM {
            return false;
        }
        let later = self.dues.iter().rev().take_while(|noted| noted.at > due.at).count();
        self.dues.insert(self.dues.len() - later, due);
        true
    }

    /// `[audio]` The next thing that happens before a sample.
    pub fn next_before(&mut self, end: u64) -> Option<Due> {
        loop {
            let due = *self.dues.front().filter(|due| due.at < end)?;
            self.dues.pop_front();
            if !self.is_overruled(&due) {
                return Some(due);
            }
        }
    }

    fn is_overruled(&self, due: &Due) -> bool {
        let Deed::Param { index, .. } = due.deed else { return false };
        let same_time = self.dues.iter().take_while(|later| later.at == due.at);
        same_time
            .filter(|later| later.member == due.member)
            .any(|later| matches!(later.deed, Deed::Param { index: other, .. } if other == index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(at: u64, index: u32, value: f64) -> Due {
        Due { at, member: 0, deed: Deed::Param { index, param: ParamId(index), value } }
    }

    #[test]
    fn things_come_in_order_and_the_last_value_of_a_sample_counts() {
        let mut agenda = Agenda::new();
        let note =
            Due { at: 5, member: 0, deed: Deed::Event(EventBody::Controller { channel: 0, number: 1, value: 0.5 }) };
        for due in [param(5, 1, 0.1), note, param(3, 1, 0.2), param(5, 2, 0.3), param(5, 1, 0.4), param(9, 1, 0.5)] {
            assert!(agenda.put(due));
        }
        let mut out = Vec::new();
        while let Some(due) = agenda.next_before(9) {
            out.push(due);
        }
        assert_eq!(out, [param(3, 1, 0.2), note, param(5, 2, 0.3), param(5, 1, 0.4)]);
        assert_eq!(agenda.next_before(10), Some(param(9, 1, 0.5)));
    }

    #[test]
    fn a_full_agenda_refuses_and_does_not_grow() {
        let mut agenda = Agenda::new();
        let before = agenda.dues.capacity();
        assert!((0..ROOM as u64).all(|at| agenda.put(param(ROOM as u64 - at, 0, 0.0))));
        assert!(!agenda.put(param(0, 0, 0.0)));
        assert_eq!(agenda.dues.capacity(), before);
    }
}
