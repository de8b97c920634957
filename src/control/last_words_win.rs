//! L3 · the last words on Windows: a filter for exceptions that nobody handled.
//!
//! Thread: whichever crashed. Invariant: only system calls, no memory from a heap that may be broken. Deliberately absent:
//! `abort` and `exit` in a plugin, which no filter hears of.
#![allow(unsafe_code)]

use super::{CRASH_EXIT, MESSAGE, SeqCst};
use std::{ffi::c_void, ptr::null_mut};

/// `EXCEPTION_POINTERS`; the first word of the record is the code.
#[repr(C)]
struct Exception {
    record: *const u32,
    _context: *const c_void,
}

type Filter = unsafe extern "system" fn(*const Exception) -> i32;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetCurrentProcess() -> *mut c_void;
    fn GetStdHandle(which: u32) -> *mut c_void;
    fn SetErrorMode(mode: u32) -> u32;
    fn SetUnhandledExceptionFilter(filter: Option<Filter>) -> Option<Filter>;
    fn TerminateProcess(process: *mut c_void, code: u32) -> i32;
    fn WriteFile(file: *mut c_void, bytes: *const u8, length: u32, done: *mut u32, overlapped: *mut c_void) -> i32;
}

const STD_ERROR_HANDLE: u32 = -12_i32 as u32;
const SEM_FAILCRITICALERRORS: u32 = 0x0001;
const SEM_NOGPFAULTERRORBOX: u32 = 0x0002;

fn say(text: &[u8]) {
    let mut done = 0;
    // SAFETY: the documented call; an error stream that is missing gives a handle that writing refuses.
    let file = unsafe { GetStdHandle(STD_ERROR_HANDLE) };
    // SAFETY: the slice is valid for its length, which no message of ours comes near to the end of u32 with.
    unsafe { WriteFile(file, text.as_ptr(), text.len() as u32, &raw mut done, null_mut()) };
}

unsafe extern "system" fn on_crash(exception: *const Exception) -> i32 {
    // SAFETY: the system passes a valid exception; its record begins with the code.
    let code = unsafe { *(*exception).record };
    // SAFETY: null or a leaked, never freed string (see `leak`).
    let message = unsafe { MESSAGE.load(SeqCst).as_ref() };
    say(b"\nerror: ");
    say(message.map_or(&b"sonic-bridge"[..], |message| message.as_bytes()));
    say(match code {
        0xC000_0005 => b" (crashed: access violation)",
        0xC000_001D => b" (crashed: illegal instruction)",
        0xC000_0094 => b" (crashed: division by zero)",
        0xC000_00FD => b" (crashed: stack overflow)",
        0xE06D_7363 => b" (crashed: C++ exception)",
        _ => b" (crashed: exception)",
    });
    say(b". Nothing was written. Other plugins are not affected.\n");
    // SAFETY: the documented call; the answer is a constant that stands for this process.
    let this = unsafe { GetCurrentProcess() };
    // SAFETY: a process ends itself.
    unsafe { TerminateProcess(this, CRASH_EXIT as u32) };
    0
}

/// `[main]` See [`super::arm`].
pub(super) fn arm() {
    // SAFETY: the documented call; a plain number. No dialog waits for a click.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX) };
    // SAFETY: a function that lives as long as the program.
    unsafe { SetUnhandledExceptionFilter(Some(on_crash)) };
}
