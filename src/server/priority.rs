//! L4 · a thread that works sound asks the system to let it run before others.
//!
//! Thread: the connection's, about itself. Invariant: a refusal changes nothing but the log. Deliberately absent: asking
//! for more than the user may have.
#![allow(unsafe_code)]

use std::sync::Once;

/// Whether it worked is said once; it is the same for all threads.
static SAID: Once = Once::new();

/// `[net]` For the calling thread.
pub(super) fn raise() {
    let granted = ask();
    SAID.call_once(|| match granted {
        Some(how) => tracing::info!("threads that work sound run with {how}"),
        None => tracing::info!("the system gives threads that work sound no priority; sound may break off under load"),
    });
}

#[cfg(target_os = "linux")]
fn ask() -> Option<&'static str> {
    /// Above ordinary threads, below whatever the system itself does.
    const LEVEL: libc::c_int = 10;
    const NICE: i32 = -11;
    // SAFETY: a struct of plain numbers, for which zero is a value.
    let mut wish: libc::sched_param = unsafe { std::mem::zeroed() };
    wish.sched_priority = LEVEL;
    // Children that a plugin starts do not inherit it.
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: the calling thread's own number, and a struct that outlives the call.
    if unsafe { libc::sched_setscheduler(0, policy, &wish) } == 0 {
        return Some("real-time priority");
    }
    // On Linux the number 0 is the calling thread, not the process.
    rustix::process::setpriority_process(None, NICE).ok().map(|()| "raised priority")
}

#[cfg(target_os = "macos")]
fn ask() -> Option<&'static str> {
    // SAFETY: the documented call about the calling thread; plain numbers.
    let refused = unsafe { libc::pthread_set_qos_class_self_np(libc::qos_class_t::QOS_CLASS_USER_INTERACTIVE, 0) };
    (refused == 0).then_some("the class of service for interaction")
}

#[cfg(windows)]
fn ask() -> Option<&'static str> {
    use std::ffi::c_void;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetCurrentThread() -> *mut c_void;
        fn SetThreadPriority(thread: *mut c_void, level: i32) -> i32;
    }
    const TIME_CRITICAL: i32 = 15;
    // SAFETY: the documented call; the answer is a constant that stands for this thread.
    let this = unsafe { GetCurrentThread() };
    // SAFETY: a thread raises itself; plain numbers.
    (unsafe { SetThreadPriority(this, TIME_CRITICAL) } != 0).then_some("time-critical priority")
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn ask() -> Option<&'static str> {
    None
}
