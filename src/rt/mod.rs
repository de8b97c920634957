//! L0 · the wait-free toolbox of the audio path.
//!
//! Thread: whatever owns the value; nothing here is shared.
//! Invariant: after construction nothing here allocates, frees, locks or waits.

pub mod pool;

pub use pool::{Channel, Pool};
