//! L2 · the main thread's loop: timers, descriptors and system events of plugins.
//!
//! Thread: main; [`Waker`] any. Invariant: plugins' handlers run here and nowhere else, one at a time.
//! Deliberately absent: our own queues (handler, proxy, data exchange), which their owners empty after each [`pump`].

use super::main_loop;
use std::{ffi::c_void, time::Duration};

/// `[main]` Runs what is due for plugins on this thread. If nothing is, waits for something, for a [`Waker`], or for
/// `timeout`, whichever comes first. Returns how many handlers or system events were served: call again while it is not 0.
pub fn pump(timeout: Duration) -> usize {
    main_loop::pump(timeout)
}

/// Ends the waiting of [`pump`] from another thread.
#[derive(Clone, Debug)]
pub struct Waker(Option<main_loop::Waker>);

impl Waker {
    /// `[main]` A waker for the calling thread's loop.
    pub fn for_this_thread() -> Self {
        Self(main_loop::Waker::for_this_thread())
    }

    /// `[any]` The pump in progress, or else the next one, does not wait. One system call.
    pub fn wake(&self) {
        if let Some(waker) = &self.0 {
            waker.wake();
        }
    }
}

/// `[main]` Names the library an object's code is in.
pub(super) fn image(object: *const c_void) -> usize {
    main_loop::image(object)
}

/// `[main]` Forgets handlers of a library that nobody removed, because its module has gone; of all when it was the last.
pub(super) fn forget_handlers(image: usize, nobody_else: bool) {
    main_loop::forget_handlers(image, nobody_else);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn pump_waits_no_longer_than_told() {
        // Another test on this thread may have left a wake behind.
        pump(Duration::ZERO);
        let start = Instant::now();
        assert_eq!(pump(Duration::from_millis(30)), 0);
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(25) && waited < Duration::from_secs(5), "{waited:?}");
    }

    #[test]
    fn another_thread_ends_the_waiting() {
        let waker = Waker::for_this_thread();
        let start = Instant::now();
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            waker.wake();
        });
        pump(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(30));
        other.join().unwrap();
    }

    #[test]
    fn a_wake_before_the_pump_is_not_lost() {
        let waker = Waker::for_this_thread();
        waker.wake();
        let start = Instant::now();
        pump(Duration::from_secs(60));
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
