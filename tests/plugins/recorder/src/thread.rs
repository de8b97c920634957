//! Who is calling. Thread: any, also audio. Invariant: nothing here allocates or waits.

use std::sync::atomic::{AtomicU64, Ordering};

/// The thread that entered the module; 0 before.
static ENTERED: AtomicU64 = AtomicU64::new(0);

/// `[any]` The operating system's number of this thread.
pub fn current() -> u64 {
    #[cfg(target_os = "linux")]
    return unsafe { libc::syscall(libc::SYS_gettid) } as u64;
    #[cfg(target_os = "macos")]
    {
        let mut number = 0;
        unsafe { libc::pthread_threadid_np(0, &mut number) };
        return number;
    }
    #[cfg(windows)]
    {
        #[link(name = "kernel32")]
        unsafe extern "system" {
            fn GetCurrentThreadId() -> u32;
        }
        return u64::from(unsafe { GetCurrentThreadId() });
    }
    #[allow(unreachable_code, reason = "other systems")]
    1
}

/// `[main]` Remembers the thread that entered the module.
pub fn entered_here() {
    ENTERED.store(current(), Ordering::Relaxed);
}

/// `[any]` The thread that entered the module; 0 before.
pub fn entered() -> u64 {
    ENTERED.load(Ordering::Relaxed)
}

/// `[any]` Whether the calling thread flushes denormals to zero.
pub fn flushes_denormals() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        let mut word = 0_u32;
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack)) };
        return word & 0x8040 == 0x8040;
    }
    #[cfg(target_arch = "aarch64")]
    {
        let word: u64;
        unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack)) };
        return word & (1 << 24) != 0;
    }
    #[allow(unreachable_code, reason = "other machines")]
    false
}
