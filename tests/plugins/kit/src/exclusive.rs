//! The audio half's door: one visitor at a time. Thread: any.
//!
//! Invariant: never waits. A host that keeps the rules never meets a closed door; one that does not gets an error code
//! instead of a data race.
#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    sync::atomic::{AtomicBool, Ordering},
};

pub(crate) struct Exclusive<T> {
    busy: AtomicBool,
    value: UnsafeCell<T>,
}

struct Leave<'a>(&'a AtomicBool);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl<T> Exclusive<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { busy: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// `[any]` Runs `f` unless somebody else is inside.
    pub(crate) fn visit<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.busy.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).ok()?;
        let _leave = Leave(&self.busy);
        // SAFETY: `busy` was false and is ours until `_leave` is dropped (also by a panic), so this is the only reference.
        Some(f(unsafe { &mut *self.value.get() }))
    }
}
