//! L4 · library functions whose one call can take hours, which no interrupt reaches: they refuse such a call.
//!
//! Thread: that of the VM. Invariant: one call of a guarded function takes seconds at most. Deliberately absent:
//! everything Luau interrupts by itself (pattern matching, sorting with a comparator) or bounds by its memory.

use super::{runtime::forbidden, script_error::Place};
use mlua::{Function, Lua, MultiValue, Table, Value};

/// Bytes compared in one search for a fixed text: a second's work or two.
const MAX_COMPARED: usize = 1 << 34;
/// Entries moved at one go.
const MAX_MOVED: f64 = 16_777_216.0;

/// Puts the guards in place. Before the sandbox closes the libraries.
pub(super) fn guard(lua: &Lua) -> mlua::Result<()> {
    let string: Table = lua.globals().raw_get("string")?;
    let table: Table = lua.globals().raw_get("table")?;
    replace(lua, &string, "find", searches_too_much)?;
    replace(lua, &string, "split", searches_too_much)?;
    replace(lua, &table, "move", moves_too_much)
}

fn replace(lua: &Lua, library: &Table, name: &'static str, refuses: fn(&MultiValue) -> bool) -> mlua::Result<()> {
    let original: Function = library.raw_get(name)?;
    let guarded = lua.create_function(move |lua, values: MultiValue| {
        if refuses(&values) {
            return Err(forbidden(lua, format!("this call of {name} would take too long; do it in smaller pieces")));
        }
        original.call::<MultiValue>(values).map_err(|error| match error {
            // The VM looked for the line in this function, which has none.
            mlua::Error::RuntimeError(message) => mlua::Error::RuntimeError(format!("{}{message}", Place::in_vm(lua))),
            other => other,
        })
    })?;
    library.raw_set(name, guarded)
}

fn searches_too_much(values: &MultiValue) -> bool {
    let length = |at: usize| values.get(at).and_then(Value::as_string).map_or(0, |text| text.as_bytes().len());
    length(0).saturating_mul(length(1)) > MAX_COMPARED
}

fn moves_too_much(values: &MultiValue) -> bool {
    let number =
        |at: usize| values.get(at).and_then(|value| value.as_number().or(value.as_integer().map(|n| n as f64)));
    matches!((number(1), number(2)), (Some(from), Some(to)) if to - from > MAX_MOVED)
}
