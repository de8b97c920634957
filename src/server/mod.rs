//! L4 · warp: sockets, the gate, sessions, limits, audio frames. Knows sessions and bytes, not plugins or verbs.
//!
//! Threads: *net* accepts connections and hands round what the scripts emit; each connection is served by a thread of its
//! own, so that a frame is read, worked and answered without changing threads, and a slow plugin of one page never delays
//! another page's sound. Invariant: nothing a client sends makes memory grow beyond the limits in [`Limits`].
//! Deliberately absent: verbs (the scripts'), plugins (the core's), terminals (the app's).

mod accept;
mod answers;
mod bind;
mod closing;
mod config;
mod connection;
mod control;
mod desk;
mod doors;
#[doc(hidden)]
pub mod doorway;
pub mod envelope;
pub mod frame;
mod frame_events;
mod frames;
#[cfg(test)]
mod frames_tests;
mod handshake;
mod http;
mod hub;
mod identify;
mod json;
mod linger;
mod outbox;
#[cfg(test)]
mod outbox_tests;
mod page;
mod pairing_talk;
mod pipe;
mod priority;
mod probe;
mod refusals;
mod registry;
mod requests;
mod shared;
mod sink;
mod socket;
mod token_file;
mod tokens;
mod websocket;

pub use bind::BindError;
pub use config::{Config, Limits};
pub use control::{Asking, Prompt, ServerControl};
pub use page::{FILES, StaticFile};
pub use probe::{Holder, probe};
pub use token_file::{Holding, NewToken, TokenCard, TokenError, TokenFile};

use crate::{link::ServerEnd, security::warning::NATIVE_PLUGINS as WARNING};
use shared::Shared;
use std::{net::TcpListener, sync::Arc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A server that holds its port and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    shared: Arc<Shared>,
    prompts: Option<mpsc::UnboundedReceiver<Prompt>>,
    warnings: Vec<String>,
}

impl Server {
    /// `[any]` Takes the port on `127.0.0.1` and `[::1]`, and on nothing else. Waits up to 2 s to find out who holds it.
    pub fn bind(config: Config) -> Result<Self, BindError> {
        let bound = bind::bind(config.port)?;
        let (shared, prompts) = Shared::new(config, bound.port)?;
        Ok(Self {
            listeners: bound.listeners,
            shared: Arc::new(shared),
            prompts: Some(prompts),
            warnings: bound.warnings,
        })
    }

    /// `[any]` The port that was taken.
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// `[any]` What the user should know, in whole sentences.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// `[any]` What the app may do with the running server.
    pub fn control(&self) -> ServerControl {
        ServerControl::new(Arc::clone(&self.shared))
    }

    /// `[any]` Pages that ask to be let in, for the terminal. Once.
    pub fn prompts(&mut self) -> Option<mpsc::UnboundedReceiver<Prompt>> {
        self.prompts.take()
    }

    /// `[net]` Serves until `shutdown`, then says goodbye to every client. Wants a runtime of one thread.
    pub async fn run(self, end: ServerEnd, shutdown: CancellationToken) {
        hub::run(self.listeners, self.shared, end, shutdown).await;
    }
}
