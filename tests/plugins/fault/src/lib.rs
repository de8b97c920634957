//! A VST3 plugin that misbehaves in one of many ways, for testing the host. The ways are in [`modes`]; which one it is, the
//! file's name tells ([`which`]).
//! Invariant: apart from the fault of its mode the plugin is in order, so that what a test sees comes from that fault alone.
//!
//! Safety: pointers come from the host and are valid for the call by the interfaces' contract; where a fault breaks that
//! contract, breaking it is the purpose.
#![allow(clippy::undocumented_unsafe_blocks, reason = "one contract for all, stated above")]

pub mod acts;
pub mod buses;
pub mod factory;
pub mod float_mode;
pub mod modes;
pub mod params;
pub mod plugin;
pub mod sound;
pub mod which;

use modes::Fault;
use std::ffi::c_void;

fn entry(_handle: *mut c_void) -> bool {
    match which::mode().fault {
        Fault::CrashInLoad => acts::crash(),
        Fault::AbortInLoad => std::process::abort(),
        Fault::ExitInLoad => acts::exit(),
        Fault::HangInLoad => acts::hang(),
        Fault::OverflowInLoad => acts::overflow(),
        Fault::OomInLoad => acts::devour(),
        Fault::RefusesLoad => return false,
        Fault::Prints => acts::print(),
        Fault::ClosesDescriptors => acts::close_descriptors(),
        Fault::ForksInLoad => acts::fork(),
        _ => {}
    }
    true
}

fn exit() -> bool {
    if which::is(Fault::CrashInExit) {
        acts::crash();
    }
    true
}

plugin_rig::export_module!(entry, exit, factory::get);
