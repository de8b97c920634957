//! L3 · the running core: loaded chains of plugins, their parameters and streams, behind one handle.
//!
//! Threads: [`Core`] may be called from any; what plugins do on their main thread happens in [`MainLoop`], which owns them.
//! Invariant: everything belongs to an [`Owner`]; nobody reaches what is another's, and is not told that it exists.
//! Deliberately absent: sockets, scripts, sessions.

mod agenda;
mod answers;
pub mod ask;
mod assembly;
mod bypass;
pub mod error;
pub mod event;
pub mod handle;
mod instance;
mod line;
pub mod live;
pub mod main_loop;
mod meter;
mod musical_time;
mod news;
mod notes;
mod params;
mod playable;
mod presets;

mod rebuild;
pub mod records;
mod scanning;
mod shared;
pub mod stream;
mod timetable;

use ask::Reply;

pub use error::CoreError;
pub use event::{CoreEvent, What};
pub use handle::Core;
pub use live::{Applied, Live, LiveMember};
pub use main_loop::{CoreLimits, MainLoop};
pub use records::*;
pub use stream::{Frame, FrameEvent, FrameEventKind, Outcome, Stream};
