//! L4 · IDENTIFY: who proves to know a token gets a session, a new one or the one it had.
//!
//! Thread: the connection's. Invariant: a session is touched only after both proofs are right.
//! Deliberately absent: pairing.

use super::{
    closing::Closing,
    envelope::{self, Request},
    handshake::Caller,
    pipe::Pipe,
    registry::{Attached, Resume},
    shared::{Shared, locked},
    token_file::Entry,
};
use crate::{
    link::{Fault, SessionId, SessionInfo},
    model::ErrorCode,
    security::{
        Secret,
        proof::{LENGTH, Role, Talk, is_nonce},
    },
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// Classes of events that a client may name.
const CLASSES: usize = 16;

/// What a client says of itself.
#[derive(Deserialize)]
pub(super) struct Client {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Asked {
    protocol: u64,
    client: Client,
    client_nonce: String,
    key_id: Option<String>,
    proof: Option<String>,
    events: Option<Events>,
    resume: Option<Before>,
}

#[derive(Deserialize)]
struct Events {
    classes: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Before {
    session: String,
    last_seq: u64,
    proof: Option<String>,
}

impl Client {
    /// `[any]` As it may stand in a log or a list.
    pub(super) fn shown(&self) -> String {
        let clean = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(64).collect() };
        format!("{} {}", clean(&self.name), clean(&self.version)).trim().to_owned()
    }
}

/// `[net]` Answers IDENTIFY; why the client is not let in otherwise.
pub(super) fn identify(
    pipe: &mut Pipe,
    shared: &Shared,
    caller: &Caller,
    nonce: &str,
    request: &Request,
) -> Result<Attached, Closing> {
    let asked = read(request).map_err(|why| {
        pipe.text(envelope::error(Some(&request.id), &Fault::rpc(-32602, "INVALID_PARAMS", why)));
        Closing::not_identified()
    })?;
    if asked.protocol != 1 {
        return Err(Closing::bad_version());
    }
    let origin = caller.origin.as_deref();
    if shared.locked_out(origin) {
        return Err(Closing::locked_out());
    }
    let talk =
        Talk { instance: &shared.instance, nonce, client_nonce: &asked.client_nonce, last: origin.unwrap_or("native") };
    let Some(entry) = prove(shared, caller, &asked, &talk) else {
        shared.failed(origin);
        return Err(Closing::not_authentic());
    };
    let classes = asked.events.as_ref().map(|events| events.classes.clone());
    let taken = match &asked.resume {
        None => None,
        Some(before) => take_over(shared, caller, &entry, before, &talk, classes.clone())?,
    };
    let attached = match taken {
        Some(attached) => attached,
        None => {
            let usual = || ["lifecycle", "params"].map(str::to_owned).into();
            let info = SessionInfo {
                session: SessionId(0),
                protocol: caller.protocol.clone(),
                origin: caller.origin.clone(),
                client: asked.client.shown(),
                scopes: entry.card.scopes.clone(),
                classes: classes.unwrap_or_else(usual),
            };
            shared.sessions.open(shared, &entry.card.key_id, info).ok_or_else(|| {
                let most = shared.config.limits.sessions;
                let sentence = format!("{most} sessions of this token are open, which is the limit; close one");
                pipe.text(envelope::error(Some(&request.id), &Fault::new(ErrorCode::LIMIT_REACHED, sentence)));
                Closing::try_later()
            })?
        }
    };
    let outbox = locked(&attached.session.outbox);
    let missed = asked.resume.filter(|_| attached.resumed).map(|before| outbox.missed(before.last_seq));
    let ready = json!({
        "protocol": 1,
        "session": attached.session.name,
        "resumed": attached.resumed,
        "seq": outbox.seq(),
        "scopes": attached.session.info.scopes,
        "caps": shared.config.caps,
        "server_proof": entry.secret.prove(Role::Server, &talk),
        "snapshot_rev": 0,
        "warning": super::WARNING,
    });
    drop(outbox);
    pipe.text(envelope::result(&request.id, &ready));
    for event in missed.into_iter().flatten() {
        pipe.text(event.to_string());
    }
    Ok(attached)
}

fn read(request: &Request) -> Result<Asked, &'static str> {
    // What serde says may quote what was sent, proofs included.
    let asked =
        Asked::deserialize(&request.params).map_err(|_| "IDENTIFY lacks a field, or has one of a wrong type")?;
    if !is_nonce(&asked.client_nonce) {
        return Err("client_nonce has to be 32 bytes in base64");
    }
    let classes = asked.events.iter().flat_map(|events| &events.classes);
    if classes.clone().count() > CLASSES || classes.clone().any(|class| class.len() > 32) {
        return Err("events.classes has too many names, or too long ones");
    }
    Ok(asked)
}

/// The token that the client knows.
fn prove(shared: &Shared, caller: &Caller, asked: &Asked, talk: &Talk<'_>) -> Option<Entry> {
    match (&asked.key_id, &asked.proof) {
        (None, None) => caller.token.clone(),
        (Some(key_id), Some(proof)) => {
            let found = shared.tokens.find(key_id, caller.origin.as_deref());
            // A key that is not known takes as long as one that is.
            let nobody = Secret::new([0; LENGTH]);
            let right = found.as_ref().map_or(&nobody, |entry| &entry.secret).accepts(Role::Client, talk, proof);
            found.filter(|_| right)
        }
        _ => None,
    }
}

/// The session the client had; `None` when it is over.
fn take_over(
    shared: &Shared,
    caller: &Caller,
    entry: &Entry,
    before: &Before,
    talk: &Talk<'_>,
    classes: Option<BTreeSet<String>>,
) -> Result<Option<Attached>, Closing> {
    match shared.sessions.known(&before.session, &entry.card.key_id, &caller.protocol) {
        Resume::Unknown => Ok(None),
        Resume::Known => {
            let talk = Talk { last: &before.session, ..*talk };
            let proof = before.proof.as_deref().unwrap_or_default();
            if entry.secret.accepts(Role::Resume, &talk, proof) {
                return Ok(shared.sessions.take_over(shared, &before.session, classes));
            }
            shared.failed(caller.origin.as_deref());
            Err(Closing::bad_resume())
        }
        Resume::Foreign => {
            shared.failed(caller.origin.as_deref());
            Err(Closing::bad_resume())
        }
    }
}
