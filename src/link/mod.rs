//! L3 · the words in which the server and the scripts speak: values in queues, nothing else.
//!
//! Thread: any. Invariant: neither side waits for the other; a question carries the place for its answer.
//! Deliberately absent: verbs, which only scripts know, and bytes, which only the server knows.

use crate::{
    control::core::{Owner, Stream, StreamId},
    model::ErrorCode,
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// JSON as it travels.
pub type Json = serde_json::Value;

/// A session; its number is also the owner of what it loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

impl SessionId {
    /// `[any]` As the core knows it.
    pub fn owner(self) -> Owner {
        Owner(self.0)
    }
}

/// A client that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// Its number.
    pub session: SessionId,
    /// The protocol whose path it came by.
    pub protocol: Arc<str>,
    /// The page it came from; `None` for a native client.
    pub origin: Option<String>,
    /// What the client calls itself.
    pub client: String,
    /// What its token allows.
    pub scopes: BTreeSet<String>,
    /// Classes of events it wants.
    pub classes: BTreeSet<String>,
}

/// The id of a request: an integer or a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RequestId {
    /// 0 … 2^53−1.
    Number(u64),
    /// Up to 64 characters.
    Text(String),
}

/// From the server to the scripts.
#[derive(Debug)]
pub enum ToScript {
    /// A session began.
    Opened(SessionInfo),
    /// Its socket is gone; it may come back. Its streams end now.
    Parked(SessionId),
    /// It came back.
    Resumed(SessionId),
    /// It is over; everything of it goes.
    Closed(SessionId),
    /// A request.
    Call(Call),
    /// A request over HTTP to an endpoint of a script.
    Http(HttpCall),
}

/// A request.
#[derive(Debug)]
pub struct Call {
    /// Who asks.
    pub session: SessionId,
    /// Its id; unique among the session's requests in flight.
    pub id: RequestId,
    /// The verb.
    pub method: String,
    /// An object; empty when left out.
    pub params: Json,
    /// Where the answer goes. Dropping it without an answer means the request is cancelled or the scripts are gone.
    pub reply: oneshot::Sender<Result<Answer, Fault>>,
}

/// A good answer.
#[derive(Debug, Default)]
pub struct Answer {
    /// The result.
    pub result: Json,
    /// Streams that were opened by the request: the server lets frames of them in before the answer goes out.
    pub streams: Vec<Stream>,
}

/// A bad answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// JSON-RPC's own code (−32601 …), or ours.
    pub code: i32,
    /// The stable name: `METHOD_NOT_FOUND`, `PLUGIN_NOT_FOUND` …
    pub kind: String,
    /// A sentence.
    pub message: String,
    /// What may help.
    pub hint: Option<String>,
    /// Asking again may help.
    pub retry: bool,
    /// More, as an object; `None` for nothing.
    pub data: Option<Json>,
}

impl Fault {
    /// `[any]` One of ours.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code: code.number.into(),
            kind: code.name.to_owned(),
            message: message.into(),
            hint: None,
            retry: false,
            data: None,
        }
    }

    /// `[any]` JSON-RPC: there is no such method.
    pub fn no_method(method: &str) -> Self {
        Self::rpc(-32601, "METHOD_NOT_FOUND", format!("there is no verb {method}"))
    }

    /// `[any]` One of JSON-RPC's or LSP's.
    pub fn rpc(code: i32, kind: &str, message: impl Into<String>) -> Self {
        Self { code, kind: kind.to_owned(), message: message.into(), hint: None, retry: false, data: None }
    }
}

/// A request over HTTP that passed the gate.
#[derive(Debug)]
pub struct HttpCall {
    /// `GET` or `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// The page it came from, if the browser said so.
    pub origin: Option<String>,
    /// Up to 256 KiB.
    pub body: Vec<u8>,
    /// Where the answer goes.
    pub reply: oneshot::Sender<HttpAnswer>,
}

/// What an endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// 200, 404 …
    pub status: u16,
    /// `application/json`, `text/plain; charset=utf-8`, `text/html; charset=utf-8`.
    pub content_type: String,
    /// Up to 4 MiB.
    pub body: Vec<u8>,
}

/// From the scripts to the server.
#[derive(Debug)]
pub enum ToServer {
    /// What the scripts serve from now on. The first one lets clients in.
    Serve(Served),
    /// Something happened.
    Emit {
        /// To whom.
        to: Audience,
        /// What.
        event: Event,
    },
    /// Which classes of events a session wants from now on.
    Subscribe {
        /// Which.
        session: SessionId,
        /// Exactly these.
        classes: BTreeSet<String>,
    },
    /// A stream is closed; frames of it are foreign from now on.
    StreamClosed {
        /// Whose.
        session: SessionId,
        /// Which.
        stream: StreamId,
    },
    /// What was agreed about a stream when it was opened. Without it frames in flight are bounded by the server's own
    /// limit, and a frame is realtime unless it says OFFLINE.
    StreamTerms {
        /// Whose.
        session: SessionId,
        /// Which.
        stream: StreamId,
        /// Frames in flight.
        credits: usize,
        /// Frames that are late are answered DRY.
        realtime: bool,
    },
    /// Ends a session.
    Close {
        /// Which.
        session: SessionId,
        /// The close code, e.g. 1000.
        code: u16,
        /// Up to 120 bytes.
        reason: String,
    },
}

/// What scripts serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Protocols by WebSocket.
    pub protocols: Vec<ProtocolRoute>,
    /// Endpoints by HTTP.
    pub endpoints: Vec<Endpoint>,
}

/// A protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolRoute {
    /// `sonic-core`; its subprotocol is `sonic-core.v1.json`.
    pub name: Arc<str>,
    /// `/v1/ws`.
    pub path: String,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `GET` or `POST`.
    pub method: String,
    /// Exact.
    pub path: String,
    /// Needs no token, only an allowed origin.
    pub public: bool,
}

/// Who hears of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// One session.
    Session(SessionId),
    /// Every session of a protocol.
    Protocol(Arc<str>),
    /// Every session.
    All,
}

/// Something that happened, for clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `PARAM_CHANGED`.
    pub kind: String,
    /// The class by which clients choose; `params`, `meters` and `log` may be dropped or coalesced, others are not lost
    /// without saying so.
    pub class: String,
    /// Events of the same kind and key replace each other while they wait.
    pub key: Option<String>,
    /// What.
    pub data: Json,
}

/// The scripts' end.
#[derive(Debug)]
pub struct ScriptEnd {
    /// Questions.
    pub incoming: mpsc::UnboundedReceiver<ToScript>,
    /// Orders.
    pub outgoing: mpsc::UnboundedSender<ToServer>,
}

/// The server's end.
#[derive(Debug)]
pub struct ServerEnd {
    /// Orders.
    pub incoming: mpsc::UnboundedReceiver<ToServer>,
    /// Questions.
    pub outgoing: mpsc::UnboundedSender<ToScript>,
}

/// `[any]` Both ends of a new link. The server bounds what one session can have waiting, so the queues need no bound.
pub fn link() -> (ServerEnd, ScriptEnd) {
    let (ask, asked) = mpsc::unbounded_channel();
    let (order, ordered) = mpsc::unbounded_channel();
    (ServerEnd { incoming: ordered, outgoing: ask }, ScriptEnd { incoming: asked, outgoing: order })
}
