//! L3 · the main thread of the running bridge: owns all plugins, answers asks, lets plugins' own work run.
//!
//! Thread: main. Invariant: one thing at a time; audio never waits for it.

use super::{
    Core, CoreError, InstanceId, Owner,
    ask::{Ask, Mailbox},
    instance::Instance,
    scanning::{Scans, publish},
    shared::Shared,
};
use crate::{
    catalog,
    control::{Host, last_words},
    formats::vst3::run_loop::{Waker, pump},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

/// How often plugins are asked for news while a stream is open.
const BRISK: Duration = Duration::from_millis(4);
/// While none is.
const LEISURELY: Duration = Duration::from_millis(20);
/// While nothing is loaded.
const IDLE: Duration = Duration::from_secs(1);
/// Rounds of handlers served at a time, so that a plugin's timer without end does not keep everybody waiting.
const ROUNDS: usize = 16;

/// What the core may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreLimits {
    /// Instances of one owner.
    pub instances: usize,
    /// Streams of one owner.
    pub streams: usize,
}

/// The main thread's side.
pub struct MainLoop {
    pub(super) host: Host,
    pub(super) limits: CoreLimits,
    pub(super) shared: Arc<Shared>,
    pub(super) scans: Scans,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
    pub(super) instances: BTreeMap<InstanceId, Instance>,
    pub(super) last_instance: u32,
    pub(super) last_stream: u32,
    asks: mpsc::Receiver<Ask>,
    /// What a crash is explained by while streams run.
    words: Option<last_words::Doing>,
}

impl MainLoop {
    /// `[main]` Around an opened catalog. `options` are how to open it again.
    pub fn new(host: Host, options: catalog::Options, limits: CoreLimits) -> (Self, Core) {
        let waker = Waker::for_this_thread();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || waker.wake());
        let shared = Arc::new(Shared::new());
        publish(host.catalog(), &shared);
        let (mailbox, asks) = {
            let wake = Arc::clone(&wake);
            Mailbox::new(move || wake())
        };
        let core = Core { mailbox, shared: Arc::clone(&shared) };
        let main = Self {
            host,
            limits,
            scans: Scans::new(options, Arc::clone(&shared), Arc::clone(&wake)),
            shared,
            wake,
            instances: BTreeMap::new(),
            last_instance: 0,
            last_stream: 0,
            asks,
            words: None,
        };
        (main, core)
    }

    /// `[main]` Runs until [`Core::shut_down`].
    pub fn run(mut self) -> Result<(), CoreError> {
        let mut attended: Option<Instant> = None;
        loop {
            // Between two asks everybody gets a turn: a client that asks without end stops no timer.
            match self.asks.try_recv() {
                Ok(Ask::ShutDown) | Err(mpsc::TryRecvError::Disconnected) => break,
                Ok(ask) => {
                    let _busy = self.shared.busy();
                    self.answer(ask);
                }
                Err(mpsc::TryRecvError::Empty) => {
                    let pause = self.pause();
                    let mut rounds = 0;
                    while pump(if rounds == 0 { pause } else { Duration::ZERO }) > 0 && rounds < ROUNDS {
                        rounds += 1;
                    }
                    attended = None;
                }
            }
            if attended.is_none_or(|at| at.elapsed() >= BRISK) {
                self.attend();
                attended = Some(Instant::now());
            }
        }
        self.end();
        Ok(())
    }

    fn pause(&self) -> Duration {
        match &self.instances {
            none if none.is_empty() => IDLE,
            some if some.values().any(|instance| instance.stream.is_some()) => BRISK,
            _ => LEISURELY,
        }
    }

    /// Plugins' own work, and the results of searches.
    fn attend(&mut self) {
        let format = self.host.format(crate::model::PluginFormat::Vst3);
        for instance in self.instances.values_mut() {
            let _busy = self.shared.busy();
            instance.attend(format);
        }
        self.scans.attend(&mut self.host);
    }

    fn end(mut self) {
        self.scans.end();
        self.words = None;
        // The last loaded goes first.
        while let Some((_, instance)) = self.instances.pop_last() {
            instance.unload();
        }
        // Who asked meanwhile is told by the end of the mailbox.
        drop(self.asks);
    }

    // --- looking up --------------------------------------------------------------------------------------------------

    /// `[main]` An instance of this owner.
    pub(super) fn instance(&mut self, owner: Owner, id: InstanceId) -> Result<&mut Instance, CoreError> {
        let found = self.instances.get_mut(&id).filter(|instance| instance.owner == owner);
        found.ok_or(CoreError::NoInstance(id))
    }

    /// `[main]` All of an owner.
    pub(super) fn of(&mut self, owner: Owner) -> impl Iterator<Item = &mut Instance> {
        self.instances.values_mut().filter(move |instance| instance.owner == owner)
    }

    /// `[main]` Which plugins make sound has changed.
    pub(super) fn streams_changed(&mut self) {
        // The old words end before the new ones begin, else they would come back with the end of the new ones.
        self.words = None;
        let playing = self.instances.values().filter(|instance| instance.stream.is_some());
        let mut names: Vec<String> = playing.map(|instance| instance.shape.names()).collect();
        names.sort();
        names.dedup();
        if !names.is_empty() {
            let what = format!("{}: a plugin crashed while it processed sound", names.join(", "));
            self.words = Some(last_words::during(&what));
        }
    }
}
