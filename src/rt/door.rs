//! L0 · the one guarded door into real time.
//!
//! Thread: whichever runs the audio. Invariant: code that must not allocate runs between [`Door::enter`] and the door's
//! end, and [`inside`] says so; a test's allocator asks it and counts.
//! Deliberately absent: an allocator – that belongs to the test binary which installs one.

use super::float_env::FloatEnv;
use std::cell::Cell;

thread_local! {
    /// How many doors this thread is behind. Constant initialisation and no destructor: an allocator may read it.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Held while a thread does real-time work. Also keeps the float environment.
#[derive(Debug)]
pub struct Door {
    floats: FloatEnv,
}

impl Door {
    /// `[audio]` From here on nothing may allocate, free, lock, wait or log.
    #[inline]
    pub fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self { floats: FloatEnv::enter() }
    }

    /// `[audio]` After foreign code: mends the float environment. True when it had been changed.
    #[inline]
    pub fn repair_floats(&self) -> bool {
        self.floats.repair()
    }
}

impl Drop for Door {
    #[inline]
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}

/// `[any]` Whether this thread is behind the door. Allocates nothing, so an allocator may ask.
#[inline]
pub fn inside() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_knows_who_is_inside() {
        assert!(!inside());
        {
            let _outer = Door::enter();
            {
                let _inner = Door::enter();
            }
            assert!(inside());
            assert!(!std::thread::spawn(inside).join().unwrap());
        }
        assert!(!inside());
    }
}
