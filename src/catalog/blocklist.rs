//! What the user does not want to be touched.
//!
//! Thread: any. Invariant: a list that cannot be read is an error, never an empty list – else a blocked plugin would run.
//! Deliberately absent: what the scanner found to crash (cache).

use super::cache::write_whole;
use crate::model::{ErrorCode, PluginId};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const NAME: &str = "blocklist.json";

/// What is blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocked {
    /// A module with all it holds; its code is not even examined.
    Path(PathBuf),
    /// One plugin, wherever it is.
    Id(String),
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEntry {
    /// What is blocked.
    #[serde(flatten)]
    pub what: Blocked,
    /// Its name when it was blocked.
    pub name: String,
    /// Why; may be empty.
    pub reason: String,
}

/// The user's decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocklist {
    file: PathBuf,
    /// In the order they were made.
    pub entries: Vec<BlockEntry>,
}

/// The blocklist cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// Cannot be read or written.
    #[error("the blocklist {} cannot be read or written: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        reason: io::Error,
    },
    /// Not what we wrote.
    #[error("the blocklist {} is damaged ({reason}); correct or remove it", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where and what.
        reason: serde_json::Error,
    },
}

impl BlockError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::FILE
    }
}

impl Blocklist {
    /// `[any]` Reads the list kept in a folder; a list that was never written is empty.
    pub fn open(folder: &Path) -> Result<Self, BlockError> {
        let file = folder.join(NAME);
        let entries = match fs::read(&file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|reason| BlockError::Damaged { file: file.clone(), reason })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(reason) => return Err(BlockError::File { file, reason }),
        };
        Ok(Self { file, entries })
    }

    /// `[any]` Adds a decision, or renews it, and writes the list.
    pub fn block(&mut self, entry: BlockEntry) -> Result<(), BlockError> {
        self.entries.retain(|known| known.what != entry.what);
        self.entries.push(entry);
        self.save()
    }

    /// `[any]` Takes back all decisions that fit and writes the list. Returns them.
    pub fn unblock(&mut self, fits: impl Fn(&BlockEntry) -> bool) -> Result<Vec<BlockEntry>, BlockError> {
        let (gone, kept) = std::mem::take(&mut self.entries).into_iter().partition(|entry| fits(entry));
        self.entries = kept;
        self.save()?;
        Ok(gone)
    }

    /// `[any]` The decision about a module.
    pub fn of_path(&self, path: &Path) -> Option<&BlockEntry> {
        self.entries.iter().find(|entry| matches!(&entry.what, Blocked::Path(blocked) if blocked == path))
    }

    /// `[any]` The decision about a plugin.
    pub fn of_id(&self, id: &PluginId) -> Option<&BlockEntry> {
        self.entries.iter().find(|entry| matches!(&entry.what, Blocked::Id(blocked) if *blocked == id.0))
    }

    fn save(&self) -> Result<(), BlockError> {
        let failed = |reason| BlockError::File { file: self.file.clone(), reason };
        let bytes = serde_json::to_vec_pretty(&self.entries).map_err(|error| failed(error.into()))?;
        fs::create_dir_all(self.file.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        write_whole(&self.file, &bytes).map_err(failed)
    }
}

impl BlockEntry {
    /// `[any]` What to say when something is refused because of it.
    pub fn explanation(&self) -> String {
        if self.reason.is_empty() { "blocked by you".into() } else { format!("blocked by you: {}", self.reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_kept_with_their_reasons_and_can_be_taken_back() {
        let folder = tempfile::tempdir().expect("temp");
        let inner = folder.path().join("not there yet");
        let mut list = Blocklist::open(&inner).expect("empty");
        let path = BlockEntry { what: Blocked::Path("/a.vst3".into()), name: "a".into(), reason: "loud".into() };
        let id = BlockEntry { what: Blocked::Id("vst3:1".into()), name: "B".into(), reason: String::new() };
        list.block(path.clone()).expect("written");
        list.block(id.clone()).expect("written");
        list.block(id.clone()).expect("written");
        let mut list = Blocklist::open(&inner).expect("read");
        assert_eq!(list.entries, [path.clone(), id.clone()]);
        assert_eq!(
            list.of_path(Path::new("/a.vst3")).map(BlockEntry::explanation),
            Some("blocked by you: loud".into())
        );
        assert_eq!(list.of_id(&PluginId("vst3:1".into())), Some(&id));
        assert_eq!(list.unblock(|entry| entry.name == "a").expect("written"), [path]);
        assert_eq!(Blocklist::open(&inner).expect("read").entries, [id]);
    }

    #[test]
    fn a_damaged_list_is_an_error_and_not_an_empty_list() {
        let folder = tempfile::tempdir().expect("temp");
        fs::write(folder.path().join(NAME), b"[{").expect("written");
        assert!(matches!(Blocklist::open(folder.path()), Err(BlockError::Damaged { .. })));
    }
}
