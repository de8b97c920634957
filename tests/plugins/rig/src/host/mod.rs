//! A bare VST3 host, just enough to try the fixtures: [`Module`] loads one, [`Instance`] runs one class of it.
//! Thread: one thread plays all roles unless a test says otherwise. Deliberately absent: everything the real host is tested
//! for. It shares no code with it, so that both can be wrong only separately.

mod buffers;
mod exchange;
mod instance;
mod message;
mod module;
mod objects;

pub use buffers::{Block, MARGIN, MARK, Queue};
pub use instance::Instance;
pub use module::{Module, built_library, install};
pub use objects::{Context, Handler, Stream};
