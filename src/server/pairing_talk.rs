//! L4 · PAIR: a page that has no token yet gets one, if the person says so outside of that page.
//!
//! Thread: the connection's; waits for a person. Invariant: a token is sent once, on the socket that showed the code or the
//! key. Deliberately absent: what the person sees; see `desk`.

use super::{
    closing::Closing,
    desk::Standing,
    envelope::{self, Request},
    handshake::{Caller, next},
    identify::Client,
    pipe::Pipe,
    shared::Shared,
    token_file::{Entry, TokenError},
};
use crate::{
    link::{Fault, RequestId},
    model::ErrorCode,
    security::pairing::{Attempt, No},
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

/// How it ended, when it did not end the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talked {
    /// The client has a token.
    Paired,
    /// Another page is asking; the client may try again.
    Later,
}

#[derive(Deserialize)]
struct Asked {
    protocol: u64,
    client: Client,
    key: Option<String>,
}

/// `[net]` Until the client has a token. Otherwise why not; `None` when it left by itself.
pub(super) async fn pair(
    pipe: &mut Pipe,
    shared: &Shared,
    caller: &Caller,
    request: &Request,
) -> Result<Talked, Option<Closing>> {
    // A program came with its token.
    let Some(origin) = &caller.origin else { return Err(Some(Closing::not_identified())) };
    let Ok(asked) = Asked::deserialize(&request.params) else {
        let fault = Fault::rpc(-32602, "INVALID_PARAMS", "PAIR lacks a field, or has one of a wrong type");
        pipe.text(envelope::error(Some(&request.id), &fault));
        return Err(Some(Closing::not_identified()));
    };
    if asked.protocol != 1 {
        return Err(Some(Closing::bad_version()));
    }
    if shared.locked_out(Some(origin)) {
        return Err(Some(Closing::locked_out()));
    }
    if let Some(key) = asked.key {
        let made = if shared.is_own(origin) { shared.use_key(&key, origin) } else { None };
        let Some(made) = made else {
            shared.failed(Some(origin));
            return Err(Some(Closing::not_paired()));
        };
        return Ok(hand_over(pipe, &request.id, made));
    }
    tracing::info!(origin, client = asked.client.shown(), "a page asks to be let in");
    match shared.desk.ask(origin, &shared.config.scopes) {
        Ok(standing) => codes(pipe, shared, origin, &request.id, standing).await,
        Err(No::Quiet) => Err(Some(Closing::not_paired())),
        Err(No::Busy) => {
            let mut fault = Fault::new(ErrorCode::BUSY, "another page is being paired; try again in a moment");
            fault.retry = true;
            pipe.text(envelope::error(Some(&request.id), &fault));
            Ok(Talked::Later)
        }
    }
}

async fn codes(
    pipe: &mut Pipe,
    shared: &Shared,
    origin: &str,
    pair: &RequestId,
    mut standing: Standing<'_>,
) -> Result<Talked, Option<Closing>> {
    let stands = shared.desk.stands();
    let told = json!({
        "origin": origin,
        "scopes": shared.config.scopes,
        "expires_s": stands.as_secs(),
        "warning": super::WARNING,
    });
    pipe.text(envelope::notice("PAIRING", &told));
    let until = Instant::now() + stands;
    loop {
        let request = tokio::select! {
            request = next(pipe, shared, until) => match request {
                Err(Some(_)) if Instant::now() >= until => return Err(Some(Closing::not_paired())),
                request => request?,
            },
            _ = &mut standing.refused => return Err(Some(Closing::not_paired())),
        };
        if request.method != "PAIR_CODE" {
            return Err(Some(Closing::not_identified()));
        }
        let code = request.params.get("code").and_then(|code| code.as_str()).unwrap_or_default();
        match standing.try_code(code) {
            Ok(scopes) => {
                let talked = hand_over(pipe, &request.id, shared.tokens.pair(origin, scopes));
                pipe.text(envelope::result(pair, &json!({})));
                return Ok(talked);
            }
            Err(Attempt::Wrong { left }) => {
                let mut fault = Fault::new(ErrorCode::CONSENT_DENIED, "that is not the code the bridge shows");
                (fault.retry, fault.data) = (true, Some(json!({ "left": left })));
                pipe.text(envelope::error(Some(&request.id), &fault));
            }
            Err(_) => return Err(Some(Closing::not_paired())),
        }
    }
}

fn hand_over(pipe: &mut Pipe, id: &RequestId, made: Result<Entry, TokenError>) -> Talked {
    match made {
        Ok(entry) => {
            let result = json!({
                "key_id": entry.card.key_id,
                "token": entry.secret.to_base64(),
                "scopes": entry.card.scopes,
            });
            pipe.text(envelope::result(id, &result));
            Talked::Paired
        }
        Err(error) => {
            tracing::error!("{error}");
            let sentence = "the token cannot be kept; see the terminal of the bridge";
            pipe.text(envelope::error(Some(id), &Fault::new(ErrorCode::FILE, sentence)));
            Talked::Later
        }
    }
}
