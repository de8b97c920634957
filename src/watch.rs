//! L4 · watches files and tells when they have settled with another content.
//!
//! Thread: one of its own. Invariant: what is told is what differs from what was there before, so a touch, an editor's
//! detour over another name, or our own reading tells nothing. Deliberately absent: what the files mean.

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    io::Read as _,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How long files have to be left alone.
const SETTLE: Duration = Duration::from_millis(50);
/// Files that are never left alone are looked at all the same.
const AT_LAST: Duration = Duration::from_millis(500);
/// No script is longer.
const MAX_BYTES: u64 = 1 << 20;

/// Why files are not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system gives no way to watch.
    #[error("files cannot be watched, so changed scripts are read at the next start only: {0}")]
    System(String),
}

/// Something for the thread.
enum Word {
    Files(Vec<PathBuf>),
    Happened,
    End,
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    words: mpsc::Sender<Word>,
    thread: Option<JoinHandle<()>>,
}

/// Says which files are watched; may be kept by whoever knows them.
#[derive(Clone, Debug)]
pub struct Watched(mpsc::Sender<Word>);

impl Watched {
    /// `[any]` Exactly these, whether they are there or not.
    pub fn set(&self, files: Vec<PathBuf>) {
        // Nobody listens at the end of the program.
        let _ = self.0.send(Word::Files(files));
    }
}

impl Watch {
    /// `[any]` Watches nothing yet. `tell` is called on a thread of its own with the files that changed.
    pub fn start(tell: impl Fn(Vec<PathBuf>) + Send + 'static) -> Result<Self, WatchError> {
        let (words, heard) = mpsc::channel();
        let happened = words.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| matters(event.kind)) {
                let _ = happened.send(Word::Happened);
            }
        });
        let watcher = watcher.map_err(|error| WatchError::System(error.to_string()))?;
        let mut work = Work { watcher, folders: BTreeSet::new(), known: BTreeMap::new() };
        let thread = std::thread::Builder::new().name("watch".into()).spawn(move || work.run(&heard, &tell));
        let thread = thread.map_err(|error| WatchError::System(error.to_string()))?;
        Ok(Self { words, thread: Some(thread) })
    }

    /// `[any]` A handle to say which files.
    pub fn watched(&self) -> Watched {
        Watched(self.words.clone())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.words.send(Word::End);
        if let Some(thread) = self.thread.take() {
            // A panic there was told already.
            let _ = thread.join();
        }
    }
}

/// Reading a file must not look like a change of it.
fn matters(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

struct Work {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    /// What is in the files; `None` for one that cannot be read.
    known: BTreeMap<PathBuf, Option<u64>>,
}

impl Work {
    fn run(&mut self, heard: &mpsc::Receiver<Word>, tell: &dyn Fn(Vec<PathBuf>)) {
        // When to look, and when at the latest.
        let mut look: Option<(Instant, Instant)> = None;
        loop {
            let word = match look {
                Some((at, _)) => heard.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match word {
                Ok(Word::Files(files)) => self.set(files),
                Ok(Word::Happened) => {
                    let now = Instant::now();
                    let latest = look.map_or(now + AT_LAST, |(_, latest)| latest);
                    look = Some(((now + SETTLE).min(latest), latest));
                }
                Err(RecvTimeoutError::Timeout) => {
                    look = None;
                    let changed = self.changed();
                    // A link may lead elsewhere now.
                    self.follow();
                    if !changed.is_empty() {
                        tell(changed);
                    }
                }
                Ok(Word::End) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn set(&mut self, files: Vec<PathBuf>) {
        let old = std::mem::take(&mut self.known);
        self.known = files.into_iter().map(|file| (file, None)).collect();
        self.follow();
        for (file, content) in &mut self.known {
            // After the folder is watched, so that no change falls between.
            *content = old.get(file).copied().unwrap_or_else(|| print_of(file));
        }
    }

    /// Watches the folders of all files, and of the links on the way to them.
    fn follow(&mut self) {
        let wanted: BTreeSet<PathBuf> = self.known.keys().flat_map(|file| folders(file)).collect();
        for gone in self.folders.difference(&wanted) {
            // It may be gone altogether.
            let _ = self.watcher.unwatch(gone);
        }
        self.folders = wanted
            .into_iter()
            .filter(|folder| {
                self.folders.contains(folder) || self.watcher.watch(folder, RecursiveMode::NonRecursive).is_ok()
            })
            .collect();
    }

    fn changed(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (file, content) in &mut self.known {
            let now = print_of(file);
            if *content != now {
                *content = now;
                changed.push(file.clone());
            }
        }
        changed
    }
}

/// Where something has to happen for a file to change.
fn folders(file: &Path) -> Vec<PathBuf> {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut found = Vec::new();
    let parent = |path: &Path| path.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned);
    found.extend(parent(&file));
    if let Ok(real) = file.canonicalize() {
        found.extend(parent(&real));
    }
    let links = file.ancestors().filter(|path| path.is_symlink());
    found.extend(links.filter_map(parent));
    found
}

/// Stands for the content of a file.
fn print_of(file: &Path) -> Option<u64> {
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Longer than anything takes on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(20);

    struct Rig {
        folder: tempfile::TempDir,
        told: mpsc::Receiver<Vec<PathBuf>>,
        watch: Watch,
    }

    fn rig(files: &[&str]) -> Rig {
        let folder = tempfile::tempdir().expect("folder");
        for file in files {
            fs::write(folder.path().join(file), "one").expect("file");
        }
        let (tell, told) = mpsc::channel();
        let watch = Watch::start(move |files| drop(tell.send(files))).expect("watch");
        watch.watched().set(files.iter().map(|file| folder.path().join(file)).collect());
        let rig = Rig { folder, told, watch };
        // The first change that is told proves that the watch is on.
        let probe = rig.path("probe");
        let mut all: Vec<PathBuf> = files.iter().map(|file| rig.path(file)).collect();
        all.push(probe.clone());
        rig.watch.watched().set(all.clone());
        let end = Instant::now() + PATIENCE;
        while rig.told.recv_timeout(Duration::from_millis(300)).is_err() {
            fs::write(&probe, format!("{:?}", Instant::now())).expect("probe");
            assert!(Instant::now() < end, "nothing is told");
        }
        all.pop();
        rig.watch.watched().set(all);
        while rig.told.recv_timeout(Duration::from_millis(300)).is_ok() {}
        rig
    }

    impl Rig {
        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn tells(&self, names: &[&str]) {
            let files: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
            assert_eq!(self.told.recv_timeout(PATIENCE).expect("a change"), files);
        }

        fn silent(&self) {
            assert_eq!(self.told.recv_timeout(Duration::from_millis(400)), Err(RecvTimeoutError::Timeout));
        }
    }

    #[test]
    fn a_save_is_told_once_and_so_is_the_way_back() {
        let rig = rig(&["a.lua"]);
        fs::write(rig.path("a.lua"), "two").expect("save");
        rig.tells(&["a.lua"]);
        fs::write(rig.path("a.lua"), "one").expect("save");
        rig.tells(&["a.lua"]);
        rig.silent();
    }

    #[test]
    fn two_saves_in_a_moment_and_halves_of_a_file_are_one_change() {
        let rig = rig(&["a.lua", "b.lua"]);
        fs::write(rig.path("a.lua"), "hal").expect("save");
        fs::write(rig.path("b.lua"), "two").expect("save");
        std::thread::sleep(Duration::from_millis(10));
        fs::write(rig.path("a.lua"), "half").expect("save");
        rig.tells(&["a.lua", "b.lua"]);
        rig.silent();
    }

    #[test]
    fn what_changes_nothing_is_not_told() {
        let rig = rig(&["a.lua"]);
        fs::write(rig.path("a.lua"), "one").expect("save");
        fs::write(rig.path("other.lua"), "x").expect("save");
        drop(fs::read(rig.path("a.lua")).expect("read"));
        rig.silent();
    }

    #[test]
    fn a_file_that_is_replaced_removed_and_made_again_is_told_each_time() {
        let rig = rig(&["a.lua"]);
        fs::write(rig.path("new"), "two").expect("save");
        fs::rename(rig.path("new"), rig.path("a.lua")).expect("rename over it");
        rig.tells(&["a.lua"]);
        fs::remove_file(rig.path("a.lua")).expect("remove");
        rig.tells(&["a.lua"]);
        fs::write(rig.path("a.lua"), "three").expect("save");
        rig.tells(&["a.lua"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_elsewhere_is_a_change() {
        use std::os::unix::fs::symlink;
        let rig = rig(&[]);
        for name in ["one", "two"] {
            fs::create_dir(rig.path(name)).expect("folder");
            fs::write(rig.path(name).join("a.lua"), name).expect("file");
        }
        symlink(rig.path("one"), rig.path("now")).expect("link");
        let file = rig.path("now").join("a.lua");
        rig.watch.watched().set(vec![file.clone()]);
        std::thread::sleep(Duration::from_millis(300));
        symlink(rig.path("two"), rig.path("next")).expect("link");
        fs::rename(rig.path("next"), rig.path("now")).expect("swap");
        assert_eq!(rig.told.recv_timeout(PATIENCE).expect("a change"), [file.clone()]);
        // And what is in the new place is watched from then on.
        std::thread::sleep(Duration::from_millis(300));
        fs::write(rig.path("two").join("a.lua"), "three").expect("save");
        assert_eq!(rig.told.recv_timeout(PATIENCE).expect("a change"), [file]);
    }
}
