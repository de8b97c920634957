//! L2 · graph spec → compile → verify → schedule, and the one function that runs it.
//!
//! | file | what |
//! |---|---|
//! | [`compile`] | the way from a spec and loaded nodes to a schedule |
//! | [`graph_error`] | what is wrong with a graph, in the user's words |
//! | `shape` `timing` | the checked spec; order of the nodes and when sound arrives at each |
//! | [`plan`] `lowering` `colouring` | steps over channels; first every channel its own, then shared memory |
//! | [`verify`] | an independent proof that a plan plays the spec |
//! | [`schedule`] `runner` | the plan come alive, and one plugin in it |
//! | [`policy`] [`report`] | how strict to be, and what happened |
//!
//! Invariant: no plan reaches audio unverified. Deliberately absent: clocks, threads, files, formats.

mod colouring;
pub mod compile;
pub mod graph_error;
mod lowering;
pub mod plan;
pub mod policy;
pub mod report;
mod runner;
pub mod schedule;
mod shape;
mod timing;
pub mod verify;

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod tests;

pub use compile::{CompileError, CompileSetup, LoadedNode, compile};
pub use graph_error::GraphError;
pub use policy::{Policy, Prefill};
pub use report::{BlockReport, NodeStats};
pub use schedule::Schedule;
