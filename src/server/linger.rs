//! L4 · the end of a connection, so that the last bytes arrive.
//!
//! Thread: the connection's; waits up to a second. Invariant: bounded in time and in bytes.
//! Deliberately absent: a look at what is thrown away.
//!
//! A connection that is closed while something unread lies in it is reset, and a reset overtakes what was sent: the peer
//! would not see the close code, or the answer that says why.

use std::{
    io::Read as _,
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

/// For the peer to close its side.
const WAIT: Duration = Duration::from_secs(1);

/// The most that is thrown away.
const MOST: usize = 8 << 20;

/// `[net]` Ends our side, then reads until the peer ends its own.
pub(super) fn linger(mut stream: TcpStream) {
    let ready = stream.shutdown(Shutdown::Write).and_then(|()| stream.set_nonblocking(false));
    if ready.is_err() {
        return;
    }
    let (until, mut thrown, mut room) = (Instant::now() + WAIT, 0, [0; 16 << 10]);
    while thrown < MOST {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut room) {
            Ok(0) | Err(_) => return,
            Ok(read) => thrown += read,
        }
    }
}
