//! The audio path allocates nothing and frees nothing: an allocator counts what happens behind the real-time door.
//!
//! A binary of its own, because a process has one allocator. The door is the program's own, so whatever a schedule calls
//! is covered, plugins in Rust of this very binary included.

mod engine;
mod plugins;
#[cfg(unix)]
mod streams;

#[path = "../support/mod.rs"]
mod support;

use sonic_bridge::rt::door;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting the calls of threads that are behind the door.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn note() {
    if door::inside() {
        // A thread that is ending has no counter any more, and nothing to prove either.
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
    }
}

// SAFETY: hands every call on to the system's allocator unchanged; counting itself allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller's promises are handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Calls of the allocator that this thread made behind the door while `work` ran.
fn counted(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_count_can_fail() {
    let allocate = || drop(std::hint::black_box(vec![0_u8; 100]));
    assert_eq!(counted(allocate), 0, "outside the door everything is allowed");
    let inside = counted(|| {
        let _door = door::Door::enter();
        allocate();
    });
    assert_eq!(inside, 2, "one allocation, one release");
}
