//! L3 · the only door to the core: everything above asks here, and nowhere else.
//!
//! Thread: main. Invariant: an operation either succeeds whole or leaves nothing behind.

pub mod chain;
pub mod core;
mod fit;
pub mod host;
pub mod last_words;
pub mod offline;
pub mod param_text;
mod play;
mod realign;
pub mod render_error;
pub mod render_job;
pub mod render_report;
mod settings;
mod starting;

pub use self::core::Core;
pub use host::Host;
pub use offline::{Progress, render};
pub use param_text::ParamError;
pub use render_error::RenderError;
pub use render_job::{PluginUse, RenderJob};
pub use render_report::{PluginReport, RenderReport};
