//! L4 · what a request knocks at, and its head as the gate wants it.
//!
//! Thread: the connection's. Invariant: paths are compared whole and as they were sent; nothing is decoded before.
//! Deliberately absent: decisions; they are made in `security::gate`.

use crate::{
    link::Served,
    security::{
        Door, Facts,
        gate::{Refusal, Upgrade, decide, decide_upgrade},
    },
};
use std::sync::Arc;
use warp::http::{HeaderMap, Request, Version};

/// The protocol that programs without an origin speak.
const NATIVE: &str = "sonic-core";

/// What a request knocks at, in detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A protocol, for pages.
    Socket(Arc<str>),
    /// The protocol for programs.
    Native(Arc<str>),
    /// An endpoint of a script.
    Endpoint {
        post: bool,
        public: bool,
    },
    Hello,
    /// A file of ours, or nothing.
    File,
    /// Nothing is served yet.
    NotYet,
}

impl Place {
    /// `[any]` By method and path. A path that is served with another method counts as nothing that is there.
    pub(super) fn find(method: &str, path: &str, served: Option<&Served>, native: bool) -> Self {
        if path == "/v1/hello" {
            return Self::Hello;
        }
        let Some(served) = served else {
            return if path == "/v1/ws" || path == "/v1/native" { Self::NotYet } else { Self::File };
        };
        if path == "/v1/native" {
            let core = served.protocols.iter().find(|route| &*route.name == NATIVE);
            return core.filter(|_| native).map_or(Self::File, |route| Self::Native(Arc::clone(&route.name)));
        }
        if let Some(route) = served.protocols.iter().find(|route| route.path == path) {
            return Self::Socket(Arc::clone(&route.name));
        }
        let endpoint = served.endpoints.iter().find(|endpoint| endpoint.path == path && endpoint.method == method);
        endpoint.map_or(Self::File, |endpoint| Self::Endpoint { post: method == "POST", public: endpoint.public })
    }

    pub(super) fn door(&self) -> Door {
        match self {
            Self::Socket(_) | Self::NotYet => Door::Socket,
            Self::Native(_) => Door::Native,
            Self::Endpoint { post, .. } => Door::Endpoint { post: *post },
            Self::Hello | Self::File => Door::Open,
        }
    }

    fn protocol(&self) -> Option<&str> {
        match self {
            Self::Socket(name) | Self::Native(name) => Some(name),
            _ => None,
        }
    }
}

/// `[any]` Asks the gate about a request.
pub(super) fn ask<B>(
    request: &Request<B>,
    place: &Place,
    loopback: bool,
    port: u16,
    list: &[String],
) -> Result<(), Refusal> {
    let headers = request.headers();
    let (hosts, origins) = (lines(headers, "host"), lines(headers, "origin"));
    let (lengths, encodings) = (lines(headers, "content-length"), lines(headers, "transfer-encoding"));
    let one = |name| headers.get(name).map(|value| value.as_bytes());
    let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let facts = Facts {
        door: place.door(),
        loopback,
        method: request.method().as_str(),
        http11: request.version() == Version::HTTP_11,
        authority,
        hosts: &hosts,
        origins: &origins,
        site: one("sec-fetch-site"),
        mode: one("sec-fetch-mode"),
        body: !encodings.is_empty() || lengths.iter().any(|length| *length != b"0"),
        two_lengths: lengths.len() + encodings.len() > 1,
        range: headers.contains_key("range"),
    };
    decide(&facts, port, list)?;
    let Some(protocol) = place.protocol() else { return Ok(()) };
    let upgrade = Upgrade {
        connection: &lines(headers, "connection"),
        upgrade: &lines(headers, "upgrade"),
        version: &lines(headers, "sec-websocket-version"),
        key: &lines(headers, "sec-websocket-key"),
        protocols: &lines(headers, "sec-websocket-protocol"),
    };
    decide_upgrade(&upgrade, &subprotocol(protocol))
}

/// `[any]` `sonic-core.v1.json`.
pub(super) fn subprotocol(protocol: &str) -> String {
    format!("{protocol}.v1.json")
}

/// `[any]` The first line of a field, as it was sent.
pub(super) fn first<'a>(headers: &'a HeaderMap, name: &str) -> &'a [u8] {
    headers.get(name).map_or(b"", |value| value.as_bytes())
}

/// `[any]` What stands behind `Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let [line] = lines(headers, "authorization")[..] else { return None };
    std::str::from_utf8(line).ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    headers.get_all(name).iter().map(|value| value.as_bytes()).collect()
}
