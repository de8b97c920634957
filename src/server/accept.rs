//! L4 · connections: taken on the net thread, served each on a thread of its own.
//!
//! Threads: net to take, the connection's to serve. Invariant: no thread is made beyond the limit, and none outlives its
//! connection by more than the goodbye. Deliberately absent: what is said over a connection.

use super::{
    http,
    linger::linger,
    shared::{Seat, Shared},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// A plugin works on this stack; pages that are never touched cost nothing.
const STACK: usize = 2 << 20;

/// After a failure to accept, e.g. too many open files: others go on meanwhile.
const BREATH: Duration = Duration::from_millis(50);

/// `[net]` Takes connections until the end.
pub(super) async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("the port cannot be listened on: {error}"),
    };
    loop {
        let taken = tokio::select! {
            () = shared.ending.cancelled() => return,
            taken = listener.accept() => taken,
        };
        match taken {
            Ok((stream, peer)) => take(stream, peer, &shared),
            Err(error) => {
                tracing::warn!("a connection cannot be accepted: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Dropping the stream is the answer to one too many: whoever floods gets nothing made for it.
fn take(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>) {
    let Some(seat) = Seat::take(&shared.connections, shared.config.limits.connections) else {
        return shared.refusals.note(peer, b"", b"", "too many connections");
    };
    // Without this, frames wait for each other's acknowledgement, tens of milliseconds at a time.
    let ready = stream.set_nodelay(true).and_then(|()| stream.into_std());
    let Ok(stream) = ready else { return };
    let shared = Arc::clone(shared);
    let work = move || {
        let _seat = seat;
        serve(stream, peer, &shared);
    };
    let made = std::thread::Builder::new().name("connection".to_owned()).stack_size(STACK).spawn(work);
    if let Err(error) = made {
        tracing::warn!("no thread for a connection: {error}");
    }
}

fn serve(stream: std::net::TcpStream, peer: SocketAddr, shared: &Arc<Shared>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(end)) = (runtime, stream.try_clone()) else {
        return tracing::warn!("no room to serve a connection");
    };
    runtime.block_on(async {
        if let Ok(stream) = TcpStream::from_std(stream) {
            talk(stream, peer, shared).await;
        }
    });
    drop(runtime);
    linger(end);
}

/// Speaks HTTP, one request, then WebSocket if that was asked for.
async fn talk(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>) {
    let limits = &shared.config.limits;
    let sockets = TaskTracker::new();
    let service = http::service(Arc::clone(shared), peer, sockets.clone());
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.handshake).max_buf_size(limits.head).half_close(false);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        _ = connection => {}
        () = tokio::time::sleep(limits.http + limits.handshake) => {}
        () = shared.ending.cancelled() => {}
    }
    sockets.close();
    sockets.wait().await;
}
