//! L4 · JSON and base64 for scripts.

use super::{
    lua_of,
    spec::{Entry, Form, Topic},
};
use crate::script::{
    fault::{Problem, at_once},
    json,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mlua::{Lua, LuaString, Value};

/// Characters that are read in one go.
const MAX_TEXT: usize = 16 << 20;

pub(super) static JSON: Topic = Topic {
    name: "bridge.json",
    form: Form::Module,
    doc: "JSON as text. bridge.null is null, bridge.list marks a list.",
    functions: &[
        Entry {
            name: "encode",
            params: &[("value", "any", "")],
            returns: &["string"],
            doc: "A value as text.",
            waits: false,
            make: |lua| {
                at_once(lua, |_, value: Value| Ok(json::from_lua(&value).map_err(Problem::Misuse)?.to_string()))
            },
        },
        Entry {
            name: "decode",
            params: &[("text", "string", "")],
            returns: &["any"],
            doc: "Text as a value; an error says where it is no JSON.",
            waits: false,
            make: |lua| at_once(lua, decode),
        },
    ],
};

pub(super) static BASE64: Topic = Topic {
    name: "bridge.base64",
    form: Form::Module,
    doc: "Bytes as text.",
    functions: &[
        Entry {
            name: "encode",
            params: &[("bytes", "string", "")],
            returns: &["string"],
            doc: "Bytes as base64, with padding.",
            waits: false,
            make: |lua| at_once(lua, |_, bytes: LuaString| Ok(STANDARD.encode(bytes.as_bytes()))),
        },
        Entry {
            name: "decode",
            params: &[("text", "string", "")],
            returns: &["string"],
            doc: "Base64 as bytes.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, text: LuaString| {
                    let bytes = STANDARD.decode(text.as_bytes());
                    let bytes = bytes.map_err(|error| Problem::Misuse(format!("this is no base64: {error}")))?;
                    Ok(lua.create_string(bytes)?)
                })
            },
        },
    ],
};

fn decode(lua: &Lua, text: LuaString) -> Result<Value, Problem> {
    if text.as_bytes().len() > MAX_TEXT {
        return Err(Problem::Misuse("this text is too long".to_owned()));
    }
    let value = serde_json::from_slice(&text.as_bytes());
    lua_of(lua, &value.map_err(|error| Problem::Misuse(format!("this is no JSON: {error}")))?)
}
