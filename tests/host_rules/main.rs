//! What a VST3 host owes a plugin, rule by rule: `docs/vst3-rules.md` says which test shows which.
//!
//! A binary of its own, because the recorder has one log for a process. Bodies run one after the other on one thread.

mod faults;
mod life;
mod messages;
mod midi;
mod objects;
mod params;
mod process;
mod program;
mod random;
mod recorder;
mod restart;
mod rig;
mod setup;
mod state;
mod table;
mod teardown;
mod threads;

#[path = "../support/mod.rs"]
mod support;
