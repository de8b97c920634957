//! L4 · what the app may do with a running server.
//!
//! Thread: any. Invariant: nothing here waits. Deliberately absent: sessions and sockets.

use super::shared::Shared;
use std::{collections::BTreeSet, sync::Arc};

/// For the person: somebody asks, or does not any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// A page asks to be let in. Comes again when what it would be allowed changes.
    Asked(Asking),
    /// It was let in, refused, or gave up.
    Ended {
        /// Which page.
        origin: String,
        /// It was let in.
        paired: bool,
    },
}

/// A page that asks. All of this has to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Asking {
    /// The page.
    pub origin: String,
    /// What it will be allowed.
    pub scopes: BTreeSet<String>,
    /// The code to type into the page.
    pub code: String,
    /// What the person has to know.
    pub warning: &'static str,
    /// The question stands so long.
    pub expires_s: u64,
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the code: who can read the log must not be able to pair.
        f.debug_struct("Asking").field("origin", &self.origin).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// What the app may do with a running server. Clones control the same server.
#[derive(Clone, Debug)]
pub struct ServerControl {
    shared: Arc<Shared>,
}

impl ServerControl {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// `[any]` The address of the own page with a key that works once; another one after it was used.
    pub fn page_address(&self) -> String {
        format!("http://localhost:{}/#key={}", self.shared.port, self.shared.key())
    }

    /// `[any]` The page that asks to be let in is refused, and asks nobody for a while; false when nobody asks.
    pub fn refuse_pairing(&self) -> bool {
        self.shared.desk.refuse()
    }

    /// `[any]` The page that asks may also change scripts; false when nobody asks.
    pub fn allow_scripts(&self, allow: bool) -> bool {
        self.shared.desk.allow_scripts(allow)
    }

    /// `[any]` The scripts have said what there is, so clients are let in.
    pub fn is_serving(&self) -> bool {
        self.shared.served().is_some()
    }

    /// `[any]` Sessions there are, waiting ones included.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.count()
    }
}
