//! L0 · the gate: what is decided about a request from its head alone, in a fixed order.
//!
//! Thread: any. Invariant: the first thing that is wrong decides, and the answer says no more than a status.
//! Deliberately absent: tokens, limits; they come after the gate.

use super::{
    fetch,
    origin::{host_allowed, origin_allowed},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// What a request knocks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A protocol over WebSocket, for pages.
    Socket,
    /// The protocol for programs without an origin.
    Native,
    /// An endpoint of a script.
    Endpoint {
        /// It is a POST.
        post: bool,
    },
    /// Files of our own, `/v1/hello`, and whatever is not there.
    Open,
}

/// The head of a request, as it was sent. Fields with several lines have them all.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What it knocks at.
    pub door: Door,
    /// The other end of the connection is this machine.
    pub loopback: bool,
    /// `GET`.
    pub method: &'a str,
    /// It is HTTP/1.1.
    pub http11: bool,
    /// The authority of a request line in absolute form.
    pub authority: Option<&'a [u8]>,
    /// `Host`.
    pub hosts: &'a [&'a [u8]],
    /// `Origin`.
    pub origins: &'a [&'a [u8]],
    /// `Sec-Fetch-Site`.
    pub site: Option<&'a [u8]>,
    /// `Sec-Fetch-Mode`.
    pub mode: Option<&'a [u8]>,
    /// `Content-Length` is there and not 0, or `Transfer-Encoding` is there.
    pub body: bool,
    /// Both `Content-Length` and `Transfer-Encoding` are there, or one of them twice.
    pub two_lengths: bool,
    /// `Range` is there.
    pub range: bool,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The other end is another machine.
    Peer,
    /// Not the method of this door.
    Method,
    /// Not HTTP/1.1.
    Version,
    /// No `Host`, several, or another one in the request line.
    HostForm,
    /// It means somebody else, or comes by a name that is not ours.
    Host,
    /// Several origins, or one that no browser writes.
    OriginForm,
    /// No origin where one is needed.
    NoOrigin,
    /// An origin that is not in the list.
    Origin,
    /// The browser says that it is something else.
    Fetch,
    /// A body where there must be none, or one of two lengths.
    Body,
    /// A part of a file.
    Range,
    /// No WebSocket upgrade.
    NoUpgrade,
    /// Another version of WebSocket.
    SocketVersion,
    /// No key, or one that is none.
    SocketKey,
    /// It does not offer our subprotocol.
    Subprotocol,
}

impl Refusal {
    /// `[any]` The status of the answer.
    pub fn status(self, door: Door) -> u16 {
        match self {
            Self::Peer | Self::Host | Self::NoOrigin | Self::Origin | Self::Fetch => 403,
            Self::Method if matches!(door, Door::Open) => 405,
            Self::NoUpgrade | Self::SocketVersion => 426,
            _ => 400,
        }
    }

    /// `[any]` For the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Peer => "the peer is another machine",
            Self::Method => "wrong method",
            Self::Version => "not HTTP/1.1",
            Self::HostForm => "no Host, or more than one",
            Self::Host => "Host is not this bridge",
            Self::OriginForm => "malformed Origin",
            Self::NoOrigin => "no Origin",
            Self::Origin => "Origin is not in the list of config.lua",
            Self::Fetch => "the browser's Sec-Fetch lines do not fit",
            Self::Body => "a body that must not be there",
            Self::Range => "Range is not served",
            Self::NoUpgrade => "no WebSocket upgrade",
            Self::SocketVersion => "not version 13 of WebSocket",
            Self::SocketKey => "no key of WebSocket",
            Self::Subprotocol => "our subprotocol is not offered",
        }
    }
}

/// `[any]` Whether a request may go on; `port` is ours, `list` are the origins including our own.
pub fn decide(facts: &Facts<'_>, port: u16, list: &[String]) -> Result<(), Refusal> {
    if !facts.loopback {
        return Err(Refusal::Peer);
    }
    let method = if facts.door == (Door::Endpoint { post: true }) { "POST" } else { "GET" };
    if facts.method != method {
        return Err(Refusal::Method);
    }
    if !facts.http11 {
        return Err(Refusal::Version);
    }
    let [host] = facts.hosts else { return Err(Refusal::HostForm) };
    if facts.authority.is_some_and(|authority| authority != *host) {
        return Err(Refusal::HostForm);
    }
    if !host_allowed(host, port) {
        return Err(Refusal::Host);
    }
    origin(facts, list)?;
    if !fetch::known_site(facts.site) || (is_socket(facts.door) && !fetch::fits_socket(facts.mode)) {
        return Err(Refusal::Fetch);
    }
    if facts.two_lengths || (facts.method == "GET" && facts.body) {
        return Err(Refusal::Body);
    }
    if facts.range {
        return Err(Refusal::Range);
    }
    Ok(())
}

fn is_socket(door: Door) -> bool {
    matches!(door, Door::Socket | Door::Native)
}

fn origin(facts: &Facts<'_>, list: &[String]) -> Result<(), Refusal> {
    match (facts.origins, facts.door) {
        ([], Door::Native) => Ok(()),
        ([], Door::Open) if fetch::from_nobody_else(facts.site) => Ok(()),
        ([], Door::Open) => Err(Refusal::Fetch),
        ([], _) => Err(Refusal::NoOrigin),
        ([one], door) => {
            let odd = |byte: &u8| !(0x21..0x7f).contains(byte) || *byte == b',';
            if one.is_empty() || one.iter().any(odd) {
                return Err(Refusal::OriginForm);
            }
            // A page must not pass for a program, whoever it is.
            if door == Door::Native || !origin_allowed(one, list) {
                return Err(Refusal::Origin);
            }
            Ok(())
        }
        _ => Err(Refusal::OriginForm),
    }
}

/// What makes a request a WebSocket upgrade.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade<'a> {
    /// All lines of `Connection`.
    pub connection: &'a [&'a [u8]],
    /// All lines of `Upgrade`.
    pub upgrade: &'a [&'a [u8]],
    /// All lines of `Sec-WebSocket-Version`.
    pub version: &'a [&'a [u8]],
    /// All lines of `Sec-WebSocket-Key`.
    pub key: &'a [&'a [u8]],
    /// All lines of `Sec-WebSocket-Protocol`.
    pub protocols: &'a [&'a [u8]],
}

/// `[any]` Whether it is one that we answer; `subprotocol` has to be offered.
pub fn decide_upgrade(upgrade: &Upgrade<'_>, subprotocol: &str) -> Result<(), Refusal> {
    if !has_token(upgrade.connection, "upgrade") || !has_token(upgrade.upgrade, "websocket") {
        return Err(Refusal::NoUpgrade);
    }
    if upgrade.version != [b"13"] {
        return Err(Refusal::SocketVersion);
    }
    let [key] = upgrade.key else { return Err(Refusal::SocketKey) };
    if BASE64_STANDARD.decode(key).map_or(true, |bytes| bytes.len() != 16) {
        return Err(Refusal::SocketKey);
    }
    let offered = upgrade.protocols.iter().flat_map(|line| line.split(|byte| *byte == b','));
    if !offered.map(<[u8]>::trim_ascii).any(|offer| offer == subprotocol.as_bytes()) {
        return Err(Refusal::Subprotocol);
    }
    Ok(())
}

fn has_token(lines: &[&[u8]], token: &str) -> bool {
    let parts = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    parts.map(<[u8]>::trim_ascii).any(|part| part.eq_ignore_ascii_case(token.as_bytes()))
}
