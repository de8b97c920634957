//! L2 · the manners of COM: the one door for callbacks, result codes by name, interface queries.
//!
//! Thread: any. Invariant: no panic leaves [`door`]; a panic in a COM method would abort the process.
//! Deliberately absent: anything about a particular interface.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Steinberg::{
    FUnknown, kInternalError, kInvalidArgument, kNoInterface, kNotImplemented, kNotInitialized, kOutOfMemory,
    kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComWrapper, Interface};

/// `[any]` Every method of a host object runs inside: a panic becomes `default` and one line in the log. Costs nothing
/// when nothing panics, so it is used on the audio thread as well.
#[inline]
pub fn door<R>(name: &'static str, default: R, f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| {
        tracing::error!(
            method = name,
            "a host object panicked while a plugin called it; the plugin was told of a failure"
        );
        default
    })
}

/// `[any]` A result code by its name. The numbers differ between systems, so only the name is ever shown or stored.
#[allow(non_upper_case_globals)]
pub fn result_name(code: tresult) -> String {
    match code {
        kResultOk => "kResultOk".into(),
        kResultFalse => "kResultFalse".into(),
        kNoInterface => "kNoInterface".into(),
        kInvalidArgument => "kInvalidArgument".into(),
        kNotImplemented => "kNotImplemented".into(),
        kInternalError => "kInternalError".into(),
        kNotInitialized => "kNotInitialized".into(),
        kOutOfMemory => "kOutOfMemory".into(),
        other => format!("result code {other}"),
    }
}

/// `[main]` Another interface of the same object, if it has it.
pub fn query<I: Interface>(object: &ComPtr<impl Interface>) -> Option<ComPtr<I>> {
    object.cast()
}

/// `[any]` An interface pointer of one of our own objects, lent for the length of a call (no reference is added). Null when
/// the class does not list the interface, which every plugin has to cope with.
pub fn lend<I: Interface, C: Class>(object: &ComWrapper<C>) -> *mut I {
    object.as_com_ref::<I>().map_or(std::ptr::null_mut(), |lent| lent.as_ptr())
}

/// `[any]` The object's identity: the address of its `FUnknown`, the same through every interface.
pub fn identity<I: Interface>(object: &ComPtr<I>) -> usize {
    object.cast::<FUnknown>().map_or(object.as_ptr() as usize, |unknown| unknown.as_ptr() as usize)
}

/// `[any]` Locks, also after a panic elsewhere: the data of host objects is valid after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `[any]` Writes through a pointer a plugin passed in, unless it is null; tells whether it did.
///
/// # Safety
/// The pointer is null or leads to memory for a `T`, aligned or not.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) -> bool {
    if to.is_null() {
        return false;
    }
    // SAFETY: not null, so it leads to memory for a T; the write does not need alignment.
    unsafe { to.write_unaligned(value) };
    true
}

/// `[any]` The same, as a result code.
///
/// # Safety
/// As for [`put`].
pub(crate) unsafe fn answer<T>(to: *mut T, value: T) -> tresult {
    // SAFETY: the caller's promise, passed on.
    if unsafe { put(to, value) } { kResultOk } else { kInvalidArgument }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stays_behind_the_door() {
        let answer = door("test", kInternalError, || -> tresult { panic!("inside") });
        assert_eq!(answer, kInternalError);
    }

    #[test]
    fn results_are_named() {
        assert_eq!(result_name(kNotImplemented), "kNotImplemented");
        assert_eq!(result_name(12_345), "result code 12345");
    }
}
