//! User stories, one module each.

#[path = "../support/mod.rs"]
mod support;

#[cfg(target_os = "linux")]
mod real_plugins;
#[cfg(unix)]
mod scan;
