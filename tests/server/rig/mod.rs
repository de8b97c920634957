//! A running server with stand-in scripts, and what it takes to meet it.

pub mod client;
pub mod log;
pub mod raw;
pub mod script;

use sonic_bridge::{
    link::{Event, SessionInfo, ToServer, link},
    server::{Config, Prompt, Server, ServerControl, TokenFile},
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A page that may ask to be let in.
pub const PAGE: &str = "https://app.example";
/// Another one.
pub const OTHER: &str = "https://other.example";

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Who measures the memory of this process is alone in it.
static PROCESS: RwLock<()> = RwLock::new(());

/// Alone or among others.
enum Place {
    Alone(#[allow(dead_code, reason = "held")] RwLockWriteGuard<'static, ()>),
    Among(#[allow(dead_code, reason = "held")] RwLockReadGuard<'static, ()>),
}

/// A running server. A test has one at a time.
pub struct Rig {
    pub port: u16,
    pub control: ServerControl,
    pub prompts: Mutex<mpsc::UnboundedReceiver<Prompt>>,
    pub folder: TempDir,
    pub orders: mpsc::UnboundedSender<ToServer>,
    pub heard: script::Heard,
    shutdown: CancellationToken,
    net: Option<JoinHandle<()>>,
    _place: Place,
}

impl Rig {
    /// With the usual limits.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With others.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::at(Place::Among(PROCESS.read().unwrap_or_else(PoisonError::into_inner)), change)
    }

    /// While no other server runs in this process.
    pub fn alone(change: impl FnOnce(&mut Config)) -> Self {
        Self::at(Place::Alone(PROCESS.write().unwrap_or_else(PoisonError::into_inner)), change)
    }

    fn at(place: Place, change: impl FnOnce(&mut Config)) -> Self {
        log::keep();
        let folder = tempfile::Builder::new().prefix("sonic-bridge-test-").tempdir().unwrap();
        let mut config = Config {
            port: 0,
            origins: vec![PAGE.to_owned(), OTHER.to_owned()],
            folder: folder.path().to_owned(),
            ..Config::default()
        };
        // Tests knock more often than pages.
        config.limits.upgrades = (1000.0, 1000.0);
        change(&mut config);
        let mut server = Server::bind(config).unwrap();
        let (server_end, script_end) = link();
        let orders = script_end.outgoing.clone();
        let heard = script::run(script_end);
        let (port, control, shutdown) = (server.port(), server.control(), CancellationToken::new());
        let prompts = Mutex::new(server.prompts().unwrap());
        let ending = shutdown.clone();
        let net = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(server.run(server_end, ending));
        });
        let rig = Self { port, control, prompts, folder, orders, heard, shutdown, net: Some(net), _place: place };
        rig.until("the scripts serve", || raw::upgrade(&rig).origin(PAGE).send().status != 503);
        rig
    }

    /// A token for a page, or for programs (`None`), as pairing would make it; key and token.
    pub fn token(&self, origin: Option<&str>) -> (String, String) {
        let file = TokenFile::open(self.folder.path()).unwrap();
        match origin {
            None => {
                let made = file.add_native("tool", scopes()).unwrap();
                log::secret(&made.token);
                self.until("the bridge reads the token", || {
                    let answer = raw::native(self, Some(&made.token));
                    answer.status == 101
                });
                (made.key_id, made.token)
            }
            Some(origin) => client::pair(self, origin),
        }
    }

    /// The next question for the person.
    pub fn prompt(&self) -> Prompt {
        let mut prompt = None;
        self.until("a prompt", || {
            prompt = self.prompts.lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok();
            prompt.is_some()
        });
        prompt.unwrap()
    }

    /// An event for all sessions.
    pub fn emit(&self, kind: &str, class: &str, key: Option<&str>, data: serde_json::Value) {
        let event = Event { kind: kind.to_owned(), class: class.to_owned(), key: key.map(str::to_owned), data };
        self.orders.send(ToServer::Emit { to: sonic_bridge::link::Audience::All, event }).unwrap();
    }

    /// The sessions that were opened, once there are so many.
    pub fn opened(&self, count: usize) -> Vec<SessionInfo> {
        self.until("the scripts hear of the session", || self.heard.opened().len() >= count);
        self.heard.opened()
    }

    /// Waits until something is so.
    pub fn until(&self, what: &str, mut so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !so() {
            assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the server; whether it ended in time.
    pub fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(net) = self.net.take() {
            net.join().unwrap();
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop();
        if !std::thread::panicking() {
            log::holds_no_secret();
        }
    }
}

/// What the tests' own tokens allow.
pub fn scopes() -> BTreeSet<String> {
    ["list", "audio"].map(str::to_owned).into()
}
