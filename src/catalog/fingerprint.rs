//! What a module's binary looked like when it was examined, to tell whether it still is the same file.
//!
//! Thread: any. Invariant: two equal fingerprints mean the same file with the same content; every difference is a change.
//! Where the system keeps a change time (Unix), it moves with every write even when the modification time is set back, so
//! that unchanged metadata needs no look at the content – except for files changed within the clock's grain of the
//! examination. Elsewhere the content is always looked at.
//! Deliberately absent: hashing whole files; the examination would be cheaper.

use super::card::Card;
use crate::model::ErrorCode;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, Metadata},
    hash::Hasher as _,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// How much is hashed at either end of the file.
const EDGE: u64 = 64 * 1024;
/// A file written this shortly before the examination could have been written again within the same tick of its time.
const GRAIN_NS: i64 = 2_000_000_000;

/// Everything but the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
    file: u64,
}

/// The identity of a binary at the time it was examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    binary: PathBuf,
    stamp: Stamp,
    edges: u64,
    taken_ns: i64,
}

/// Why a plugin found by an earlier scan is not to be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another file than the one examined.
    #[error("{} changed after it was scanned; scan again before loading it", path.display())]
    Changed {
        /// The module.
        path: PathBuf,
    },
    /// Not there any more.
    #[error("{} cannot be read any more ({reason}); scan again", path.display())]
    Gone {
        /// The module.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl VerifyError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::LOAD_FAILED
    }
}

impl Fingerprint {
    /// `[any]` Takes the fingerprint of a binary.
    pub fn take(binary: &Path) -> io::Result<Self> {
        let binary = dunce::canonicalize(binary)?;
        let taken_ns = nanoseconds(SystemTime::now());
        let mut file = File::open(&binary)?;
        let stamp = Stamp::of(&file.metadata()?);
        let edges = edges(&mut file, stamp.size)?;
        Ok(Self { binary, stamp, edges, taken_ns })
    }

    /// `[any]` Whether the binary is still the same; looks at the content only where metadata could deceive.
    pub fn still_holds(&self, binary: &Path) -> bool {
        let same = || -> io::Result<bool> {
            if Stamp::of(&binary.metadata()?) != self.stamp {
                return Ok(false);
            }
            // Where the stamp names the file itself, another way to it makes no difference.
            if cfg!(not(unix)) && dunce::canonicalize(binary)? != self.binary {
                return Ok(false);
            }
            let trusted = cfg!(unix) && self.stamp.changed_ns < self.taken_ns - GRAIN_NS;
            Ok(trusted || edges(&mut File::open(&self.binary)?, self.stamp.size)? == self.edges)
        };
        same().unwrap_or(false)
    }

    /// `[any]` When the binary was last modified.
    pub fn modified(&self) -> SystemTime {
        UNIX_EPOCH + std::time::Duration::from_nanos(u64::try_from(self.stamp.modified_ns).unwrap_or(0))
    }
}

/// `[any]` The file behind a card is the one that was examined, content included: who loads it runs it. To be asked before
/// every load.
pub(super) fn verify_unchanged(card: &Card) -> Result<(), VerifyError> {
    let path = &card.info.path;
    let gone = |error: &dyn std::fmt::Display| VerifyError::Gone { path: path.clone(), reason: error.to_string() };
    let binary = crate::plugin::bundle::vst3_binary(path).map_err(|error| gone(&error))?;
    let canonical = dunce::canonicalize(path).map_err(|error| gone(&error))?;
    let now = Fingerprint::take(&binary).map_err(|error| gone(&error))?;
    let then = &card.fingerprint;
    if canonical == *path && now.binary == then.binary && now.stamp == then.stamp && now.edges == then.edges {
        Ok(())
    } else {
        Err(VerifyError::Changed { path: path.clone() })
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified_ns = metadata.modified().map(nanoseconds).unwrap_or_default();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let changed_ns = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
            Self { size: metadata.len(), modified_ns, changed_ns, file: metadata.ino() }
        }
        #[cfg(not(unix))]
        {
            // The file id is not in stable std; the creation time takes its place, and the content is always compared.
            let created_ns = metadata.created().map(nanoseconds).unwrap_or_default();
            Self { size: metadata.len(), modified_ns, changed_ns: created_ns, file: 0 }
        }
    }
}

fn nanoseconds(time: SystemTime) -> i64 {
    let since = |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -since(before.duration()), since)
}

/// Hash of the first and last 64 KiB. Meant against accidents, not against somebody who searches for a collision: who can
/// write here can as well wait until we load the file.
fn edges(file: &mut File, size: u64) -> io::Result<u64> {
    let mut hasher = std::hash::DefaultHasher::new();
    let mut bytes = Vec::with_capacity(EDGE as usize);
    for start in [0, size.saturating_sub(EDGE).max(EDGE)] {
        if start < size {
            bytes.clear();
            file.seek(SeekFrom::Start(start))?;
            file.by_ref().take(EDGE).read_to_end(&mut bytes)?;
            hasher.write(&bytes);
        }
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, time::Duration};

    #[test]
    fn every_kind_of_change_is_noticed() {
        let folder = tempfile::tempdir().expect("temp");
        let binary = folder.path().join("x.so");
        fs::write(&binary, vec![7_u8; 300_000]).expect("written");
        let taken = Fingerprint::take(&binary).expect("taken");
        assert!(taken.still_holds(&binary));

        let set_time = |time| File::options().write(true).open(&binary).expect("open").set_modified(time).expect("set");
        let old = taken.modified();
        let mut other = vec![7_u8; 300_000];
        other[10] = 8;
        fs::write(&binary, &other).expect("written");
        set_time(old);
        assert!(!taken.still_holds(&binary), "same size, same time, other content");

        fs::write(&binary, vec![7_u8; 300_001]).expect("written");
        assert!(!taken.still_holds(&binary), "other size");

        let taken = Fingerprint::take(&binary).expect("taken");
        set_time(old + Duration::from_secs(1));
        assert!(!taken.still_holds(&binary), "other time");

        let taken = Fingerprint::take(&binary).expect("taken");
        let copy = folder.path().join("copy");
        fs::copy(&binary, &copy).expect("copied");
        fs::remove_file(&binary).expect("removed");
        assert!(!taken.still_holds(&binary), "gone");
        fs::rename(&copy, &binary).expect("renamed");
        set_time(taken.modified());
        #[cfg(unix)]
        assert!(!taken.still_holds(&binary), "another file in its place");
    }
}
