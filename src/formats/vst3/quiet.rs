//! L2 · a moment without standard error.
//!
//! Thread: main. Invariant: standard error is what it was before, whatever happens inside.
//! Only around calls whose complaint is known and means nothing: what plugins say otherwise is the user's to see.

/// `[main]` Calls `work` while nothing can be written to standard error. Other threads lose what they write there for
/// these microseconds, so this is for programs that load before they do anything else.
#[cfg(unix)]
pub fn quietly<R>(work: impl FnOnce() -> R) -> R {
    use rustix::{io::dup, stdio};
    struct Restore(rustix::fd::OwnedFd);
    impl Drop for Restore {
        fn drop(&mut self) {
            // Nothing can be said about a failure here, and nothing done.
            let _ = stdio::dup2_stderr(&self.0);
        }
    }
    let null = std::fs::File::options().write(true).open("/dev/null");
    let _restore = null.ok().zip(dup(stdio::stderr()).ok()).and_then(|(null, kept)| {
        stdio::dup2_stderr(&null).ok()?;
        Some(Restore(kept))
    });
    work()
}

/// `[main]` Elsewhere no plugin is known that complains.
#[cfg(not(unix))]
pub fn quietly<R>(work: impl FnOnce() -> R) -> R {
    work()
}
