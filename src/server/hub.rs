//! L4 · the net thread: accepts, hands round what the scripts say, and looks at clocks.
//!
//! Thread: net. Invariant: it waits for nobody; a connection that does not listen only fills its own queues.
//! Deliberately absent: sockets of clients; their threads have them.

use super::{
    accept::accept,
    closing::Closing,
    outbox::Written,
    registry::{Order, Session},
    shared::Shared,
};
use crate::link::{ServerEnd, ToServer};
use std::{
    net::TcpListener,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Between looks at what is over.
const LOOK: Duration = Duration::from_millis(50);

/// For the threads of connections to end, beyond their goodbye.
const PATIENCE: Duration = Duration::from_secs(2);

/// `[net]` Until `shutdown`.
pub(super) async fn run(listeners: Vec<TcpListener>, shared: Arc<Shared>, end: ServerEnd, shutdown: CancellationToken) {
    let ServerEnd { mut incoming, outgoing } = end;
    shared.connect_scripts(outgoing);
    let accepting: Vec<_> =
        listeners.into_iter().map(|listener| tokio::spawn(accept(listener, Arc::clone(&shared)))).collect();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut scripts_live, mut looked) = (true, Instant::now());
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            order = incoming.recv(), if scripts_live => match order {
                Some(order) => obey(&shared, order),
                None => {
                    tracing::warn!("the scripts are gone; nothing is served until the bridge is started again");
                    scripts_live = false;
                }
            },
            _ = look.tick() => {
                let now = Instant::now();
                shared.sessions.expire(&shared, now);
                if now.duration_since(looked) >= shared.config.limits.tokens_every {
                    looked = now;
                    revoke(&shared);
                }
            }
        }
    }
    shared.ending.cancel();
    for task in accepting {
        let _ = task.await;
    }
    shared.sessions.end(&shared, &Closing::going_away(), |_| true);
    let until = Instant::now() + shared.config.limits.goodbye + PATIENCE;
    while shared.connections.load(Ordering::Acquire) > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn obey(shared: &Shared, order: ToServer) {
    let sessions = &shared.sessions;
    match order {
        ToServer::Serve(served) => shared.serve(served),
        ToServer::Emit { to, event } => sessions.emit(&to, &Written::new(&event)),
        ToServer::Subscribe { session, classes } => sessions.subscribe(session, classes),
        ToServer::StreamClosed { session, stream } => sessions.order(session, Order::StreamClosed(stream)),
        ToServer::StreamTerms { session, stream, credits, realtime } => {
            sessions.order(session, Order::Terms { stream, credits, realtime });
        }
        ToServer::Close { session, code, reason } => {
            let of = |other: &Session| other.info.session == session;
            sessions.end(shared, &Closing::new(code, &reason), of);
        }
    }
}

/// Another process may have taken tokens back.
fn revoke(shared: &Shared) {
    let gone = shared.tokens.refresh();
    if !gone.is_empty() {
        tracing::info!(tokens = gone.len(), "tokens were revoked");
        shared.sessions.end(shared, &Closing::revoked(), |session| gone.contains(&session.key_id));
    }
}
