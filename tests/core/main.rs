//! The running core with real plugins, through its handle only.
//!
//! A binary of its own; one core at a time, on the thread that plugins belong to.

#![cfg(unix)]

mod chain;
mod events;
mod limits;
mod params;
mod presets;
mod restart;
mod rig;
mod scan;
mod stream;

#[path = "../support/mod.rs"]
mod support;
