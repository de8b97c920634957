//! L4 · a WebSocket from its first byte to its last: the handshake, then the session.
//!
//! Thread: the connection's. Invariant: whatever ends it, the session learns of it and the seats are given back.
//! Deliberately absent: anything a session does.

use super::{
    closing::Closing,
    connection, handshake,
    pipe::Pipe,
    shared::{Seat, Shared},
    token_file::Entry,
    websocket::WebSocket,
};
use std::{net::SocketAddr, sync::Arc};

/// A WebSocket that was just let in.
#[derive(Debug)]
pub(super) struct Arrival {
    pub shared: Arc<Shared>,
    pub peer: SocketAddr,
    pub protocol: Arc<str>,
    /// As it was sent; `None` for a program.
    pub origin: Option<String>,
    /// The token that a program showed before.
    pub token: Option<Entry>,
    pub seat: Seat,
    pub waiting: Seat,
}

/// `[net]` Serves it to its end.
pub(super) async fn serve(socket: WebSocket, arrival: Arrival) {
    let Arrival { shared, peer, protocol, origin, token, seat, waiting } = arrival;
    let mut pipe = Pipe::new(socket, &shared.config.limits);
    let caller = handshake::Caller { protocol, origin, token };
    let ending = shared.ending.clone();
    let met = tokio::select! {
        met = handshake::meet(&mut pipe, &shared, &caller) => met,
        () = ending.cancelled() => Err(Some(Closing::going_away())),
    };
    drop(waiting);
    let closing = match met {
        Ok(attached) => connection::run(&mut pipe, &shared, attached).await,
        Err(closing) => {
            if let Some(closing) = &closing {
                let origin = caller.origin.as_deref().unwrap_or_default();
                shared.refusals.note(peer, b"", origin.as_bytes(), &closing.reason);
            }
            closing
        }
    };
    match closing {
        Some(closing) => pipe.close(closing).await,
        None => pipe.leave().await,
    }
    drop(seat);
}
