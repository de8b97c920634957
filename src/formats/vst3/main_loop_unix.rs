//! L2 · the main loop on Linux: `poll` over plugins' descriptors and timers, as VST3's `IRunLoop` has it.
//!
//! Thread: main. Invariant: no borrow is held while a handler runs, so handlers may register and unregister at will; a
//! handler that was removed is not called any more, not even in the same round. Deliberately absent: X11 or Wayland.
#![allow(unsafe_code)]

use super::com::identity;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::ffi::c_void;
use std::{
    cell::{Cell, RefCell},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
    time::{Duration, Instant},
};
use vst3::{
    ComPtr,
    Steinberg::Linux::{IEventHandler, IEventHandlerTrait, ITimerHandler, ITimerHandlerTrait},
};

/// More of either is a plugin that has lost its way.
const MAX_HANDLERS: usize = 4096;
/// Timers beyond a day are as good as none, and additions stay in range.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Default)]
struct RunLoop {
    descriptors: RefCell<Vec<Descriptor>>,
    timers: RefCell<Vec<Timer>>,
    next_key: Cell<u64>,
}

struct Descriptor {
    key: u64,
    handler: ComPtr<IEventHandler>,
    /// Where the code of its handler is, see [`image`].
    image: usize,
    fd: i32,
}

struct Timer {
    key: u64,
    handler: ComPtr<ITimerHandler>,
    image: usize,
    interval: Duration,
    due: Instant,
}

thread_local! {
    // Never dropped: plugins' objects in it must not be released while the process dies around them.
    static LOOP: &'static RunLoop = Box::leak(Box::default());
    static WAKER: Option<Waker> = Waker::create();
}

fn this_loop() -> &'static RunLoop {
    LOOP.with(|this| *this)
}

impl RunLoop {
    fn key(&self) -> u64 {
        let key = self.next_key.get();
        self.next_key.set(key + 1);
        key
    }

    fn run_due_timers(&self) -> usize {
        let now = Instant::now();
        let due: Vec<u64> =
            self.timers.borrow().iter().filter(|timer| timer.due <= now).map(|timer| timer.key).collect();
        let mut served = 0;
        for key in due {
            let handler = {
                let mut timers = self.timers.borrow_mut();
                let Some(timer) = timers.iter_mut().find(|timer| timer.key == key) else { continue };
                // A late timer is not made up for: one call, then again after a whole interval.
                timer.due = now + timer.interval;
                timer.handler.clone()
            };
            // SAFETY: a registered handler, kept alive by our reference.
            unsafe { handler.onTimer() };
            served += 1;
        }
        served
    }

    fn until_next_timer(&self) -> Option<Duration> {
        let next = self.timers.borrow().iter().map(|timer| timer.due).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// Waits and serves the descriptors.
    fn wait(&self, timeout: Duration) -> usize {
        let watched: Vec<(u64, i32)> = self.descriptors.borrow().iter().map(|entry| (entry.key, entry.fd)).collect();
        let ready = WAKER.with(|waker| {
            let mut fds: Vec<PollFd<'_>> = watched
                .iter()
                // SAFETY: not negative (checked at registration). It may be closed already: poll then says NVAL.
                .map(|&(_, fd)| PollFd::from_borrowed_fd(unsafe { BorrowedFd::borrow_raw(fd) }, PollFlags::IN))
                .collect();
            if let Some(waker) = waker {
                fds.push(PollFd::new(&*waker.0, PollFlags::IN));
            }
            let limit = Timespec::try_from(timeout).ok();
            if poll(&mut fds, limit.as_ref()).is_err() {
                return Vec::new();
            }
            if let Some(waker) = waker
                && fds.last().is_some_and(|last| !last.revents().is_empty())
            {
                let _ = rustix::io::read(waker.0.as_fd(), &mut [0_u8; 8]);
            }
            let states = fds.iter().map(PollFd::revents);
            watched
                .iter()
                .zip(states)
                .filter(|(_, state)| !state.is_empty())
                .map(|(&entry, state)| (entry, state))
                .collect()
        });
        let mut served = 0;
        for ((key, fd), state) in ready {
            if state.contains(PollFlags::NVAL) {
                tracing::warn!(fd, "a plugin closed a descriptor without unregistering it; it is not watched any more");
                self.descriptors.borrow_mut().retain(|entry| entry.key != key);
                continue;
            }
            let handler =
                self.descriptors.borrow().iter().find(|entry| entry.key == key).map(|entry| entry.handler.clone());
            if let Some(handler) = handler {
                // SAFETY: a registered handler, kept alive by our reference.
                unsafe { handler.onFDIsSet(fd) };
                served += 1;
            }
        }
        served
    }
}

/// `[main]` See [`super::run_loop::pump`].
pub(super) fn pump(timeout: Duration) -> usize {
    let this = this_loop();
    let served = this.run_due_timers();
    let wait =
        if served > 0 { Duration::ZERO } else { this.until_next_timer().map_or(timeout, |next| next.min(timeout)) };
    let served = served + this.wait(wait);
    if served > 0 { served } else { this.run_due_timers() }
}

/// `[main]` Watches a descriptor. False when refused.
pub(super) fn add_descriptor(handler: ComPtr<IEventHandler>, fd: i32) -> bool {
    let this = this_loop();
    let mut descriptors = this.descriptors.borrow_mut();
    if fd < 0 || descriptors.len() >= MAX_HANDLERS {
        return false;
    }
    let image = image(handler.as_ptr().cast());
    descriptors.push(Descriptor { key: this.key(), handler, image, fd });
    true
}

/// `[main]` Removes all descriptors of a handler. False when it has none.
pub(super) fn remove_descriptor(handler: &ComPtr<IEventHandler>) -> bool {
    let who = identity(handler);
    // Released after the borrow ends: the last reference runs the plugin's destructor.
    let gone: Vec<_> =
        this_loop().descriptors.borrow_mut().extract_if(.., |entry| identity(&entry.handler) == who).collect();
    !gone.is_empty()
}

/// `[main]` Starts a timer. False when refused.
pub(super) fn add_timer(handler: ComPtr<ITimerHandler>, milliseconds: u64) -> bool {
    let this = this_loop();
    let interval = Duration::from_millis(milliseconds.max(1)).min(MAX_INTERVAL);
    let mut timers = this.timers.borrow_mut();
    if timers.len() >= MAX_HANDLERS {
        return false;
    }
    let image = image(handler.as_ptr().cast());
    timers.push(Timer { key: this.key(), handler, image, interval, due: Instant::now() + interval });
    true
}

/// `[main]` Stops all timers of a handler. False when it has none.
pub(super) fn remove_timer(handler: &ComPtr<ITimerHandler>) -> bool {
    let who = identity(handler);
    let gone: Vec<_> =
        this_loop().timers.borrow_mut().extract_if(.., |entry| identity(&entry.handler) == who).collect();
    !gone.is_empty()
}

/// `[main]` The library that an object's code is in, by its first address; 0 when nobody knows. Asked while the object lives
/// for certain.
pub(super) fn image(object: *const c_void) -> usize {
    // SAFETY: plain data; all zeros is a value.
    let mut found: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: a live COM object, which begins with the address of its table of functions.
    let table = unsafe { object.cast::<*const c_void>().read() };
    // SAFETY: any address may be asked about; a live local to write to.
    if unsafe { libc::dladdr(table, &mut found) } == 0 { 0 } else { found.dli_fbase as usize }
}

/// `[main]` Forgets the handlers of a library, without a call; all of them when there is `nobody_else`.
pub(super) fn forget_handlers(image: usize, nobody_else: bool) {
    let left = |of: usize| nobody_else || of == image;
    let descriptors: Vec<_> = this_loop().descriptors.borrow_mut().extract_if(.., |entry| left(entry.image)).collect();
    let timers: Vec<_> = this_loop().timers.borrow_mut().extract_if(.., |entry| left(entry.image)).collect();
    if !descriptors.is_empty() || !timers.is_empty() {
        tracing::warn!(descriptors = descriptors.len(), timers = timers.len(), "a plugin left handlers behind");
    }
    // Not released: their plugin has gone through terminate and may have freed them regardless of our references.
    std::mem::forget((descriptors, timers));
}

/// An event descriptor that the loop watches besides the plugins'.
#[derive(Clone, Debug)]
pub(super) struct Waker(Arc<OwnedFd>);

impl Waker {
    fn create() -> Option<Self> {
        let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC);
        fd.inspect_err(|error| tracing::error!(%error, "no event descriptor: the main loop cannot be woken early"))
            .ok()
            .map(|fd| Self(Arc::new(fd)))
    }

    /// `[main]` See [`super::run_loop::Waker`].
    pub(super) fn for_this_thread() -> Option<Self> {
        WAKER.with(Clone::clone)
    }

    /// `[any]` See [`super::run_loop::Waker`].
    pub(super) fn wake(&self) {
        // Full means that a wake is pending already.
        let _ = rustix::io::write(self.0.as_fd(), &1_u64.to_ne_bytes());
    }
}
