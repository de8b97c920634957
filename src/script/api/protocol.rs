//! L4 · protocols as scripts declare them: verbs, records, events, and what streams run through.

use super::{
    session::Session,
    spec::{Entry, Form, Topic, handle},
};
use crate::{
    link::{Audience, Event},
    model::nearest,
    script::{
        fault::{self, Problem, at_once},
        fields, json,
        world::{EventKind, Handler, Protocol, Verb, World},
    },
};
use mlua::{Function, Lua, Table, Value};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// The protocol every client knows, and its place.
const SHIPPED: (&str, &str) = ("sonic-core", "/v1/ws");
/// Places that are the server's own.
const RESERVED: &[&str] = &["/", "/v1/hello", "/v1/native"];
/// Classes of events that a client can choose.
const CLASSES: &[&str] = &["lifecycle", "params", "meters", "log", "scripts", "graph"];
/// Scopes a token can have.
const SCOPES: &[&str] =
    &["list", "load", "param", "audio", "state", "graph", "scan", "script.read", "script.write", "admin"];

/// A protocol in Lua.
#[derive(Clone, Debug)]
pub(super) struct ProtocolHandle(Rc<Protocol>);

handle!(ProtocolHandle, TOPIC);

pub(super) static TOPIC: Topic = Topic {
    name: "Protocol",
    form: Form::Class,
    doc: "What clients can ask over one WebSocket. Made by bridge.protocol.",
    functions: &[
        Entry {
            name: "verb",
            params: &[("name", "string", "as clients send it")],
            returns: &["function"],
            doc: "Declares a verb: proto:verb \"NAME\" { doc, params, result, errors, scope, cost, example, run }. `run` \
                  gets the session and the checked parameters, and returns the result. A verb of the same name is \
                  replaced.",
            waits: false,
            make: |lua| at_once(lua, verb),
        },
        Entry {
            name: "remove",
            params: &[("name", "string", "of a verb")],
            returns: &["boolean"],
            doc: "Takes a verb out again; false if there was none.",
            waits: false,
            make: |lua| at_once(lua, remove),
        },
        Entry {
            name: "record",
            params: &[("name", "string", "used as a type afterwards")],
            returns: &["function"],
            doc: "Names a group of fields: proto:record \"Bus\" { name = \"text\", channels = \"integer\" }.",
            waits: false,
            make: |lua| at_once(lua, record),
        },
        Entry {
            name: "event",
            params: &[("name", "string", "as clients get it")],
            returns: &["function"],
            doc: "Declares an event: proto:event \"NAME\" { doc, class, data }. The class says by which word clients ask \
                  for it, and whether it may be dropped.",
            waits: false,
            make: |lua| at_once(lua, event),
        },
        Entry {
            name: "emit",
            params: &[
                ("name", "string", "of a declared event"),
                ("data", "table?", ""),
                ("options", "table?", "session: only to this one; key: replaces what waits with the same key; class"),
            ],
            returns: &[],
            doc: "Sends an event, to every client of the protocol or to one session.",
            waits: false,
            make: |lua| at_once(lua, emit),
        },
        Entry {
            name: "stream",
            params: &[(
                "options",
                "table",
                "open: a function that gets session and parameters, and returns an Instance",
            )],
            returns: &[],
            doc: "Says what the audio frames of a new stream run through. Afterwards no Lua runs per block.",
            waits: false,
            make: |lua| at_once(lua, stream),
        },
        Entry {
            name: "path",
            params: &[],
            returns: &["string"],
            doc: "Where its WebSocket is.",
            waits: false,
            make: |lua| at_once(lua, |_, proto: ProtocolHandle| Ok(proto.0.path.borrow().clone())),
        },
    ],
};

/// `bridge.protocol(name, options)`
pub(super) fn declare(lua: &Lua, (name, options): (String, Option<Table>)) -> Result<ProtocolHandle, Problem> {
    let world = World::of(lua)?;
    let path = match &options {
        Some(options) => fault::field::<Option<String>>(lua, options, "path")?,
        None => None,
    };
    if let Some(known) = world.protocol(&name) {
        if let Some(path) = path {
            *known.path.borrow_mut() = place(&world, &name, path)?;
        }
        return Ok(ProtocolHandle(known));
    }
    world.declaring("protocols")?;
    let word = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "-.".contains(sign);
    if name.is_empty() || name.len() > 40 || !name.chars().all(word) {
        let shown: String = name.chars().take(60).collect();
        return Err(Problem::Misuse(format!(
            "“{shown}” cannot be the name of a protocol; names have small letters, digits, - and ."
        )));
    }
    let path = match path {
        Some(path) => path,
        None if name == SHIPPED.0 => SHIPPED.1.to_owned(),
        None => {
            let example = format!("bridge.protocol(\"{name}\", {{ path = \"/v1/{name}\" }})");
            return Err(Problem::Misuse(format!("a new protocol needs a path: {example}")));
        }
    };
    let path = place(&world, &name, path)?;
    let protocol = Rc::new(Protocol {
        name: Arc::from(name),
        path: RefCell::new(path),
        verbs: RefCell::default(),
        events: RefCell::default(),
        records: RefCell::default(),
        stream: RefCell::default(),
    });
    world.protocols.borrow_mut().push(Rc::clone(&protocol));
    Ok(ProtocolHandle(protocol))
}

fn place(world: &World, name: &str, path: String) -> Result<String, Problem> {
    valid_path(&path)?;
    let taken = world.protocols.borrow().iter().any(|other| *other.path.borrow() == path && &*other.name != name)
        || world.routes.borrow().iter().any(|route| route.path == path);
    if taken || RESERVED.contains(&path.as_str()) {
        return Err(Problem::Misuse(format!("{path} is taken already; choose another path")));
    }
    Ok(path)
}

/// A path of the server that a script may choose.
pub(super) fn valid_path(path: &str) -> Result<(), Problem> {
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "/-_.".contains(sign);
    let fine = path.starts_with('/') && path.len() <= 200 && path.chars().all(sign) && !path.contains("//");
    if fine && !path.split('/').any(|part| part == "..") {
        return Ok(());
    }
    let shown: String = path.chars().take(60).collect();
    let text = format!("“{shown}” is no path; it begins with / and has letters, digits, /, -, _ and .");
    Err(Problem::Misuse(text))
}

/// A function that takes the table of a declaration.
fn declaring(
    lua: &Lua,
    what: &'static str,
    declare: impl Fn(&Lua, &Table) -> Result<(), Problem> + 'static,
) -> Result<Function, Problem> {
    World::of(lua)?.declaring(what)?;
    Ok(at_once(lua, move |lua, table: Table| declare(lua, &table))?)
}

fn name_of(name: &str, what: &str) -> Result<(), Problem> {
    let word = |sign: char| sign.is_ascii_alphanumeric() || "_.-".contains(sign);
    if !name.is_empty() && name.len() <= 64 && name.chars().all(word) {
        return Ok(());
    }
    let shown: String = name.chars().take(60).collect();
    Err(Problem::Misuse(format!("“{shown}” cannot be the name of {what}; names have letters, digits, _ . and -")))
}

fn only(table: &Table, what: &str, known: &[&str]) -> Result<(), Problem> {
    for (key, _) in fields::pairs(table) {
        let Value::String(key) = key else {
            return Err(Problem::Misuse(format!("{what}: a declaration has names only")));
        };
        let key = key.to_string_lossy();
        if !known.contains(&key.as_str()) {
            let near = nearest(&key, known.iter().copied());
            let near = near.first().map(|near| format!("; did you mean “{near}”?")).unwrap_or_default();
            return Err(Problem::Misuse(format!("{what}: there is no “{key}” in a declaration{near}")));
        }
    }
    Ok(())
}

fn words(lua: &Lua, table: &Table, key: &str) -> Result<Vec<String>, Problem> {
    Ok(fault::field::<Option<Vec<String>>>(lua, table, key)?.unwrap_or_default())
}

fn fields_of(lua: &Lua, proto: &Protocol, table: &Table, key: &str, what: &str) -> Result<Vec<fields::Field>, Problem> {
    let records = proto.records.borrow();
    let value: Value = fault::field(lua, table, key)?;
    let found = match value {
        Value::Nil => Ok(Vec::new()),
        // A result may be a record as a whole.
        Value::String(name) => match records.get(&name.to_string_lossy()) {
            Some(fields) => Ok(fields.clone()),
            None => Err(format!("there is no record “{}”", name.to_string_lossy())),
        },
        Value::Table(table) => fields::declared(&table, &records),
        other => Err(format!("a table of fields is needed, not a {}", other.type_name())),
    };
    found.map_err(|reason| Problem::Misuse(format!("{what}: {key}: {reason}")))
}

fn verb(lua: &Lua, (proto, name): (ProtocolHandle, String)) -> Result<Function, Problem> {
    name_of(&name, "a verb")?;
    declaring(lua, "verbs", move |lua, table| {
        let what = format!("verb {name}");
        only(table, &what, &["doc", "params", "result", "errors", "scope", "cost", "example", "run"])?;
        let run: Option<Function> = fault::field(lua, table, "run")?;
        let run = run.ok_or_else(|| Problem::Misuse(format!("{what} has no function `run`")))?;
        let errors = words(lua, table, "errors")?;
        if let Some(unknown) = errors.iter().find(|error| !fault::names().any(|name| name == **error)) {
            return Err(Problem::Misuse(format!("{what}: there is no error {unknown}")));
        }
        let scope: Option<String> = fault::field(lua, table, "scope")?;
        known(scope.as_deref(), SCOPES, &what, "scope")?;
        let cost: Option<String> = fault::field(lua, table, "cost")?;
        known(cost.as_deref(), &["main", "none"], &what, "cost")?;
        let example: Value = fault::field(lua, table, "example")?;
        let example =
            json::from_lua(&example).map_err(|reason| Problem::Misuse(format!("{what}: example: {reason}")))?;
        let declared = Rc::new(Verb {
            doc: fault::field::<Option<String>>(lua, table, "doc")?.unwrap_or_default(),
            params: fields_of(lua, &proto.0, table, "params", &what)?,
            result: fields_of(lua, &proto.0, table, "result", &what)?,
            errors,
            scope,
            costs_main: cost.as_deref() == Some("main"),
            example: Some(example).filter(|example| !example.is_null()),
            run: Handler::new(what, run),
            name: name.clone(),
        });
        let mut verbs = proto.0.verbs.borrow_mut();
        match verbs.iter_mut().find(|verb| verb.name == name) {
            Some(old) => *old = declared,
            None => verbs.push(declared),
        }
        Ok(())
    })
}

fn known(word: Option<&str>, words: &[&str], what: &str, key: &str) -> Result<(), Problem> {
    match word {
        Some(word) if !words.contains(&word) => {
            Err(Problem::Misuse(format!("{what}: there is no {key} “{word}”; there are {}", words.join(", "))))
        }
        _ => Ok(()),
    }
}

fn remove(lua: &Lua, (proto, name): (ProtocolHandle, String)) -> Result<bool, Problem> {
    World::of(lua)?.declaring("verbs")?;
    let mut verbs = proto.0.verbs.borrow_mut();
    let before = verbs.len();
    verbs.retain(|verb| verb.name != name);
    Ok(verbs.len() < before)
}

fn record(lua: &Lua, (proto, name): (ProtocolHandle, String)) -> Result<Function, Problem> {
    name_of(&name, "a record")?;
    if fields::TYPES.contains(&name.as_str()) {
        return Err(Problem::Misuse(format!("{name} is a type already; records begin with a capital letter")));
    }
    declaring(lua, "records", move |_, table| {
        let found = fields::declared(table, &proto.0.records.borrow());
        let found = found.map_err(|reason| Problem::Misuse(format!("record {name}: {reason}")))?;
        proto.0.records.borrow_mut().insert(name.clone(), found);
        Ok(())
    })
}

fn event(lua: &Lua, (proto, name): (ProtocolHandle, String)) -> Result<Function, Problem> {
    name_of(&name, "an event")?;
    declaring(lua, "events", move |lua, table| {
        let what = format!("event {name}");
        only(table, &what, &["doc", "class", "data"])?;
        let class = fault::field::<Option<String>>(lua, table, "class")?.unwrap_or_else(|| CLASSES[0].to_owned());
        known(Some(&class), CLASSES, &what, "class")?;
        let declared = EventKind {
            name: name.clone(),
            doc: fault::field::<Option<String>>(lua, table, "doc")?.unwrap_or_default(),
            class,
            data: fields_of(lua, &proto.0, table, "data", &what)?,
        };
        let mut events = proto.0.events.borrow_mut();
        events.retain(|event| event.name != name);
        events.push(declared);
        Ok(())
    })
}

fn emit(
    lua: &Lua,
    (proto, name, data, options): (ProtocolHandle, String, Value, Option<Table>),
) -> Result<(), Problem> {
    let hub = World::of(lua)?.live("events")?;
    let declared = proto.0.events.borrow().iter().find(|event| event.name == name).cloned();
    let Some(declared) = declared else {
        let names: Vec<String> = proto.0.events.borrow().iter().map(|event| event.name.clone()).collect();
        let near = nearest(&name, names.iter().map(String::as_str));
        let near = near.first().map(|near| format!("; did you mean “{near}”?")).unwrap_or_default();
        return Err(Problem::Misuse(format!("no event “{name}” is declared{near}")));
    };
    let mut data = match data {
        Value::Nil => serde_json::json!({}),
        data => json::from_lua(&data).map_err(Problem::Misuse)?,
    };
    fields::shape(&declared.data, &mut data, &proto.0.records.borrow());
    let (mut session, mut key, mut class) = (None, None, None);
    if let Some(options) = &options {
        session = fault::field::<Option<Session>>(lua, options, "session")?;
        key = fault::field::<Option<String>>(lua, options, "key")?;
        class = fault::field::<Option<String>>(lua, options, "class")?;
        known(class.as_deref(), CLASSES, &format!("event {name}"), "class")?;
    }
    let to = match session {
        // Whoever came by another protocol does not know these words.
        Some(session) if session.protocol.name != proto.0.name => return Ok(()),
        Some(session) => Audience::Session(session.id),
        None => Audience::Protocol(Arc::clone(&proto.0.name)),
    };
    hub.emit(to, Event { kind: name, class: class.unwrap_or(declared.class), key, data });
    Ok(())
}

fn stream(lua: &Lua, (proto, options): (ProtocolHandle, Table)) -> Result<(), Problem> {
    World::of(lua)?.declaring("streams")?;
    only(&options, "stream", &["open"])?;
    let open: Option<Function> = fault::field(lua, &options, "open")?;
    let open = open.ok_or_else(|| Problem::Misuse("stream has no function `open`".to_owned()))?;
    *proto.0.stream.borrow_mut() = Some(open);
    Ok(())
}
