//! The running core with real plugins, through its handle only.
//!
//! A binary of its own; one core at a time, on the thread that plugins belong to.

#[cfg(unix)]
mod chain;
#[cfg(unix)]
mod crash;
#[cfg(unix)]
mod events;
#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod params;
#[cfg(unix)]
mod presets;
#[cfg(unix)]
mod recorded;
#[allow(dead_code, reason = "not everything it offers is of use here")]
#[cfg(unix)]
#[path = "../host_rules/recorder.rs"]
mod recorder;
#[cfg(unix)]
mod restart;
#[cfg(unix)]
mod rig;
#[cfg(unix)]
mod scan;
#[cfg(unix)]
mod stream;

#[path = "../support/mod.rs"]
mod support;
