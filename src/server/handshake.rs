//! L4 · the first words on a socket: HELLO, perhaps pairing, IDENTIFY.
//!
//! Thread: the connection's. Invariant: nothing but IDENTIFY and PAIR is understood here, and time is short.
//! Deliberately absent: verbs.

use super::{
    closing::Closing,
    envelope::{self, Request},
    identify,
    pairing_talk::{self, Talked},
    pipe::{Gone, Pipe},
    registry::Attached,
    shared::Shared,
    token_file::Entry,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Who knocked, as far as is known without its help.
#[derive(Debug)]
pub(super) struct Caller {
    pub protocol: Arc<str>,
    /// `None` for a program.
    pub origin: Option<String>,
    /// What a program showed before the upgrade.
    pub token: Option<Entry>,
}

/// `[net]` Until the client is in. Otherwise why not; `None` when it left by itself.
pub(super) async fn meet(pipe: &mut Pipe, shared: &Shared, caller: &Caller) -> Result<Attached, Option<Closing>> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Some(Closing::try_later()))?;
    let nonce = BASE64_STANDARD.encode(bytes);
    let limits = &shared.config.limits;
    let hello = json!({
        "protocol": {"min": 1, "max": 1},
        "server": {"name": "sonic-bridge", "version": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS},
        "instance_id": shared.instance,
        "nonce": nonce,
        "auth": {"methods": ["token", "pair"]},
        "limits": limits.told(),
        "heartbeat_ms": limits.heartbeat.as_millis() as u64,
    });
    pipe.text(envelope::notice("HELLO", &hello));
    let mut until = Instant::now() + limits.handshake;
    let mut paired = false;
    loop {
        let request = next(pipe, shared, until).await?;
        match request.method.as_str() {
            "IDENTIFY" => return identify::identify(pipe, shared, caller, &nonce, &request).map_err(Some),
            "PAIR" if !paired => {
                if pairing_talk::pair(pipe, shared, caller, &request).await? == Talked::Paired {
                    paired = true;
                    until = Instant::now() + limits.handshake;
                }
            }
            _ => return Err(Some(Closing::not_identified())),
        }
    }
}

/// `[net]` The next request, if it comes in time and is one.
pub(super) async fn next(pipe: &mut Pipe, shared: &Shared, until: Instant) -> Result<Request, Option<Closing>> {
    let limits = &shared.config.limits;
    let waited = tokio::time::timeout_at(until, pipe.wait(|_| {})).await;
    let Some(message) = pipe.pop() else {
        return Err(match pipe.gone() {
            Some(Gone::Rules(closing)) => Some(closing),
            Some(Gone::Left) => None,
            None => {
                debug_assert!(waited.is_err());
                Some(Closing::not_identified())
            }
        });
    };
    let Message::Text(text) = &message else { return Err(Some(Closing::not_identified())) };
    if text.len() > limits.text {
        return Err(Some(Closing::too_big()));
    }
    envelope::parse(text, limits.depth, limits.values).map_err(|_| Some(Closing::not_identified()))
}
