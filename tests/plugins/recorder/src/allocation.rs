//! Counts what process allocates and frees in this library. Thread: any, also audio. What the host does in its own callbacks is
//! its own affair and not seen here.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

static COUNT: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn note() {
    if WATCHED.try_with(Cell::get).unwrap_or(false) {
        COUNT.fetch_add(1, Relaxed);
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note();
        unsafe { System.dealloc(memory, layout) };
    }
}

/// `[audio]` Runs the body of process under watch.
pub fn watched<R>(body: impl FnOnce() -> R) -> R {
    WATCHED.set(true);
    let result = body();
    WATCHED.set(false);
    result
}

/// `[any]` Allocations and frees by process so far.
pub fn count() -> u64 {
    COUNT.load(Relaxed)
}
