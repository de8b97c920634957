//! L4 · what one program declared: protocols with their verbs, endpoints, timers, listeners.
//!
//! Thread: script. Invariant: it is filled while the script loads and read afterwards; only timers may come later.
//! Deliberately absent: running any of it (`program`).

use super::{
    fault::Problem,
    fields::{Field, Records},
    hub::Hub,
    program::Program,
};
use mlua::{Function, Lua};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

/// Timers of one program.
pub(super) const MAX_TIMERS: usize = 64;
/// The shortest pause between two runs of a timer.
pub(super) const MIN_PAUSE: Duration = Duration::from_millis(5);

/// A function of a script, and how often it failed in a row.
#[derive(Debug)]
pub(super) struct Handler {
    /// For messages: “verb PING”.
    pub name: String,
    pub function: Function,
    pub failures: Cell<u32>,
}

impl Handler {
    pub fn new(name: String, function: Function) -> Self {
        Self { name, function, failures: Cell::new(0) }
    }
}

/// A verb.
#[derive(Debug)]
pub(super) struct Verb {
    pub name: String,
    pub doc: String,
    pub params: Vec<Field>,
    pub result: Vec<Field>,
    pub errors: Vec<String>,
    /// What a token must allow; `None` for every session.
    pub scope: Option<String>,
    /// It may need the main thread.
    pub costs_main: bool,
    pub example: Option<crate::link::Json>,
    pub run: Handler,
}

/// An event that a protocol sends.
#[derive(Clone, Debug)]
pub(super) struct EventKind {
    pub name: String,
    pub doc: String,
    pub class: String,
    pub data: Vec<Field>,
}

/// A protocol.
#[derive(Debug)]
pub(super) struct Protocol {
    pub name: Arc<str>,
    pub path: RefCell<String>,
    pub verbs: RefCell<Vec<Rc<Verb>>>,
    pub events: RefCell<Vec<EventKind>>,
    pub records: RefCell<Records>,
    /// What a new stream runs through.
    pub stream: RefCell<Option<Function>>,
}

impl Protocol {
    pub fn verb(&self, name: &str) -> Option<Rc<Verb>> {
        self.verbs.borrow().iter().find(|verb| verb.name == name).cloned()
    }
}

/// An endpoint by HTTP.
#[derive(Debug)]
pub(super) struct Route {
    pub method: &'static str,
    pub path: String,
    pub public: bool,
    pub run: Handler,
}

/// A timer.
#[derive(Debug)]
pub(super) struct Timer {
    pub pause: Duration,
    pub again: bool,
    pub stopped: Cell<bool>,
    pub run: Handler,
}

/// Who listens to what happens in the core.
#[derive(Debug)]
pub(super) struct Listener {
    pub what: String,
    pub run: Handler,
}

/// All of it.
#[derive(Debug)]
pub(super) struct World {
    /// `None` while a script is only described.
    pub hub: Option<Rc<Hub>>,
    pub loading: Cell<bool>,
    pub protocols: RefCell<Vec<Rc<Protocol>>>,
    pub routes: RefCell<Vec<Rc<Route>>>,
    pub timers: RefCell<Vec<Rc<Timer>>>,
    pub listeners: RefCell<Vec<Rc<Listener>>>,
    /// Set when the program is there.
    pub program: RefCell<Weak<Program>>,
    /// Lines logged in this second, and when it began.
    pub lines: Cell<(u32, Option<std::time::Instant>)>,
}

impl World {
    pub fn new(hub: Option<Rc<Hub>>) -> Rc<Self> {
        Rc::new(Self {
            hub,
            loading: Cell::new(true),
            protocols: RefCell::default(),
            routes: RefCell::default(),
            timers: RefCell::default(),
            listeners: RefCell::default(),
            program: RefCell::default(),
            lines: Cell::new((0, None)),
        })
    }

    /// The one this VM belongs to.
    pub fn of(lua: &Lua) -> Result<Rc<Self>, Problem> {
        let missing = || Problem::Misuse("this script has no bridge to talk to".to_owned());
        lua.app_data_ref::<Rc<Self>>().map(|world| Rc::clone(&world)).ok_or_else(missing)
    }

    /// The hub, if the script runs for real.
    pub fn live(&self, what: &str) -> Result<Rc<Hub>, Problem> {
        let unready = || Problem::Misuse(format!("{what} cannot be asked while the script loads; ask it in a handler"));
        if self.loading.get() { Err(unready()) } else { self.hub.clone().ok_or_else(unready) }
    }

    /// Declarations come while the script loads.
    pub fn declaring(&self, what: &str) -> Result<(), Problem> {
        if self.loading.get() {
            return Ok(());
        }
        Err(Problem::Misuse(format!("{what} are declared while the script loads, not later")))
    }

    pub fn protocol(&self, name: &str) -> Option<Rc<Protocol>> {
        self.protocols.borrow().iter().find(|protocol| &*protocol.name == name).cloned()
    }
}
