//! L4 · what the server is told by the app: port, origins, limits.
//!
//! Thread: any. Invariant: every limit is a field here, with the default of `docs/protocol.md`.
//! Deliberately absent: addresses. There are two, and they are not a matter of choice.

use super::page::{FILES, StaticFile};
use crate::security::pairing::Rules;
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// What the server is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port; 0 takes any that is free, for tests.
    pub port: u16,
    /// Pages that may ask to be let in. The bridge's own are let in without standing here.
    pub origins: Vec<String>,
    /// Programs without an origin may come, at `/v1/native`.
    pub native: bool,
    /// Where `tokens.json` is.
    pub folder: PathBuf,
    /// What a page may do that was paired.
    pub scopes: BTreeSet<String>,
    /// What the bridge's own page may do.
    pub own_scopes: BTreeSet<String>,
    /// What clients may rely on, told in the answer to `IDENTIFY`.
    pub caps: Vec<String>,
    /// The bridge's own files.
    pub files: &'static [StaticFile],
    /// How much of everything.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        Self {
            port: 8080,
            origins: Vec::new(),
            native: false,
            folder: PathBuf::new(),
            scopes: words("list load param audio state scan"),
            own_scopes: words("list load param audio state graph scan script.read script.write admin"),
            caps: Vec::new(),
            files: FILES,
            limits: Limits::default(),
        }
    }
}

/// How much of everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Connections of any kind; each has a thread.
    pub connections: usize,
    /// WebSockets.
    pub sockets: usize,
    /// WebSockets that have not identified themselves.
    pub unidentified: usize,
    /// WebSockets that may begin within a second, on average, and at once.
    pub upgrades: (f64, f64),
    /// Bytes of the head of a request.
    pub head: usize,
    /// For the head of a request, and for the first message of a socket.
    pub handshake: Duration,
    /// For all of a request over HTTP, its answer by a script included.
    pub http: Duration,
    /// Bytes of a text message, and of the body of a request over HTTP.
    pub text: usize,
    /// Bytes of a binary message.
    pub binary: usize,
    /// Bytes of an answer of any kind.
    pub answer: usize,
    /// Levels of JSON.
    pub depth: usize,
    /// Values in one text message.
    pub values: usize,
    /// Requests of a session that wait for their answers.
    pub in_flight: usize,
    /// Sessions of one token.
    pub sessions: usize,
    /// Between pings.
    pub heartbeat: Duration,
    /// A session waits so long for its client to come back.
    pub grace: Duration,
    /// Events that are kept for a client that comes back, and bytes of them.
    pub ring: (usize, usize),
    /// Events that wait to be sent.
    pub waiting: usize,
    /// Events of the class `params` are sent this often at most.
    pub params_every: Duration,
    /// Bytes that wait to be sent before nothing more is read.
    pub soft_mark: usize,
    /// Bytes that wait to be sent before the client counts as slow.
    pub hard_mark: usize,
    /// A client that takes nothing for so long counts as slow.
    pub stalled: Duration,
    /// For a goodbye to reach the client.
    pub goodbye: Duration,
    /// Channels of a frame.
    pub channels: u16,
    /// Samples per channel of a frame.
    pub frames: u16,
    /// Frames in flight of a stream whose terms are not known.
    pub credits: usize,
    /// Newer frames that may wait before one counts as late.
    pub late_blocks: usize,
    /// Malformed frames in 10 s before the socket is closed.
    pub malformed: usize,
    /// Frames beyond the credits in 10 s before the socket is closed.
    pub beyond: usize,
    /// Failed proofs before an origin is locked out, within how long, and for how long.
    pub failures: (usize, Duration, Duration),
    /// Between looks at the token file.
    pub tokens_every: Duration,
    /// How pages are paired.
    pub pairing: Rules,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connections: 64,
            sockets: 16,
            unidentified: 4,
            upgrades: (10.0, 50.0),
            head: 16 << 10,
            handshake: seconds(5),
            http: seconds(30),
            text: 256 << 10,
            binary: 4 << 20,
            answer: 16 << 20,
            depth: 32,
            values: 100_000,
            in_flight: 64,
            sessions: 4,
            heartbeat: seconds(10),
            grace: seconds(30),
            ring: (1024, 4 << 20),
            waiting: 1024,
            params_every: Duration::from_micros(16_667),
            soft_mark: 1 << 20,
            hard_mark: 16 << 20,
            stalled: seconds(10),
            goodbye: seconds(2),
            channels: 64,
            frames: u16::MAX,
            credits: 512,
            late_blocks: 32,
            malformed: 3,
            beyond: 1000,
            failures: (5, seconds(60), seconds(60)),
            tokens_every: Duration::from_millis(500),
            pairing: Rules::default(),
        }
    }
}

impl Limits {
    /// `[any]` As clients are told, in `HELLO` and by whoever answers `GET_LIMITS`.
    pub fn told(&self) -> serde_json::Value {
        serde_json::json!({
            "sockets": self.sockets,
            "sessions": self.sessions,
            "text_bytes": self.text,
            "binary_bytes": self.binary,
            "answer_bytes": self.answer,
            "json_depth": self.depth,
            "json_values": self.values,
            "in_flight": self.in_flight,
            "grace_s": self.grace.as_secs(),
            "events_kept": self.ring.0,
            "channels": self.channels,
            "frames": self.frames,
            "credits": self.credits,
            "late_blocks": self.late_blocks,
        })
    }
}
