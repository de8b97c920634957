//! The life of one object: where it stands, who may call it, and what is written down about each call.
//! Thread: any, also audio. Invariant: all state is atomic; judging a call never waits.
//!
//! The numbers of complaints are those of the host checklist: 6–8 order and life, 10–11 connection, 14 threads, 16 state while
//! processing, 18–19 setup, 21–22 buses, 24 activation, 26–33 process, 35–38 start, stop and latency, 44–45 editing, 60 state.

use crate::{
    line::{Line, Value},
    log::{self, COMPLAINTS, Complaint, Entry},
    thread,
};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

/// Where an object stands. Controllers know only the first two and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// After createInstance.
    Created,
    /// After initialize.
    Initialized,
    /// After setupProcessing.
    SetUp,
    /// After setActive(true).
    Active,
    /// After setProcessing(true).
    Processing,
    /// After terminate.
    Terminated,
}

impl State {
    fn name(self) -> &'static str {
        ["created", "initialized", "set up", "active", "processing", "terminated"][self as usize]
    }

    fn of(number: u8) -> Self {
        [Self::Created, Self::Initialized, Self::SetUp, Self::Active, Self::Processing, Self::Terminated]
            [usize::from(number).min(5)]
    }
}

/// The state of an object and its history as far as rules ask for it.
#[derive(Debug)]
pub struct Life {
    /// Kind of object, for the log.
    pub object: &'static str,
    /// Number of the object, counted from 1.
    pub instance: u32,
    state: AtomicU8,
    main: AtomicU64,
    /// The connected peer's address, or 0.
    pub peer: AtomicUsize,
    /// A handler was given at some time.
    pub had_handler: AtomicBool,
    /// A handler is held now.
    pub has_handler: AtomicBool,
    /// The controller got the component's state.
    pub had_component_state: AtomicBool,
    /// Number of times the requirements were asked for.
    pub requirements_asked: AtomicU32,
    /// 64-bit processing was asked for before it was chosen.
    pub asked_f64: AtomicBool,
    /// Calls of process that are running.
    pub in_process: AtomicI32,
    /// Notes that were started and not ended.
    pub sounding: AtomicI32,
}

/// Live objects: whatever is not zero when the module is left was leaked.
pub static LIVE: AtomicI32 = AtomicI32::new(0);

impl Life {
    /// `[main]` A new object.
    pub fn new(object: &'static str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        LIVE.fetch_add(1, SeqCst);
        Self {
            object,
            instance: NEXT.fetch_add(1, SeqCst),
            state: AtomicU8::new(State::Created as u8),
            main: AtomicU64::new(0),
            peer: AtomicUsize::new(0),
            had_handler: AtomicBool::new(false),
            has_handler: AtomicBool::new(false),
            had_component_state: AtomicBool::new(false),
            requirements_asked: AtomicU32::new(0),
            asked_f64: AtomicBool::new(false),
            in_process: AtomicI32::new(0),
            sounding: AtomicI32::new(0),
        }
    }

    /// `[any]` Where it stands.
    pub fn state(&self) -> State {
        State::of(self.state.load(SeqCst))
    }

    /// `[any]` Goes on to another state.
    pub fn go(&self, state: State) {
        self.state.store(state as u8, SeqCst);
    }

    /// `[main]` Initialized by the calling thread, which is main from now on.
    pub fn adopt(&self) {
        self.main.store(thread::current(), SeqCst);
    }

    /// `[any]` Begins to write down a call that may come from any thread.
    pub fn free_call(&self, call: &'static str) -> Call {
        Call::new(self.object, self.instance, call, self.state().name())
    }

    /// `[any]` Begins to write down a call that belongs on the main thread of an object that lives.
    pub fn call(&self, name: &'static str) -> Call {
        let mut call = self.early_call(name);
        call.rule(self.state() != State::Created, (7, "called before initialize"));
        call
    }

    /// `[any]` Like [`Self::call`], for what may be called before initialize.
    pub fn early_call(&self, name: &'static str) -> Call {
        let mut call = self.free_call(name);
        let main = match self.main.load(SeqCst) {
            0 => thread::entered(),
            main => main,
        };
        call.rule(main == 0 || main == thread::current(), (14, "not on the main thread"));
        call.rule(self.state() != State::Terminated, (6, "called after terminate"));
        call
    }

    /// `[any]` Like [`Self::call`], for what is forbidden while active.
    pub fn resting_call(&self, name: &'static str) -> Call {
        let mut call = self.call(name);
        call.rule(self.state() < State::Active || self.state() == State::Terminated, (19, "called while active"));
        call.rule(self.in_process.load(SeqCst) == 0, (17, "called while process runs"));
        call
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let state = self.state();
        let mut call = self.free_call("released");
        call.rule(matches!(state, State::Created | State::Terminated), (6, "released without terminate"));
        call.done();
        LIVE.fetch_sub(1, SeqCst);
    }
}

/// A call that is being written down.
pub struct Call {
    entry: Entry,
}

impl Call {
    /// `[any]` Begins.
    pub fn new(object: &'static str, instance: u32, call: &'static str, state: &'static str) -> Self {
        let thread = thread::current();
        let entered = thread == thread::entered();
        let entry = Entry {
            thread,
            entered,
            object,
            instance,
            call,
            state,
            args: Line::default(),
            violations: [None; COMPLAINTS],
            remarks: [None; COMPLAINTS],
        };
        Self { entry }
    }

    /// `[any]` Notes an argument.
    pub fn arg(&mut self, name: &str, value: impl Value) -> &mut Self {
        self.entry.args.member(name, value);
        self
    }

    /// `[any]` The arguments, for lists.
    pub fn args(&mut self) -> &mut Line {
        &mut self.entry.args
    }

    /// `[any]` Marks the call as illegal unless `kept`.
    pub fn rule(&mut self, kept: bool, complaint: Complaint) -> &mut Self {
        if !kept {
            Entry::complain(&mut self.entry.violations, complaint);
        }
        self
    }

    /// `[any]` Remarks on the call unless `good`.
    pub fn habit(&mut self, good: bool, complaint: Complaint) -> &mut Self {
        if !good {
            Entry::complain(&mut self.entry.remarks, complaint);
        }
        self
    }

    /// `[any]` Writes it down.
    pub fn done(&self) {
        log::record(&self.entry);
    }
}
