//! L4 · the tokens of the running bridge: those of the file, and those of the bridge's own page, which end with it.
//!
//! Thread: any. Invariant: what was taken back by another process is gone here within a second.
//! Deliberately absent: proofs; they are compared in `security`.

use super::{
    bind::BindError,
    shared::locked,
    token_file::{Entry, Holding, TokenError, TokenFile, make},
};
use std::{collections::BTreeSet, path::Path, sync::Mutex, time::SystemTime};

/// Tokens of the own page that are kept; the oldest goes.
const PASSING: usize = 16;

/// All tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    file: TokenFile,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    stamp: Option<(SystemTime, u64)>,
    kept: Vec<Entry>,
    passing: Vec<Entry>,
    /// Taken back, and not acted upon yet.
    gone: Vec<String>,
    damaged: bool,
}

impl Tokens {
    /// `[any]` Reads the file.
    pub(super) fn open(folder: &Path) -> Result<Self, BindError> {
        let file = TokenFile::open(folder)?;
        let (stamp, kept) = (file.stamp(), file.read()?);
        Ok(Self {
            file,
            known: Mutex::new(Known { stamp, kept, passing: Vec::new(), gone: Vec::new(), damaged: false }),
        })
    }

    /// `[any]` A token of this holder, by its name.
    pub(super) fn find(&self, key_id: &str, origin: Option<&str>) -> Option<Entry> {
        self.search(|entry| entry.card.key_id == key_id && belongs(entry, origin))
    }

    /// `[any]` A token of this holder, by itself.
    pub(super) fn bearer(&self, token: &str, origin: Option<&str>) -> Option<Entry> {
        self.search(|entry| belongs(entry, origin) && entry.secret.is(token))
    }

    /// A token that is not known may have been made by another process a moment ago.
    fn search(&self, fits: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let mut known = locked(&self.known);
        let find = |known: &Known| known.kept.iter().chain(&known.passing).find(|entry| fits(entry)).cloned();
        find(&known).or_else(|| {
            self.look(&mut known);
            find(&known)
        })
    }

    /// `[any]` Makes a token for a page that was paired. Waits for the disk.
    pub(super) fn pair(&self, origin: &str, scopes: BTreeSet<String>) -> Result<Entry, TokenError> {
        let entry = make(Holding::Origin(origin.to_owned()), scopes)?;
        self.file.add(entry.clone())?;
        // The timer reads the file anew; until then the token counts already.
        locked(&self.known).kept.push(entry.clone());
        Ok(entry)
    }

    /// `[any]` Makes a token for the bridge's own page; no file learns of it.
    pub(super) fn pass(&self, origin: &str, scopes: BTreeSet<String>) -> Result<Entry, TokenError> {
        let entry = make(Holding::Origin(origin.to_owned()), scopes)?;
        let mut known = locked(&self.known);
        if known.passing.len() >= PASSING {
            known.passing.remove(0);
        }
        known.passing.push(entry.clone());
        Ok(entry)
    }

    /// `[net]` Looks at the file again; the tokens that were taken back since, by name.
    pub(super) fn refresh(&self) -> Vec<String> {
        let mut known = locked(&self.known);
        self.look(&mut known);
        std::mem::take(&mut known.gone)
    }

    fn look(&self, known: &mut Known) {
        let stamp = self.file.stamp();
        if stamp == known.stamp {
            return;
        }
        let kept = match self.file.read() {
            Ok(kept) => kept,
            Err(error) => {
                if !known.damaged {
                    tracing::warn!("{error}; the tokens read before stay in force");
                }
                known.damaged = true;
                return;
            }
        };
        (known.damaged, known.stamp) = (false, stamp);
        let before = std::mem::replace(&mut known.kept, kept);
        let gone = |entry: &Entry| !known.kept.iter().any(|other| other.card.key_id == entry.card.key_id);
        let gone: Vec<String> = before.into_iter().filter(gone).map(|entry| entry.card.key_id).collect();
        known.gone.extend(gone);
    }
}

fn belongs(entry: &Entry, origin: Option<&str>) -> bool {
    match (&entry.card.holder, origin) {
        (Holding::Origin(own), Some(origin)) => own == origin,
        (Holding::Native(_), None) => true,
        _ => false,
    }
}
