//! The door of a well-meant call from the host. Thread: any. Invariant: no panic leaves through it.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// `[any]` Runs the body of a call; a panic becomes `otherwise` instead of ending the host.
pub fn guarded<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// `[any]` Writes an answer where the host wants it; false when the host gave no place for it.
///
/// # Safety
/// `place` is null or valid for writing.
pub unsafe fn answer<T>(place: *mut T, value: T) -> bool {
    if place.is_null() {
        return false;
    }
    unsafe { place.write_unaligned(value) };
    true
}
