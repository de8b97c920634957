//! L2 · the main thread's loop.
#![allow(unsafe_code)]
use std::time::Duration;

/// `[main]` Runs what is due for plugins on this thread – timers, descriptors, the system's own events – and waits for more until
/// `timeout` is over. Returns how many handlers were called.
pub fn pump(timeout: Duration) -> usize {
    std::thread::sleep(timeout);
    0
}
