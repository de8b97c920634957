//! L4 · the thread on which scripts run, from the first client to the last.
//!
//! Thread: its own, called “script”. Invariant: whatever a script does, requests are answered and sessions end as they
//! should; without a script that loads, every verb is unknown. Deliberately absent: sockets and plugins.

use super::{
    backend::Backend,
    call,
    hub::{Hub, Log, Reload},
    notices,
    program::Script,
    reload::Reloader,
};
use crate::link::{Json, ScriptEnd, ToScript};
use serde_json::json;
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    path::PathBuf,
    rc::Rc,
    thread::JoinHandle,
    time::Instant,
};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

/// How the engine hears of files that changed.
pub struct FileFeed {
    /// Told which files matter, whenever they are others.
    pub watch: Box<dyn Fn(Vec<PathBuf>) + Send>,
    /// Gets a word whenever one of them has settled with another content.
    pub changed: UnboundedReceiver<Vec<PathBuf>>,
}

/// What an engine needs.
pub struct Setup {
    /// The core.
    pub backend: Box<dyn Backend>,
    /// The way to the server.
    pub link: ScriptEnd,
    /// Which script.
    pub script: Script,
    /// What `GET_LIMITS` tells.
    pub limits: Json,
    /// Where its lines go.
    pub log: Log,
    /// Hot reload; `None` for none.
    pub files: Option<FileFeed>,
}

/// The running scripts. Dropping it ends them.
pub struct Engine {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// `[any]` Starts the thread. It serves what the script declares as soon as it is loaded.
    pub fn start(setup: Setup) -> std::io::Result<Self> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("script".into()).spawn(move || run(setup, &stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// `[any]` Ends it; requests in flight are not answered.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic there was told already.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(setup: Setup, stop: &CancellationToken) {
    let log = setup.log.clone();
    match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, serve(setup, stop));
            // Handlers that wait hold parts of the VM; they go first.
            drop(local);
        }
        Err(error) => log(super::hub::Level::Error, &format!("scripts cannot run: {error}")),
    }
}

async fn serve(setup: Setup, stop: &CancellationToken) {
    let Setup { backend, link, script, limits, log, files } = setup;
    let mut happened = backend.subscribe();
    let hub = Rc::new(Hub {
        backend,
        out: link.outgoing,
        log,
        limits,
        started: Instant::now(),
        seats: RefCell::new(HashMap::new()),
        reload: RefCell::new(Reload::default()),
        program: RefCell::new(None),
        unknown_fields: Cell::new(0),
    });
    let (watch, mut changed) = match files {
        Some(FileFeed { watch, changed }) => (Some(watch), Some(changed)),
        None => (None, None),
    };
    let mut reloader = Reloader::new(Rc::clone(&hub), script, watch);
    reloader.first();
    let mut incoming = link.incoming;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            message = incoming.recv() => match message {
                Some(message) => receive(&hub, message),
                None => break,
            },
            Some(event) = happened.recv() => notices::core_event(&hub, &event),
            Some(_) = next(&mut changed) => reloader.changed(),
            checked = reloader.checked() => reloader.settle(checked),
        }
        // Between two messages others have their turn.
        tokio::task::yield_now().await;
    }
    notices::tell(&hub, "shutdown", &json!({}), None);
    tokio::task::yield_now().await;
    if let Some(program) = hub.program.take() {
        program.retire();
    }
}

async fn next(changed: &mut Option<UnboundedReceiver<Vec<PathBuf>>>) -> Option<Vec<PathBuf>> {
    match changed {
        Some(changed) => changed.recv().await,
        None => None,
    }
}

fn receive(hub: &Rc<Hub>, message: ToScript) {
    let (name, session) = match message {
        ToScript::Opened(info) => {
            let session = info.session;
            hub.open(info);
            ("session_opened", session)
        }
        ToScript::Parked(session) => {
            hub.park(session);
            ("session_parked", session)
        }
        ToScript::Resumed(session) => ("session_resumed", session),
        ToScript::Closed(session) => {
            // Listeners still see it.
            notices::tell(hub, "session_closed", &json!({ "id": session.0 }), Some(session));
            hub.close(session);
            return;
        }
        ToScript::Call(call) => return call::answer(hub, call),
        ToScript::Http(call) => return call::http(hub, call),
    };
    notices::tell(hub, name, &json!({ "id": session.0 }), Some(session));
}
