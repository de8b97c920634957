//! The stand-in for the scripts: a thread that answers a few words and remembers what it heard.

use serde_json::json;
use sonic_bridge::{
    link::{
        Answer, Audience, Call, Endpoint, Event, Fault, HttpAnswer, ProtocolRoute, ScriptEnd, Served, SessionId,
        SessionInfo, ToScript, ToServer,
    },
    model::ErrorCode,
};
use std::sync::{Arc, Mutex, PoisonError};

/// What was heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    Opened(SessionInfo),
    Parked(SessionId),
    Resumed(SessionId),
    Closed(SessionId),
    Call(SessionId, String),
    Http(String, String, Vec<(String, String)>, Option<String>),
}

/// All that was heard, in order.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<Word>>>);

impl Heard {
    /// A copy.
    pub fn all(&self) -> Vec<Word> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sessions that were opened.
    pub fn opened(&self) -> Vec<SessionInfo> {
        let opened = |word| if let Word::Opened(info) = word { Some(info) } else { None };
        self.all().into_iter().filter_map(opened).collect()
    }

    /// How often a verb came.
    pub fn calls(&self, method: &str) -> usize {
        self.all().iter().filter(|word| matches!(word, Word::Call(_, called) if called == method)).count()
    }

    /// Whether this was heard.
    pub fn has(&self, word: &Word) -> bool {
        self.all().contains(word)
    }

    fn push(&self, word: Word) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(word);
    }
}

/// Starts it.
pub fn run(end: ScriptEnd) -> Heard {
    let heard = Heard::default();
    let ScriptEnd { mut incoming, outgoing } = end;
    let endpoint =
        |method: &str, path: &str, public| Endpoint { method: method.to_owned(), path: path.to_owned(), public };
    let served = Served {
        protocols: vec![
            ProtocolRoute { name: "sonic-core".into(), path: "/v1/ws".to_owned() },
            ProtocolRoute { name: "other".into(), path: "/v1/other".to_owned() },
        ],
        endpoints: vec![
            endpoint("GET", "/v1/x/open", true),
            endpoint("POST", "/v1/x/secret", false),
            endpoint("GET", "/v1/x/odd", true),
        ],
    };
    outgoing.send(ToServer::Serve(served)).unwrap();
    let words = heard.clone();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Some(word) = incoming.blocking_recv() {
            match word {
                ToScript::Opened(info) => words.push(Word::Opened(info)),
                ToScript::Parked(id) => words.push(Word::Parked(id)),
                ToScript::Resumed(id) => words.push(Word::Resumed(id)),
                ToScript::Closed(id) => words.push(Word::Closed(id)),
                ToScript::Http(call) => {
                    words.push(Word::Http(call.method.clone(), call.path.clone(), call.query, call.origin));
                    let odd = call.path == "/v1/x/odd";
                    let content_type = if odd { "text/plain\r\nSet-Cookie: a=b" } else { "text/plain; charset=utf-8" };
                    let body = if call.body.is_empty() { b"open".to_vec() } else { call.body };
                    let answer = HttpAnswer { status: 200, content_type: content_type.to_owned(), body };
                    let _ = call.reply.send(answer);
                }
                ToScript::Call(call) => {
                    words.push(Word::Call(call.session, call.method.clone()));
                    answer(call, &mut held, |order| outgoing.send(order).unwrap());
                }
            }
        }
    });
    heard
}

fn answer(call: Call, held: &mut Vec<Call>, order: impl Fn(ToServer)) {
    let number = |name: &str| call.params.get(name).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let good = |result| Ok(Answer { result, streams: Vec::new() });
    let result = match call.method.as_str() {
        "ECHO" => good(call.params.clone()),
        "LIST_PLUGINS" => good(json!({"plugins": []})),
        "BIG" => good(json!({"text": "x".repeat(number("bytes") as usize)})),
        "WHO" => good(json!({"session": call.session.0})),
        "FAIL" => {
            Err(Fault { hint: Some("ask".to_owned()), ..Fault::new(ErrorCode::PLUGIN_NOT_FOUND, "no such plugin") })
        }
        "DROP" => return,
        "HOLD" => return held.push(call),
        "RELEASE" => {
            for call in held.drain(..) {
                let _ = call.reply.send(good(json!({"held": true})));
            }
            good(json!({}))
        }
        "EMIT" => {
            for n in 0..number("count") {
                let text = |name: &str| call.params[name].as_str().unwrap_or_default().to_owned();
                let key = call.params["keys"].as_u64().map(|keys| (n % keys).to_string());
                let data = json!({"n": n, "pad": "x".repeat(number("pad") as usize)});
                let event = Event { kind: text("kind"), class: text("class"), key, data };
                order(ToServer::Emit { to: Audience::Session(call.session), event });
            }
            good(json!({}))
        }
        "SUBSCRIBE" => {
            let classes = serde_json::from_value(call.params["classes"].clone()).unwrap();
            order(ToServer::Subscribe { session: call.session, classes });
            good(json!({}))
        }
        "BYE" => {
            order(ToServer::Close { session: call.session, code: 1000, reason: "bye".to_owned() });
            return;
        }
        other => Err(Fault::no_method(other)),
    };
    let _ = call.reply.send(result);
}
