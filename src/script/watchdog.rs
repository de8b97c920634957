//! L4 · stops a script at a deadline, whatever it does.
//!
//! Thread: the one that runs the VM, and one that sleeps until a deadline. Invariant: until a deadline is missed the VM
//! runs without any check; from then on every call, return and loop in it fails until [`Watchdog::watch`] returns, so no
//! `pcall` can go on. Deliberately absent: stopping a single long operation of the VM's own C code (see `costly`).
#![allow(unsafe_code)]

use super::script_error::{Place, ScriptError};
use mlua::{Lua, ffi};
use std::{
    cell::RefCell,
    ffi::c_void,
    ptr::{self, NonNull},
    rc::Rc,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Where the VM looks for its interrupt function at each call, return and loop.
#[derive(Clone, Copy, Debug)]
struct Slot(NonNull<*mut c_void>);

// SAFETY: the slot is only written (see `set`), which any thread may do as long as the VM lives; `Watchdog` keeps the VM
// until the thread that has the other copy is gone.
unsafe impl Send for Slot {}

impl Slot {
    /// The slot of this VM. Valid as long as the VM is.
    fn of(lua: &Lua) -> mlua::Result<Self> {
        let mut slot = None;
        let found = |state: *mut ffi::lua_State| {
            // SAFETY: `state` is the live state of this VM; the function returns a pointer into its global state.
            let callbacks = unsafe { ffi::lua_callbacks(state) };
            // SAFETY: the pointer is that to a live struct; only an address is computed.
            slot = NonNull::new(unsafe { &raw mut (*callbacks).interrupt }.cast::<*mut c_void>());
        };
        // SAFETY: the closure takes nothing from the VM's stack and leaves nothing there, and raises no Lua error.
        unsafe { lua.exec_raw::<()>((), found) }?;
        slot.map(Self).ok_or_else(|| mlua::Error::runtime("the VM has no place for an interrupt"))
    }

    /// Writes the function, or null for none.
    fn set(self, function: *mut c_void) {
        // SAFETY: the VM lives (see above) and the field has the size and alignment of a pointer. Luau documents that it
        // may be set from any thread while a script runs; the store is atomic.
        let slot = unsafe { AtomicPtr::from_ptr(self.0.as_ptr()) };
        slot.store(function, Ordering::Relaxed);
    }

    fn get(self) -> *mut c_void {
        // SAFETY: as in `set`.
        unsafe { AtomicPtr::from_ptr(self.0.as_ptr()) }.load(Ordering::Relaxed)
    }
}

/// What the two threads share.
#[derive(Debug, Default)]
struct Shared {
    watch: Mutex<Watch>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Watch {
    /// When the script that runs now has to be through.
    deadline: Option<Instant>,
    /// When the sleeping thread wakes by itself; a script that starts needs not wake it for a later deadline.
    wakes: Option<Instant>,
    /// The VM is going away.
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches over one VM.
#[derive(Debug)]
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    slot: Slot,
    stopped: Rc<RefCell<Option<Place>>>,
    /// Keeps the slot valid: dropped last.
    _lua: Lua,
}

impl Watchdog {
    /// `[script]` For this VM, which must have no interrupt of its own.
    pub fn new(lua: &Lua) -> mlua::Result<Self> {
        let stopped = Rc::new(RefCell::new(None));
        let first = Rc::clone(&stopped);
        lua.set_interrupt(move |lua| {
            let place = first.borrow_mut().get_or_insert_with(|| Place::in_vm(lua)).clone();
            Err(mlua::Error::external(ScriptError::stopped(place)))
        });
        let slot = Slot::of(lua)?;
        let bark = Bark { slot, function: AtomicPtr::new(slot.get()) };
        slot.set(ptr::null_mut());
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let sleep = move || bark.sleep(&theirs);
        let thread = std::thread::Builder::new().name("script watchdog".into()).spawn(sleep)?;
        Ok(Self { shared, thread: Some(thread), slot, stopped, _lua: lua.clone() })
    }

    /// `[script]` Runs the VM in `run` for at most so long. Not to be nested. With the result comes the place at which
    /// the script was when it was stopped, if it was.
    pub fn watch<R>(&self, limit: Duration, run: impl FnOnce() -> R) -> (R, Option<Place>) {
        let deadline = Instant::now() + limit;
        let mut watch = self.shared.lock();
        watch.deadline = Some(deadline);
        if watch.wakes.is_none_or(|wakes| wakes > deadline) {
            self.shared.changed.notify_one();
        }
        drop(watch);
        let end = End(self);
        let result = run();
        drop(end);
        (result, self.stopped.take())
    }
}

/// Ends a watch, also when it unwinds.
struct End<'a>(&'a Watchdog);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut watch = self.0.shared.lock();
        watch.deadline = None;
        self.0.slot.set(ptr::null_mut());
    }
}

/// What the sleeping thread has.
struct Bark {
    slot: Slot,
    function: AtomicPtr<c_void>,
}

impl Bark {
    fn sleep(self, shared: &Shared) {
        let mut watch = shared.lock();
        while !watch.ended {
            let now = Instant::now();
            if watch.deadline.is_some_and(|deadline| deadline <= now) {
                // Under the lock, so never after the watch has ended.
                self.slot.set(self.function.load(Ordering::Relaxed));
                watch.deadline = None;
            }
            watch.wakes = watch.deadline;
            watch = match watch.deadline {
                Some(deadline) => {
                    let (watch, _) =
                        shared.changed.wait_timeout(watch, deadline - now).unwrap_or_else(PoisonError::into_inner);
                    watch
                }
                None => shared.changed.wait(watch).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It runs nothing that could panic; and if it did, it is gone all the same.
            let _ = thread.join();
        }
    }
}
