//! L3 · what is said when a plugin takes this process down: one clear line, an exit code, and no half-written file.
//!
//! A plugin runs inside our process on the command line, so its crash is ours. The handlers here run on whatever thread
//! crashed and do only what POSIX allows a signal handler: write, unlink, _exit.
//! Thread: any. Invariant: whatever the handlers read was fully written before it was published, and is never freed.
//! Deliberately absent: recovery. The state of the process is unknown, so it ends. Windows: `last_words_win`.
#![allow(unsafe_code)]

use std::{
    ffi::CString,
    path::Path,
    sync::atomic::{AtomicPtr, Ordering::SeqCst},
};

/// Exit code of a process that a plugin crashed (BSD's `EX_SOFTWARE`).
pub const CRASH_EXIT: i32 = 70;

static MESSAGE: AtomicPtr<CString> = AtomicPtr::new(std::ptr::null_mut());
static DOOMED_FILE: AtomicPtr<CString> = AtomicPtr::new(std::ptr::null_mut());

/// While it lives, a crash is explained by its message.
#[must_use]
pub struct Doing(*mut CString);

/// `[any]` From now until the answer is dropped, `what` is what this process is doing, as the end of a sentence:
/// "Dragonfly Plate Reverb crashed while it was loaded".
pub fn during(what: &str) -> Doing {
    Doing(MESSAGE.swap(leak(what.as_bytes()), SeqCst))
}

impl Drop for Doing {
    fn drop(&mut self) {
        // The old message is leaked, not freed: a handler on another thread may be reading it.
        MESSAGE.store(self.0, SeqCst);
    }
}

/// `[any]` From now on an end of this process is our own wish, not a plugin's.
pub fn withdraw() {
    MESSAGE.store(std::ptr::null_mut(), SeqCst);
}

/// `[any]` A crash also removes this file; `None` = no file any more.
pub fn doom(path: Option<&Path>) {
    let pointer = path.map_or(std::ptr::null_mut(), |path| leak(path.as_os_str().as_encoded_bytes()));
    DOOMED_FILE.store(pointer, SeqCst);
}

fn leak(bytes: &[u8]) -> *mut CString {
    let clean: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    CString::new(clean).map_or(std::ptr::null_mut(), |text| Box::into_raw(Box::new(text)))
}

#[cfg(windows)]
#[path = "last_words_win.rs"]
mod handlers;

#[cfg(unix)]
mod handlers {
    use super::{AtomicPtr, CRASH_EXIT, CString, DOOMED_FILE, MESSAGE, SeqCst};
    use std::ffi::c_int;

    fn load(from: &AtomicPtr<CString>) -> Option<&'static CString> {
        // SAFETY: null or a leaked, never freed string (see `leak`).
        unsafe { from.load(SeqCst).as_ref() }
    }

    fn say(text: &[u8]) {
        // SAFETY: write is async-signal-safe; the slice is valid for its length.
        unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
    }

    fn end(how: &[u8]) -> ! {
        say(b"\nerror: ");
        say(load(&MESSAGE).map_or(&b"sonic-bridge"[..], |message| message.as_bytes()));
        say(how);
        if let Some(path) = load(&DOOMED_FILE) {
            // SAFETY: unlink is async-signal-safe; the string is terminated.
            unsafe { libc::unlink(path.as_ptr()) };
        }
        // SAFETY: _exit is async-signal-safe.
        unsafe { libc::_exit(CRASH_EXIT) }
    }

    extern "C" fn on_crash(signal: c_int) {
        end(match signal {
            libc::SIGSEGV => b" (crashed: SIGSEGV). Nothing was written. Other plugins are not affected.\n",
            libc::SIGBUS => b" (crashed: SIGBUS). Nothing was written. Other plugins are not affected.\n",
            libc::SIGILL => b" (crashed: SIGILL). Nothing was written. Other plugins are not affected.\n",
            libc::SIGFPE => b" (crashed: SIGFPE). Nothing was written. Other plugins are not affected.\n",
            _ => b" (crashed: SIGABRT). Nothing was written. Other plugins are not affected.\n",
        });
    }

    extern "C" fn on_exit() {
        // Reached through exit(): with a message still standing, it was the plugin that ended the process.
        if load(&MESSAGE).is_some() {
            end(b" (it ended the process by calling exit). Nothing was written.\n");
        }
    }

    pub fn arm() {
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT] {
            // SAFETY: all zeros is a valid sigaction: default handler, empty mask, no flags.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            action.sa_sigaction = on_crash as *const () as usize;
            // On the alternate stack that std gives every thread, so that stack overflows are told as well.
            action.sa_flags = libc::SA_ONSTACK | libc::SA_RESETHAND;
            // SAFETY: a complete action for a valid signal; the old one is not wanted.
            unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) };
        }
        // SAFETY: a function without arguments that lives as long as the program.
        unsafe { libc::atexit(on_exit) };
    }
}

/// `[main]` Installs the handlers, once, before the first plugin is loaded.
pub fn arm() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(handlers::arm);
}
