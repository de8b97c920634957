//! The audio half of a loaded plugin.

use super::Block;
use crate::model::ParamPoint;
use std::any::Any;

/// The audio half. `Send`, owned by exactly one thread at a time, made by [`super::Controller::activate`] and given back
/// to [`super::Controller::deactivate`]. Dropping it instead leaks the plugin's activation and is counted as a fault.
pub trait Processor: Send {
    /// `[audio]` Processes one block. Allocates nothing, frees nothing, locks nothing. On an error the outputs are silent.
    fn process(&mut self, block: &mut Block<'_>) -> Result<(), ProcessError>;

    /// `[audio]` Hands parameter changes over without processing sound (VST3's flush: zero samples, no buses).
    fn flush(&mut self, params: &[ParamPoint]);

    /// `[audio]` Forgets everything that rings: stop, start.
    fn reset(&mut self);

    /// `[audio]` Whether the plugin asked its host to be restarted and the host has not heard of it yet. A clock that can
    /// wait has it heard before the next block; on others it is heard of in time.
    fn wants_restart(&self) -> bool {
        false
    }

    /// `[any]` Points and events the plugin sent and nobody had room for, and changes that found no queue.
    fn dropped(&self) -> u64 {
        0
    }

    /// For the controller that made it.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// Why a block was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// The plugin answered with this result code.
    #[error("the plugin's process() answered {0}")]
    Result(i32),
    /// The block is longer than what was prepared; the engine splits blocks so that this cannot happen.
    #[error("a block of {frames} frames is longer than the prepared {max}")]
    TooLong {
        /// Asked for.
        frames: usize,
        /// Prepared.
        max: usize,
    },
    /// Number of channels differs from the layout.
    #[error("the block has other channels than the plugin's active buses")]
    Channels,
}
