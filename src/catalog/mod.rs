//! L2 · which plugins are on this machine: folders, header checks, scan in child processes, cache, blocklist.
//!
//! Thread: a [`Catalog`] belongs to whoever opened it; scanning uses worker threads of its own and ends with them.
//! Invariant: no code of a plugin ever runs in this process. A module is looked at by its header first, then opened in a
//! child process with limits; whatever happens there becomes a row with a state and a reason.
//! Deliberately absent: loading (formats), anything about instances, printing.

mod blocklist;
mod cache;
mod card;
mod child;
pub mod confine;
mod duplicates;
mod find;
mod fingerprint;
pub mod folders;
mod header;
mod marks;
mod moduleinfo;
mod open;
mod options;
mod places;
#[cfg(windows)]
mod process_win;
mod record;
pub mod report;
mod scan;
#[cfg(all(test, unix))]
mod testing;
#[cfg(all(test, unix))]
mod tests;
pub mod text;
mod walk;

pub use blocklist::{BlockEntry, BlockError, Blocked, Blocklist};
pub use card::{Card, Module, State};
pub use child::ChildCommand;
pub use find::FindError;
pub use fingerprint::VerifyError;
#[doc(hidden)]
pub use moduleinfo::moduleinfo_doorway;
pub use open::{Catalog, OpenError};
pub use options::{Options, Progress};
