//! Which modules are being examined right now, on disk, so that a power cut is blamed on the right one.
//!
//! One file, appended to: "start" with the module and its fingerprint goes to the disk before the child starts; "done" is
//! written after the child ended and reaches the disk with the next "start" at the latest. A start without its done, found
//! by a later run, means that the machine or this program died meanwhile: the module counts as crashed until it is scanned
//! again.
//! Thread: any, shared by the scan's workers. Invariant: whoever holds [`Marks`] holds the file's lock, so one process at
//! a time scans, and marks of a living process are never taken for those of a dead one.
//! Deliberately absent: results (cache).

use super::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

const NAME: &str = "scanning.jsonl";
/// Far more than any scan writes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Start { module: PathBuf, fingerprint: Fingerprint },
    Done { module: PathBuf },
}

/// A module whose examination never ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leftover {
    pub module: PathBuf,
    pub fingerprint: Fingerprint,
}

/// The right to scan.
#[derive(Debug)]
pub(super) struct Marks {
    file: Mutex<File>,
}

impl Marks {
    /// `[any]` Whether an earlier or a present scan left marks. Cheap, for the usual case that none did.
    pub fn any(folder: &Path) -> bool {
        folder.join(NAME).metadata().is_ok_and(|metadata| metadata.len() > 0)
    }

    /// `[any]` Takes the right to scan if nobody has it. Also returns what a dead scan left; it stays on disk until
    /// [`Self::clear`].
    pub fn try_take(folder: &Path) -> io::Result<Option<(Self, Vec<Leftover>)>> {
        let file = open(folder)?;
        match file.try_lock() {
            Ok(()) => Self::taken(file).map(Some),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn taken(mut file: File) -> io::Result<(Self, Vec<Leftover>)> {
        let mut bytes = Vec::new();
        (&mut file).take(MAX_BYTES).read_to_end(&mut bytes)?;
        let mut left: Vec<Leftover> = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            // A line cut short by the power cut: its child was not started yet, or its end is not known.
            match serde_json::from_slice(line) {
                Ok(Line::Start { module, fingerprint }) => left.push(Leftover { module, fingerprint }),
                Ok(Line::Done { module }) => left.retain(|leftover| leftover.module != module),
                Err(_) => {}
            }
        }
        // After a line cut short, the next one must not be glued to it.
        if bytes.last().is_some_and(|byte| *byte != b'\n') {
            file.seek(SeekFrom::End(0))?;
            file.write_all(b"\n")?;
        }
        Ok((Self { file: Mutex::new(file) }, left))
    }

    /// `[any]` Marks a module as being examined. The mark is on the disk when this returns.
    pub fn start(&self, module: &Path, fingerprint: &Fingerprint) -> io::Result<()> {
        self.append(&Line::Start { module: module.to_path_buf(), fingerprint: fingerprint.clone() })?.sync_data()
    }

    /// `[any]` The examination ended, however it ended.
    pub fn done(&self, module: &Path) -> io::Result<()> {
        self.append(&Line::Done { module: module.to_path_buf() }).map(drop)
    }

    fn append(&self, line: &Line) -> io::Result<File> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&bytes)?;
        // A second handle, so that workers do not wait for each other's disk.
        file.try_clone()
    }

    /// `[any]` Forgets all marks, once their results are on the disk. Keeps the right to scan.
    pub fn clear(&self) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.set_len(0)?;
        file.rewind()?;
        file.sync_data()
    }
}

/// The file is emptied, never removed: a lock on a removed file excludes nobody.
fn open(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(NAME);
    let fresh = !path.exists();
    let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    if fresh {
        file.sync_all()?;
        super::cache::sync_folder(folder);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(folder: &Path) -> Fingerprint {
        let file = folder.join("binary");
        std::fs::write(&file, b"x").expect("written");
        Fingerprint::take(&file).expect("taken")
    }

    #[test]
    fn a_module_being_examined_when_the_power_went_is_found_at_the_next_start() {
        let folder = tempfile::tempdir().expect("temp");
        let print = fingerprint(folder.path());
        assert!(!Marks::any(folder.path()));
        let (marks, left) = Marks::try_take(folder.path()).expect("io").expect("free");
        assert!(left.is_empty());
        for module in ["/good", "/bad", "/later"] {
            marks.start(Path::new(module), &print).expect("marked");
        }
        marks.done(Path::new("/good")).expect("marked");
        marks.done(Path::new("/later")).expect("marked");
        assert!(Marks::try_take(folder.path()).expect("io").is_none(), "two scans at once");
        drop(marks); // the power cut: the lock is gone, the marks stay

        // The last line was being written.
        let path = folder.path().join(NAME);
        let mut file = File::options().append(true).open(&path).expect("open");
        file.write_all(b"{\"start\":{\"module\":\"/never sta").expect("written");
        drop(file);

        let (marks, left) = Marks::try_take(folder.path()).expect("io").expect("free");
        assert_eq!(left, [Leftover { module: "/bad".into(), fingerprint: print.clone() }]);
        marks.start(Path::new("/next"), &print).expect("marked");
        drop(marks);
        let (marks, left) = Marks::try_take(folder.path()).expect("io").expect("free");
        assert_eq!(left.len(), 2);
        marks.clear().expect("cleared");
        assert!(!Marks::any(folder.path()));
    }

    #[test]
    fn garbage_in_the_file_is_survived() {
        let folder = tempfile::tempdir().expect("temp");
        std::fs::write(folder.path().join(NAME), b"\xff\x00{}\n[1]\n\"").expect("written");
        let (_, left) = Marks::try_take(folder.path()).expect("io").expect("free");
        assert!(left.is_empty());
    }
}
