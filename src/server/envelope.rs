//! L4 · the envelope: one JSON-RPC 2.0 object per text message.
//!
//! Thread: any. Invariant: whatever a client sends becomes a request or a refusal that names the id where there is one.
//! Deliberately absent: verbs, and the requests that wait.

use super::json::{self, Unread};
use crate::link::{Fault, Json, RequestId};
use serde_json::{Value, json};

/// The largest whole number that every reader of JSON understands.
const LARGEST: u64 = (1 << 53) - 1;

/// Characters of an id, and of a verb.
const NAME: usize = 64;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The verb.
    pub method: String,
    /// An object.
    pub params: Json,
}

/// What is no request.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The id, as far as it was understood.
    pub id: Option<RequestId>,
    /// What to answer.
    pub fault: Box<Fault>,
    /// It was no JSON at all.
    pub undecodable: bool,
}

/// `[any]` Reads a text message.
pub fn parse(text: &str, depth: usize, values: usize) -> Result<Request, Refused> {
    let value = json::read(text, depth, values).map_err(|unread| {
        let (code, kind, message) = match unread {
            Unread::Syntax { line, column } => {
                (-32700, "PARSE_ERROR", format!("no JSON at line {line}, column {column}"))
            }
            Unread::Deep => (-32600, "INVALID_REQUEST", format!("nested more than {depth} levels deep")),
            Unread::Many => (-32600, "INVALID_REQUEST", format!("more than {values} values")),
            Unread::Repeated => (-32600, "INVALID_REQUEST", "an object has a member twice".to_owned()),
        };
        Refused { id: None, fault: Box::new(Fault::rpc(code, kind, message)), undecodable: code == -32700 }
    })?;
    let Value::Object(mut members) = value else {
        return Err(invalid(None, "a message is one object; send requests one by one, or with BATCH"));
    };
    let id = members.get("id").and_then(id_of);
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid(id, "jsonrpc has to be \"2.0\""));
    }
    let Some(id) = id else {
        return Err(invalid(None, "id has to be a whole number up to 2^53-1, or a text of up to 64 characters"));
    };
    let method = match members.remove("method") {
        Some(Value::String(method)) if !method.is_empty() && method.len() <= NAME => method,
        _ => return Err(invalid(Some(id), "method has to be a text of 1 to 64 characters")),
    };
    let params = match members.remove("params") {
        None => json!({}),
        Some(params @ Value::Object(_)) => params,
        Some(_) => {
            let fault = Fault::rpc(-32602, "INVALID_PARAMS", "params has to be an object");
            return Err(Refused { id: Some(id), fault: Box::new(fault), undecodable: false });
        }
    };
    Ok(Request { id, method, params })
}

fn id_of(value: &Value) -> Option<RequestId> {
    match value {
        Value::String(text) if text.chars().count() <= NAME => Some(RequestId::Text(text.clone())),
        Value::Number(number) => number.as_u64().filter(|number| *number <= LARGEST).map(RequestId::Number),
        _ => None,
    }
}

fn invalid(id: Option<RequestId>, message: &str) -> Refused {
    Refused { id, fault: Box::new(Fault::rpc(-32600, "INVALID_REQUEST", message)), undecodable: false }
}

fn id_json(id: Option<&RequestId>) -> Value {
    match id {
        None => Value::Null,
        Some(RequestId::Number(number)) => (*number).into(),
        Some(RequestId::Text(text)) => text.as_str().into(),
    }
}

/// `[any]` A good answer.
pub fn result(id: &RequestId, result: &Json) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id_json(Some(id)))
}

/// `[any]` A bad answer.
pub fn error(id: Option<&RequestId>, fault: &Fault) -> String {
    let mut data = match &fault.data {
        Some(Value::Object(more)) => more.clone(),
        _ => serde_json::Map::new(),
    };
    data.insert("kind".to_owned(), fault.kind.as_str().into());
    data.insert("retry".to_owned(), fault.retry.into());
    if let Some(hint) = &fault.hint {
        data.insert("hint".to_owned(), hint.as_str().into());
    }
    let error = json!({"code": fault.code, "message": fault.message, "data": data});
    format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id_json(id))
}

/// `[any]` A message that wants no answer.
pub fn notice(method: &str, params: &Json) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

/// `[any]` An event; `data` is JSON already.
pub fn event(seq: u64, kind: &str, class: &str, data: &str) -> String {
    let (kind, class) = (Value::from(kind), Value::from(class));
    format!(
        r#"{{"jsonrpc":"2.0","method":"EVT","params":{{"seq":{seq},"type":{kind},"class":{class},"data":{data}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> Result<Request, Refused> {
        parse(text, 32, 1000)
    }

    #[test]
    fn a_request_is_read() {
        let request = check(r#"{"jsonrpc":"2.0","id":7,"method":"PING","more":1}"#).unwrap();
        assert_eq!(request, Request { id: RequestId::Number(7), method: "PING".to_owned(), params: json!({}) });
        let id = "ä".repeat(64);
        let request = check(&format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"M","params":{{"a":1}}}}"#)).unwrap();
        assert_eq!((request.id, request.params), (RequestId::Text(id), json!({"a":1})));
    }

    #[test]
    fn what_is_no_request_is_refused_with_its_id() {
        let code = |text: &str| check(text).map_err(|refused| (refused.fault.code, refused.id)).unwrap_err();
        assert_eq!(code("{"), (-32700, None));
        assert_eq!(code(r#"[{"jsonrpc":"2.0","id":1,"method":"M"}]"#), (-32600, None));
        assert_eq!(code(r#"{"jsonrpc":"2.0","method":"M"}"#), (-32600, None));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":1.5,"method":"M"}"#), (-32600, None));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":9007199254740992,"method":"M"}"#), (-32600, None));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":null,"method":"M"}"#), (-32600, None));
        assert_eq!(code(r#"{"jsonrpc":"1.0","id":3,"method":"M"}"#), (-32600, Some(RequestId::Number(3))));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":3,"method":""}"#), (-32600, Some(RequestId::Number(3))));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":3,"method":"M","params":[]}"#), (-32602, Some(RequestId::Number(3))));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#), (-32600, Some(RequestId::Number(3))));
    }

    #[test]
    fn answers_are_json_with_all_that_the_error_says() {
        let mut fault = Fault::rpc(-32601, "METHOD_NOT_FOUND", "there is no verb \"X\"");
        (fault.hint, fault.data) = (Some("ask".to_owned()), Some(json!({"left": 2})));
        let answer: Value = serde_json::from_str(&error(Some(&RequestId::Text("a\"b".to_owned())), &fault)).unwrap();
        assert_eq!(answer["id"], "a\"b");
        assert_eq!(answer["error"]["data"], json!({"kind":"METHOD_NOT_FOUND","retry":false,"hint":"ask","left":2}));
        let event: Value = serde_json::from_str(&event(3, "A\"", "c", "{\"x\":1}")).unwrap();
        assert_eq!(event["params"], json!({"seq":3,"type":"A\"","class":"c","data":{"x":1}}));
    }

    proptest! {
        #[test]
        fn any_text_is_a_request_or_a_refusal(text in ".{0,60}") {
            if let Err(refused) = check(&text) {
                prop_assert!([-32700, -32600, -32602].contains(&refused.fault.code));
            }
        }

        #[test]
        fn what_was_written_is_read_again(id in 0..=LARGEST, method in "[A-Z_]{1,64}", text in ".{0,40}", number: f64) {
            let params = json!({"text": text, "number": number});
            let sent = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
            let request = check(&sent.to_string()).unwrap();
            prop_assert_eq!(request, Request { id: RequestId::Number(id), method, params });
        }
    }
}
