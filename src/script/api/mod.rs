//! L4 · what scripts can call: one file for each topic, one table ([`TOPICS`]) of all of it.
//!
//! Thread: script. Invariant: the table makes the functions, the definitions for editors and the reference.
//! Deliberately absent: files, processes, network.

mod bridge;
mod codec;
mod events;
mod http;
mod instance;
mod load;
mod log;
mod param;
mod plugins;
mod protocol;
mod session;
mod spec;
mod state;
mod stream;
mod timer;

use super::{fault::Problem, json};
use crate::{
    link::{Fault, Json},
    model::ErrorCode,
};
use mlua::{Lua, Table, Value};
use serde::de::DeserializeOwned;

pub(super) use session::Session;
pub(super) use spec::{Form, Topic};

/// Everything scripts can call.
pub(super) const TOPICS: &[&Topic] = &[
    &bridge::TOPIC,
    &protocol::TOPIC,
    &session::TOPIC,
    &instance::TOPIC,
    &param::TOPIC,
    &stream::TOPIC,
    &plugins::TOPIC,
    &http::TOPIC,
    &timer::TOPIC,
    &log::TOPIC,
    &codec::JSON,
    &codec::BASE64,
];

/// `[script]` Puts `bridge` and its parts among the modules that are loaded.
pub(super) fn install(lua: &Lua, modules: &Table) -> mlua::Result<()> {
    let root = spec::functions(lua, &bridge::TOPIC)?;
    root.raw_set("version", env!("CARGO_PKG_VERSION"))?;
    root.raw_set("os", std::env::consts::OS)?;
    root.raw_set("null", Value::NULL)?;
    for topic in TOPICS.iter().filter(|topic| topic.form != Form::Class) {
        let Some(name) = topic.name.strip_prefix("bridge.") else { continue };
        let part = spec::functions(lua, topic)?;
        part.set_readonly(true);
        modules.raw_set(topic.name, &part)?;
        root.raw_set(name, part)?;
    }
    root.set_readonly(true);
    modules.raw_set("bridge", root)
}

/// `[script]` A table of options becomes a value of ours, or a fault says what is wrong with it.
fn options<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    let json = match value {
        Value::Nil => Json::Object(serde_json::Map::new()),
        value => json::from_lua(value).map_err(Problem::Misuse)?,
    };
    serde_json::from_value(json).map_err(|error| Fault::new(ErrorCode::FIELD_TYPE, error.to_string()).into())
}

/// `[script]` JSON for Lua.
fn lua_of(lua: &Lua, value: &Json) -> Result<Value, Problem> {
    Ok(json::to_lua(lua, value)?)
}

/// `[script]` A list of JSON for Lua.
fn lua_list(lua: &Lua, items: impl Iterator<Item = Json>) -> Result<Value, Problem> {
    lua_of(lua, &Json::Array(items.collect()))
}
