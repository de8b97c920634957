//! L0 · a place for one value that several threads take and put back.
//!
//! Thread: any; taking and putting wait for nobody. Invariant: the value has one owner at a time – the slot, or whoever took
//! it. Deliberately absent: waiting for it to come back, which is the business of those who may wait.
#![allow(unsafe_code)]

use std::{
    fmt,
    marker::PhantomData,
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

/// The place. Empty while somebody has the value.
pub struct Slot<T> {
    value: AtomicPtr<T>,
    _owns: PhantomData<Box<T>>,
}

// SAFETY: a slot hands its value from thread to thread and never lends a reference to it, so `T: Send` is enough for both.
unsafe impl<T: Send> Send for Slot<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// `[any]` Nothing in it.
    pub const fn empty() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    /// `[audio]` Takes the value, if it is there.
    #[inline]
    pub fn take(&self) -> Option<Box<T>> {
        let value = self.value.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: not null, so it came out of a box in `put`, and the swap made this the only owner.
        (!value.is_null()).then(|| unsafe { Box::from_raw(value) })
    }

    /// `[audio]` Puts a value in; one that finds the place taken comes back.
    #[inline]
    pub fn put(&self, value: Box<T>) -> Result<(), Box<T>> {
        let value = Box::into_raw(value);
        match self.value.compare_exchange(ptr::null_mut(), value, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            // SAFETY: it came out of a box just now and was not given away.
            Err(_) => Err(unsafe { Box::from_raw(value) }),
        }
    }

    /// `[any]` Whether somebody has the value at this moment.
    pub fn is_empty(&self) -> bool {
        self.value.load(Ordering::Acquire).is_null()
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Slot(away)" } else { "Slot(here)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, atomic::AtomicUsize};

    #[test]
    fn a_value_is_there_once_and_a_second_one_comes_back() {
        let slot = Slot::empty();
        assert!(slot.take().is_none());
        assert!(slot.put(Box::new(1)).is_ok());
        assert_eq!(*slot.put(Box::new(2)).expect_err("taken"), 2);
        assert_eq!(slot.take().as_deref(), Some(&1));
        assert!(slot.is_empty());
    }

    #[test]
    fn many_threads_never_have_it_at_once_and_lose_nothing() {
        let (slot, inside) = (Arc::new(Slot::empty()), Arc::new(AtomicUsize::new(0)));
        assert!(slot.put(Box::new(0_u64)).is_ok());
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (slot, inside) = (Arc::clone(&slot), Arc::clone(&inside));
                std::thread::spawn(move || {
                    let mut taken = 0_u64;
                    while taken < 2000 {
                        let Some(mut value) = slot.take() else {
                            std::thread::yield_now();
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two owners");
                        *value += 1;
                        taken += 1;
                        inside.fetch_sub(1, Ordering::SeqCst);
                        assert!(slot.put(value).is_ok());
                    }
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
        assert_eq!(slot.take().as_deref(), Some(&8000));
    }

    #[test]
    fn what_is_left_in_it_goes_with_it() {
        let value = Arc::new(());
        let slot = Slot::empty();
        assert!(slot.put(Box::new(Arc::clone(&value))).is_ok());
        drop(slot);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
