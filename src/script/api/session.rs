//! L4 · a client's session, as handlers get it.

use super::{
    instance::{self, Instance},
    lua_list, lua_of,
    spec::{Entry, Form, Topic, handle},
    stream::StreamHandle,
};
use crate::{
    control::core::{InstanceId, StreamId},
    link::{Fault, Json, RequestId, SessionId, SessionInfo, ToServer},
    model::ErrorCode,
    script::{
        call::{self, Context},
        fault::{Problem, at_once, waiting},
        hub::Hub,
        json,
        program::Failure,
        records,
        world::{Protocol, World},
    },
};
use mlua::{Lua, Value};
use serde_json::json;
use std::{collections::BTreeSet, rc::Rc};

/// A session in Lua: a number, looked up whenever it is used.
#[derive(Clone)]
pub(in crate::script) struct Session {
    pub(super) hub: Rc<Hub>,
    pub(super) id: SessionId,
    pub(super) protocol: Rc<Protocol>,
    /// The request that is being answered.
    pub(super) context: Option<Rc<Context>>,
}

handle!(Session, TOPIC);

impl Session {
    pub fn new(hub: Rc<Hub>, id: SessionId, protocol: Rc<Protocol>, context: Option<Rc<Context>>) -> Self {
        Self { hub, id, protocol, context }
    }

    fn info<T>(&self, see: impl FnOnce(&SessionInfo) -> T) -> Result<T, Problem> {
        self.hub.seat(self.id, |seat| see(&seat.info))
    }
}

pub(super) static TOPIC: Topic = Topic {
    name: "Session",
    form: Form::Class,
    doc: "A client that was let in. What it loads belongs to it, and it reaches nothing of others.",
    functions: &[
        Entry {
            name: "id",
            params: &[],
            returns: &["integer"],
            doc: "A number that stands for the session, for keys of tables.",
            waits: false,
            make: |lua| at_once(lua, |_, session: Session| Ok(session.id.0)),
        },
        Entry {
            name: "client",
            params: &[],
            returns: &["string"],
            doc: "What the client calls itself.",
            waits: false,
            make: |lua| at_once(lua, |_, session: Session| session.info(|info| info.client.clone())),
        },
        Entry {
            name: "origin",
            params: &[],
            returns: &["string?"],
            doc: "The page it came from; nil for a program.",
            waits: false,
            make: |lua| at_once(lua, |_, session: Session| session.info(|info| info.origin.clone())),
        },
        Entry {
            name: "allows",
            params: &[("scope", "string", "such as \"param\"")],
            returns: &["boolean"],
            doc: "Whether its token allows something.",
            waits: false,
            make: |lua| {
                at_once(lua, |_, (session, scope): (Session, String)| session.info(|info| info.scopes.contains(&scope)))
            },
        },
        Entry {
            name: "subscribe",
            params: &[("classes", "string[]", "classes of events, all that are wanted")],
            returns: &["string[]"],
            doc: "Says which events it wants from now on.",
            waits: false,
            make: |lua| at_once(lua, subscribe),
        },
        Entry {
            name: "cancel",
            params: &[("id", "any", "of a request of the same session")],
            returns: &["boolean"],
            doc: "Takes back a request that is not answered yet. Its handler stops where it waits; what the plugins' \
                  thread has begun is finished there.",
            waits: false,
            make: |lua| at_once(lua, cancel),
        },
        Entry {
            name: "call",
            params: &[("method", "string", "a verb of its protocol"), ("params", "table?", "")],
            returns: &["any"],
            doc: "Runs a verb as if the client had asked for it, with all checks.",
            waits: true,
            make: |lua| waiting(lua, |lua, (session, method, params)| call(lua, session, method, params)),
        },
        Entry {
            name: "load",
            params: &[(
                "options",
                "table",
                "plugins: names or ids, or tables { plugin_id, state, preset }; plugin_id for one; state: of the whole \
                 chain; sample_rate, max_block, channels, mode",
            )],
            returns: &["table"],
            doc: "Loads a chain of plugins and returns its record.",
            waits: true,
            make: |lua| waiting(lua, |lua, (session, options)| instance::load(lua, session, options)),
        },
        Entry {
            name: "instances",
            params: &[],
            returns: &["table[]"],
            doc: "The records of all that it loaded.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, session: Session| async move {
                    let all = session.hub.backend.instances(session.id.owner()).await?;
                    lua_list(&lua, all.iter().map(records::instance))
                })
            },
        },
        Entry {
            name: "instance",
            params: &[("id", "integer", "from LOAD_PLUGIN")],
            returns: &["Instance"],
            doc: "A loaded chain by its number. Whether it is there is seen when it is used.",
            waits: false,
            make: |lua| at_once(lua, |_, (session, id): (Session, u32)| Ok(Instance { session, id: InstanceId(id) })),
        },
        Entry {
            name: "open_stream",
            params: &[(
                "options",
                "table",
                "instance, and sample_rate, block, channels, mode, credits; what else the protocol's stream.open needs",
            )],
            returns: &["table"],
            doc: "Opens a stream through what the protocol's stream.open says. The client may send frames when it has \
                  the answer of this request.",
            waits: true,
            make: |lua| waiting(lua, |lua, (session, options)| super::stream::open(lua, session, options)),
        },
        Entry {
            name: "stream",
            params: &[("id", "integer", "from OPEN_STREAM")],
            returns: &["Stream"],
            doc: "A stream by its number.",
            waits: false,
            make: |lua| at_once(lua, |_, (session, id): (Session, u32)| Ok(StreamHandle { session, id: StreamId(id) })),
        },
        Entry {
            name: "timings",
            params: &[],
            returns: &["table[]"],
            doc: "What its streams measured.",
            waits: false,
            make: |lua| at_once(lua, timings),
        },
        Entry {
            name: "reset_timings",
            params: &[],
            returns: &[],
            doc: "Forgets what its streams measured.",
            waits: false,
            make: |lua| {
                at_once(lua, |_, session: Session| {
                    session.hub.backend.reset_timings(session.id.owner());
                    Ok(())
                })
            },
        },
        Entry {
            name: "panic",
            params: &[],
            returns: &[],
            doc: "Ends all notes and all that rings in everything it loaded.",
            waits: true,
            make: |lua| {
                waiting(
                    lua,
                    |_, session: Session| async move { Ok(session.hub.backend.panic(session.id.owner()).await?) },
                )
            },
        },
        Entry {
            name: "counts",
            params: &[],
            returns: &["table"],
            doc: "How many instances and streams it has, without waiting.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, session: Session| {
                    let counts = session.hub.seat(session.id, |seat| (seat.loaded.len(), seat.streams.len()))?;
                    lua_of(lua, &json!({ "instances": counts.0, "streams": counts.1 }))
                })
            },
        },
        Entry {
            name: "rev",
            params: &[],
            returns: &["integer"],
            doc: "Counts what happened to it; equal numbers mean that nothing did.",
            waits: false,
            make: |lua| at_once(lua, |_, session: Session| session.hub.seat(session.id, |seat| seat.rev)),
        },
        Entry {
            name: "close",
            params: &[("reason", "string?", "told to the client")],
            returns: &[],
            doc: "Ends the session.",
            waits: false,
            make: |lua| at_once(lua, close),
        },
    ],
};

fn subscribe(lua: &Lua, (session, classes): (Session, Vec<String>)) -> Result<Value, Problem> {
    const CLASSES: &[&str] = &["lifecycle", "params", "meters", "log", "scripts", "graph"];
    if let Some(unknown) = classes.iter().find(|class| !CLASSES.contains(&class.as_str())) {
        let shown: String = unknown.chars().take(60).collect();
        let message = format!("there is no class of events “{shown}”; there are {}", CLASSES.join(", "));
        return Err(Fault::new(ErrorCode::OUT_OF_RANGE, message).into());
    }
    let classes: BTreeSet<String> = classes.into_iter().collect();
    session.hub.subscribe(session.id, classes.clone())?;
    lua_list(lua, classes.into_iter().map(Json::String))
}

fn cancel(_: &Lua, (session, id): (Session, Value)) -> Result<bool, Problem> {
    let id = match id {
        Value::String(text) => RequestId::Text(text.to_string_lossy()),
        Value::Integer(number) if number >= 0 => RequestId::Number(number as u64),
        other => {
            let message = format!("the id of a request is a whole number or a text, not a {}", other.type_name());
            return Err(Fault::new(ErrorCode::FIELD_TYPE, message).into());
        }
    };
    Ok(session.hub.cancel(session.id, &id))
}

async fn call(lua: Lua, session: Session, method: String, params: Value) -> Result<Value, Problem> {
    let params = match params {
        Value::Nil => json!({}),
        params => json::from_lua(&params).map_err(Problem::Misuse)?,
    };
    let program = World::of(&lua)?.program.borrow().upgrade();
    let program = program.ok_or_else(|| Problem::Misuse("the script is still loading".to_owned()))?;
    let context = session.context.clone().unwrap_or_else(|| Context::new(Rc::clone(&session.hub), session.id));
    let _level = context.enter()?;
    let target =
        call::Target { hub: &session.hub, program: &program, protocol: &session.protocol, session: session.id };
    let result = Box::pin(call::invoke(target, &method, &params, &context, true)).await?;
    Ok(json::to_lua_with_null(&lua, &result)?)
}

fn timings(lua: &Lua, session: Session) -> Result<Value, Problem> {
    let all = session.hub.backend.timings(session.id.owner());
    lua_list(
        lua,
        all.iter().map(|(stream, measured)| {
            let mut record = records::timings(measured);
            record["stream"] = json!(stream.0);
            record
        }),
    )
}

fn close(_: &Lua, (session, reason): (Session, Option<String>)) -> Result<(), Problem> {
    let mut reason = reason.unwrap_or_default();
    while reason.len() > 120 {
        reason.pop();
    }
    session.hub.send(ToServer::Close { session: session.id, code: 1000, reason });
    Ok(())
}

/// A failure inside a nested handler, as the outer one sees it.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        failure.into_fault().into()
    }
}
