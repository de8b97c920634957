//! L0 · decisions only, no I/O: who may knock, who may come in, who has failed too often.
//!
//! Thread: any. Invariant: every function here is pure; time and chance are handed in.
//! Deliberately absent: sockets, files, clocks.

pub mod code;
pub mod fetch;
pub mod gate;
#[cfg(test)]
mod gate_tests;
pub mod lockout;
pub mod names;
pub mod origin;
pub mod pairing;
pub mod proof;
pub mod warning;

pub use gate::{Door, Facts, Refusal};
pub use lockout::Lockout;
pub use names::check_name;
pub use pairing::Pairing;
pub use proof::Secret;
