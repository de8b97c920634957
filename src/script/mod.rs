//! L4 · Lua: the only module that knows the language. Scripts decide; nothing of them ever runs on an audio thread.
//!
//! Thread: whichever owns a VM; a VM never changes its thread. Invariant: whatever a script does, its caller gets an
//! answer within the limits it set, and the program goes on. Deliberately absent: the names of verbs, which only scripts
//! know.

mod api;
mod backend;
mod call;
mod config_file;
mod config_text;
mod costly;
mod describe;
mod docs;
mod engine;
mod fault;
mod fields;
mod hub;
mod json;
mod key_lines;
mod notices;
mod program;
mod records;
mod reload;
mod require;
mod runtime;
#[cfg(test)]
mod safety_tests;
mod script_error;
mod sources;
mod watchdog;
mod world;

pub use backend::{Backend, LiveInfo, Opened, Pending, Piece};
pub use config_file::{CONFIG_FILE, ConfigFile, ConfigFileError, Problem};
pub use config_text::config_text;
pub use describe::{Description, describe};
pub use docs::{editor_files, generated};
pub use engine::{Engine, FileFeed, Setup};
pub use fields::{Field, Kind};
pub use hub::{Level, Log, trace_log};
pub use program::Script;
pub use runtime::{Limits, Print, Runtime};
pub use script_error::{Place, ScriptError};
pub use sources::SHIPPED;
