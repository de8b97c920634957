//! L4 · the module `bridge`: protocols, timers, listeners, faults, and how things stand.

use super::{
    lua_of, protocol,
    spec::{Entry, Form, Topic},
    timer,
};
use crate::{
    link::Json,
    model::nearest,
    script::{
        fault::{self, Problem, at_once},
        json,
        notices::NOTICES,
        world::{Handler, Listener, World},
    },
};
use mlua::{Function, Lua, Table, Value};
use serde_json::json;
use std::rc::Rc;

pub(super) static TOPIC: Topic = Topic {
    name: "bridge",
    form: Form::Module,
    doc: "The way to the bridge: local bridge = require \"bridge\". It also holds version, os and null (JSON's null in \
          lists and results).",
    functions: &[
        Entry {
            name: "protocol",
            params: &[
                ("name", "string", "what clients call it; its subprotocol is NAME.v1.json"),
                ("options", "table?", "path: where its WebSocket is, such as \"/v1/mine\"; sonic-core has \"/v1/ws\""),
            ],
            returns: &["Protocol"],
            doc: "The protocol of that name. The first call declares it, later calls give the same one, so that one \
                  script can add to what another one declared.",
            waits: false,
            make: |lua| at_once(lua, protocol::declare),
        },
        Entry {
            name: "on",
            params: &[("what", "string", "one of the names listed under Events"), ("run", "function", "gets a table")],
            returns: &[],
            doc: "Calls a function whenever something happens in the bridge. What belongs to a client carries its \
                  session.",
            waits: false,
            make: |lua| at_once(lua, on),
        },
        Entry {
            name: "every",
            params: &[("seconds", "number", "at least 0.005"), ("run", "function", "")],
            returns: &["Timer"],
            doc: "Calls a function again and again, with a pause after each call. A program has at most 64 timers.",
            waits: false,
            make: |lua| at_once(lua, |lua, (seconds, run)| timer::declare(lua, seconds, run, true)),
        },
        Entry {
            name: "after",
            params: &[("seconds", "number", "at least 0.005"), ("run", "function", "")],
            returns: &["Timer"],
            doc: "Calls a function once.",
            waits: false,
            make: |lua| at_once(lua, |lua, (seconds, run)| timer::declare(lua, seconds, run, false)),
        },
        Entry {
            name: "sleep",
            params: &[("seconds", "number", "0 to 60")],
            returns: &[],
            doc: "Waits. Only the handler that calls it.",
            waits: true,
            make: timer::sleep,
        },
        Entry {
            name: "fault",
            params: &[
                ("kind", "string", "such as \"OUT_OF_RANGE\"; docs/verbs.md lists all"),
                ("message", "string", "a sentence"),
                ("options", "table?", "hint: what may help; retry: asking again may help; data: a table"),
            ],
            returns: &["Fault"],
            doc: "An error for the client: error(bridge.fault(\"OUT_OF_RANGE\", \"…\")). It has the fields code, kind, \
                  message, hint, retry and data, and so has every error that pcall catches from this API.",
            waits: false,
            make: |lua| at_once(lua, new_fault),
        },
        Entry {
            name: "list",
            params: &[("items", "table?", "")],
            returns: &["table"],
            doc: "Marks a table as a list, so that it is sent as [] and not as {} when it is empty.",
            waits: false,
            make: |lua| at_once(lua, list),
        },
        Entry {
            name: "status",
            params: &[],
            returns: &["table"],
            doc: "How things stand: uptime_s, main_busy_ms, plugins (how many are known), unknown_fields, sessions, \
                  generation, error (why a changed script was refused).",
            waits: false,
            make: |lua| at_once(lua, status),
        },
        Entry {
            name: "limits",
            params: &[],
            returns: &["table"],
            doc: "The limits set in config.lua.",
            waits: false,
            make: |lua| at_once(lua, |lua, ()| lua_of(lua, &World::of(lua)?.live("the limits")?.limits)),
        },
        Entry {
            name: "time",
            params: &[],
            returns: &["number"],
            doc: "Milliseconds since the bridge started, with fractions.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, ()| {
                    let hub = World::of(lua)?.live("the time")?;
                    Ok(hub.started.elapsed().as_secs_f64() * 1000.0)
                })
            },
        },
    ],
};

fn on(lua: &Lua, (what, run): (String, Function)) -> Result<(), Problem> {
    let world = World::of(lua)?;
    world.declaring("listeners")?;
    if !NOTICES.iter().any(|(name, _)| *name == what) {
        let near = nearest(&what, NOTICES.iter().map(|(name, _)| *name));
        let near = near.first().map(|near| format!("; did you mean “{near}”?")).unwrap_or_default();
        return Err(Problem::Misuse(format!("nothing called “{what}” ever happens{near}")));
    }
    let run = Handler::new(format!("what listens to {what}"), run);
    world.listeners.borrow_mut().push(Rc::new(Listener { what, run }));
    Ok(())
}

fn new_fault(lua: &Lua, (kind, message, options): (String, String, Option<Table>)) -> Result<Value, Problem> {
    let Some(mut made) = fault::named(&kind, message) else {
        let near = nearest(&kind, fault::names());
        let near = near.first().map(|near| format!("; did you mean “{near}”?")).unwrap_or_default();
        return Err(Problem::Misuse(format!("there is no fault “{kind}”{near}")));
    };
    if let Some(options) = options {
        made.hint = fault::field(lua, &options, "hint")?;
        made.retry = fault::field::<Option<bool>>(lua, &options, "retry")?.unwrap_or(made.retry);
        let data: Value = fault::field(lua, &options, "data")?;
        let data = json::from_lua(&data).map_err(Problem::Misuse)?;
        made.data = Some(data).filter(Json::is_object);
    }
    Ok(fault::to_lua(lua, &made)?)
}

fn list(lua: &Lua, items: Option<Table>) -> Result<Table, Problem> {
    let list = json::list(lua, 0)?;
    for item in items.iter().flat_map(|items| items.sequence_values::<Value>()) {
        list.raw_push(item?)?;
    }
    Ok(list)
}

fn status(lua: &Lua, (): ()) -> Result<Value, Problem> {
    let hub = World::of(lua)?.live("the status")?;
    let reload = hub.reload.borrow().clone();
    lua_of(
        lua,
        &json!({
            "uptime_s": hub.started.elapsed().as_secs(), "main_busy_ms": hub.backend.main_busy().as_millis() as u64,
            "plugins": hub.backend.plugins().plugins.len(), "unknown_fields": hub.unknown_fields.get(),
            "sessions": hub.seats.borrow().len(), "generation": reload.generation, "error": reload.error,
        }),
    )
}
