//! L0 · the wait-free toolbox of the audio path.
//!
//! Thread: whatever owns the value; only a [`Slot`] is shared.
//! Invariant: after construction nothing here allocates, frees, locks or waits.

pub mod delay;
pub mod door;
pub mod float_env;
pub mod guard;
pub mod pool;
pub mod slot;

pub use delay::DelayLine;
pub use door::Door;
pub use pool::{Channel, Pool};
pub use slot::Slot;
