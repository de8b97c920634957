//! Walks the plugin folders and lists what is named `.vst3`.
//!
//! Thread: any; blocks on the file system only. Invariant: every folder is entered once and every module listed once,
//! whatever the links; nothing but metadata and directory entries is read, so a FIFO or device cannot make it wait.
//! Deliberately absent: judging what was found.

use super::folders::{Folder, Origin};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// Deeper than anybody nests vendors' folders.
const MAX_DEPTH: usize = 24;
/// More entries than any plugin folder has; `--plugin-path /` ends here.
const MAX_ENTRIES: usize = 500_000;

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Canonical path.
    pub path: PathBuf,
    /// Position of the folder it was found in, counted from the best.
    pub rank: usize,
}

/// What a walk brings home.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    /// Candidates, best folder first, then by name.
    pub found: Vec<Found>,
    /// What could not be looked at, in whole sentences.
    pub problems: Vec<String>,
}

/// `[any]` Walks all folders in their order.
pub(super) fn walk(folders: &[Folder]) -> Harvest {
    let mut walk = Walk { harvest: Harvest::default(), entered: HashSet::new(), listed: HashSet::new(), entries: 0 };
    for (rank, folder) in folders.iter().enumerate() {
        match fs::metadata(&folder.path) {
            Ok(_) => walk.visit(&folder.path, None, rank, 0),
            Err(error) => {
                let expected = folder.origin == Origin::Standard && error.kind() == std::io::ErrorKind::NotFound;
                if !expected {
                    walk.problem(&folder.path, &error);
                }
            }
        }
    }
    walk.harvest
}

struct Walk {
    harvest: Harvest,
    entered: HashSet<PathBuf>,
    listed: HashSet<PathBuf>,
    entries: usize,
}

impl Walk {
    fn problem(&mut self, path: &Path, why: &dyn std::fmt::Display) {
        self.harvest.problems.push(format!("{} was not searched: {why}.", path.display()));
    }

    /// `canonical` is the path without links, where the parent's entry already told it.
    fn visit(&mut self, path: &Path, canonical: Option<PathBuf>, rank: usize, depth: usize) {
        // Links are followed: the folders are the user's. A link to nowhere is nobody's plugin.
        let Ok(metadata) = fs::metadata(path) else { return };
        let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("vst3"));
        if !(metadata.is_dir() || named && metadata.is_file()) {
            return; // FIFO, socket, device, or some other file
        }
        // Without the prefix `\\?\` where Windows does not need it: people see this path, and plugins get it.
        let canonical = match canonical.map_or_else(|| dunce::canonicalize(path), Ok) {
            Ok(canonical) => canonical,
            Err(error) => return self.problem(path, &error),
        };
        if named {
            if self.listed.insert(canonical.clone()) {
                self.harvest.found.push(Found { path: canonical, rank });
            }
            return;
        }
        if depth > MAX_DEPTH || !self.entered.insert(canonical.clone()) {
            return;
        }
        // What is no link lies where its folder lies: resolving every path anew would be most of a cached start.
        let place = |entry: fs::DirEntry| {
            let plain = entry.file_type().is_ok_and(|kind| !kind.is_symlink());
            (entry.path(), plain.then(|| canonical.join(entry.file_name())))
        };
        let mut inside: Vec<(PathBuf, Option<PathBuf>)> = match fs::read_dir(path) {
            Ok(entries) => entries.flatten().filter(worth_a_look).map(place).collect(),
            Err(error) => return self.problem(path, &error),
        };
        self.entries += inside.len();
        if self.entries > MAX_ENTRIES {
            return self.problem(path, &format!("there are more than {MAX_ENTRIES} files; name a smaller folder"));
        }
        inside.sort();
        for (entry, canonical) in inside {
            self.visit(&entry, canonical, rank, depth + 1);
        }
    }
}

/// Ordinary files of other names need no further system call.
fn worth_a_look(entry: &fs::DirEntry) -> bool {
    let named = Path::new(&entry.file_name()).extension().is_some_and(|word| word.eq_ignore_ascii_case("vst3"));
    named || entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &Path, origin: Origin) -> Folder {
        Folder { path: path.to_path_buf(), origin }
    }

    fn names(harvest: &Harvest) -> Vec<String> {
        let name = |found: &Found| found.path.file_name().expect("named").to_string_lossy().into_owned();
        harvest.found.iter().map(name).collect()
    }

    #[test]
    fn bundles_are_found_in_nested_folders_and_not_entered() {
        let root = tempfile::tempdir().expect("temp");
        fs::create_dir_all(root.path().join("Vendor/Deep/B.vst3/Contents/Inner.vst3")).expect("made");
        fs::create_dir_all(root.path().join("A.VST3")).expect("made");
        fs::write(root.path().join("single.vst3"), b"x").expect("made");
        fs::write(root.path().join("readme.txt"), b"x").expect("made");
        let harvest = walk(&[folder(root.path(), Origin::Named)]);
        assert_eq!(names(&harvest), ["A.VST3", "B.vst3", "single.vst3"]);
        assert!(harvest.problems.is_empty());
    }

    #[test]
    fn a_named_folder_that_is_missing_is_told_and_a_standard_one_is_not() {
        let harvest = walk(&[
            folder(Path::new("/nowhere/named"), Origin::Named),
            folder(Path::new("/nowhere/standard"), Origin::Standard),
        ]);
        assert_eq!(harvest.problems.len(), 1);
        assert!(harvest.problems[0].contains("/nowhere/named"));
    }

    #[test]
    fn a_bundle_may_be_named_itself() {
        let root = tempfile::tempdir().expect("temp");
        let bundle = root.path().join("A.vst3");
        fs::create_dir(&bundle).expect("made");
        assert_eq!(names(&walk(&[folder(&bundle, Origin::Named)])), ["A.vst3"]);
    }

    #[cfg(unix)]
    #[test]
    fn link_loops_are_cut_and_fifos_and_sockets_skipped_without_a_wait() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let root = tempfile::tempdir().expect("temp");
        let elsewhere = tempfile::tempdir().expect("temp");
        fs::create_dir_all(root.path().join("sub/Real.vst3")).expect("made");
        symlink(root.path(), root.path().join("sub/loop")).expect("link");
        symlink("loop-b", root.path().join("loop-a")).expect("link");
        symlink("loop-a", root.path().join("loop-b")).expect("link");
        symlink("self.vst3", root.path().join("self.vst3")).expect("link");
        fs::create_dir(elsewhere.path().join("Linked.vst3")).expect("made");
        symlink(elsewhere.path().join("Linked.vst3"), root.path().join("Other name.vst3")).expect("link");
        symlink(root.path().join("sub/Real.vst3"), root.path().join("Zwin.vst3")).expect("link");
        symlink("/dev/zero", root.path().join("device.vst3")).expect("link");
        let made = std::process::Command::new("mkfifo").arg(root.path().join("fifo.vst3")).status().expect("mkfifo");
        assert!(made.success());
        let _socket = UnixListener::bind(root.path().join("socket.vst3")).expect("bound");
        let harvest = walk(&[folder(root.path(), Origin::Named)]);
        // The link's target is what is listed, once.
        assert_eq!(names(&harvest), ["Linked.vst3", "Real.vst3"]);
        assert!(harvest.found[0].path.starts_with(elsewhere.path().canonicalize().expect("there")));
    }

    #[test]
    fn the_same_bundle_in_two_folders_belongs_to_the_better_one() {
        let root = tempfile::tempdir().expect("temp");
        fs::create_dir_all(root.path().join("one/A.vst3")).expect("made");
        let harvest = walk(&[folder(&root.path().join("one"), Origin::Named), folder(root.path(), Origin::Standard)]);
        assert_eq!(harvest.found.len(), 1);
        assert_eq!(harvest.found[0].rank, 0);
    }
}
