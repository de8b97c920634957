//! L2 · what a MIDI controller becomes: points of the parameter it turns.
//!
//! Thread: audio. Invariant: the curve a plugin draws is the same wherever blocks begin.

use super::Vst3Processor;
use crate::model::ParamPoint;

impl Vst3Processor {
    /// A controller jumps: the old value belongs on the sample before.
    pub(super) fn turn(&mut self, point: ParamPoint) {
        if self.midi.take_stale() {
            self.told.forget();
        }
        let before = match self.changes_in.latest(point.param) {
            Some((at, value)) => Some(value).filter(|_| at < point.offset),
            None => self.told.last(point.param),
        };
        if point.offset > 0
            && let Some(value) = before.filter(|value| *value != point.value)
        {
            self.changes_in.push(&ParamPoint { offset: point.offset - 1, value, ..point });
        }
        self.changes_in.push(&point);
    }
}
