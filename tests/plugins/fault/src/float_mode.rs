//! The processor's floating point mode. Thread: audio. Invariant: only the calling thread is touched.

/// Turns flush-to-zero and denormals-are-zero off.
pub fn flush_off() {
    #[cfg(target_arch = "x86_64")]
    change(|word| word & !0x8040);
    #[cfg(target_arch = "aarch64")]
    change(|word| word & !(1 << 24));
}

/// Rounds toward zero.
pub fn round_to_zero() {
    #[cfg(target_arch = "x86_64")]
    change(|word| word | 0x6000);
    #[cfg(target_arch = "aarch64")]
    change(|word| word | (3 << 22));
}

/// Lets every exception but inexact trap.
pub fn unmask() {
    // Mask bits 7 to 11; the sticky flags are cleared with them, for one that is set would not trap again.
    #[cfg(target_arch = "x86_64")]
    change(|word| word & !0x0f80 & !0x3f);
    #[cfg(target_arch = "aarch64")]
    change(|word| word | (0x0f << 8));
}

#[cfg(target_arch = "x86_64")]
fn change(to: impl FnOnce(u32) -> u32) {
    let mut word = 0_u32;
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack)) };
    let word = to(word);
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, readonly)) };
}

#[cfg(target_arch = "aarch64")]
fn change(to: impl FnOnce(u64) -> u64) {
    let word: u64;
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack)) };
    unsafe { std::arch::asm!("msr fpcr, {}", in(reg) to(word), options(nomem, nostack)) };
}
