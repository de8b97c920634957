//! L0 · how the processor calculates while audio runs: denormals are zero, rounding is to nearest, no error traps.
//!
//! Thread: whichever runs the audio. Invariant: between [`FloatEnv::enter`] and its end the thread calculates as above, or
//! [`FloatEnv::repair`] said that a plugin had changed it; afterwards it calculates as before.
//! Deliberately absent: the x87 unit, which no 64-bit code of ours uses; machines other than x86-64 and AArch64, where
//! all of this does nothing.
#![allow(unsafe_code)]

use std::marker::PhantomData;

/// The thread's float environment while audio runs. Ends where it began, on the same thread.
#[derive(Debug)]
pub struct FloatEnv {
    before: unit::Word,
    /// The control register belongs to one thread, so the value must not move to another.
    _thread: PhantomData<*mut ()>,
}

impl FloatEnv {
    /// `[audio]` Makes denormals zero and rounding ordinary. Nearly free where that is so already.
    #[inline]
    pub fn enter() -> Self {
        let before = unit::read();
        if unit::strayed(before) {
            unit::write(unit::mended(before));
        }
        Self { before, _thread: PhantomData }
    }

    /// `[audio]` Looks after foreign code whether all is as it should be, and mends it. True when it was not.
    #[inline]
    pub fn repair(&self) -> bool {
        let now = unit::read();
        let strayed = unit::strayed(now);
        if strayed {
            unit::write(unit::mended(now));
        }
        strayed
    }
}

impl Drop for FloatEnv {
    #[inline]
    fn drop(&mut self) {
        if unit::strayed(self.before) {
            unit::write(self.before);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod unit {
    use std::arch::asm;

    pub type Word = u32;
    /// Everything but the sticky exception flags, which any arithmetic sets.
    const CARED_FOR: Word = 0xffc0;
    /// Flush to zero, denormals are zero, round to nearest, all exceptions masked.
    const WANTED: Word = 0x9fc0;

    #[inline]
    pub fn strayed(word: Word) -> bool {
        word & CARED_FOR != WANTED
    }

    #[inline]
    pub fn mended(word: Word) -> Word {
        (word & !CARED_FOR) | WANTED
    }

    #[inline]
    pub fn read() -> Word {
        let mut word: Word = 0;
        // SAFETY: writes four bytes to a local variable; every x86-64 machine has the register.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags)) };
        word
    }

    #[inline]
    pub fn write(word: Word) {
        // SAFETY: reads four bytes of a local variable; reserved bits are as `read` found them, so the load cannot fault.
        // Exceptions stay masked unless the thread had unmasked them itself before.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod unit {
    use std::arch::asm;

    pub type Word = u64;
    /// Default NaN (25), flush to zero (24), rounding (23:22), trap enables (15, 12:8).
    const CARED_FOR: Word = 0x03c0_9f00;
    /// Flush to zero, round to nearest, no traps, NaNs keep their payload.
    const WANTED: Word = 1 << 24;

    #[inline]
    pub fn strayed(word: Word) -> bool {
        word & CARED_FOR != WANTED
    }

    #[inline]
    pub fn mended(word: Word) -> Word {
        (word & !CARED_FOR) | WANTED
    }

    #[inline]
    pub fn read() -> Word {
        let word: Word;
        // SAFETY: reads a register that user code may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack, preserves_flags)) };
        word
    }

    #[inline]
    pub fn write(word: Word) {
        // SAFETY: writes a register that user code may write; reserved bits are as `read` found them.
        // Not `nomem`: arithmetic on memory must not be moved across.
        unsafe { asm!("msr fpcr, {}", in(reg) word, options(nostack, preserves_flags)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod unit {
    pub type Word = ();

    pub fn strayed(_: Word) -> bool {
        false
    }

    pub fn mended(word: Word) -> Word {
        word
    }

    pub fn read() -> Word {}

    pub fn write(_: Word) {}
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    /// Halves the smallest normal number: zero only where denormals are flushed.
    fn denormal() -> f32 {
        black_box(f32::MIN_POSITIVE) * black_box(0.5)
    }

    #[test]
    fn denormals_are_zero_inside_and_themselves_outside() {
        assert!(denormal() > 0.0);
        {
            let _env = FloatEnv::enter();
            assert_eq!(denormal(), 0.0);
            {
                let _inner = FloatEnv::enter();
                assert_eq!(denormal(), 0.0);
            }
            assert_eq!(denormal(), 0.0, "an inner visit must not end the outer one");
        }
        assert!(denormal() > 0.0);
    }

    #[test]
    fn a_changed_float_mode_is_mended_and_reported() {
        let env = FloatEnv::enter();
        assert!(!env.repair());
        let normal = unit::read();
        #[cfg(target_arch = "x86_64")]
        let spoiled = (normal & !0x8040) | 0x6000;
        #[cfg(target_arch = "aarch64")]
        let spoiled = (normal & !(1 << 24)) | (3 << 22);
        unit::write(spoiled);
        let repaired = env.repair();
        assert!(repaired);
        assert!(!env.repair());
        assert_eq!(denormal(), 0.0);
    }
}
