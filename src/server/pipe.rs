//! L4 · a WebSocket with a bounded queue in each direction.
//!
//! Thread: the connection's. Invariant: sending never waits, so a client that takes nothing cannot stop what is done for it
//! from ending; what waits is bounded in both directions. Deliberately absent: what messages mean.

use super::{
    Limits,
    closing::Closing,
    websocket::{WebSocket, goodbye, payload},
};
use futures_util::{Sink, Stream};
use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::{Error, Message, error::CapacityError};

/// Messages that are read ahead; more stay in the system's buffers, and the client waits.
const AHEAD: usize = 1024;

/// How a client went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// It said goodbye, or its connection broke.
    Left,
    /// It broke the rules of WebSocket or a limit, and is told so.
    Rules(Closing),
}

/// A WebSocket with its queues.
pub(super) struct Pipe {
    socket: WebSocket,
    out: VecDeque<Message>,
    out_bytes: usize,
    unflushed: bool,
    moved: Instant,
    read: VecDeque<Message>,
    read_bytes: usize,
    gone: Option<Gone>,
    pongs: u64,
    marks: (usize, usize),
    read_most: usize,
    stalled: Duration,
    goodbye: Duration,
}

impl Pipe {
    pub(super) fn new(socket: WebSocket, limits: &Limits) -> Self {
        Self {
            socket,
            out: VecDeque::new(),
            out_bytes: 0,
            unflushed: false,
            moved: Instant::now(),
            read: VecDeque::new(),
            read_bytes: 0,
            gone: None,
            pongs: 0,
            marks: (limits.soft_mark, limits.hard_mark),
            read_most: 2 * limits.binary,
            stalled: limits.stalled,
            goodbye: limits.goodbye,
        }
    }

    /// `[net]` Puts a message in the queue. What is there beyond the hard mark shows in [`Self::slow`].
    pub(super) fn send(&mut self, message: Message) {
        if self.out.is_empty() && !self.unflushed {
            self.moved = Instant::now();
        }
        self.out_bytes += payload(&message).len();
        self.out.push_back(message);
    }

    /// `[net]` A text message.
    pub(super) fn text(&mut self, text: String) {
        self.send(Message::text(text));
    }

    /// `[net]` So much waits that nothing should be added that can wait elsewhere.
    pub(super) fn is_full(&self) -> bool {
        self.out_bytes > self.marks.0
    }

    /// `[net]` The client takes too little.
    pub(super) fn slow(&self) -> bool {
        self.out_bytes > self.marks.1 || (self.waits() && self.moved.elapsed() > self.stalled)
    }

    /// `[net]` Something waits to be sent.
    pub(super) fn waits(&self) -> bool {
        !self.out.is_empty() || self.unflushed
    }

    /// `[net]` Answers to pings so far.
    pub(super) fn pongs(&self) -> u64 {
        self.pongs
    }

    /// `[net]` The next message that was read.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.read.pop_front()?;
        self.read_bytes -= payload(&message).len();
        Some(message)
    }

    /// `[net]` Whether messages that were read wait to be worked.
    pub(super) fn has_read(&self) -> bool {
        !self.read.is_empty()
    }

    /// `[net]` The client is gone, and everything it sent before was taken out.
    pub(super) fn gone(&self) -> Option<Gone> {
        self.gone.clone().filter(|_| self.read.is_empty())
    }

    /// `[net]` Writes and reads what is possible now. `seen` is told of each message as it is read.
    pub(super) async fn pump(&mut self, mut seen: impl FnMut(&Message)) {
        poll_fn(|cx| {
            self.write(cx);
            self.fill(cx, &mut seen);
            self.write(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// `[net]` Writes and reads until a message is there or the client is gone. May be given up at any time.
    pub(super) async fn wait(&mut self, mut seen: impl FnMut(&Message)) {
        poll_fn(|cx| {
            self.write(cx);
            self.fill(cx, &mut seen);
            let ready = self.has_read() || self.gone.is_some();
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// `[net]` Says why and leaves. What waits is sent before, unless the client takes too little.
    pub(super) async fn close(mut self, closing: Closing) {
        if self.slow() || self.is_full() {
            self.out.clear();
            self.out_bytes = 0;
        }
        self.send(goodbye(closing.code, &closing.reason));
        let goodbye = self.goodbye;
        let farewell = async {
            poll_fn(|cx| {
                self.write(cx);
                let done = (self.out.is_empty() && !self.unflushed) || self.gone == Some(Gone::Left);
                if done { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            // The other side answers and ends the connection; what it still sends meanwhile is thrown away.
            while poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx)).await.is_some_and(|next| next.is_ok()) {}
        };
        let _ = tokio::time::timeout(goodbye, farewell).await;
    }

    /// `[net]` Answers the other side's goodbye, if there was one, and leaves.
    pub(super) async fn leave(mut self) {
        let goodbye = self.goodbye;
        self.out.clear();
        let farewell = async {
            while poll_fn(|cx| Pin::new(&mut self.socket).poll_next(cx)).await.is_some_and(|next| next.is_ok()) {}
        };
        let _ = tokio::time::timeout(goodbye, farewell).await;
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        let mut socket = Pin::new(&mut self.socket);
        loop {
            if self.out.is_empty() {
                break;
            }
            match socket.as_mut().poll_ready(cx) {
                Poll::Pending => return,
                Poll::Ready(Err(_)) => return self.lost(),
                Poll::Ready(Ok(())) => {}
            }
            let Some(message) = self.out.pop_front() else { break };
            self.out_bytes -= payload(&message).len();
            self.moved = Instant::now();
            self.unflushed = true;
            if socket.as_mut().start_send(message).is_err() {
                return self.lost();
            }
        }
        if self.unflushed {
            match socket.poll_flush(cx) {
                Poll::Pending => {}
                Poll::Ready(Err(_)) => self.lost(),
                Poll::Ready(Ok(())) => self.unflushed = false,
            }
        }
    }

    /// Writing is not possible any more; reading may still say why.
    fn lost(&mut self) {
        self.out.clear();
        (self.out_bytes, self.unflushed) = (0, false);
        self.gone.get_or_insert(Gone::Left);
    }

    fn fill(&mut self, cx: &mut Context<'_>, seen: &mut impl FnMut(&Message)) {
        while self.gone.is_none() && !self.is_full() && self.read.len() < AHEAD && self.read_bytes < self.read_most {
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(None) => self.gone = Some(Gone::Left),
                Poll::Ready(Some(Err(error))) => self.gone = Some(why(&error)),
                Poll::Ready(Some(Ok(message))) if message.is_close() => self.gone = Some(Gone::Left),
                Poll::Ready(Some(Ok(message))) if message.is_pong() => self.pongs += 1,
                Poll::Ready(Some(Ok(message))) if message.is_ping() => {}
                Poll::Ready(Some(Ok(message))) => {
                    seen(&message);
                    self.read_bytes += payload(&message).len();
                    self.read.push_back(message);
                }
            }
        }
    }
}

/// What a failure to read means.
fn why(error: &Error) -> Gone {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Gone::Rules(Closing::too_big()),
        Error::Utf8(_) => Gone::Rules(Closing::bad_utf8()),
        Error::Protocol(error) if !lost(error) => Gone::Rules(Closing::protocol()),
        _ => Gone::Left,
    }
}

fn lost(error: &tokio_tungstenite::tungstenite::error::ProtocolError) -> bool {
    use tokio_tungstenite::tungstenite::error::ProtocolError::{ReceivedAfterClosing, ResetWithoutClosingHandshake};
    matches!(error, ResetWithoutClosingHandshake | ReceivedAfterClosing)
}
