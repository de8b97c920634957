//! L0 · decisions only, no I/O. Invariant: every function here is pure.

pub mod names;
pub mod warning;

pub use names::check_name;
