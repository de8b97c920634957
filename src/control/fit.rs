//! L3 · what a plugin is asked for and what it settled on, in channels.
//!
//! Thread: main. Invariant: what is counted are active buses.

use crate::{model::Arrangement, plugin::Layout};

/// Channels a plugin settled on.
pub(super) struct Fit {
    pub inputs: usize,
    pub outputs: usize,
    pub sidechain: usize,
}

impl Fit {
    /// `[main]` As they stand.
    pub fn of(layout: &Layout) -> Self {
        let inputs = layout.main_input_channels();
        Self { inputs, outputs: layout.main_output_channels(), sidechain: layout.input_channels() - inputs }
    }
}

/// `[main]` The main input's wish: nothing when there is nothing to feed it, unless the plugin has no other use than effects.
pub(super) fn wanted(layout: &Layout, channels: usize) -> Option<Arrangement> {
    if channels == 0 && layout.event_inputs.is_empty() {
        return layout.inputs.first().map(|bus| bus.arrangement);
    }
    Arrangement::for_channels(channels).filter(|_| channels > 0)
}
