//! A VST3 plugin that writes down every call it gets, judges it by the rules of the interfaces, and can be told by a test to act:
//! to call its host back from any thread. It comes in two parts (“Recorder”) and in one (“Recorder Single”).
//!
//! The log is read through [`recorder_drain`] by loading the same file again, or from the file named by the variable
//! `SONIC_RECORDER_LOG`. One loaded file has one log and one set of switches; a test that wants its own copies the file.
//! Invariant: the plugin itself keeps every rule, and process neither allocates nor locks.
//!
//! Safety: pointers come from the host and are valid for the call by the interfaces' contract; whatever can be judged without
//! touching it is judged first.
#![allow(clippy::undocumented_unsafe_blocks, reason = "one contract for all, stated above")]
#![allow(
    clippy::unnecessary_cast,
    reason = "enumerations of the interfaces are signed on Windows and unsigned elsewhere"
)]

mod allocation;
mod ask;
mod behaviour;
mod block;
mod buses;
mod command;
mod controllers;
mod editor;
mod factory;
mod judge;
mod life;
mod line;
mod links;
mod log;
mod musical;
mod notes;
mod objects;
mod params;
mod processor;
mod program_data;
mod run_loop;
mod thread;

use life::{Call, LIVE};
use plugin_rig::call::guarded;
use std::{
    ffi::{CStr, c_char, c_void},
    sync::atomic::{AtomicI32, Ordering::SeqCst},
};

/// Entries that were not left.
static ENTERED: AtomicI32 = AtomicI32::new(0);

fn module_call(name: &'static str) -> Call {
    Call::new("module", 0, name, if ENTERED.load(SeqCst) > 0 { "entered" } else { "loaded" })
}

fn entry(handle: *mut c_void) -> bool {
    if ENTERED.load(SeqCst) == 0 {
        thread::entered_here();
    }
    let mut call = module_call("entry");
    call.rule(cfg!(windows) || !handle.is_null(), (1, "entered without the system's handle"));
    call.habit(ENTERED.load(SeqCst) == 0, (1, "entered more than once")).done();
    ENTERED.fetch_add(1, SeqCst);
    true
}

fn exit() -> bool {
    guarded((), command::forget_all);
    let mut call = module_call("exit");
    let live = LIVE.load(SeqCst);
    call.arg("live", live).rule(ENTERED.load(SeqCst) > 0, (1, "left more often than entered"));
    call.rule(ENTERED.load(SeqCst) > 1 || live == 0, (6, "objects are alive when the module is left")).done();
    ENTERED.fetch_sub(1, SeqCst);
    guarded((), log::flush_to_file);
    true
}

plugin_rig::export_module!(entry, exit, factory::get);

/// `[any]` Moves as many whole lines of the log as fit into `buffer` and returns the number of bytes; 0 when nothing is left
/// or the next line does not fit. Each line is a JSON object.
///
/// # Safety
/// `buffer` is valid for writing `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recorder_drain(buffer: *mut u8, length: usize) -> usize {
    if buffer.is_null() {
        return 0;
    }
    guarded(0, || log::drain(unsafe { std::slice::from_raw_parts_mut(buffer, length) }))
}

/// `[any]` Takes a command, a JSON object as C text; see [`command`]. 0 when it was taken, -1 when it is no such object, -2 for
/// an unknown command, -3 when nothing is there to do it.
///
/// # Safety
/// `json` is null or a terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recorder_command(json: *const c_char) -> i32 {
    if json.is_null() {
        return -1;
    }
    guarded(-1, || command::take(&unsafe { CStr::from_ptr(json) }.to_string_lossy()))
}

/// `[any]` Number of illegal calls since loading or the last reset.
#[unsafe(no_mangle)]
pub extern "C" fn recorder_violations() -> u64 {
    log::violations()
}

/// `[any]` Number of calls that the log had no room for.
#[unsafe(no_mangle)]
pub extern "C" fn recorder_dropped() -> u64 {
    log::dropped()
}

/// `[any]` Number of allocations and frees that process made, which is 0 unless the switch `allocates` is set.
#[unsafe(no_mangle)]
pub extern "C" fn recorder_allocations() -> u64 {
    allocation::count()
}

/// `[any]` Number of objects that are alive.
#[unsafe(no_mangle)]
pub extern "C" fn recorder_live() -> i32 {
    LIVE.load(SeqCst)
}

/// `[any]` Forgets the log and its counts; objects stay as they are.
#[unsafe(no_mangle)]
pub extern "C" fn recorder_reset() {
    guarded((), log::reset);
}
