//! User stories, one module each.

#[path = "../support/mod.rs"]
mod support;

#[cfg(target_os = "linux")]
mod bad_input;
mod config;
mod everywhere;
#[cfg(target_os = "linux")]
mod failing;
mod formats;
#[cfg(target_os = "linux")]
mod info;
#[cfg(target_os = "linux")]
mod music;
mod real_plugins;
#[cfg(target_os = "linux")]
mod render;
#[cfg(unix)]
mod scan;
#[cfg(target_os = "linux")]
mod values;
