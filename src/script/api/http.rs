//! L4 · endpoints besides the WebSocket.

use super::{
    protocol::valid_path,
    spec::{Entry, Form, Topic},
};
use crate::script::{
    fault::{self, Problem, at_once},
    world::{Handler, Route, World},
};
use mlua::{Function, Lua, Value};
use std::rc::Rc;

/// Endpoints of one program.
const MAX_ROUTES: usize = 256;

pub(super) static TOPIC: Topic = Topic {
    name: "bridge.http",
    form: Form::Object,
    doc: "Endpoints by HTTP, behind the same gate as the WebSocket. A handler gets { method, path, query, origin, body } \
          and returns a text, a table that is sent as JSON, or { status, text | html | json }.",
    functions: &[
        Entry {
            name: "get",
            params: &[
                ("path", "string", "such as \"/meters\"; exact"),
                ("run", "any", "a function, or { public = true, run = function }: without a token"),
            ],
            returns: &[],
            doc: "Answers GET.",
            waits: false,
            make: |lua| at_once(lua, |lua, (_this, path, run): (Value, _, _)| add(lua, "GET", path, run)),
        },
        Entry {
            name: "post",
            params: &[("path", "string", "exact"), ("run", "any", "as with get")],
            returns: &[],
            doc: "Answers POST; the body has up to 256 KiB.",
            waits: false,
            make: |lua| at_once(lua, |lua, (_this, path, run): (Value, _, _)| add(lua, "POST", path, run)),
        },
    ],
};

fn add(lua: &Lua, method: &'static str, path: String, run: Value) -> Result<(), Problem> {
    let world = World::of(lua)?;
    world.declaring("endpoints")?;
    valid_path(&path)?;
    if path == "/" || path == "/v1" || path.starts_with("/v1/") {
        return Err(Problem::Misuse(format!("{path} is the bridge's own; choose a path outside of /v1")));
    }
    let (run, public) = match run {
        Value::Function(run) => (run, false),
        Value::Table(options) => {
            let run: Option<Function> = fault::field(lua, &options, "run")?;
            let run = run.ok_or_else(|| Problem::Misuse(format!("{path} has no function `run`")))?;
            (run, fault::field::<Option<bool>>(lua, &options, "public")? == Some(true))
        }
        other => {
            let found = other.type_name();
            return Err(Problem::Misuse(format!("{path} needs a function or a table, not a {found}")));
        }
    };
    let mut routes = world.routes.borrow_mut();
    routes.retain(|route| route.method != method || route.path != path);
    if routes.len() >= MAX_ROUTES || world.protocols.borrow().iter().any(|proto| *proto.path.borrow() == path) {
        return Err(Problem::Misuse(format!("{path} is taken by a protocol, or there are {MAX_ROUTES} endpoints")));
    }
    let run = Handler::new(format!("{method} {path}"), run);
    routes.push(Rc::new(Route { method, path, public, run }));
    Ok(())
}
