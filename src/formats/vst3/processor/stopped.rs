//! L2 · what a processor does before its first block and after its last.
//!
//! Thread: main. Invariant: what runs here is heard by nobody: buffers lead to silence and to a bin.

use super::{POINTS, Vst3Processor, unit};
use crate::{formats::vst3::context, model::ParamPoint, plugin::Processor};
use std::sync::atomic::Ordering::Acquire;

impl Vst3Processor {
    /// `[main]` Values the audio half must hear of before it plays: flushed at once, and again with the first block.
    pub(in crate::formats::vst3) fn prime(&mut self, points: Vec<ParamPoint>) {
        for chunk in points.chunks(POINTS / 2) {
            self.flush(chunk);
        }
        self.primed = points;
    }

    /// `[audio]` Primed values go with the present block, unless a state was loaded since: then they are old.
    pub(super) fn push_primed(&mut self) {
        if !self.state_loaded.load(Acquire) {
            for point in &self.primed {
                self.changes_in.push(point);
            }
        }
        self.primed.clear();
    }

    /// `[audio]` What is flushed after priming is newer.
    pub(super) fn renew_primed(&mut self, points: &[ParamPoint]) {
        for primed in &mut self.primed {
            if let Some(newer) = points.iter().rev().find(|point| point.param == primed.param) {
                primed.value = unit(newer.value);
            }
        }
    }

    /// `[main]` Makes sure that the component has heard of primed values, by a short block nobody hears.
    pub(in crate::formats::vst3) fn settle(&mut self) {
        self.go_idle();
        self.push_primed();
        // Nobody waits for this block, whatever the plugin answers.
        let _ = self.call();
        self.end_changes();
        self.changes_out.clear();
        self.events_out.clear();
    }

    /// Prepares short blocks that hear silence and that nobody hears. The buffers are of no use afterwards.
    fn go_idle(&mut self) {
        match &mut self.double {
            None => {
                self.inputs.rest();
                self.outputs.rest();
            }
            Some(double) => double.inputs.fill(0.0),
        }
        self.inputs.clear_flags();
        self.outputs.clear_flags();
        self.data.numSamples = self.max_block.min(32) as i32;
        context::halt(&mut self.context);
    }

    /// Sends the note-offs that are still owed, in short blocks nobody hears. The buffers are of no use afterwards.
    pub(super) fn end_notes(&mut self) {
        if !self.sounding.any() {
            return;
        }
        self.go_idle();
        while self.sounding.any() {
            while !self.events_in.is_full()
                && let Some(off) = self.sounding.end_one()
            {
                self.events_in.push(&off, 0.0);
            }
            self.inputs.clear_flags();
            self.outputs.clear_flags();
            // Nobody waits for these blocks, and the plugin is stopped next whatever it answers.
            let _ = self.call();
            self.events_in.clear();
            self.changes_out.clear();
            self.events_out.clear();
        }
    }
}
