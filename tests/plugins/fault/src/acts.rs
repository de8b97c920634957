//! The deeds that end or disturb a process. Thread: whichever the mode says. Deliberately absent: any way back.

use std::{hint::black_box, time::Duration};

/// Writes to address 0.
pub fn crash() {
    unsafe { black_box(std::ptr::null_mut::<u32>()).write_volatile(0xdead) };
}

/// Never returns.
pub fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Uses up the stack.
pub fn overflow() {
    #[inline(never)]
    #[allow(unconditional_recursion, reason = "that is the deed")]
    fn deeper(depth: u64) -> u64 {
        let page = black_box([depth; 256]);
        deeper(depth + 1) + page[(depth % 256) as usize]
    }
    black_box(deeper(0));
}

/// Ends the process as if all were well.
pub fn exit() {
    std::process::exit(0);
}

/// Allocates and touches 8 GiB, and aborts when it cannot, as a C++ plugin without a handler does.
pub fn devour() {
    const PART: usize = 64 << 20;
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for _ in 0..128 {
        let mut part = Vec::new();
        if part.try_reserve_exact(PART).is_err() {
            std::process::abort();
        }
        // One byte per page makes the page real.
        for page in part.spare_capacity_mut().chunks_mut(4096) {
            page[0].write(1_u8);
        }
        parts.push(black_box(part));
    }
    black_box(parts);
}

/// Prints 100 MB to each of the two streams.
pub fn print() {
    use std::io::Write;
    let line = [b"All work and no play makes a dull plugin. ".repeat(24), b"\n".to_vec()].concat();
    let part = line.repeat(1 << 10);
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let mut written = 0;
    while written < 100_000_000 {
        // A closed pipe is the host's right; go on so that the other stream gets its share.
        let _ = out.write_all(&part);
        let _ = err.write_all(&part);
        written += part.len();
    }
    let _ = out.flush();
}

/// Runs on for 20 seconds.
pub fn outlive() {
    std::thread::spawn(|| {
        for _ in 0..2000 {
            std::thread::sleep(Duration::from_millis(10));
            black_box(crate::which::mode());
        }
    });
}

/// Changes the working directory.
pub fn change_folder() {
    let _ = std::env::set_current_dir(if cfg!(windows) { "C:\\" } else { "/" });
}

#[cfg(unix)]
mod system {
    /// Closes the first 256 descriptors.
    pub fn close_descriptors() {
        for descriptor in 0..256 {
            unsafe { libc::close(descriptor) };
        }
    }

    /// Leaves a sleeping copy of the process behind, with all its descriptors.
    pub fn fork() {
        if unsafe { libc::fork() } == 0 {
            unsafe { libc::sleep(20) };
            unsafe { libc::_exit(0) };
        }
    }

    /// A locale whose decimal point is a comma, or at least another one.
    pub fn change_locale() {
        for name in [c"de_DE.UTF-8", c"fr_FR.UTF-8", c"de_DE", c"C.UTF-8"] {
            if !unsafe { libc::setlocale(libc::LC_ALL, name.as_ptr()) }.is_null() {
                return;
            }
        }
    }

    /// Takes the signals a host lives by.
    pub fn change_signals() {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGSEGV, libc::SIGCHLD] {
            unsafe { libc::signal(signal, libc::SIG_IGN) };
        }
        let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
        unsafe { libc::sigemptyset(&mut set) };
        unsafe { libc::sigaddset(&mut set, libc::SIGINT) };
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) };
    }

    /// Files created from now on belong to nobody.
    pub fn change_umask() {
        unsafe { libc::umask(0o777) };
    }
}

#[cfg(windows)]
mod system {
    unsafe extern "C" {
        fn _close(descriptor: i32) -> i32;
        fn setlocale(category: i32, name: *const std::ffi::c_char) -> *mut std::ffi::c_char;
        fn signal(signal: i32, handler: usize) -> usize;
        fn _umask(mode: i32) -> i32;
    }

    /// Closes the standard streams; the runtime ends a process that closes what was never open.
    pub fn close_descriptors() {
        for descriptor in 0..3 {
            unsafe { _close(descriptor) };
        }
    }

    /// Nothing: this system does not fork.
    pub fn fork() {}

    /// A locale whose decimal point is a comma.
    pub fn change_locale() {
        unsafe { setlocale(0, c"de-DE".as_ptr()) };
    }

    /// Takes the signals a host lives by: interrupt, termination and bad memory access.
    pub fn change_signals() {
        for number in [2, 15, 11] {
            unsafe { signal(number, 1) };
        }
    }

    /// Files created from now on are read-only.
    pub fn change_umask() {
        unsafe { _umask(0o777) };
    }
}

pub use system::{change_locale, change_signals, change_umask, close_descriptors, fork};
