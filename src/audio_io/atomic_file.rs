//! A file that appears under its name only when it is complete.
//!
//! Thread: any. Invariant: until [`AtomicFile::commit`] succeeds nothing under the target's name changes, and whatever
//! ends the program before that leaves nothing behind where the system allows nameless files (Linux), else at most a
//! hidden temporary file. Deliberately absent: appending, in-place editing.

use super::FileError;
use std::{
    fs::File,
    path::{Path, PathBuf},
};
use tempfile::{Builder, NamedTempFile};

/// A file being written.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    force: bool,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    /// No name at all: the kernel forgets it when the program ends in any way.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// A hidden name beside the target.
    Named(NamedTempFile),
}

impl AtomicFile {
    /// `[any]` Checks that the target may be written and opens a temporary file in its folder. With `force` an existing
    /// ordinary file will be replaced.
    pub fn create(target: &Path, force: bool) -> Result<Self, FileError> {
        check_target(target, force)?;
        let folder = folder_of(target);
        let backing = open(folder).map_err(|error| FileError::writing(target, error))?;
        Ok(Self { target: target.to_path_buf(), force, backing })
    }

    /// `[any]` The file to write to.
    pub fn file(&self) -> &File {
        match &self.backing {
            #[cfg(target_os = "linux")]
            Backing::Nameless(file) => file,
            Backing::Named(file) => file.as_file(),
        }
    }

    /// `[any]` The name it has until it is complete; `None` when it has none, so that nothing can be left behind.
    pub fn temporary(&self) -> Option<&Path> {
        match &self.backing {
            #[cfg(target_os = "linux")]
            Backing::Nameless(_) => None,
            Backing::Named(file) => Some(file.path()),
        }
    }

    /// `[any]` Where it will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// `[any]` Makes everything durable and gives it its name. A file that appeared there in the meantime is not
    /// overwritten without `force`.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { target, force, backing } = self;
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => FileError::Exists { path: target.clone() },
            _ => FileError::writing(&target, error),
        };
        match backing {
            #[cfg(target_os = "linux")]
            Backing::Nameless(file) => {
                file.sync_all().map_err(failed)?;
                nameless::publish(&file, &target, force).map_err(failed)?;
            }
            Backing::Named(file) => {
                file.as_file().sync_all().map_err(failed)?;
                if force {
                    file.persist(&target).map_err(|error| failed(error.error))?;
                } else {
                    file.persist_noclobber(&target).map_err(|error| failed(error.error))?;
                }
            }
        }
        Ok(())
    }
}

/// `[any]` Refuses a target that exists (unless it is an ordinary file and may be overwritten) or has no folder.
pub fn check_target(target: &Path, force: bool) -> Result<(), FileError> {
    let path = target.to_path_buf();
    let folder = folder_of(target);
    if !folder.is_dir() {
        return Err(FileError::NoFolder { path: folder.to_path_buf() });
    }
    // A link is judged by itself: replacing it would leave the file it points to alone.
    match std::fs::symlink_metadata(target) {
        Ok(about) if about.is_file() || about.is_symlink() => {
            if force {
                Ok(())
            } else {
                Err(FileError::Exists { path })
            }
        }
        Ok(_) => Err(FileError::NotAFile { path }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::writing(target, error)),
    }
}

/// `[any]` Refuses an output that is one of the inputs, also through links.
pub fn check_distinct(target: &Path, inputs: &[&Path]) -> Result<(), FileError> {
    match inputs.iter().find(|input| same_file(target, input)) {
        None => Ok(()),
        Some(input) => Err(FileError::SameFile { path: target.to_path_buf(), input: input.to_path_buf() }),
    }
}

#[cfg(unix)]
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn open(folder: &Path) -> std::io::Result<Backing> {
    #[cfg(target_os = "linux")]
    if let Some(file) = nameless::open(folder) {
        return Ok(Backing::Nameless(file));
    }
    named(folder).map(Backing::Named)
}

/// A hidden file with the permissions a new file would have; temporary files are private otherwise.
fn named(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".sonic-bridge-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Files without a name. Not every file system has them.
#[cfg(target_os = "linux")]
mod nameless {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
    use std::{fs::File, io, os::fd::AsRawFd, path::Path};

    pub fn open(folder: &Path) -> Option<File> {
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
        // Without /proc the file could never get its name.
        let proc = Path::new("/proc/self/fd").is_dir();
        let file = proc.then(|| openat(CWD, folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode));
        file?.ok().map(File::from)
    }

    /// Linking never replaces; to overwrite, the file first gets a hidden name and is then renamed.
    pub fn publish(file: &File, target: &Path, force: bool) -> io::Result<()> {
        match link(file, target) {
            Err(error) if force && error.kind() == io::ErrorKind::AlreadyExists => {
                let placeholder = super::named(super::folder_of(target))?.into_temp_path();
                std::fs::remove_file(&placeholder)?;
                link(file, &placeholder)?;
                placeholder.persist(target).map_err(|error| error.error)
            }
            result => result,
        }
    }

    fn link(file: &File, target: &Path) -> io::Result<()> {
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(linkat(CWD, own.as_str(), CWD, target, AtFlags::SYMLINK_FOLLOW)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn entries(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    /// A file of either kind.
    fn create(named: bool, target: &Path, force: bool) -> AtomicFile {
        let file = AtomicFile::create(target, force).unwrap();
        if named {
            AtomicFile { backing: Backing::Named(super::named(folder_of(target)).unwrap()), ..file }
        } else {
            file
        }
    }

    #[test]
    fn nothing_appears_before_it_is_complete_and_nothing_stays_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.wav");
        for named in [false, true] {
            let half = create(named, &target, false);
            half.file().write_all(b"half").unwrap();
            assert!(!target.exists());
            drop(half);
        }
        assert_eq!(entries(folder.path()), 0);
        for named in [false, true] {
            let whole = create(named, &target, false);
            whole.file().write_all(b"whole").unwrap();
            whole.commit().unwrap();
            assert_eq!(std::fs::read(&target).unwrap(), b"whole");
            assert_eq!(entries(folder.path()), 1);
            std::fs::remove_file(&target).unwrap();
        }
    }

    #[test]
    fn an_existing_file_is_refused_before_and_after_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.wav");
        for named in [false, true] {
            let file = create(named, &target, false);
            // Somebody else is quicker.
            std::fs::write(&target, b"theirs").unwrap();
            assert!(matches!(file.commit(), Err(FileError::Exists { .. })), "named: {named}");
            assert_eq!(std::fs::read(&target).unwrap(), b"theirs");
            assert_eq!(entries(folder.path()), 1);
            assert!(matches!(AtomicFile::create(&target, false), Err(FileError::Exists { .. })));
            std::fs::remove_file(&target).unwrap();
        }
    }

    #[test]
    fn force_replaces_the_whole_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.wav");
        std::fs::write(&target, b"old and longer").unwrap();
        for named in [false, true] {
            let file = create(named, &target, true);
            file.file().write_all(b"new").unwrap();
            file.commit().unwrap();
            assert_eq!(std::fs::read(&target).unwrap(), b"new");
            assert_eq!(entries(folder.path()), 1);
        }
    }

    #[test]
    fn folders_and_missing_folders_are_no_targets() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/out.wav");
        assert!(matches!(AtomicFile::create(&missing, false), Err(FileError::NoFolder { .. })));
        let inner = folder.path().join("folder");
        std::fs::create_dir(&inner).unwrap();
        assert!(matches!(AtomicFile::create(&inner, true), Err(FileError::NotAFile { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn the_input_is_recognized_through_links_and_other_spellings() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("in.wav");
        std::fs::write(&input, b"in").unwrap();
        let (soft, hard) = (folder.path().join("soft.wav"), folder.path().join("hard.wav"));
        std::os::unix::fs::symlink(&input, &soft).unwrap();
        std::fs::hard_link(&input, &hard).unwrap();
        for other in [&soft, &hard, &input, &folder.path().join("./in.wav")] {
            assert!(matches!(check_distinct(other, &[&input]), Err(FileError::SameFile { .. })), "{other:?}");
        }
        assert!(check_distinct(&folder.path().join("out.wav"), &[&input]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_has_the_permissions_of_new_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        std::fs::write(&plain, b"").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        for (named, target) in [(false, "one"), (true, "two")] {
            let target = folder.path().join(target);
            create(named, &target, false).commit().unwrap();
            assert_eq!(mode(&target), mode(&plain));
        }
    }
}
