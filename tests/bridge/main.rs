//! The running bridge as its users meet it: a real process, real sockets, real plugins.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod audio;
mod command_line;
mod native;
mod scripts;
mod sessions;
mod studio;
