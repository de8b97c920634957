//! L4 · a script that was loaded: its VM, what it declared, and how functions of it are run.
//!
//! Thread: script. Invariant: each turn of a function, from one wait to the next, ends within the budget; a function that
//! failed three times in a row is not run again. Deliberately absent: which program answers (`engine`).

use super::{
    api, fault,
    hub::Level,
    runtime::{Files, Limits, Print, Runtime},
    script_error::ScriptError,
    sources::Sources,
    world::{Handler, Timer, World},
};
use crate::{
    config::Config,
    link::{Endpoint, Fault, ProtocolRoute, Served},
    model::ErrorCode,
};
use mlua::{Function, IntoLuaMulti, MultiValue, Value};
use std::{cell::RefCell, future::Future as _, path::PathBuf, rc::Rc, task::Poll, time::Duration};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// Failures in a row after which a function is left alone.
const MAX_FAILURES: u32 = 3;

/// Which script, and what it may take.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file; where it is not there, the protocol that comes with the program.
    pub path: Option<PathBuf>,
    /// Where `require` looks.
    pub roots: Vec<PathBuf>,
    /// While it loads.
    pub limits: Limits,
    /// For one turn of a function.
    pub turn: Duration,
}

impl Script {
    /// `[any]` The protocol that comes with the program, within the limits of a configuration.
    pub fn shipped(config: &Config) -> Self {
        let turn = Duration::from_millis(config.scripts.call_ms.into());
        Self { path: None, roots: Vec::new(), limits: Limits::from(&config.scripts), turn }
    }

    /// `[any]` The same, where the file is not there.
    #[must_use]
    pub fn or_shipped(self) -> Self {
        let path = self.path.filter(|path| path.exists());
        Self { path, ..self }
    }
}

/// Why a function of a script did not do what it should.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// It said so.
    Fault(Fault),
    /// It broke.
    Script(ScriptError),
}

impl Failure {
    /// `[any]` What a client is told.
    pub fn into_fault(self) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Script(error) => Fault::new(error.code(), format!("the script failed: {error}")),
        }
    }
}

/// A loaded script.
#[derive(Debug)]
pub(super) struct Program {
    pub world: Rc<World>,
    turn: Duration,
    memory: usize,
    files: Files,
    call: Function,
    tasks: RefCell<Vec<AbortHandle>>,
    ended: CancellationToken,
    runtime: Runtime,
}

impl Program {
    /// `[script]` Loads a script. Nothing of it runs afterwards until [`Self::activate`].
    pub fn load(
        script: &Script,
        sources: &Rc<Sources>,
        world: Rc<World>,
        print: Print,
    ) -> Result<Rc<Self>, ScriptError> {
        let install = |lua: &mlua::Lua, modules: &mlua::Table| {
            lua.set_app_data(Rc::clone(&world));
            fault::install(lua)?;
            api::install(lua, modules)
        };
        let runtime = Runtime::with(script.limits, &script.roots, print, Some(Rc::clone(sources)), &install)?;
        let call = runtime.function("return function(run, ...) return pcall(run, ...) end")?;
        let (source, name) = sources.main(script.path.as_deref())?;
        runtime.run(&source, &name)?;
        world.loading.set(false);
        let program = Rc::new(Self {
            world,
            turn: script.turn,
            memory: script.limits.memory,
            files: runtime.files(),
            call,
            tasks: RefCell::default(),
            ended: CancellationToken::new(),
            runtime,
        });
        *program.world.program.borrow_mut() = Rc::downgrade(&program);
        Ok(program)
    }

    /// `[script]` What it serves.
    pub fn served(&self) -> Served {
        let protocols = self.world.protocols.borrow();
        let routes = self.world.routes.borrow();
        Served {
            protocols: protocols
                .iter()
                .map(|protocol| ProtocolRoute {
                    name: std::sync::Arc::clone(&protocol.name),
                    path: protocol.path.borrow().clone(),
                })
                .collect(),
            endpoints: routes
                .iter()
                .map(|route| Endpoint {
                    method: route.method.to_owned(),
                    path: route.path.clone(),
                    public: route.public,
                })
                .collect(),
        }
    }

    /// `[script]` Its timers begin.
    pub fn activate(self: &Rc<Self>) {
        let timers = self.world.timers.borrow().clone();
        timers.into_iter().for_each(|timer| self.start(timer));
    }

    /// `[script]` Its timers end. Calls in flight go on.
    pub fn retire(&self) {
        for task in self.tasks.borrow_mut().drain(..) {
            task.abort();
        }
        self.world.timers.borrow_mut().clear();
    }

    /// `[script]` A timer begins.
    pub fn start(self: &Rc<Self>, timer: Rc<Timer>) {
        let weak = Rc::downgrade(self);
        let task = tokio::task::spawn_local(async move {
            loop {
                tokio::time::sleep(timer.pause).await;
                let Some(program) = weak.upgrade().filter(|_| !timer.stopped.get()) else { return };
                let failed = program.run(&timer.run, ()).await.is_err();
                if !timer.again || timer.stopped.get() || (failed && timer.run.failures.get() >= MAX_FAILURES) {
                    timer.stopped.set(true);
                    program.world.timers.borrow_mut().retain(|other| !other.stopped.get());
                    return;
                }
            }
        });
        let mut tasks = self.tasks.borrow_mut();
        tasks.retain(|task| !task.is_finished());
        tasks.push(task.abort_handle());
    }

    /// `[script]` Runs a handler, and counts how often it failed.
    pub async fn run(&self, handler: &Handler, arguments: impl IntoLuaMulti) -> Result<Value, Failure> {
        self.run_in(handler, arguments, false).await
    }

    /// `[script]` The same; `nested` within a turn of another handler, whose budget it shares.
    pub async fn run_in(
        &self,
        handler: &Handler,
        arguments: impl IntoLuaMulti,
        nested: bool,
    ) -> Result<Value, Failure> {
        if handler.failures.get() >= MAX_FAILURES {
            let message = format!(
                "{} is switched off, because it failed {MAX_FAILURES} times in a row; correct the script and save it",
                handler.name
            );
            return Err(Failure::Fault(Fault::new(ErrorCode::RUNTIME, message)));
        }
        let result = self.turns(&handler.function, arguments, nested).await;
        match &result {
            Err(Failure::Script(error)) => {
                handler.failures.set(handler.failures.get() + 1);
                self.log(Level::Error, &format!("{}: {error}", handler.name));
                if handler.failures.get() == MAX_FAILURES {
                    let line = format!("{} failed {MAX_FAILURES} times in a row and is switched off", handler.name);
                    self.log(Level::Error, &line);
                }
            }
            _ => handler.failures.set(0),
        }
        result
    }

    /// `[script]` Runs a function within a turn of a handler.
    pub async fn nested(&self, function: &Function, arguments: impl IntoLuaMulti) -> Result<Value, Failure> {
        self.turns(function, arguments, true).await
    }

    /// Runs a function, turn by turn, to its end.
    async fn turns(&self, function: &Function, arguments: impl IntoLuaMulti, nested: bool) -> Result<Value, Failure> {
        let lua = self.runtime.lua();
        let broken = |error: &mlua::Error| Failure::Script(self.explain(&Value::Error(Box::new(error.clone()))));
        let mut all = arguments.into_lua_multi(lua).map_err(|error| broken(&error))?;
        all.push_front(Value::Function(function.clone()));
        let mut future = Box::pin(self.call.call_async::<MultiValue>(all));
        let result = std::future::poll_fn(|context| {
            if nested {
                return future.as_mut().poll(context).map(Ok);
            }
            let (poll, stopped) = self.runtime.watch(self.turn, || future.as_mut().poll(context));
            match stopped {
                Some(place) => {
                    Poll::Ready(Err(ScriptError::Time { place, limit: self.turn, option: "scripts.call_ms" }))
                }
                None => poll.map(Ok),
            }
        });
        let values = match result.await {
            Err(stopped) => return Err(Failure::Script(stopped)),
            Ok(Err(error)) => return Err(self.broke(broken(&error))),
            Ok(Ok(values)) => values,
        };
        let mut values = values.into_iter();
        let fine = values.next().is_some_and(|first| first == Value::Boolean(true));
        let value = values.next().unwrap_or(Value::Nil);
        if fine {
            return Ok(value);
        }
        match fault::from_lua(lua, &value) {
            Some(fault) => Err(Failure::Fault(fault)),
            None => Err(self.broke(Failure::Script(self.explain(&value)))),
        }
    }

    /// `[script]` What still runs of it is ended.
    pub fn give_up(&self) {
        self.ended.cancel();
    }

    /// `[script]` Waits until it is ended.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    fn explain(&self, value: &Value) -> ScriptError {
        fault::thrown(value, &self.files, self.memory)
    }

    /// A VM that ran full frees what it can.
    fn broke(&self, failure: Failure) -> Failure {
        if matches!(failure, Failure::Script(ScriptError::Memory { .. })) {
            self.runtime.collect();
        }
        failure
    }

    fn log(&self, level: Level, line: &str) {
        if let Some(hub) = &self.world.hub {
            hub.log(level, line);
        }
    }

    /// `[script]` Its VM.
    pub fn lua(&self) -> &mlua::Lua {
        self.runtime.lua()
    }
}
