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

/// What has become of the output when a crash comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is not there, or is what it was before.
    NothingWritten,
    /// It is there, as a whole.
    OutputComplete,
}

struct Words {
    what: CString,
    then: Then,
}

static MESSAGE: AtomicPtr<Words> = AtomicPtr::new(std::ptr::null_mut());
static DOOMED_FILE: AtomicPtr<CString> = AtomicPtr::new(std::ptr::null_mut());

/// While it lives, a crash is explained by its message.
#[must_use]
pub struct Doing(*mut Words);

/// `[any]` From now until the answer is dropped, `what` is what this process is doing, as the end of a sentence:
/// "Dragonfly Plate Reverb crashed while it was loaded".
pub fn during(what: &str) -> Doing {
    during_and_then(what, Then::NothingWritten)
}

/// `[any]` The same, and what to say of the output.
pub fn during_and_then(what: &str, then: Then) -> Doing {
    let words = Box::new(Words { what: clean(what.as_bytes()), then });
    Doing(MESSAGE.swap(Box::into_raw(words), SeqCst))
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
    let pointer =
        path.map_or(std::ptr::null_mut(), |path| Box::into_raw(Box::new(clean(path.as_os_str().as_encoded_bytes()))));
    DOOMED_FILE.store(pointer, SeqCst);
}

fn clean(bytes: &[u8]) -> CString {
    let clean: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    CString::new(clean).unwrap_or_default()
}

#[cfg(windows)]
#[path = "last_words_win.rs"]
mod handlers;

#[cfg(unix)]
mod handlers {
    use super::{AtomicPtr, CRASH_EXIT, DOOMED_FILE, MESSAGE, SeqCst, Then};
    use std::ffi::c_int;

    fn load<T>(from: &AtomicPtr<T>) -> Option<&'static T> {
        // SAFETY: null or leaked, never freed: `during_and_then` and `doom` store nothing else.
        unsafe { from.load(SeqCst).as_ref() }
    }

    fn say(text: &[u8]) {
        // SAFETY: write is async-signal-safe; the slice is valid for its length.
        unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
    }

    fn end(how: &[u8]) -> ! {
        say(b"\nerror: ");
        let words = load(&MESSAGE);
        say(words.map_or(&b"sonic-bridge"[..], |words| words.what.as_bytes()));
        say(how);
        say(match words.map(|words| words.then) {
            Some(Then::OutputComplete) => b" The output is complete.\n",
            _ => b" Nothing was written.\n",
        });
        if let Some(path) = load(&DOOMED_FILE) {
            // SAFETY: unlink is async-signal-safe; the string is terminated.
            unsafe { libc::unlink(path.as_ptr()) };
        }
        // SAFETY: _exit is async-signal-safe.
        unsafe { libc::_exit(CRASH_EXIT) }
    }

    extern "C" fn on_crash(signal: c_int) {
        end(match signal {
            libc::SIGSEGV => b" (crashed: SIGSEGV). Other plugins are not affected.",
            libc::SIGBUS => b" (crashed: SIGBUS). Other plugins are not affected.",
            libc::SIGILL => b" (crashed: SIGILL). Other plugins are not affected.",
            libc::SIGFPE => b" (crashed: SIGFPE). Other plugins are not affected.",
            _ => b" (crashed: SIGABRT). Other plugins are not affected.",
        });
    }

    extern "C" fn on_exit() {
        // Reached through exit(): with a message still standing, it was the plugin that ended the process.
        if load(&MESSAGE).is_some() {
            end(b" (it ended the process by calling exit).");
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
