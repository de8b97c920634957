//! L4 · one parameter of a loaded plugin.

use super::{
    instance::Instance,
    lua_of,
    spec::{Entry, Form, Topic, handle},
};
use crate::{
    control::core::{ParamInput, ParamRef},
    link::{Fault, Json},
    model::ErrorCode,
    script::{
        fault::{Problem, at_once, waiting},
        records,
    },
};
use mlua::{Lua, Value};
use serde_json::json;
use std::time::Duration;

/// Busy for longer than this, and nobody waits for a text.
const BUSY: Duration = Duration::from_millis(2);
/// The longest a value waits for its text.
const TEXT_WAIT: Duration = Duration::from_millis(5);

/// A parameter in Lua.
#[derive(Clone)]
pub(super) struct ParamHandle {
    pub instance: Instance,
    pub member: usize,
    pub wanted: ParamRef,
}

handle!(ParamHandle, TOPIC);

pub(super) static TOPIC: Topic = Topic {
    name: "Param",
    form: Form::Class,
    doc: "One parameter of a loaded plugin. Normalized values (0 to 1) never wait for the plugin.",
    functions: &[
        Entry {
            name: "info",
            params: &[],
            returns: &["table"],
            doc: "What is known of it without asking the plugin: id, name, unit, min, max, steps, flags and so on.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, param: ParamHandle| {
                    let backend = &param.instance.session.hub.backend;
                    let owner = param.instance.session.id.owner();
                    let info = backend.find(owner, param.instance.id, param.member, &param.wanted)?;
                    lua_of(lua, &records::param_info(&info))
                })
            },
        },
        Entry {
            name: "norm",
            params: &[],
            returns: &["number"],
            doc: "Its present normalized value, without waiting.",
            waits: false,
            make: |lua| at_once(lua, |_, param: ParamHandle| Ok(param.present()?.1)),
        },
        Entry {
            name: "get",
            params: &[("space", "string?", "\"norm\": only that, without waiting; else all")],
            returns: &["table"],
            doc: "Its present value: norm, plain, text. plain and text are left out while the plugins' thread is busy.",
            waits: true,
            make: |lua| waiting(lua, |lua, (param, space)| get(lua, param, space)),
        },
        Entry {
            name: "set",
            params: &[
                ("value", "any", "a number, or a text for the space \"text\""),
                ("space", "string?", "\"norm\" (0 to 1), \"plain\" (in its unit) or \"text\"; norm"),
                ("texts", "boolean?", "whether plain and text are wanted in the answer; true"),
            ],
            returns: &["table", "boolean"],
            doc: "Sets it. Returns what was really applied (norm, plain, text), and whether a step was nearest.",
            waits: true,
            make: |lua| waiting(lua, |lua, (param, value, space, texts)| set(lua, param, value, space, texts)),
        },
        Entry {
            name: "describe",
            params: &[("value", "any", ""), ("space", "string?", "\"norm\", \"plain\" or \"text\"; norm")],
            returns: &["table"],
            doc: "What a value would be in all ways (norm, plain, text), without setting it.",
            waits: true,
            make: |lua| waiting(lua, |lua, (param, value, space)| describe(lua, param, value, space)),
        },
    ],
};

impl ParamHandle {
    /// Its id and present value.
    fn present(&self) -> Result<(crate::model::ParamId, f64), Problem> {
        let (backend, owner) = (&self.instance.session.hub.backend, self.instance.session.id.owner());
        let info = backend.find(owner, self.instance.id, self.member, &self.wanted)?;
        Ok((info.id, backend.normalized(owner, self.instance.id, self.member, info.id)?))
    }

    /// Plain and text of a normalized value, if the main thread has a moment.
    async fn texts(&self, id: crate::model::ParamId, norm: f64) -> Option<Json> {
        let backend = &self.instance.session.hub.backend;
        if backend.main_busy() > BUSY {
            return None;
        }
        let owner = self.instance.session.id.owner();
        let input = Some(ParamInput::Normalized(norm));
        let asking = backend.param_value(owner, self.instance.id, self.member, ParamRef::Id(id), input);
        match tokio::time::timeout(TEXT_WAIT, asking).await {
            Ok(Ok(value)) => Some(records::value(&value)),
            _ => None,
        }
    }
}

fn input(value: &Value, space: Option<&str>) -> Result<ParamInput, Problem> {
    let number = || match value {
        Value::Number(number) if !number.is_finite() => {
            Err(Problem::from(Fault::new(ErrorCode::NOT_FINITE, "“value” has to be a finite number")))
        }
        Value::Number(number) => Ok(*number),
        Value::Integer(number) => Ok(*number as f64),
        other => {
            let message = format!("“value” has to be a number, not a {}", other.type_name());
            Err(Fault::new(ErrorCode::FIELD_TYPE, message).into())
        }
    };
    match (space.unwrap_or("norm"), value) {
        ("norm", _) => number().map(ParamInput::Normalized),
        ("plain", _) => number().map(ParamInput::Plain),
        ("text", Value::String(text)) => Ok(ParamInput::Text(text.to_string_lossy())),
        ("text", other) => {
            let message = format!("“value” has to be a text, not a {}", other.type_name());
            Err(Fault::new(ErrorCode::FIELD_TYPE, message).into())
        }
        _ => Err(Fault::new(ErrorCode::OUT_OF_RANGE, "“space” has to be \"norm\", \"plain\" or \"text\"").into()),
    }
}

async fn get(lua: Lua, param: ParamHandle, space: Option<String>) -> Result<Value, Problem> {
    let (id, norm) = param.present()?;
    let all = if space.as_deref() == Some("norm") { None } else { param.texts(id, norm).await };
    lua_of(&lua, &all.unwrap_or_else(|| json!({ "norm": norm })))
}

async fn set(
    lua: Lua,
    param: ParamHandle,
    value: Value,
    space: Option<String>,
    texts: Option<bool>,
) -> Result<(Value, bool), Problem> {
    let backend = &param.instance.session.hub.backend;
    let (owner, at) = (param.instance.session.id.owner(), param.instance.id);
    match input(&value, space.as_deref())? {
        ParamInput::Normalized(norm) => {
            let id = backend.find(owner, at, param.member, &param.wanted)?.id;
            let applied = backend.set_normalized(owner, at, param.member, id, norm)?;
            let all = if texts == Some(false) { None } else { param.texts(id, applied.normalized).await };
            let all = all.unwrap_or_else(|| json!({ "norm": applied.normalized }));
            Ok((lua_of(&lua, &all)?, applied.snapped))
        }
        other => {
            let setting = backend.set_param(owner, at, param.member, param.wanted.clone(), other);
            let (value, snapped) = setting.await?;
            Ok((lua_of(&lua, &records::value(&value))?, snapped))
        }
    }
}

async fn describe(lua: Lua, param: ParamHandle, value: Value, space: Option<String>) -> Result<Value, Problem> {
    let backend = &param.instance.session.hub.backend;
    let (owner, at) = (param.instance.session.id.owner(), param.instance.id);
    let input = Some(input(&value, space.as_deref())?);
    let value = backend.param_value(owner, at, param.member, param.wanted.clone(), input).await?;
    lua_of(&lua, &records::value(&value))
}
