//! L4 · the form in which every function of the Lua API is written down: once, for the VM, the editors and the reader.
//!
//! Thread: script. Invariant: what is not in a topic does not exist in Lua, and what is in one is documented.
//! Deliberately absent: the functions themselves; each topic has its own file.

use mlua::{Function, Lua, Table, UserDataFields as _, UserDataRegistry};

/// How a topic is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script) enum Form {
    /// `require "bridge"` and what hangs on it: functions are called with a dot.
    Module,
    /// The same, called with a colon.
    Object,
    /// What functions give out: methods are called with a colon.
    Class,
}

/// Functions that belong together.
#[derive(Debug)]
pub(in crate::script) struct Topic {
    /// `bridge.http`, `Session`.
    pub name: &'static str,
    pub form: Form,
    /// A sentence or two.
    pub doc: &'static str,
    pub functions: &'static [Entry],
}

/// One function. Types are `number`, `integer`, `string`, `boolean`, `table`, `any`, `function`, the name of a class, any of
/// these with `?` (may be nil) or `[]` (a list).
#[derive(Debug)]
pub(in crate::script) struct Entry {
    pub name: &'static str,
    /// Name, type, what it is.
    pub params: &'static [(&'static str, &'static str, &'static str)],
    /// Types, in order.
    pub returns: &'static [&'static str],
    /// Sentences.
    pub doc: &'static str,
    /// The coroutine waits for the answer; other handlers go on meanwhile.
    pub waits: bool,
    pub make: fn(&Lua) -> mlua::Result<Function>,
}

/// `[script]` The functions of a topic, in a table.
pub(super) fn functions(lua: &Lua, topic: &Topic) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, topic.functions.len())?;
    for entry in topic.functions {
        table.raw_set(entry.name, (entry.make)(lua)?)?;
    }
    Ok(table)
}

/// `[script]` Gives the methods of a topic to a kind of userdata.
pub(super) fn class<T: 'static>(registry: &mut UserDataRegistry<T>, topic: &'static Topic) {
    registry.add_meta_field_with("__index", move |lua| {
        let methods = functions(lua, topic)?;
        methods.set_readonly(true);
        Ok(methods)
    });
}

/// A kind of userdata that is a cheap handle: it is copied whenever a method gets it.
macro_rules! handle {
    ($Type:ident, $topic:path) => {
        impl mlua::UserData for $Type {
            fn register(registry: &mut mlua::UserDataRegistry<Self>) {
                $crate::script::api::spec::class(registry, &$topic);
            }
        }
        impl mlua::FromLua for $Type {
            fn from_lua(value: mlua::Value, _: &mlua::Lua) -> mlua::Result<Self> {
                let wrong = || mlua::Error::FromLuaConversionError {
                    from: value.type_name(),
                    to: concat!(stringify!($Type), "; methods are called with a colon").to_owned(),
                    message: None,
                };
                let data = value.as_userdata().ok_or_else(wrong)?;
                data.borrow::<Self>().map(|own| own.clone()).map_err(|_| wrong())
            }
        }
    };
}
pub(super) use handle;
