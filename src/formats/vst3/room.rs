//! L2 · room for the most that one block may bring, nearly all of which is never used.
//!
//! Thread: made on main. Invariant: every slot is zero at first. The memory comes zeroed from the system, which finds
//! pages for it when they are touched: a plugin that sends a few points a block is loaded without paying for thousands.
#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc_zeroed, handle_alloc_error},
    cell::Cell,
    hint::black_box,
};

/// Smallest page of the systems we run on.
const PAGE: usize = 4096;

/// Data that may begin as zeros.
///
/// # Safety
/// All bits zero is a value of the type.
pub(super) unsafe trait Zeroed: Copy {}

/// `[main]` So many slots. `ready` gets the pages at once, for an audio thread that must not wait for the system.
pub(super) fn room<T: Zeroed>(count: usize, ready: bool) -> Box<[Cell<T>]> {
    let layout = Layout::array::<Cell<T>>(count).expect("a room that fits the address space");
    if layout.size() == 0 {
        return Box::default();
    }
    // SAFETY: the size is not 0.
    let memory = unsafe { alloc_zeroed(layout) }.cast::<Cell<T>>();
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    let slots = std::ptr::slice_from_raw_parts_mut(memory, count);
    // SAFETY: allocated above as a slice of so many slots, given to this one owner; zeros are values of `T`.
    let slots = unsafe { Box::from_raw(slots) };
    if ready {
        for slot in slots.iter().step_by((PAGE / size_of::<T>()).max(1)) {
            // What is written is there already; without the box the compiler would see that.
            black_box(slot).set(black_box(slot.get()));
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Pair(u32, f64);

    // SAFETY: two numbers.
    unsafe impl Zeroed for Pair {}

    #[test]
    fn every_slot_begins_as_zeros_and_keeps_what_is_put_into_it() {
        for (count, ready) in [(0, true), (1, false), (10_000, false), (10_000, true)] {
            let slots = room::<Pair>(count, ready);
            assert_eq!(slots.len(), count);
            assert!(slots.iter().all(|slot| slot.get() == Pair(0, 0.0)));
            if let Some(last) = slots.last() {
                last.set(Pair(7, 0.5));
                assert_eq!(last.get(), Pair(7, 0.5));
            }
        }
    }
}
