//! L3 · the main thread of the running bridge: owns all plugins, answers asks, lets plugins' own work run.
//!
//! Thread: main. Invariant: one thing at a time; audio never waits for it.

use super::{Core, CoreError};
use crate::{catalog, control::Host};

/// What the core may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreLimits {
    /// Instances of one owner.
    pub instances: usize,
    /// Streams of one owner.
    pub streams: usize,
}

/// The main thread's side.
pub struct MainLoop;

impl MainLoop {
    /// `[main]` Around an opened catalog. `options` are how to open it again.
    pub fn new(host: Host, options: catalog::Options, limits: CoreLimits) -> (Self, Core) {
        let _ = (host, options, limits);
        todo!()
    }

    /// `[main]` Runs until [`Core::shut_down`].
    pub fn run(self) -> Result<(), CoreError> {
        todo!()
    }
}
