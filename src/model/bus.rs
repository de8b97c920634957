//! Buses: the sockets of a plugin.

use super::Arrangement;

/// What travels on a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Samples.
    Audio,
    /// Notes and controllers.
    Event,
}

/// Seen from the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Into the plugin.
    Input,
    /// Out of the plugin.
    Output,
}

/// Main buses come before auxiliary ones (side-chains, extra outputs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BusKind {
    /// The ordinary way through the plugin.
    Main,
    /// A side-chain or an additional output.
    Aux,
}

/// One bus as the plugin describes it, and whether it is switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusInfo {
    /// Position among the buses of the same media and direction.
    pub index: u32,
    /// The plugin's name for it; may be empty.
    pub name: String,
    /// Audio or events.
    pub media: Media,
    /// Into or out of the plugin.
    pub direction: Direction,
    /// Main or auxiliary.
    pub kind: BusKind,
    /// Audio channels, or event channels.
    pub channels: u32,
    /// Speakers of an audio bus; [`Arrangement::EMPTY`] on event buses.
    pub arrangement: Arrangement,
    /// The plugin would like this bus to be on from the start. A wish, not a state.
    pub default_active: bool,
    /// The bus carries control voltage, which must never reach a loudspeaker.
    pub control_voltage: bool,
    /// Switched on.
    pub active: bool,
}
