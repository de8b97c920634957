//! L3 · looking for plugins on a thread of its own, one search after the other.
//!
//! Threads: main asks and takes the result over; a thread per search. Invariant: the main thread never waits for a search; the
//! number of the list grows only when the list is another one.

use super::{CoreError, ModuleCard, PluginCard, PluginList, Reply, What, shared::Shared};
use crate::{
    catalog::{
        BlockEntry, Blocked, Blocklist, Catalog, FindError, OpenError, Options, Progress,
        folders::{Folder, Origin},
        text::clean,
    },
    control::{Host, RenderError},
};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering, mpsc},
};

/// Who waits for a search.
pub(super) enum Waiting {
    List(Reply<Arc<PluginList>>),
    Done(Reply<()>),
}

impl Waiting {
    fn is_gone(&self) -> bool {
        match self {
            Self::List(reply) => reply.is_closed(),
            Self::Done(reply) => reply.is_closed(),
        }
    }

    /// `[main]` It will not be done.
    pub fn refuse(self, error: CoreError) {
        match self {
            Self::List(reply) => drop(reply.send(Err(error))),
            Self::Done(reply) => drop(reply.send(Err(error))),
        }
    }
}

struct Job {
    rescan: bool,
    only: Option<PathBuf>,
    /// It follows from something that was done already, so it is done even when nobody waits.
    due: bool,
    waiting: Waiting,
}

/// A search that is under way.
struct Running {
    waiting: Waiting,
    result: mpsc::Receiver<Result<Catalog, OpenError>>,
    thread: std::thread::JoinHandle<()>,
}

/// Searches to do, and the one that is done.
pub(super) struct Scans {
    options: Options,
    queue: VecDeque<Job>,
    running: Option<Running>,
    shared: Arc<Shared>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Scans {
    /// `[main]` None so far.
    pub fn new(options: Options, shared: Arc<Shared>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { options, queue: VecDeque::new(), running: None, shared, wake }
    }

    /// `[main]` One more search. `only` must be inside the folders that are searched anyway: else a client could name code
    /// to be run.
    pub fn ask(&mut self, rescan: bool, only: Option<PathBuf>, reply: Reply<Arc<PluginList>>) {
        let waiting = Waiting::List(reply);
        let only = match only.map(|path| self.inside(&path)).transpose() {
            Ok(only) => only,
            Err(error) => return waiting.refuse(error),
        };
        self.queue.push_back(Job { rescan, only, due: false, waiting });
        self.go_on();
    }

    fn inside(&self, path: &Path) -> Result<PathBuf, CoreError> {
        let found = dunce::canonicalize(path).ok();
        let folder = |folder: &Folder| dunce::canonicalize(&folder.path).ok();
        let fits =
            found.filter(|path| self.options.folders.iter().filter_map(folder).any(|root| path.starts_with(root)));
        fits.ok_or_else(|| {
            let query = clean(&path.file_stem().unwrap_or_default().to_string_lossy(), 200);
            RenderError::from(FindError::NotFound { query, nearest: Vec::new() }).into()
        })
    }

    /// `[main]` Blocks a plugin or gives it free; the list follows.
    pub fn set_blocked(&mut self, host: &Host, query: &str, blocked: bool, reason: Option<&str>, reply: Reply<()>) {
        match self.decide(host, query, blocked, reason) {
            Ok(()) => {
                let waiting = Waiting::Done(reply);
                self.queue.push_back(Job { rescan: false, only: None, due: true, waiting });
                self.go_on();
            }
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    fn decide(&self, host: &Host, query: &str, blocked: bool, reason: Option<&str>) -> Result<(), CoreError> {
        let folder = self.options.config.as_deref().ok_or_else(|| CoreError::File {
            path: "the blocklist".to_owned(),
            reason: "there is no folder for settings; set SONIC_BRIDGE_CONFIG".to_owned(),
        })?;
        let mut list = Blocklist::open(folder)?;
        if !blocked {
            let id = query.to_lowercase();
            let bare = |id: &str| id.to_lowercase().trim_start_matches("vst3:").to_owned();
            let gone = list.unblock(|entry| {
                entry.name == query
                    || match &entry.what {
                        Blocked::Path(path) => path.to_str() == Some(query),
                        Blocked::Id(blocked) => bare(blocked) == bare(&id),
                    }
            })?;
            if gone.is_empty() {
                let error = FindError::NotFound { query: query.to_owned(), nearest: Vec::new() };
                return Err(RenderError::from(error).into());
            }
            return Ok(());
        }
        let (what, name) = match host.catalog().find(query) {
            Ok(card) => (Blocked::Id(card.info.id.0.clone()), card.info.name.clone()),
            // What crashes has no id that could be trusted.
            Err(FindError::Unusable { name, path, .. }) => (Blocked::Path(path), name),
            Err(error) => return Err(RenderError::from(error).into()),
        };
        list.block(BlockEntry { what, name, reason: clean(reason.unwrap_or_default(), 500) })?;
        Ok(())
    }

    fn go_on(&mut self) {
        while self.running.is_none()
            && let Some(job) = self.queue.pop_front()
        {
            if !job.waiting.is_gone() || job.due {
                self.start(job);
            }
        }
    }

    fn start(&mut self, job: Job) {
        let (done, result) = mpsc::channel();
        let (options, shared, wake) = (self.options.clone(), Arc::clone(&self.shared), Arc::clone(&self.wake));
        let thread = std::thread::Builder::new().name("plugin search".to_owned()).spawn(move || {
            let _ = done.send(search(&options, job.rescan, job.only, &shared));
            wake();
        });
        match thread {
            Ok(thread) => self.running = Some(Running { waiting: job.waiting, result, thread }),
            Err(error) => {
                job.waiting.refuse(CoreError::File { path: "the plugin list".to_owned(), reason: error.to_string() });
            }
        }
    }

    /// `[main]` Takes a result over, if there is one.
    pub fn attend(&mut self, host: &mut Host) {
        let Some(running) = &self.running else { return };
        let result = match running.result.try_recv() {
            Ok(result) => Some(result),
            Err(mpsc::TryRecvError::Empty) => return,
            Err(mpsc::TryRecvError::Disconnected) => None,
        };
        let Some(Running { waiting, thread, .. }) = self.running.take() else { return };
        let _ = thread.join();
        match result {
            Some(Ok(catalog)) => {
                host.set_catalog(catalog);
                let list = publish(host.catalog(), &self.shared);
                match waiting {
                    Waiting::List(reply) => drop(reply.send(Ok(list))),
                    Waiting::Done(reply) => drop(reply.send(Ok(()))),
                }
            }
            Some(Err(error)) => waiting.refuse(error.into()),
            None => waiting.refuse(CoreError::Cancelled),
        }
        self.go_on();
    }

    /// `[main]` Stops what runs, and waits for its end.
    pub fn end(mut self) {
        self.queue.drain(..).for_each(|job| job.waiting.refuse(CoreError::ShuttingDown));
        if let Some(Running { waiting, thread, .. }) = self.running.take() {
            self.options.cancel.store(true, Ordering::Relaxed);
            let _ = thread.join();
            waiting.refuse(CoreError::ShuttingDown);
        }
    }
}

/// One search, on its thread.
fn search(options: &Options, rescan: bool, only: Option<PathBuf>, shared: &Shared) -> Result<Catalog, OpenError> {
    let (mut done, mut total) = (0, 0);
    let mut tell = |progress: Progress| match progress {
        Progress::Started { modules } => (done, total) = (0, modules),
        Progress::Examined(module) => {
            done += 1;
            let state = module.state.name();
            shared.tell(None, None, What::ScanProgress { done, total, path: module.path, state });
        }
        Progress::Waiting | Progress::Examining(_) => {}
    };
    if let Some(path) = only {
        let folders = vec![Folder { path, origin: Origin::Named }];
        Catalog::open_and_tell(&Options { folders, rescan: true, ..options.clone() }, &mut tell)?;
        return Catalog::open_and_tell(&Options { rescan: false, ..options.clone() }, &mut tell);
    }
    Catalog::open_and_tell(&Options { rescan, ..options.clone() }, &mut tell)
}

/// `[main]` Shows the catalog to everybody; tells when it is another one.
pub(super) fn publish(catalog: &Catalog, shared: &Shared) -> Arc<PluginList> {
    let before = shared.plugins();
    let mut list = list(catalog);
    let other = list.plugins != before.plugins || untimed(&list.modules) != untimed(&before.modules);
    list.rev = before.rev + u64::from(other);
    let list = Arc::new(list);
    shared.set_plugins(Arc::clone(&list));
    if other && before.rev > 0 {
        shared.tell(None, None, What::PluginsChanged { rev: list.rev });
    }
    list
}

/// How long an examination took is no change.
fn untimed(modules: &[ModuleCard]) -> Vec<ModuleCard> {
    modules.iter().map(|module| ModuleCard { took_ms: None, ..module.clone() }).collect()
}

fn list(catalog: &Catalog) -> PluginList {
    let shown = catalog.plugins().iter().filter(|card| card.shadowed_by.is_none());
    let card = |card: &crate::catalog::Card| PluginCard {
        info: card.info.clone(),
        state: card.state.name(),
        reason: card.reason.clone(),
    };
    let module = |module: &crate::catalog::Module| ModuleCard {
        path: module.path.clone(),
        state: module.state.name(),
        reason: module.reason.clone(),
        plugins: module.plugins,
        took_ms: module.took_ms,
    };
    PluginList { rev: 0, plugins: shown.map(card).collect(), modules: catalog.modules().iter().map(module).collect() }
}
