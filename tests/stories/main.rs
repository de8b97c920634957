//! User stories, one module each.

#[path = "../support/mod.rs"]
mod support;

#[cfg(target_os = "linux")]
mod bad_input;
#[cfg(target_os = "linux")]
mod changing;
mod config;
mod everywhere;
#[cfg(target_os = "linux")]
mod failing;
#[cfg(target_os = "linux")]
mod formats;
#[cfg(target_os = "linux")]
mod info;
#[cfg(target_os = "linux")]
mod music;
#[cfg(target_os = "linux")]
mod real_plugins;
#[cfg(target_os = "linux")]
mod render;
#[cfg(unix)]
mod scan;
#[cfg(target_os = "linux")]
mod values;
