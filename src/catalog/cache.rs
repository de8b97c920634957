//! What earlier scans found out, in one file.
//!
//! Thread: any. Invariant: the file on disk is whole at every moment (written aside, flushed, renamed); an entry is used
//! only for the binary it was made from (path, size, times, file id, edges of the content), on the same kind of machine, by
//! the same version of the scanner. A damaged file is set aside and told about, never a reason to stop.
//! Deliberately absent: the user's decisions (blocklist).

use super::{card::State, fingerprint::Fingerprint, moduleinfo::Hint, record::Record};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// To be raised whenever the same module could get another verdict.
const SCANNER: u32 = 1;
/// Thousands of plugins need a tenth of this.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The verdict on one module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub fingerprint: Fingerprint,
    pub state: State,
    pub reason: Option<String>,
    pub plugins: Vec<Record>,
    pub hint: Option<Hint>,
    pub took_ms: u64,
    /// Says more about the machine at that moment than about the module; good for this run only.
    #[serde(skip)]
    pub passing: bool,
}

#[derive(Serialize, Deserialize)]
struct Document {
    scanner: u32,
    arch: String,
    modules: BTreeMap<PathBuf, Entry>,
}

/// What every version of the file begins with.
#[derive(Deserialize)]
struct Head {
    scanner: u32,
    arch: String,
}

impl Head {
    fn is_ours(&self) -> bool {
        self.scanner == SCANNER && self.arch == std::env::consts::ARCH
    }
}

/// All verdicts.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub modules: BTreeMap<PathBuf, Entry>,
}

impl Cache {
    /// `[any]` Reads the cache in a folder. Also returns what is to be told about it.
    pub fn load(folder: &Path) -> (Self, Option<String>) {
        let path = file_in(folder);
        match read(&path) {
            Ok(modules) => (Self { modules }, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Self::default(), None),
            Err(error) if !is_damage(&error) => {
                let problem =
                    format!("The scan cache {} cannot be read ({error}); plugins are examined anew.", path.display());
                (Self::default(), Some(problem))
            }
            Err(error) => {
                let aside = path.with_extension("damaged");
                let told = match fs::rename(&path, &aside) {
                    Ok(()) => format!("set aside as {}", aside.display()),
                    Err(_) => "left where it is".to_owned(),
                };
                let problem =
                    format!("The scan cache {} is damaged ({error}); it was {told} and is made anew.", path.display());
                (Self::default(), Some(problem))
            }
        }
    }

    /// `[any]` The verdict on a module, if its binary is still the one that was examined.
    pub fn get(&self, module: &Path, binary: &Path) -> Option<&Entry> {
        self.modules.get(module).filter(|entry| entry.fingerprint.still_holds(binary))
    }

    /// `[any]` Writes the cache. Modules that are gone are forgotten.
    pub fn save(&mut self, folder: &Path) -> io::Result<()> {
        self.modules.retain(|module, _| module.exists());
        let passing: BTreeMap<_, _> = self.modules.extract_if(.., |_, entry| entry.passing).collect();
        fs::create_dir_all(folder)?;
        let modules = std::mem::take(&mut self.modules);
        let document = Document { scanner: SCANNER, arch: std::env::consts::ARCH.into(), modules };
        let bytes = serde_json::to_vec(&document);
        self.modules = document.modules;
        self.modules.extend(passing);
        write_whole(&file_in(folder), &bytes?)
    }
}

/// Machines of different kinds may share a home folder.
fn file_in(folder: &Path) -> PathBuf {
    folder.join(format!("plugins-{}.json", std::env::consts::ARCH))
}

fn read(path: &Path) -> io::Result<BTreeMap<PathBuf, Entry>> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() || file.metadata()?.len() > MAX_BYTES {
        return Err(io::Error::other("not a file of sensible size"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // In one go, as this is part of every start. What cannot be read may be of another version, which is no damage.
    match serde_json::from_slice::<Document>(&bytes) {
        Ok(Document { scanner, arch, modules }) => {
            Ok(if (Head { scanner, arch }).is_ours() { modules } else { BTreeMap::new() })
        }
        Err(error) => match serde_json::from_slice::<Head>(&bytes) {
            Ok(head) if !head.is_ours() => Ok(BTreeMap::new()),
            _ => Err(error.into()),
        },
    }
}

/// Whether the content is wrong, and not the way to it.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::Other)
}

/// `[any]` Replaces a file so that after a power cut it is the old or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder);
    Ok(())
}

/// `[any]` Makes names in a folder survive a power cut, where that is a separate step.
pub(super) fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // Some file systems refuse; then there is nothing more to be done.
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(folder: &Path) -> (Cache, PathBuf) {
        let binary = folder.join("binary.so");
        fs::write(&binary, b"code").expect("written");
        let entry = Entry {
            fingerprint: Fingerprint::take(&binary).expect("taken"),
            state: State::Crashed,
            reason: Some("crashed (SIGSEGV)".into()),
            plugins: Vec::new(),
            hint: None,
            took_ms: 7,
            passing: false,
        };
        (Cache { modules: BTreeMap::from([(folder.to_path_buf(), entry)]) }, binary)
    }

    #[test]
    fn a_verdict_is_kept_until_the_binary_changes() {
        let folder = tempfile::tempdir().expect("temp");
        let (mut cache, binary) = filled(folder.path());
        cache.modules.insert("/nowhere/gone.vst3".into(), cache.modules[folder.path()].clone());
        cache.save(folder.path()).expect("saved");
        let (loaded, problem) = Cache::load(folder.path());
        assert_eq!(problem, None);
        assert_eq!(loaded.modules, cache.modules);
        assert_eq!(loaded.modules.len(), 1, "modules that are gone are forgotten");
        assert_eq!(loaded.get(folder.path(), &binary).map(|entry| entry.state), Some(State::Crashed));
        fs::write(&binary, b"other code").expect("written");
        assert_eq!(loaded.get(folder.path(), &binary), None);
    }

    #[test]
    fn a_damaged_cache_is_set_aside_and_told_about() {
        let folder = tempfile::tempdir().expect("temp");
        let (mut cache, _) = filled(folder.path());
        cache.save(folder.path()).expect("saved");
        let path = file_in(folder.path());
        let whole = fs::read(&path).expect("there");
        let wrong = format!(r#"{{"scanner":{SCANNER},"arch":"{}","modules":3}}"#, std::env::consts::ARCH);
        for damaged in [&whole[..whole.len() / 2], b"", b"\xff\xff", wrong.as_bytes()] {
            fs::write(&path, damaged).expect("written");
            let (loaded, problem) = Cache::load(folder.path());
            assert!(loaded.modules.is_empty());
            assert!(problem.is_some_and(|problem| problem.contains("damaged")), "{damaged:?}");
            assert!(!path.exists());
            assert_eq!(fs::read(path.with_extension("damaged")).expect("aside"), damaged);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_cache_that_cannot_be_read_is_not_called_damaged_and_stays() {
        let folder = tempfile::tempdir().expect("temp");
        let path = file_in(folder.path());
        // Also the superuser cannot follow it.
        std::os::unix::fs::symlink(&path, &path).expect("a link to itself");
        let (loaded, problem) = Cache::load(folder.path());
        assert!(loaded.modules.is_empty());
        let problem = problem.expect("told");
        assert!(problem.contains("cannot be read") && !problem.contains("damaged"), "{problem}");
        assert!(path.is_symlink(), "left where it is");
    }

    #[test]
    fn another_scanner_version_starts_anew_without_complaint() {
        let folder = tempfile::tempdir().expect("temp");
        fs::write(file_in(folder.path()), br#"{"scanner":0,"arch":"x86_64","modules":"of old"}"#).expect("written");
        let (loaded, problem) = Cache::load(folder.path());
        assert!(loaded.modules.is_empty() && problem.is_none());
    }
}
