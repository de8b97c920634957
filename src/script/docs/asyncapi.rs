//! L4 · the protocol as AsyncAPI 3.

use super::schema;
use crate::{link::Json, script::describe::ProtocolDescription};
use serde_json::{Map, json};

/// Where records stand.
const PLACE: &str = "#/components/schemas/";

/// `[any]` One channel, a request and a reply for each verb, a message for each event.
pub(super) fn document(protocol: &ProtocolDescription) -> Json {
    let mut messages = Map::new();
    let mut components = Map::new();
    let mut operations = Map::new();
    let mut add = |name: String, doc: &str, payload: Json| {
        messages.insert(name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }));
        components.insert(name.clone(), json!({ "name": name, "summary": doc, "payload": payload }));
        json!({ "$ref": format!("#/channels/socket/messages/{name}") })
    };
    for verb in &protocol.verbs {
        let request = add(
            format!("{}.request", verb.name),
            &verb.doc,
            json!({
                "type": "object",
                "required": ["jsonrpc", "id", "method"],
                "properties": {
                    "jsonrpc": { "const": "2.0" },
                    "id": { "type": ["integer", "string"] },
                    "method": { "const": verb.name },
                    "params": schema::object(&verb.params, PLACE),
                },
            }),
        );
        let reply = add(
            format!("{}.reply", verb.name),
            "",
            json!({
                "type": "object",
                "required": ["jsonrpc", "id"],
                "properties": {
                    "jsonrpc": { "const": "2.0" },
                    "id": { "type": ["integer", "string"] },
                    "result": schema::object(&verb.result, PLACE),
                    "error": { "$ref": format!("{PLACE}Error") },
                },
            }),
        );
        let channel = json!({ "$ref": "#/channels/socket" });
        operations.insert(
            verb.name.clone(),
            json!({
                "action": "receive", "channel": channel, "summary": verb.doc, "messages": [request],
                "reply": { "channel": channel, "messages": [reply] },
            }),
        );
    }
    let mut told = Vec::new();
    for event in &protocol.events {
        told.push(add(
            format!("{}.event", event.name),
            &event.doc,
            json!({
                "type": "object",
                "required": ["jsonrpc", "method", "params"],
                "properties": {
                    "jsonrpc": { "const": "2.0" },
                    "method": { "const": "EVT" },
                    "params": {
                        "type": "object",
                        "required": ["seq", "type", "class", "data"],
                        "properties": {
                            "seq": { "type": "integer" },
                            "type": { "const": event.name },
                            "class": { "const": event.class },
                            "data": schema::object(&event.data, PLACE),
                        },
                    },
                },
            }),
        ));
    }
    operations.insert(
        "EVT".to_owned(),
        json!({ "action": "send", "channel": { "$ref": "#/channels/socket" }, "messages": told }),
    );
    let mut schemas = schema::records(protocol, PLACE);
    schemas.insert("Error".to_owned(), error());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": format!("sonic-bridge: {}", protocol.name), "version": env!("CARGO_PKG_VERSION"),
            "description": "Handshake, envelope, audio frames and close codes: docs/protocol.md.",
        },
        "defaultContentType": "application/json",
        "servers": { "local": { "host": "127.0.0.1:8080", "protocol": "ws" } },
        "channels": { "socket": { "address": protocol.path, "messages": messages } },
        "operations": operations,
        "components": { "messages": components, "schemas": schemas },
    })
}

fn error() -> Json {
    json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "integer" },
            "message": { "type": "string" },
            "data": {
                "type": "object",
                "properties": {
                    "kind": { "type": "string" }, "retry": { "type": "boolean" }, "hint": { "type": "string" },
                },
            },
        },
    })
}
