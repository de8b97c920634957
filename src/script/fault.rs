//! L4 · errors between Lua and the wire: a fault is a Lua value with code, kind, message and hint.
//!
//! Thread: script. Invariant: every function of the API fails with a fault a script can catch and read, or with a message
//! that begins with the line of the script that called it. Deliberately absent: tracebacks.

use super::{
    json,
    runtime::Files,
    script_error::{Context, ScriptError},
    world::World,
};
use crate::{
    control::core::CoreError,
    link::{Fault, Json},
    model::ErrorCode,
};
use mlua::{FromLuaMulti, Function, IntoLua as _, IntoLuaMulti, Lua, MultiValue, Table, Value};
use std::{future::Future, time::Duration};

/// Codes of JSON-RPC and LSP that scripts may use, too.
const RPC: &[(&str, i32)] = &[("METHOD_NOT_FOUND", -32601), ("INVALID_PARAMS", -32602), ("INTERNAL", -32603)];

/// Marks tables as faults; kept in the VM's registry.
const METATABLE: &str = "sonic fault";
/// Raises errors on behalf of functions of ours.
const RAISE: &str = "sonic raise";

/// Why a function of the API failed.
#[derive(Debug)]
pub(super) enum Problem {
    /// Told to the client, unless the script catches it.
    Fault(Box<Fault>),
    /// The script called it wrongly.
    Misuse(String),
    /// An error of the VM that passes through.
    Vm(mlua::Error),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<CoreError> for Problem {
    fn from(error: CoreError) -> Self {
        of_core(&error).into()
    }
}

impl From<mlua::Error> for Problem {
    fn from(error: mlua::Error) -> Self {
        Self::Vm(error)
    }
}

/// `[any]` What a client is told of an error of the core.
pub(super) fn of_core(error: &CoreError) -> Fault {
    let mut fault = Fault::new(error.code(), error.to_string());
    fault.retry = matches!(error, CoreError::Busy(_));
    fault
}

/// `[any]` A fault by its name.
pub(super) fn named(kind: &str, message: String) -> Option<Fault> {
    let code = ErrorCode::ALL.iter().find(|code| code.name == kind);
    let rpc = RPC.iter().find(|(name, _)| *name == kind);
    code.map(|code| Fault::new(*code, message.clone()))
        .or_else(|| rpc.map(|(name, code)| Fault::rpc(*code, name, message)))
}

/// `[any]` All names of faults.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ErrorCode::ALL.iter().map(|code| code.name).chain(RPC.iter().map(|(name, _)| *name))
}

/// `[script]` Prepares a VM.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let metatable = lua.create_table()?;
    let shown = lua.create_function(|_, fault: Table| fault.raw_get::<Value>("message"))?;
    metatable.raw_set("__tostring", shown)?;
    metatable.raw_set("__metatable", "fault")?;
    metatable.set_readonly(true);
    lua.set_named_registry_value(METATABLE, metatable)?;
    let error: Function = lua.globals().raw_get("error")?;
    let raise = lua.load(RAISER).set_name("=bridge").call::<Function>(error)?;
    lua.set_named_registry_value(RAISE, raise)
}

/// Level 3 is whoever called the function of ours; a table is raised as it is.
const RAISER: &str = "
local error = ...
local function check(ok, value, ...)
  if ok then return value, ... end
  error(value, 3)
end
return function(raw) return function(...) return check(raw(...)) end end
";

/// `[script]` A fault as a Lua value.
pub(super) fn to_lua(lua: &Lua, fault: &Fault) -> mlua::Result<Value> {
    let table = lua.create_table()?;
    table.raw_set("code", fault.code)?;
    table.raw_set("kind", fault.kind.as_str())?;
    table.raw_set("message", fault.message.as_str())?;
    table.raw_set("hint", fault.hint.as_deref())?;
    table.raw_set("retry", fault.retry)?;
    if let Some(data) = &fault.data {
        table.raw_set("data", json::to_lua(lua, data)?)?;
    }
    table.set_metatable(Some(lua.named_registry_value(METATABLE)?))?;
    Ok(Value::Table(table))
}

/// `[script]` The fault that a value is, if it is one.
pub(super) fn from_lua(lua: &Lua, value: &Value) -> Option<Fault> {
    let table = value.as_table()?;
    let marked: Table = lua.named_registry_value(METATABLE).ok()?;
    if table.metatable()?.to_pointer() != marked.to_pointer() {
        return None;
    }
    let data: Value = table.raw_get("data").ok()?;
    Some(Fault {
        code: table.raw_get("code").ok()?,
        kind: table.raw_get("kind").ok()?,
        message: table.raw_get("message").ok()?,
        hint: table.raw_get("hint").unwrap_or_default(),
        retry: table.raw_get("retry").unwrap_or_default(),
        data: json::from_lua(&data).ok().filter(Json::is_object),
    })
}

/// `[script]` What a script threw, in our words.
pub(super) fn thrown(value: &Value, files: &Files, memory: usize) -> ScriptError {
    let files = files.borrow();
    let context = Context { files: &files, memory, time: Duration::ZERO };
    match value {
        Value::Error(error) => ScriptError::from_vm(error, context),
        Value::String(text) => ScriptError::from_vm(&mlua::Error::runtime(text.to_string_lossy()), context),
        Value::Table(table) if table.raw_get::<String>("message").is_ok() => {
            let message = table.raw_get::<String>("message").unwrap_or_default();
            ScriptError::from_vm(&mlua::Error::runtime(message), context)
        }
        other => {
            let said = format!("the script threw a {}; error() takes a text or a bridge.fault", other.type_name());
            ScriptError::from_vm(&mlua::Error::runtime(said), context)
        }
    }
}

fn outcome<R: IntoLuaMulti>(lua: &Lua, result: Result<R, Problem>) -> mlua::Result<MultiValue> {
    let problem = match result {
        Ok(value) => {
            let mut values = value.into_lua_multi(lua)?;
            values.push_front(Value::Boolean(true));
            return Ok(values);
        }
        Err(problem) => problem,
    };
    let value = match problem {
        Problem::Fault(fault) => to_lua(lua, &fault)?,
        Problem::Misuse(text) => text.into_lua(lua)?,
        Problem::Vm(error) => return Err(error),
    };
    Ok(MultiValue::from_iter([Value::Boolean(false), value]))
}

/// What an argument of the wrong type is told.
fn misuse(error: &mlua::Error) -> Problem {
    match error {
        mlua::Error::FromLuaConversionError { from, to, .. } => {
            Problem::Misuse(format!("a {from} was given where {to} is needed"))
        }
        other => Problem::Misuse(other.to_string()),
    }
}

/// `[script]` A function that answers at once.
pub(super) fn at_once<A: FromLuaMulti, R: IntoLuaMulti>(
    lua: &Lua,
    function: impl Fn(&Lua, A) -> Result<R, Problem> + 'static,
) -> mlua::Result<Function> {
    let raw = lua.create_function(move |lua, values: MultiValue| {
        let result = A::from_lua_multi(values, lua).map_err(|error| misuse(&error));
        outcome(lua, result.and_then(|arguments| function(lua, arguments)))
    })?;
    wrapped(lua, raw)
}

/// `[script]` A function for which the coroutine waits.
pub(super) fn waiting<A, R, F>(lua: &Lua, function: impl Fn(Lua, A) -> F + 'static) -> mlua::Result<Function>
where
    A: FromLuaMulti,
    R: IntoLuaMulti,
    F: Future<Output = Result<R, Problem>> + 'static,
{
    let raw = lua.create_async_function(move |lua, values: MultiValue| {
        let loading = World::of(&lua).is_ok_and(|world| world.loading.get());
        let arguments = if loading {
            Err(Problem::Misuse("a script that loads cannot wait; ask this in a handler".to_owned()))
        } else {
            A::from_lua_multi(values, &lua).map_err(|error| misuse(&error))
        };
        let future = arguments.map(|arguments| function(lua.clone(), arguments));
        async move {
            let result = match future {
                Ok(future) => future.await,
                Err(problem) => Err(problem),
            };
            outcome(&lua, result)
        }
    })?;
    wrapped(lua, raw)
}

fn wrapped(lua: &Lua, raw: Function) -> mlua::Result<Function> {
    lua.named_registry_value::<Function>(RAISE)?.call(raw)
}

/// `[script]` A field of an options table, or a message that names it.
pub(super) fn field<T: mlua::FromLua>(lua: &Lua, table: &Table, name: &str) -> Result<T, Problem> {
    let value: Value = table.raw_get(name)?;
    let found = value.type_name();
    T::from_lua(value, lua).map_err(|_| Problem::Misuse(format!("“{name}” cannot be a {found}")))
}
