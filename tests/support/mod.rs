//! What several test programs share; each takes it in with `#[path = "../support/mod.rs"] mod support;`.
#![allow(dead_code, reason = "no test program uses everything")]

#[cfg(target_os = "linux")]
pub mod bare;
pub mod bridge;
pub mod client;
pub mod fixtures;
pub mod main_thread;
pub mod player;
pub mod sandbox;
pub mod sound;
