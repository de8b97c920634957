//! L2 · the main loop on Windows: the thread's message queue, on which plugins have hidden windows and timers.
//!
//! Thread: main. Deliberately absent: accelerators and dialogs, which only views need.
#![allow(unsafe_code)]

use std::{
    ffi::c_void,
    mem::MaybeUninit,
    ptr::{null, null_mut},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[repr(C)]
struct Point {
    x: i32,
    y: i32,
}

/// `MSG` of the Windows headers.
#[repr(C)]
#[allow(dead_code)]
struct Msg {
    window: *mut c_void,
    message: u32,
    w_param: usize,
    l_param: isize,
    time: u32,
    point: Point,
}

#[link(name = "user32")]
unsafe extern "system" {
    fn PeekMessageW(message: *mut Msg, window: *mut c_void, first: u32, last: u32, remove: u32) -> i32;
    fn TranslateMessage(message: *const Msg) -> i32;
    fn DispatchMessageW(message: *const Msg) -> isize;
    fn PostThreadMessageW(thread: u32, message: u32, w_param: usize, l_param: isize) -> i32;
    fn MsgWaitForMultipleObjectsEx(
        count: u32,
        handles: *const *mut c_void,
        milliseconds: u32,
        wake_mask: u32,
        flags: u32,
    ) -> u32;
}

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetCurrentThreadId() -> u32;
}

const PM_REMOVE: u32 = 1;
const QS_ALLINPUT: u32 = 0x04FF;
const MWMO_INPUTAVAILABLE: u32 = 4;
const WM_NULL: u32 = 0;
/// Messages served in a row before the caller gets its turn.
const AT_MOST: usize = 1000;

thread_local! {
    static WAKER: Waker = Waker::create();
}

/// `[main]` See [`super::run_loop::pump`].
pub(super) fn pump(timeout: Duration) -> usize {
    let served = serve();
    if served > 0 || WAKER.with(|waker| waker.pending.swap(false, Ordering::AcqRel)) {
        return served;
    }
    // Rounded up, so that a short wait is not a busy one; below INFINITE.
    let milliseconds = timeout.as_nanos().div_ceil(1_000_000).min(0x7FFF_FFFF) as u32;
    // SAFETY: no handles are waited for; the rest are plain numbers.
    unsafe { MsgWaitForMultipleObjectsEx(0, null(), milliseconds, QS_ALLINPUT, MWMO_INPUTAVAILABLE) };
    WAKER.with(|waker| waker.pending.store(false, Ordering::Release));
    serve()
}

fn serve() -> usize {
    let mut served = 0;
    for _ in 0..AT_MOST {
        let mut message = MaybeUninit::<Msg>::uninit();
        // SAFETY: memory for one message; null is every window of this thread.
        if unsafe { PeekMessageW(message.as_mut_ptr(), null_mut(), 0, 0, PM_REMOVE) } == 0 {
            break;
        }
        // SAFETY: filled by the call above.
        let message = unsafe { message.assume_init() };
        // Our own wake.
        if message.window.is_null() && message.message == WM_NULL {
            continue;
        }
        // SAFETY: a message as it came.
        unsafe { TranslateMessage(&message) };
        // SAFETY: a message as it came.
        unsafe { DispatchMessageW(&message) };
        served += 1;
    }
    served
}

/// `[main]` Nobody asks where handlers are from here.
pub(super) fn image(_object: *const c_void) -> usize {
    0
}

/// `[main]` Nothing to forget: handlers belong to the system here.
pub(super) fn forget_handlers(_image: usize, _nobody_else: bool) {}

/// Ends the waiting by a message that nobody heeds.
#[derive(Clone, Debug)]
pub(super) struct Waker {
    thread: u32,
    pending: Arc<AtomicBool>,
}

impl Waker {
    fn create() -> Self {
        // SAFETY: the documented call, without arguments.
        Self { thread: unsafe { GetCurrentThreadId() }, pending: Arc::default() }
    }

    /// `[main]` See [`super::run_loop::Waker`].
    pub(super) fn for_this_thread() -> Option<Self> {
        Some(WAKER.with(Clone::clone))
    }

    /// `[any]` See [`super::run_loop::Waker`].
    pub(super) fn wake(&self) {
        self.pending.store(true, Ordering::Release);
        // SAFETY: plain numbers. It fails while the thread has no queue yet; `pending` then does the work.
        unsafe { PostThreadMessageW(self.thread, WM_NULL, 0, 0) };
    }
}
