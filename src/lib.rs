//! sonic-bridge: a scriptable host for native audio plugins.
//!
//! The layers, from the bottom up; a module may import only from layers below its own
//! (`tests/promises/layers.rs` owns the rule, `ARCHITECTURE.md` explains it):
//!
//! | layer | modules |
//! |---|---|
//! | L0 | [`model`] [`config`] [`rt`] [`security`] |
//! | L1 | [`plugin`] |
//! | L2 | [`engine`] [`formats`] [`audio_io`] [`catalog`] |
//! | L3 | [`control`] |
//! | L3 | [`link`] |
//! | L4 | [`script`] [`server`] [`watch`] |
//! | top | [`cli`] |
#![deny(unsafe_code)]

pub mod audio_io;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod control;
pub mod engine;
pub mod formats;
pub mod link;
pub mod model;
pub mod plugin;
pub mod rt;
pub mod script;
pub mod security;
pub mod server;
pub mod watch;
