//! L2 · the main loop on macOS: slices of the thread's `CFRunLoop`, on which plugins have their own timers and sources.
//!
//! Thread: main. Deliberately absent: `NSApplication`, which only views need.
#![allow(unsafe_code)]

use std::{
    ffi::c_void,
    ptr::{null, null_mut},
    time::Duration,
};

/// `CFRunLoopSourceContext` of version 0.
#[repr(C)]
struct SourceContext {
    version: isize,
    info: *mut c_void,
    retain: Option<unsafe extern "C" fn(*const c_void) -> *const c_void>,
    release: Option<unsafe extern "C" fn(*const c_void)>,
    copy_description: Option<unsafe extern "C" fn(*const c_void) -> *const c_void>,
    equal: Option<unsafe extern "C" fn(*const c_void, *const c_void) -> u8>,
    hash: Option<unsafe extern "C" fn(*const c_void) -> usize>,
    schedule: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_void)>,
    cancel: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_void)>,
    perform: Option<unsafe extern "C" fn(*mut c_void)>,
}

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    static kCFRunLoopDefaultMode: *const c_void;
    fn CFRetain(object: *const c_void) -> *const c_void;
    fn CFRunLoopAddSource(run_loop: *mut c_void, source: *mut c_void, mode: *const c_void);
    fn CFRunLoopGetCurrent() -> *mut c_void;
    fn CFRunLoopRunInMode(mode: *const c_void, seconds: f64, return_after_source: u8) -> i32;
    fn CFRunLoopSourceCreate(allocator: *const c_void, order: isize, context: *mut SourceContext) -> *mut c_void;
    fn CFRunLoopSourceSignal(source: *mut c_void);
    fn CFRunLoopWakeUp(run_loop: *mut c_void);
}

/// One source was served.
const HANDLED_SOURCE: i32 = 4;
/// Longer is as good as for ever.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

thread_local! {
    static WAKER: Option<Waker> = Waker::create();
}

/// `[main]` See [`super::run_loop::pump`].
pub(super) fn pump(timeout: Duration) -> usize {
    // Our own source has to be there before the slice begins: a loop without any source would not wait.
    WAKER.with(|_| ());
    let seconds = timeout.min(LONGEST).as_secs_f64();
    // SAFETY: the documented call on the calling thread's loop, with the system's constant.
    let ended = unsafe { CFRunLoopRunInMode(kCFRunLoopDefaultMode, seconds, 1) };
    usize::from(ended == HANDLED_SOURCE)
}

/// `[main]` Nobody asks where handlers are from here.
pub(super) fn image(_object: *const c_void) -> usize {
    0
}

/// `[main]` Nothing to forget: handlers belong to the system here.
pub(super) fn forget_handlers(_image: usize, _nobody_else: bool) {}

/// A source of our own. Once signalled it stays so until a slice has served it, hence a wake between two slices is not lost;
/// stopping the loop instead would only end a slice that runs already.
#[derive(Clone, Debug)]
pub(super) struct Waker {
    run_loop: *mut c_void,
    source: *mut c_void,
}

// SAFETY: signalling a source and waking a loop are calls that any thread may make; neither object is ever released.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

impl Waker {
    fn create() -> Option<Self> {
        let mut context = SourceContext {
            version: 0,
            info: null_mut(),
            retain: None,
            release: None,
            copy_description: None,
            equal: None,
            hash: None,
            schedule: None,
            cancel: None,
            perform: Some(nothing),
        };
        // SAFETY: a complete context, which is copied; a null allocator is the default one.
        let source = unsafe { CFRunLoopSourceCreate(null(), 0, &raw mut context) };
        if source.is_null() {
            tracing::error!("no run loop source: the main loop cannot be woken early");
            return None;
        }
        // SAFETY: the documented call; every thread has a loop.
        let run_loop = unsafe { CFRunLoopGetCurrent() };
        // SAFETY: a live loop. Kept for ever: a waker may outlive the thread.
        unsafe { CFRetain(run_loop) };
        // SAFETY: a live loop and a live source, which is never released either; the system's constant.
        unsafe { CFRunLoopAddSource(run_loop, source, kCFRunLoopDefaultMode) };
        Some(Self { run_loop, source })
    }

    /// `[main]` See [`super::run_loop::Waker`].
    pub(super) fn for_this_thread() -> Option<Self> {
        WAKER.with(Clone::clone)
    }

    /// `[any]` See [`super::run_loop::Waker`].
    pub(super) fn wake(&self) {
        // SAFETY: a live source, see `create`.
        unsafe { CFRunLoopSourceSignal(self.source) };
        // SAFETY: a live loop, see `create`.
        unsafe { CFRunLoopWakeUp(self.run_loop) };
    }
}

/// What our source does when it is served: the slice ends after it, and that is all it is for.
unsafe extern "C" fn nothing(_info: *mut c_void) {}
