//! A timer and a file descriptor at the host's run loop. Thread: main. Invariant: one of each at most; each tick is logged.

use crate::{command, life::Call, links::put, thread};
use std::sync::Mutex;
use vst3::{
    Class, ComPtr, ComWrapper,
    Steinberg::{
        FUnknown,
        Linux::{IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait},
        kNoInterface, kResultFalse, tresult,
    },
};

struct Listener;

impl Class for Listener {
    type Interfaces = (ITimerHandler, IEventHandler);
}

fn judged(name: &'static str) -> Call {
    let mut call = Call::new("listener", 0, name, "registered");
    call.rule(thread::current() == thread::entered(), (14, "not on the main thread"));
    call
}

impl ITimerHandlerTrait for Listener {
    unsafe fn onTimer(&self) {
        judged("onTimer").done();
        command::run_pending();
    }
}

impl IEventHandlerTrait for Listener {
    unsafe fn onFDIsSet(&self, descriptor: i32) {
        let mut call = judged("onFDIsSet");
        #[cfg(unix)]
        {
            let mut byte = 0_u8;
            let got = unsafe { libc::read(descriptor, (&raw mut byte).cast(), 1) };
            call.arg("read", got as i64);
        }
        call.arg("descriptor", descriptor).done();
        command::run_pending();
    }
}

/// A registration that can be taken back.
struct Registered {
    run_loop: ComPtr<IRunLoop>,
    listener: ComWrapper<Listener>,
}

/// A pipe at the run loop: reading and writing end.
#[cfg(unix)]
struct Pipe {
    registered: Registered,
    ends: [i32; 2],
}

static TIMER: Mutex<Option<Registered>> = Mutex::new(None);
#[cfg(unix)]
static PIPE: Mutex<Option<Pipe>> = Mutex::new(None);

fn run_loop(host: Option<&ComPtr<FUnknown>>) -> Option<Registered> {
    let run_loop = host?.cast::<IRunLoop>()?;
    Some(Registered { run_loop, listener: ComWrapper::new(Listener) })
}

#[cfg(not(unix))]
use vst3::Steinberg::kNotImplemented;

fn timer_of(registered: &Registered) -> *mut ITimerHandler {
    registered.listener.as_com_ref().expect("a listener is a timer handler").as_ptr()
}

/// `[main]` Registers the timer.
pub fn add_timer(host: Option<&ComPtr<FUnknown>>, milliseconds: u64) -> tresult {
    remove_timer();
    let Some(registered) = run_loop(host) else { return kNoInterface };
    let result = unsafe { registered.run_loop.registerTimer(timer_of(&registered), milliseconds) };
    put(&TIMER, Some(registered));
    result
}

/// `[main]` Takes the timer back.
pub fn remove_timer() -> tresult {
    let registered = TIMER.lock().ok().and_then(|mut timer| timer.take());
    registered.map_or(kResultFalse, |registered| unsafe { registered.run_loop.unregisterTimer(timer_of(&registered)) })
}

/// `[main]` Registers the reading end of a new pipe.
#[cfg(unix)]
pub fn add_descriptor(host: Option<&ComPtr<FUnknown>>) -> tresult {
    remove_descriptor();
    let Some(registered) = run_loop(host) else { return kNoInterface };
    let mut ends = [-1; 2];
    if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
        return kResultFalse;
    }
    let listener: *mut IEventHandler =
        registered.listener.as_com_ref().expect("a listener is an event handler").as_ptr();
    let result = unsafe { registered.run_loop.registerEventHandler(listener, ends[0]) };
    put(&PIPE, Some(Pipe { registered, ends }));
    result
}

/// `[any]` Writes a byte, so that the run loop has something to tell.
#[cfg(unix)]
pub fn wake() -> tresult {
    let end = PIPE.lock().ok().and_then(|pipe| pipe.as_ref().map(|pipe| pipe.ends[1]));
    let Some(end) = end else { return kResultFalse };
    if unsafe { libc::write(end, [1_u8].as_ptr().cast(), 1) } == 1 { 0 } else { kResultFalse }
}

/// `[main]` Takes the descriptor back and closes the pipe.
#[cfg(unix)]
pub fn remove_descriptor() -> tresult {
    let Some(pipe) = PIPE.lock().ok().and_then(|mut pipe| pipe.take()) else { return kResultFalse };
    let listener = pipe.registered.listener.as_com_ref().expect("a listener is an event handler").as_ptr();
    let result = unsafe { pipe.registered.run_loop.unregisterEventHandler(listener) };
    for end in pipe.ends {
        unsafe { libc::close(end) };
    }
    result
}

/// `[main]` No descriptors on this system.
#[cfg(not(unix))]
pub fn add_descriptor(_host: Option<&ComPtr<FUnknown>>) -> tresult {
    kNotImplemented
}

/// `[any]` No descriptors on this system.
#[cfg(not(unix))]
pub fn wake() -> tresult {
    kNotImplemented
}

/// `[main]` No descriptors on this system.
#[cfg(not(unix))]
pub fn remove_descriptor() -> tresult {
    kNotImplemented
}

/// `[main]` The module is left: takes back what is registered.
pub fn forget() {
    remove_timer();
    remove_descriptor();
}
