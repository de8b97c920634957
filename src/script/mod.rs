//! L4 · Lua: the only module that knows the language. Scripts decide; nothing of them ever runs on an audio thread.
//!
//! Thread: whichever owns a VM; a VM never changes its thread. Invariant: whatever a script does, its caller gets an
//! answer within the limits it set, and the program goes on. Deliberately absent: the modules a script would need to
//! reach plugins, and hot reload.

mod config_file;
mod config_text;
mod costly;
mod key_lines;
mod require;
mod runtime;
#[cfg(test)]
mod safety_tests;
mod script_error;
mod watchdog;

pub use config_file::{CONFIG_FILE, ConfigFile, ConfigFileError, Problem};
pub use config_text::config_text;
pub use runtime::{Limits, Print, Runtime};
pub use script_error::{Place, ScriptError};
