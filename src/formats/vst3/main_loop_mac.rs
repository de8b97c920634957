//! L2 · the main loop on macOS: slices of the thread's `CFRunLoop`, on which plugins have their own timers and sources.
//!
//! Thread: main. Deliberately absent: `NSApplication`, which only views need.
#![allow(unsafe_code)]

use std::{
    ffi::c_void,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::{Duration, Instant},
};

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    static kCFRunLoopDefaultMode: *const c_void;
    fn CFRunLoopRunInMode(mode: *const c_void, seconds: f64, return_after_source: u8) -> i32;
    fn CFRunLoopGetCurrent() -> *mut c_void;
    fn CFRunLoopWakeUp(run_loop: *mut c_void);
    fn CFRunLoopStop(run_loop: *mut c_void);
}

/// The loop had nothing to watch and returned at once.
const FINISHED: i32 = 1;
/// One source was served.
const HANDLED_SOURCE: i32 = 4;

thread_local! {
    static WAKER: Waker = Waker::create();
}

/// `[main]` See [`super::run_loop::pump`].
pub(super) fn pump(timeout: Duration) -> usize {
    let end = Instant::now() + timeout;
    loop {
        if WAKER.with(|waker| waker.pending.swap(false, Ordering::AcqRel)) {
            return usize::from(slice(Duration::ZERO) == HANDLED_SOURCE);
        }
        let left = end.saturating_duration_since(Instant::now());
        match slice(left) {
            HANDLED_SOURCE => return 1,
            FINISHED if !left.is_zero() => std::thread::park_timeout(left),
            _ => {}
        }
        if left.is_zero() {
            return 0;
        }
    }
}

fn slice(longest: Duration) -> i32 {
    // SAFETY: the documented call on the calling thread's loop, with the system's constant.
    unsafe { CFRunLoopRunInMode(kCFRunLoopDefaultMode, longest.as_secs_f64(), 1) }
}

/// `[main]` Nobody asks where handlers are from here.
pub(super) fn image(_object: *const c_void) -> usize {
    0
}

/// `[main]` Nothing to forget: handlers belong to the system here.
pub(super) fn forget_handlers(_image: usize, _nobody_else: bool) {}

/// Ends a slice or a parking.
#[derive(Clone, Debug)]
pub(super) struct Waker {
    run_loop: *mut c_void,
    thread: Thread,
    pending: Arc<AtomicBool>,
}

// SAFETY: waking and stopping a loop are among the few calls that any thread may make on it; the main thread's loop lives as
// long as the process.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

impl Waker {
    fn create() -> Self {
        // SAFETY: the documented call; every thread has a loop.
        let run_loop = unsafe { CFRunLoopGetCurrent() };
        Self { run_loop, thread: std::thread::current(), pending: Arc::default() }
    }

    /// `[main]` See [`super::run_loop::Waker`].
    pub(super) fn for_this_thread() -> Option<Self> {
        Some(WAKER.with(Clone::clone))
    }

    /// `[any]` See [`super::run_loop::Waker`].
    pub(super) fn wake(&self) {
        self.pending.store(true, Ordering::Release);
        // SAFETY: a live loop, see the impls of Send and Sync.
        unsafe { CFRunLoopStop(self.run_loop) };
        // SAFETY: as above.
        unsafe { CFRunLoopWakeUp(self.run_loop) };
        self.thread.unpark();
    }
}
