//! L2 · data of host objects that only one thread may touch, although plugins may call the object from any.
//!
//! Invariant: the value is reached on the thread that made it, or not at all. Deliberately absent: waiting for that thread.
#![allow(unsafe_code)]

/// Names a running thread. Made without allocating, so that the audio thread may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadToken(usize);

impl ThreadToken {
    /// `[any]` The calling thread.
    #[inline]
    pub fn here() -> Self {
        thread_local!(static HERE: u8 = const { 0 });
        // The address of a thread-local differs between threads that live at the same time.
        Self(HERE.with(|here| std::ptr::from_ref(here) as usize))
    }

    /// `[any]` Whether this is the calling thread.
    #[inline]
    pub fn is_here(self) -> bool {
        self == Self::here()
    }
}

/// A value for one thread.
#[derive(Debug)]
pub struct MainCell<T> {
    home: ThreadToken,
    value: T,
}

// SAFETY: `get` hands the value out on its home thread only. It may be dropped elsewhere, when a plugin releases the last
// reference there; values are emptied at home (disconnect, close) before that can happen, see their users.
unsafe impl<T> Send for MainCell<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for MainCell<T> {}

impl<T> MainCell<T> {
    /// `[main]` The calling thread becomes the value's home.
    pub fn new(value: T) -> Self {
        Self { home: ThreadToken::here(), value }
    }

    /// `[any]` The value, at home; `None` elsewhere.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.home.is_here().then_some(&self.value)
    }

    /// `[any]` Whether the calling thread is home.
    #[inline]
    pub fn is_home(&self) -> bool {
        self.home.is_here()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_reached_at_home_only() {
        let cell = MainCell::new(5);
        assert_eq!(cell.get(), Some(&5));
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(cell.get(), None));
        });
    }
}
