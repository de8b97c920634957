//! L4 · what outlives a script: the core, the way to the server, and the sessions with their calls in flight.
//!
//! Thread: script. Invariant: a reload changes nothing in here but which program answers. Deliberately absent: verbs.

use super::{backend::Backend, fault::Problem, program::Program};
use crate::{
    control::core::{InstanceId, Owner, StreamId},
    link::{Audience, Event, Fault, Json, RequestId, SessionId, SessionInfo, ToServer},
    model::ErrorCode,
};
use serde_json::json;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// Requests a second that may cost time of the main thread, of one session.
const MAIN_RATE: f64 = 200.0;
/// So many at once.
const MAIN_BURST: f64 = 400.0;

/// How bad a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For whoever writes scripts.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}

/// Where lines of the log go.
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// `[any]` A log that writes where the rest of the program does.
pub fn trace_log() -> Log {
    Arc::new(|level, line| match level {
        Level::Debug => tracing::debug!(target: "script", "{line}"),
        Level::Info => tracing::info!(target: "script", "{line}"),
        Level::Warn => tracing::warn!(target: "script", "{line}"),
        Level::Error => tracing::error!(target: "script", "{line}"),
    })
}

/// A session as scripts see it.
#[derive(Debug)]
pub(super) struct Seat {
    pub info: SessionInfo,
    /// Requests that are not answered yet.
    pub calls: HashMap<RequestId, CancellationToken>,
    /// What it loaded.
    pub loaded: BTreeSet<InstanceId>,
    /// Streams and what they run through.
    pub streams: HashMap<StreamId, StreamSeat>,
    /// What happened to it so far.
    pub rev: u64,
    bucket: Bucket,
}

/// An open stream of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamSeat {
    pub instance: InstanceId,
    pub offline: bool,
    /// Samples that were processed by request.
    pub position: u64,
}

/// Requests that may still come.
#[derive(Debug)]
struct Bucket {
    left: f64,
    seen: Instant,
}

impl Bucket {
    fn take(&mut self) -> Result<(), Duration> {
        let now = Instant::now();
        self.left = (self.left + (now - self.seen).as_secs_f64() * MAIN_RATE).min(MAIN_BURST);
        self.seen = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.left) / MAIN_RATE))
    }
}

/// Which program runs, and what is wrong with the text that should.
#[derive(Clone, Debug, Default)]
pub(super) struct Reload {
    pub generation: u64,
    pub error: Option<String>,
}

/// What all programs share.
pub(super) struct Hub {
    pub backend: Box<dyn Backend>,
    pub out: UnboundedSender<ToServer>,
    pub log: Log,
    /// What `GET_LIMITS` tells.
    pub limits: Json,
    pub started: Instant,
    pub seats: RefCell<HashMap<SessionId, Seat>>,
    pub reload: RefCell<Reload>,
    pub program: RefCell<Option<Rc<Program>>>,
    /// Fields that no verb declared.
    pub unknown_fields: Cell<u64>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("seats", &self.seats).finish_non_exhaustive()
    }
}

impl Hub {
    /// `[script]` A session begins.
    pub fn open(&self, info: SessionInfo) {
        let bucket = Bucket { left: MAIN_BURST, seen: Instant::now() };
        let (calls, streams) = (HashMap::new(), HashMap::new());
        let seat = Seat { calls, loaded: BTreeSet::new(), streams, rev: 0, bucket, info };
        self.seats.borrow_mut().insert(seat.info.session, seat);
    }

    /// `[script]` A session is over: its calls are dropped, and all it loaded goes.
    pub fn close(&self, session: SessionId) {
        let seat = self.seats.borrow_mut().remove(&session);
        for call in seat.iter().flat_map(|seat| seat.calls.values()) {
            call.cancel();
        }
        self.backend.release(session.owner());
    }

    /// `[script]` A session lost its socket: its streams end.
    pub fn park(&self, session: SessionId) {
        if let Some(seat) = self.seats.borrow_mut().get_mut(&session) {
            seat.streams.clear();
        }
        self.backend.stop_streams(session.owner());
    }

    /// `[script]` Something of a session.
    pub fn seat<T>(&self, session: SessionId, see: impl FnOnce(&mut Seat) -> T) -> Result<T, Problem> {
        let mut seats = self.seats.borrow_mut();
        let gone = || Problem::from(Fault::new(ErrorCode::NOT_ACTIVE, "the session is over"));
        seats.get_mut(&session).map(see).ok_or_else(gone)
    }

    /// `[script]` Takes one request that may cost time of the main thread, or says when there will be one.
    pub fn take_main(&self, session: SessionId) -> Result<(), Fault> {
        let taken = self.seats.borrow_mut().get_mut(&session).map(|seat| seat.bucket.take());
        match taken {
            Some(Err(wait)) => Err(Fault {
                retry: true,
                hint: Some("wait, or say more in one request: SET_PARAMS, BATCH".to_owned()),
                data: Some(json!({ "retry_after_ms": wait.as_millis().max(1) as u64 })),
                ..Fault::new(
                    ErrorCode::RATE_LIMITED,
                    format!("more than {MAIN_RATE} requests a second that the plugins' thread has to answer"),
                )
            }),
            _ => Ok(()),
        }
    }

    /// `[script]` Takes a request back.
    pub fn cancel(&self, session: SessionId, id: &RequestId) -> bool {
        let seats = self.seats.borrow();
        let call = seats.get(&session).and_then(|seat| seat.calls.get(id));
        call.map(CancellationToken::cancel).is_some()
    }

    /// `[script]` A stream of a session is gone.
    pub fn stream_closed(&self, session: SessionId, stream: StreamId) {
        if let Some(seat) = self.seats.borrow_mut().get_mut(&session) {
            seat.streams.remove(&stream);
        }
        self.send(ToServer::StreamClosed { session, stream });
    }

    /// `[script]` An instance is there.
    pub fn instance_loaded(&self, owner: Owner, instance: InstanceId) {
        if let Some(seat) = self.seats.borrow_mut().get_mut(&SessionId(owner.0)) {
            seat.loaded.insert(instance);
        }
    }

    /// `[script]` An instance is gone, and its streams with it.
    pub fn instance_gone(&self, owner: Owner, instance: InstanceId) {
        let session = SessionId(owner.0);
        let mut gone = Vec::new();
        if let Some(seat) = self.seats.borrow_mut().get_mut(&session) {
            seat.loaded.remove(&instance);
            gone = seat.streams.iter().filter(|(_, at)| at.instance == instance).map(|(stream, _)| *stream).collect();
        }
        for stream in gone {
            self.stream_closed(session, stream);
        }
    }

    /// `[script]` Which classes of events a session wants.
    pub fn subscribe(&self, session: SessionId, classes: BTreeSet<String>) -> Result<(), Problem> {
        self.seat(session, |seat| seat.info.classes = classes.clone())?;
        self.send(ToServer::Subscribe { session, classes });
        Ok(())
    }

    /// `[script]` Something happened.
    pub fn emit(&self, to: Audience, event: Event) {
        self.send(ToServer::Emit { to, event });
    }

    /// `[script]` To the server; when it is gone, the program is ending.
    pub fn send(&self, order: ToServer) {
        let _ = self.out.send(order);
    }

    /// `[script]` A line for the log.
    pub fn log(&self, level: Level, line: &str) {
        (self.log)(level, line);
    }
}
