//! L1 · what "a plugin" means to everybody above the formats.
//!
//! A loaded plugin has two halves. The [`Controller`] stays on the main thread. The [`Processor`] is a value that is
//! handed out by activation, *moves* to the thread that runs the audio, and moves back to die: whoever does not hold it
//! cannot call it.
//! Deliberately absent: anything of a particular format.

pub mod block;
pub mod bundle;
pub mod controller;
pub mod error;
pub mod format;
pub mod layout;
pub mod notice;
pub mod processor;
pub mod setup;
pub mod state;

pub use block::{Block, BlockOut};
pub use controller::{Controller, ProgramPlace};
pub use error::PluginError;
pub use format::Format;
pub use layout::{Layout, LayoutRequest};
pub use notice::{Notice, RestartNeed};
pub use processor::{ProcessError, Processor};
pub use setup::{Precision, ProcessMode, Setup, Tail};
pub use state::{PresetFile, State};
