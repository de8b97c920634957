//! The scripts between a fake server and a fake core.

use super::fake::FakeCore;
use serde_json::{Value, json};
use sonic_bridge::{
    link::{
        Answer, Call, Event, Fault, HttpAnswer, HttpCall, RequestId, Served, ServerEnd, SessionId, SessionInfo,
        ToScript, ToServer, link,
    },
    script::{Engine, FileFeed, Level, Limits, Script, Setup},
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub type Reply = oneshot::Receiver<Result<Answer, Fault>>;

pub struct Rig {
    pub core: FakeCore,
    pub server: ServerEnd,
    pub served: Vec<Served>,
    pub events: Vec<Event>,
    pub others: Vec<ToServer>,
    pub log: Arc<Mutex<Vec<(Level, String)>>>,
    next: u64,
    _engine: Engine,
}

/// What a token allows when a browser was paired.
pub const SCOPES: &[&str] = &["list", "load", "param", "audio", "state", "scan"];

pub fn script(path: Option<&Path>) -> Script {
    Script {
        path: path.map(Path::to_owned),
        roots: path.and_then(Path::parent).map(Path::to_owned).into_iter().collect(),
        limits: Limits { memory: 32 << 20, time: Duration::from_secs(5) },
        turn: Duration::from_millis(200),
    }
}

impl Rig {
    /// With the protocol that is shipped.
    pub fn shipped() -> Self {
        Self::with(script(None), None)
    }

    /// With one file.
    pub fn of(text: &str) -> (tempfile::TempDir, Self) {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("mine.lua");
        std::fs::write(&path, text).expect("script");
        let rig = Self::with(script(Some(&path)), None);
        (folder, rig)
    }

    pub fn with(script: Script, files: Option<FileFeed>) -> Self {
        let core = FakeCore::new();
        let (server, end) = link();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let engine = Engine::start(Setup {
            backend: Box::new(core.clone()),
            link: end,
            script,
            limits: json!({ "instances": 256 }),
            log: Arc::new(move |level, line| lines.lock().expect("log").push((level, line.to_owned()))),
            files,
        });
        let engine = engine.expect("a thread");
        let mut rig =
            Self { core, server, served: vec![], events: vec![], others: vec![], log, next: 0, _engine: engine };
        rig.until("Serve", |rig| !rig.served.is_empty());
        rig
    }

    /// A session of sonic-core.
    pub fn open(&self, session: u64) -> SessionId {
        self.open_as(session, "sonic-core", SCOPES)
    }

    pub fn open_as(&self, session: u64, protocol: &str, scopes: &[&str]) -> SessionId {
        self.send(ToScript::Opened(SessionInfo {
            session: SessionId(session),
            protocol: protocol.into(),
            origin: Some("https://a.test".to_owned()),
            client: "test".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            classes: ["lifecycle".to_owned()].into(),
        }));
        SessionId(session)
    }

    pub fn send(&self, message: ToScript) {
        self.server.outgoing.send(message).expect("the engine");
    }

    pub fn ask(&mut self, session: SessionId, method: &str, params: Value) -> (u64, Reply) {
        let (reply, answer) = oneshot::channel();
        self.next += 1;
        let id = RequestId::Number(self.next);
        self.send(ToScript::Call(Call { session, id, method: method.to_owned(), params, reply }));
        (self.next, answer)
    }

    pub fn call(&mut self, session: SessionId, method: &str, params: Value) -> Result<Value, Fault> {
        let (_, mut reply) = self.ask(session, method, params);
        wait(method, &mut reply).map(|answer| answer.result)
    }

    pub fn good(&mut self, session: SessionId, method: &str, params: Value) -> Value {
        self.call(session, method, params.clone()).unwrap_or_else(|fault| panic!("{method} {params}: {fault:?}"))
    }

    pub fn bad(&mut self, session: SessionId, method: &str, params: Value) -> Fault {
        self.call(session, method, params.clone()).err().unwrap_or_else(|| panic!("{method} {params} was done"))
    }

    pub fn http(&mut self, method: &str, path: &str) -> HttpAnswer {
        let (reply, mut answer) = oneshot::channel();
        self.send(ToScript::Http(HttpCall {
            method: method.to_owned(),
            path: path.to_owned(),
            query: vec![("a".to_owned(), "1".to_owned())],
            origin: None,
            body: b"body".to_vec(),
            reply,
        }));
        let end = Instant::now() + PATIENCE;
        loop {
            match answer.try_recv() {
                Ok(answer) => return answer,
                Err(oneshot::error::TryRecvError::Closed) => panic!("{path} was not answered"),
                Err(_) => assert!(Instant::now() < end, "{path}"),
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Takes in what the scripts said so far.
    pub fn drain(&mut self) {
        while let Ok(message) = self.server.incoming.try_recv() {
            match message {
                ToServer::Serve(served) => self.served.push(served),
                ToServer::Emit { event, .. } => self.events.push(event),
                other => self.others.push(other),
            }
        }
    }

    pub fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            self.drain();
            if done(self) {
                return;
            }
            assert!(Instant::now() < end, "{what} did not come; log: {:?}", self.log.lock());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn event(&mut self, kind: &str) -> Event {
        self.until(kind, |rig| rig.events.iter().any(|event| event.kind == kind));
        let at = self.events.iter().position(|event| event.kind == kind).expect(kind);
        self.events.remove(at)
    }

    pub fn logged(&self, words: &str) -> bool {
        self.log.lock().expect("log").iter().any(|(_, line)| line.contains(words))
    }
}

pub fn wait(what: &str, reply: &mut Reply) -> Result<Answer, Fault> {
    let end = Instant::now() + PATIENCE;
    loop {
        match reply.try_recv() {
            Ok(answer) => return answer,
            Err(oneshot::error::TryRecvError::Closed) => panic!("{what} was not answered"),
            Err(_) => assert!(Instant::now() < end, "{what} was not answered in time"),
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
