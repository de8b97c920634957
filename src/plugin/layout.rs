//! The buses of an instance.

use crate::model::{Arrangement, BusInfo, BusKind};

/// All buses as they stand. Channels of a [`super::Block`] are those of the *active* audio buses, in bus order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// Audio buses into the plugin.
    pub inputs: Vec<BusInfo>,
    /// Audio buses out of the plugin.
    pub outputs: Vec<BusInfo>,
    /// Event buses into the plugin.
    pub event_inputs: Vec<BusInfo>,
    /// Event buses out of the plugin.
    pub event_outputs: Vec<BusInfo>,
}

/// What the host would like. A plugin may answer with something else; read the [`Layout`] that comes back.
/// Buses beyond the end of a list stay as they are and switched off.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LayoutRequest {
    /// Wanted arrangement of each audio input bus; `None` = leave it and switch it off.
    pub inputs: Vec<Option<Arrangement>>,
    /// Wanted arrangement of each audio output bus; `None` = leave it and switch it off.
    pub outputs: Vec<Option<Arrangement>>,
}

impl LayoutRequest {
    /// Main input and output with these arrangements, nothing else.
    pub fn main(input: Option<Arrangement>, output: Option<Arrangement>) -> Self {
        Self { inputs: vec![input], outputs: vec![output] }
    }
}

impl Layout {
    /// Channels a block carries into the plugin.
    pub fn input_channels(&self) -> usize {
        active_channels(&self.inputs)
    }

    /// Channels a block carries out of the plugin.
    pub fn output_channels(&self) -> usize {
        active_channels(&self.outputs)
    }

    /// Channels of the main input, 0 when there is none or it is off.
    pub fn main_input_channels(&self) -> usize {
        main_channels(&self.inputs)
    }

    /// Channels of the main output, 0 when there is none or it is off.
    pub fn main_output_channels(&self) -> usize {
        main_channels(&self.outputs)
    }
}

fn active_channels(buses: &[BusInfo]) -> usize {
    buses.iter().filter(|bus| bus.active).map(|bus| bus.channels as usize).sum()
}

fn main_channels(buses: &[BusInfo]) -> usize {
    // Control voltage is no sound, wherever it stands.
    let sound = |bus: &&BusInfo| bus.active && bus.kind == BusKind::Main && !bus.control_voltage;
    buses.first().filter(sound).map_or(0, |bus| bus.channels as usize)
}
