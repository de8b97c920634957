//! What several test programs share; each takes it in with `#[path = "../support/mod.rs"] mod support;`.
#![allow(dead_code, reason = "no test program uses everything")]

pub mod fixtures;
pub mod sandbox;
