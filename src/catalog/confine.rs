//! The limits an examining process sets on itself before it lets a plugin in.
//!
//! Thread: `[main]` of the child, first thing. Set by the child and not between fork and exec by the parent, because that
//! needs no unsafe code, works alike everywhere, and the child is our own program until the plugin is loaded.
//! Invariant: best effort – a limit the system refuses is left out; the parent's watch is the one that counts.
//! Deliberately absent: memory limits on macOS (the kernel does not enforce them) and Windows (needs a job object), where
//! only the time is limited.

use std::time::Duration;

/// How an examination is confined.
#[derive(Clone, Copy, Debug)]
pub struct Confinement {
    /// Bytes of memory of its own.
    pub memory: u64,
    /// After this time the process ends itself, in case nobody is left to do it.
    pub time: Duration,
    /// The process that asked; when it is gone already, so are we.
    pub parent: u32,
}

/// `[main]` Confines this process.
pub fn confine(confinement: &Confinement) {
    #[cfg(unix)]
    unix(confinement);
    #[cfg(windows)]
    super::process_win::no_dialogs();
    let time = confinement.time.saturating_add(Duration::from_secs(5));
    // Should the thread not start, the parent still watches.
    let _ = std::thread::Builder::new().name("watch".into()).spawn(move || {
        std::thread::sleep(time);
        leave()
    });
}

/// `[any]` Ends this process at once: nothing that a plugin registered to run at exit gets to run.
pub fn leave() -> ! {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    #[cfg(windows)]
    super::process_win::end();
    std::process::exit(0)
}

#[cfg(unix)]
fn unix(confinement: &Confinement) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |what, value| {
        // Refused above the present hard limit, which then is the stricter one.
        let _ = setrlimit(what, Rlimit { current: Some(value), maximum: Some(value) });
    };
    // Counts memory that is writable and the process's own. Not the address space (RLIMIT_AS): plugins map sample
    // libraries, and graphics drivers and garbage collectors reserve far more addresses than they ever use.
    limit(Resource::Data, confinement.memory);
    // No core files. On Linux the value 0 still feeds a crash collector behind a pipe, the value 1 does not.
    limit(Resource::Core, u64::from(cfg!(target_os = "linux")));
    // When the watching thread was stopped, too.
    limit(Resource::Cpu, confinement.time.as_secs().saturating_mul(8).saturating_add(60));
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        // The parent may have gone before that call.
        let parent = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
        if confinement.parent != 0 && parent != Some(confinement.parent) {
            leave();
        }
    }
}
