//! The catalog itself: what is there, what the cache knows of it, and what has to be examined.
//!
//! Thread: `[any]`; opening blocks, for as long as a scan takes if one is needed. Invariant: a catalog is a picture of one
//! moment and never changes; open another one to see changes.
//! Deliberately absent: how a module is examined (scan).

use super::{
    Blocklist, Card, FindError, Module, Options, Progress, State,
    blocklist::BlockError,
    cache::{Cache, Entry},
    duplicates::shadow,
    find::find,
    folders::Folder,
    marks::Marks,
    scan::{self, Task, row},
    walk::{Found, walk},
};
use crate::{
    model::{ErrorCode, PluginId},
    plugin::bundle::vst3_binary,
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

/// How often a long scan writes down what it has.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// All plugins of the machine at one moment.
#[derive(Debug)]
pub struct Catalog {
    plugins: Vec<Card>,
    modules: Vec<Module>,
    folders: Vec<Folder>,
    problems: Vec<String>,
}

/// Why there is no catalog.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The user's decisions are not known.
    #[error(transparent)]
    Blocklist(#[from] BlockError),
    /// Stopped by the user.
    #[error("the scan was stopped; what it found so far is kept")]
    Cancelled,
}

impl OpenError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Blocklist(error) => error.code(),
            Self::Cancelled => ErrorCode::CANCELLED,
        }
    }
}

impl Catalog {
    /// `[any]` Lists all plugins, and examines those of which nothing is known yet.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        Self::open_and_tell(options, &mut |_| {})
    }

    /// `[any]` The same, with news from the scan; they come on the calling thread.
    pub fn open_and_tell(options: &Options, tell: &mut dyn FnMut(Progress)) -> Result<Self, OpenError> {
        let blocklist = options.config.as_deref().map_or_else(|| Ok(Blocklist::default()), Blocklist::open)?;
        let harvest = walk(&options.folders);
        let mut problems = harvest.problems;
        let mut books = Books::open(options.cache.as_deref(), &mut problems);

        // What can be told without an examination, and what cannot.
        let mut rows: Vec<Row> = Vec::with_capacity(harvest.found.len());
        let mut tasks = Vec::new();
        for found in harvest.found {
            let place = match place(&found.path) {
                Ok(binary) => {
                    let blocked = blocklist.of_path(&found.path).is_some();
                    if !blocked && (options.rescan || books.cache.get(&found.path, &binary).is_none()) {
                        tasks.push(Task { module: found.path.clone(), binary: binary.clone() });
                    }
                    Ok(binary)
                }
                Err(verdict) => Err(verdict),
            };
            rows.push(Row { found, place });
        }
        if !tasks.is_empty() {
            examine(tasks, options, &mut books, &mut problems, tell)?;
        }
        Ok(draw(rows, &books.cache, &blocklist, options, problems))
    }

    /// `[any]` All plugins by name: usable, shadowed and blocked ones.
    pub fn plugins(&self) -> &[Card] {
        &self.plugins
    }

    /// `[any]` Every `.vst3` that was found, by path, with its verdict.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// `[any]` The folders that were searched, best first.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// `[any]` What went wrong around the plugins, in whole sentences.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// `[any]` The plugin of that id (with or without `vst3:`), exact name, or unique part of a name.
    pub fn find(&self, query: &str) -> Result<&Card, FindError> {
        find(self, query)
    }
}

/// A candidate with its binary, or with the verdict that needs none.
struct Row {
    found: Found,
    place: Result<PathBuf, (State, String)>,
}

fn place(module: &Path) -> Result<PathBuf, (State, String)> {
    let binary = vst3_binary(module).map_err(|error| {
        let reason = match error {
            crate::plugin::PluginError::Module { reason, .. } => reason,
            other => other.to_string(),
        };
        (if built_for_others(module) { State::WrongArch } else { State::NotAPlugin }, reason)
    })?;
    // The cache, the marks and every message are text.
    if module.to_str().is_none() || binary.to_str().is_none() {
        return Err((State::Failed, "has a path that is not valid Unicode; rename it".into()));
    }
    Ok(binary)
}

/// The bundle has a folder for some machine.
fn built_for_others(module: &Path) -> bool {
    std::fs::read_dir(module.join("Contents")).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let machine = name == "MacOS" || name.ends_with("-linux") || name.ends_with("-win");
            machine && std::fs::read_dir(entry.path()).is_ok_and(|mut inside| inside.next().is_some())
        })
    })
}

/// The cache and where it is kept.
struct Books<'a> {
    folder: Option<&'a Path>,
    cache: Cache,
}

impl<'a> Books<'a> {
    fn open(folder: Option<&'a Path>, problems: &mut Vec<String>) -> Self {
        let mut books = Self { folder, cache: Cache::default() };
        books.reload(problems);
        if let Some(folder) = folder
            && Marks::any(folder)
        {
            // When the right to scan cannot be had, somebody is scanning, and the marks are theirs.
            if let Ok(Some((marks, left))) = Marks::try_take(folder) {
                // Whoever had it may have written what was read above anew.
                books.reload(problems);
                books.blame(&marks, left, problems);
            }
        }
        books
    }

    fn reload(&mut self, problems: &mut Vec<String>) {
        if let Some(folder) = self.folder {
            let (cache, problem) = Cache::load(folder);
            self.cache = cache;
            problems.extend(problem);
        }
    }

    /// Turns the marks of a scan that died into verdicts.
    fn blame(&mut self, marks: &Marks, left: Vec<super::marks::Leftover>, problems: &mut Vec<String>) {
        for leftover in left {
            problems.push(format!(
                "The last scan died while it examined {}; it is left alone until it is scanned again.",
                leftover.module.display()
            ));
            let reason = "was being examined when this program or the whole machine went down".to_owned();
            let entry = Entry {
                fingerprint: leftover.fingerprint,
                state: State::Crashed,
                reason: Some(reason),
                plugins: Vec::new(),
                hint: super::moduleinfo::read(&leftover.module),
                took_ms: 0,
                passing: false,
            };
            self.cache.modules.insert(leftover.module, entry);
        }
        if self.save(problems) {
            self.note(marks.clear(), problems);
        }
    }

    fn save(&mut self, problems: &mut Vec<String>) -> bool {
        let saved = self.folder.map_or(Ok(()), |folder| self.cache.save(folder));
        self.note(saved, problems)
    }

    fn note(&self, result: std::io::Result<()>, problems: &mut Vec<String>) -> bool {
        if let (Err(error), Some(folder)) = (&result, self.folder) {
            problems.push(format!(
                "Scan results cannot be kept in {} ({error}); plugins will be examined again every time.",
                folder.display()
            ));
        }
        result.is_ok()
    }
}

fn examine(
    mut tasks: Vec<Task>,
    options: &Options,
    books: &mut Books<'_>,
    problems: &mut Vec<String>,
    tell: &mut dyn FnMut(Progress),
) -> Result<(), OpenError> {
    let marks = take_marks(options, books, problems, tell)?;
    if marks.is_some() && !options.rescan {
        tasks.retain(|task| books.cache.get(&task.module, &task.binary).is_none());
        if tasks.is_empty() {
            return Ok(());
        }
    }
    let marks = marks.as_ref();
    let mut saved = Instant::now();
    let folder = books.folder;
    let cache = &mut books.cache;
    let result = scan::run(&tasks, options, marks, tell, &mut |module, entry| {
        cache.modules.insert(module, entry);
        if let Some(folder) = folder.filter(|_| saved.elapsed() > SAVE_EVERY) {
            // A failure is told when the last save fails, too.
            let _ = cache.save(folder);
            saved = Instant::now();
        }
    });
    let kept = books.save(problems);
    if let Some(marks) = marks.filter(|_| kept) {
        books.note(marks.clear(), problems);
    }
    match result {
        Ok(()) => Ok(()),
        Err(None) => Err(OpenError::Cancelled),
        Err(Some(_)) if options.cancel.load(Ordering::Relaxed) => Err(OpenError::Cancelled),
        Err(Some(error)) => {
            problems.push(format!("The marks of the scan could not be written ({error})."));
            Ok(())
        }
    }
}

/// The right to scan. `None` when there is no place to keep marks. With it, the cache is that of whoever scanned last:
/// between the first look at it and now somebody may have written it, also when nobody had to be waited for.
fn take_marks(
    options: &Options,
    books: &mut Books<'_>,
    problems: &mut Vec<String>,
    tell: &mut dyn FnMut(Progress),
) -> Result<Option<Marks>, OpenError> {
    let Some(folder) = books.folder else { return Ok(None) };
    let mut waited = false;
    loop {
        match Marks::try_take(folder) {
            Ok(Some((marks, left))) => {
                books.reload(problems);
                if !left.is_empty() {
                    books.blame(&marks, left, problems);
                }
                return Ok(Some(marks));
            }
            Ok(None) => {
                if !waited {
                    tell(Progress::Waiting);
                }
                waited = true;
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => {
                problems.push(format!("No marks can be kept in {} ({error}).", folder.display()));
                return Ok(None);
            }
        }
        if options.cancel.load(Ordering::Relaxed) {
            return Err(OpenError::Cancelled);
        }
    }
}

/// Cards and rows from everything that is known.
fn draw(rows: Vec<Row>, cache: &Cache, blocklist: &Blocklist, options: &Options, problems: Vec<String>) -> Catalog {
    let mut plugins = Vec::new();
    let mut modules = Vec::new();
    let mut ranks = HashMap::new();
    for Row { found: Found { path, rank }, place } in rows {
        let blocked = blocklist.of_path(&path);
        let entry = cache.modules.get(&path).filter(|_| place.is_ok());
        let mut module = match (&place, entry) {
            (_, Some(entry)) => row(&path, entry),
            (Err((state, reason)), None) => unexamined(&path, *state, reason),
            (Ok(_), None) => unexamined(&path, State::Failed, "could not be examined"),
        };
        if let Some(entry) = blocked {
            module.state = State::Blocked;
            module.reason = Some(entry.explanation());
        }
        for record in entry.iter().flat_map(|entry| entry.plugins.iter().map(move |record| (entry, record))) {
            let (entry, record) = record;
            let info = record.info(&path);
            let block = blocked.or_else(|| blocklist.of_id(&info.id));
            let replaces = entry.hint.iter().flat_map(|hint| &hint.replaces).filter(|(new, _)| *new == info.id.0);
            plugins.push(Card {
                state: if block.is_some() { State::Blocked } else { State::Ok },
                reason: block.map(|entry| entry.explanation()),
                shadowed_by: None,
                replaces: replaces.flat_map(|(_, old)| old.iter().cloned().map(PluginId)).collect(),
                modified: entry.fingerprint.modified(),
                fingerprint: entry.fingerprint.clone(),
                info,
            });
        }
        ranks.insert(path, rank);
        modules.push(module);
    }
    plugins.sort_by_cached_key(|card: &Card| (card.info.name.to_lowercase(), card.info.path.clone()));
    shadow(&mut plugins, |card| ranks.get(&card.info.path).copied().unwrap_or(usize::MAX));
    modules.sort_by(|a, b| a.path.cmp(&b.path));
    Catalog { plugins, modules, folders: options.folders.clone(), problems }
}

fn unexamined(path: &Path, state: State, reason: &str) -> Module {
    let hint = super::moduleinfo::read(path).unwrap_or_default();
    Module {
        path: path.to_path_buf(),
        state,
        reason: Some(reason.to_owned()),
        plugins: 0,
        vendor: hint.vendor,
        version: hint.version,
        expected: hint.classes.into_iter().map(PluginId).collect(),
        took_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_another_scan_wrote_since_the_first_look_is_kept() {
        let folder = tempfile::tempdir().expect("temp");
        let (first, second) = (folder.path().join("first.vst3"), folder.path().join("second.vst3"));
        let entry = |module: &Path| {
            fs::write(module, b"code").expect("written");
            Entry {
                fingerprint: crate::catalog::fingerprint::Fingerprint::take(module).expect("taken"),
                state: State::Failed,
                reason: None,
                plugins: Vec::new(),
                hint: None,
                took_ms: 1,
                passing: false,
            }
        };
        let mut problems = Vec::new();
        let mut ours = Books::open(Some(folder.path()), &mut problems);
        // Somebody scans from here to there, and nobody has to wait.
        let mut theirs = Cache::default();
        theirs.modules.insert(first.clone(), entry(&first));
        theirs.save(folder.path()).expect("saved");
        let options = Options { cache: Some(folder.path().to_owned()), ..Options::new(&[], false) };
        let task = Task { module: first.clone(), binary: first.clone() };
        let mut asked = 0;
        examine(vec![task], &options, &mut ours, &mut problems, &mut |_| asked += 1).expect("examined");
        assert_eq!((asked, problems.as_slice()), (0, [].as_slice()), "they examined it already");
        ours.cache.modules.insert(second.clone(), entry(&second));
        assert!(ours.save(&mut problems));
        let (kept, _) = Cache::load(folder.path());
        assert_eq!(kept.modules.keys().collect::<Vec<_>>(), [&first, &second]);
    }
}
