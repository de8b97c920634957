//! L4 · a request becomes a call of a handler, and what comes back becomes its answer.
//!
//! Thread: script. Invariant: nothing of a handler runs before scope, rate and parameters are checked; a request that is
//! taken back, or whose client is gone, takes back what it asked of the core. Deliberately absent: names of verbs.

use super::{
    api::Session,
    backend::Opened,
    fields,
    hub::Hub,
    json,
    program::{Failure, Program},
    world::{Protocol, Route, Verb},
};
use crate::{
    link::{Answer, Call, Fault, HttpAnswer, HttpCall, Json, SessionId},
    model::ErrorCode,
};
use mlua::{Table, Value};
use serde_json::json;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use tokio_util::sync::CancellationToken;

/// Bytes of an answer by HTTP.
const MAX_BODY: usize = 4 << 20;

/// What a request opened. What is not handed to the server is closed.
pub(super) struct Context {
    hub: Rc<Hub>,
    session: SessionId,
    streams: RefCell<Vec<Opened>>,
    depth: Cell<usize>,
    ended: Cell<bool>,
}

/// Calls within calls: a BATCH in a BATCH in a BATCH.
const MAX_DEPTH: usize = 8;

/// One level of calls within calls.
pub(super) struct Level<'a>(&'a Cell<usize>);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Context {
    pub fn new(hub: Rc<Hub>, session: SessionId) -> Rc<Self> {
        Rc::new(Self { hub, session, streams: RefCell::default(), depth: Cell::new(0), ended: Cell::new(false) })
    }

    /// One level deeper.
    pub fn enter(&self) -> Result<Level<'_>, Fault> {
        if self.depth.get() >= MAX_DEPTH {
            return Err(Fault::new(ErrorCode::TOO_LARGE, "requests call one another too deeply"));
        }
        self.depth.set(self.depth.get() + 1);
        Ok(Level(&self.depth))
    }

    /// Whether streams can still be opened: their numbers travel with the answer.
    pub fn open(&self) -> bool {
        !self.ended.get()
    }

    /// A stream was opened by this request.
    pub fn opened(&self, stream: Opened) {
        self.streams.borrow_mut().push(stream);
    }

    /// The request is answered with these streams.
    fn hand_over(&self) -> Vec<Opened> {
        self.ended.set(true);
        self.streams.take()
    }

    /// The request is over; what nobody will hear of is closed. Scripts may hold the session for longer.
    fn end(&self) {
        for stream in self.hand_over() {
            let closing = self.hub.backend.close_stream(self.session.owner(), stream.id);
            let _ = self.hub.seat(self.session, |seat| seat.streams.remove(&stream.id));
            tokio::task::spawn_local(async move { drop(closing.await) });
        }
    }
}

/// `[script]` Answers a request, on a task of its own.
pub(super) fn answer(hub: &Rc<Hub>, call: Call) {
    let Call { session, id, method, params, mut reply } = call;
    let cancelled = CancellationToken::new();
    let registered = hub.seat(session, |seat| {
        seat.calls.insert(id.clone(), cancelled.clone());
        seat.info.protocol.clone()
    });
    let Ok(protocol) = registered else {
        let _ = reply.send(Err(Fault::new(ErrorCode::NOT_ACTIVE, "the session is over")));
        return;
    };
    let program = hub.program.borrow().clone();
    let hub = Rc::clone(hub);
    tokio::task::spawn_local(async move {
        let context = Context::new(Rc::clone(&hub), session);
        let work = async {
            let program = program.as_ref().ok_or_else(|| Fault::no_method(&method))?;
            let protocol = program.world.protocol(&protocol).ok_or_else(|| Fault::no_method(&method))?;
            let target = Target { hub: &hub, program, protocol: &protocol, session };
            let ended = || Fault {
                retry: true,
                ..Fault::new(ErrorCode::CANCELLED, "the script was replaced meanwhile; ask again")
            };
            tokio::select! {
                biased;
                () = program.ended() => Err(ended()),
                result = invoke(target, &method, &params, &context, false) => result,
            }
        };
        let result = tokio::select! {
            biased;
            () = cancelled.cancelled() => Some(Err(Fault::rpc(-32800, "REQUEST_CANCELLED", "the request was cancelled"))),
            () = reply.closed() => None,
            result = work => Some(result),
        };
        let _ = hub.seat(session, |seat| seat.calls.remove(&id));
        match result {
            Some(Ok(result)) => {
                let streams = context.hand_over();
                let answer = Answer { result, streams: streams.iter().filter_map(|one| one.stream.clone()).collect() };
                if reply.send(Ok(answer)).is_err() {
                    // Nobody will ever send frames of them.
                    streams.into_iter().for_each(|stream| context.opened(stream));
                }
            }
            Some(Err(fault)) => drop(reply.send(Err(fault))),
            None => {}
        }
        context.end();
    });
}

/// Who is asked, by whom.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub hub: &'a Rc<Hub>,
    pub program: &'a Rc<Program>,
    pub protocol: &'a Rc<Protocol>,
    pub session: SessionId,
}

/// `[script]` Checks a request and runs its handler; `nested` within a turn of another one.
pub(super) async fn invoke(
    target: Target<'_>,
    method: &str,
    params: &Json,
    context: &Rc<Context>,
    nested: bool,
) -> Result<Json, Fault> {
    let Target { hub, program, protocol, session } = target;
    let verb = protocol.verb(method).ok_or_else(|| Fault::no_method(method))?;
    allowed(hub, session, &verb)?;
    if verb.costs_main {
        hub.take_main(session)?;
    }
    let records = protocol.records.borrow().clone();
    let (params, unknown) = fields::accept(&verb.params, params, &records)?;
    hub.unknown_fields.set(hub.unknown_fields.get() + unknown);
    let broken = |error: mlua::Error| Fault::new(ErrorCode::RUNTIME, error.to_string());
    let lua = program.lua();
    let params = json::to_lua(lua, &params).map_err(broken)?;
    let session = Session::new(Rc::clone(hub), session, Rc::clone(protocol), Some(Rc::clone(context)));
    let value = program.run_in(&verb.run, (session, params), nested).await.map_err(Failure::into_fault)?;
    let mut result = match &value {
        Value::Nil => json!({}),
        value => json::from_lua(value).map_err(|reason| {
            Fault::new(ErrorCode::RUNTIME, format!("{method} returned what cannot be sent: {reason}"))
        })?,
    };
    fields::shape(&verb.result, &mut result, &records);
    Ok(result)
}

fn allowed(hub: &Hub, session: SessionId, verb: &Verb) -> Result<(), Fault> {
    let Some(scope) = &verb.scope else { return Ok(()) };
    let has = hub.seat(session, |seat| seat.info.scopes.contains(scope)).unwrap_or(false);
    if has {
        return Ok(());
    }
    Err(Fault {
        data: Some(json!({ "scope": scope })),
        ..Fault::new(
            ErrorCode::SCOPE_DENIED,
            format!("{} needs the scope “{scope}”, which your token does not have", verb.name),
        )
    })
}

/// `[script]` Answers a request by HTTP, on a task of its own.
pub(super) fn http(hub: &Rc<Hub>, call: HttpCall) {
    let program = hub.program.borrow().clone();
    let found = program.and_then(|program| {
        let routes = program.world.routes.borrow();
        let route = routes.iter().find(|route| route.method == call.method && route.path == call.path).cloned();
        drop(routes);
        route.map(|route| (program, route))
    });
    let Some((program, route)) = found else {
        let _ = call.reply.send(text(404, "there is nothing here"));
        return;
    };
    tokio::task::spawn_local(async move {
        let HttpCall { method, path, query, origin, body, mut reply } = call;
        let work = serve(&program, &route, &method, &path, &query, origin.as_deref(), &body);
        let answer = tokio::select! {
            biased;
            () = reply.closed() => return,
            answer = work => answer,
        };
        let _ = reply.send(answer.unwrap_or_else(|failure| refused(failure)));
    });
}

async fn serve(
    program: &Rc<Program>,
    route: &Route,
    method: &str,
    path: &str,
    query: &[(String, String)],
    origin: Option<&str>,
    body: &[u8],
) -> Result<HttpAnswer, Failure> {
    let lua = program.lua();
    let request = || -> mlua::Result<Table> {
        let request = lua.create_table()?;
        let all = lua.create_table()?;
        for (key, value) in query {
            all.raw_set(key.as_str(), value.as_str())?;
        }
        request.raw_set("method", method)?;
        request.raw_set("path", path)?;
        request.raw_set("query", all)?;
        request.raw_set("origin", origin)?;
        request.raw_set("body", lua.create_string(body)?)?;
        Ok(request)
    };
    let broken = |message: String| Failure::Fault(Fault::new(ErrorCode::RUNTIME, message));
    let request = request().map_err(|error| broken(error.to_string()))?;
    let value = program.run(&route.run, request).await?;
    page(&value).map_err(|reason| broken(format!("{} {}: {reason}", route.method, route.path)))
}

/// A text is a text; a table with `status`, `text`, `html` or `json` is an answer; any other table is JSON.
fn page(value: &Value) -> Result<HttpAnswer, String> {
    let answer = match value {
        Value::Nil => text(204, ""),
        Value::String(words) => text(200, &words.to_string_lossy()),
        Value::Table(table) => {
            let part = |name: &str| table.raw_get::<Value>(name).unwrap_or(Value::Nil);
            let status = part("status").as_integer().unwrap_or(200);
            let status = u16::try_from(status).ok().filter(|status| (200..600).contains(status));
            let status = status.ok_or("“status” has to be a whole number from 200 to 599")?;
            match (part("html"), part("text"), part("json")) {
                (Value::String(page), ..) => HttpAnswer {
                    content_type: "text/html; charset=utf-8".to_owned(),
                    ..text(status, &page.to_string_lossy())
                },
                (_, Value::String(words), _) => text(status, &words.to_string_lossy()),
                (_, _, Value::Nil) if !part("status").is_nil() => text(status, ""),
                (_, _, Value::Nil) => as_json(200, &json::from_lua(value)?),
                (_, _, value) => as_json(status, &json::from_lua(&value)?),
            }
        }
        other => as_json(200, &json::from_lua(other)?),
    };
    if answer.body.len() > MAX_BODY {
        return Err("the answer is larger than 4 MiB".to_owned());
    }
    Ok(answer)
}

fn text(status: u16, words: &str) -> HttpAnswer {
    HttpAnswer { status, content_type: "text/plain; charset=utf-8".to_owned(), body: words.as_bytes().to_vec() }
}

fn as_json(status: u16, value: &Json) -> HttpAnswer {
    HttpAnswer { status, content_type: "application/json".to_owned(), body: value.to_string().into_bytes() }
}

/// A fault is the asker's business, a broken script is ours.
fn refused(failure: Failure) -> HttpAnswer {
    let status = match &failure {
        Failure::Fault(fault) if fault.kind != ErrorCode::RUNTIME.name => 400,
        _ => 500,
    };
    let fault = failure.into_fault();
    as_json(status, &json!({ "error": { "code": fault.code, "kind": fault.kind, "message": fault.message } }))
}
