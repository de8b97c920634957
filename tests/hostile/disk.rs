//! A file with the bytes of the moment, for what reads files.

use std::cell::OnceCell;
use std::path::PathBuf;
use tempfile::TempDir;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Writes a file of this name, in memory where the system has such a folder. The folder is the thread's own.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| {
            let make = tempfile::Builder::new().prefix("sonic-bridge-hostile-").tempdir_in("/dev/shm");
            make.or_else(|_| tempfile::tempdir()).unwrap()
        });
        folder.path().join(name)
    });
    std::fs::write(&path, bytes).unwrap();
    path
}
