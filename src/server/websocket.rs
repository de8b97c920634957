//! L4 · the last step from HTTP to WebSocket, with buffers of our own choice.
//!
//! Thread: the connection's. Invariant: a message is never longer than the limits. warp's own filter allocates 128 KiB to read
//! into for each socket and gives no way to ask for less, which is most of what an idle session takes.
//! Deliberately absent: who may come (the gate), and what messages mean.

use super::Limits;
use hyper::{HeaderMap, header, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

/// A socket that was let in.
pub(super) type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// What is read at one go.
const READ: usize = 16 << 10;
/// What is collected before it is written.
const WRITE: usize = 16 << 10;

/// `[net]` From here on both sides speak WebSocket.
pub(super) async fn open(upgraded: Upgraded, limits: &Limits) -> WebSocket {
    let longest = limits.binary.max(limits.text);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(WRITE)
        .max_write_buffer_size(limits.answer + limits.hard_mark)
        .max_message_size(Some(longest))
        .max_frame_size(Some(longest));
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// `[any]` What the answer to the upgrade proves it with; nothing where the request is none (RFC 6455, 4.2.1).
pub(super) fn accept(headers: &HeaderMap) -> Option<String> {
    let is = |name: header::HeaderName, word: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    let upgrade = is(header::CONNECTION, "upgrade") && is(header::UPGRADE, "websocket");
    let version = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| upgrade && version)?;
    Some(derive_accept_key(key.as_bytes()))
}

/// `[any]` What a message holds; nothing for a goodbye.
pub(super) fn payload(message: &Message) -> &[u8] {
    match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes,
        Message::Close(_) | Message::Frame(_) => &[],
    }
}

/// `[any]` A goodbye.
pub(super) fn goodbye(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
}
