//! What the examining process asks of Windows for itself.
//!
//! Thread: main of the child. Invariant: no window waits for somebody's click when a plugin crashes. Deliberately absent: a
//! job object (limits of memory, an end for grandchildren).
#![allow(unsafe_code)]

use std::ffi::c_void;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn SetErrorMode(mode: u32) -> u32;
    fn GetCurrentProcess() -> *mut c_void;
    fn TerminateProcess(process: *mut c_void, code: u32) -> i32;
}

const SEM_FAILCRITICALERRORS: u32 = 0x0001;
const SEM_NOGPFAULTERRORBOX: u32 = 0x0002;
const SEM_NOOPENFILEERRORBOX: u32 = 0x8000;

/// `[main]` No dialogs about crashes, missing libraries and empty drives, here and in what is started from here.
pub(super) fn no_dialogs() {
    // SAFETY: the documented call; a plain number.
    unsafe { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX) };
}

/// `[any]` Ends this process at once; libraries are not told.
pub(super) fn end() {
    // SAFETY: the documented call; the answer is a constant that stands for this process.
    let this = unsafe { GetCurrentProcess() };
    // SAFETY: a process ends itself.
    unsafe { TerminateProcess(this, 0) };
}
