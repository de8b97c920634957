//! L3 · what the main thread and all handles have in common.
//!
//! Thread: any. Invariant: nobody holds a lock in here while a plugin works.

use super::{CoreEvent, InstanceId, Live, Owner, PluginList, Stream, StreamId, What};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Release},
        },
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Tables by number.
#[derive(Default)]
pub(super) struct Tables {
    pub lives: BTreeMap<InstanceId, Arc<Live>>,
    pub streams: BTreeMap<StreamId, Stream>,
}

/// What everybody sees.
pub(super) struct Shared {
    plugins: RwLock<Arc<PluginList>>,
    tables: RwLock<Tables>,
    subscriber: Mutex<Option<mpsc::UnboundedSender<CoreEvent>>>,
    epoch: Instant,
    /// Microseconds after the epoch, and one; 0 is not busy.
    busy_since: AtomicU64,
}

impl Shared {
    /// `[main]` Nothing loaded.
    pub fn new() -> Self {
        Self {
            plugins: RwLock::default(),
            tables: RwLock::default(),
            subscriber: Mutex::default(),
            epoch: Instant::now(),
            busy_since: AtomicU64::new(0),
        }
    }

    /// `[any]` As last scanned.
    pub fn plugins(&self) -> Arc<PluginList> {
        Arc::clone(&self.plugins.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// `[main]` There are others.
    pub fn set_plugins(&self, list: Arc<PluginList>) {
        *self.plugins.write().unwrap_or_else(PoisonError::into_inner) = list;
    }

    /// `[any]` To look something up.
    pub fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// `[main]` To change it.
    pub fn tables_mut(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// `[any]` From now on all frames of an owner are answered dry; the main thread does the rest.
    pub fn close_streams(&self, owner: Owner) {
        self.tables().streams.values().filter(|stream| stream.owner() == owner).for_each(Stream::close);
    }

    /// `[any]` From now on events come here.
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<CoreEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.subscriber.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// `[main]` Something happened.
    pub fn tell(&self, owner: Option<Owner>, instance: Option<InstanceId>, what: What) {
        if let Some(sender) = &*self.subscriber.lock().unwrap_or_else(PoisonError::into_inner) {
            // Nobody listens any more: nothing is owed.
            let _ = sender.send(CoreEvent { owner, instance, what });
        }
    }

    /// `[main]` Busy with one thing, until the answer is dropped.
    pub fn busy(self: &Arc<Self>) -> Busy {
        let before = self.busy_since.swap(self.epoch.elapsed().as_micros() as u64 + 1, AcqRel);
        Busy { shared: Arc::clone(self), before }
    }

    /// `[any]` For how long; zero is free.
    pub fn busy_for(&self) -> Duration {
        match self.busy_since.load(Acquire) {
            0 => Duration::ZERO,
            since => self.epoch.elapsed().saturating_sub(Duration::from_micros(since - 1)),
        }
    }
}

/// While it lives, the main thread is busy.
pub(super) struct Busy {
    shared: Arc<Shared>,
    before: u64,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.shared.busy_since.store(self.before, Release);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
