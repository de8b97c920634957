//! L4 · the verbs as JSON Schema.

use crate::{
    link::Json,
    script::{
        describe::ProtocolDescription,
        fields::{Field, Kind},
    },
};
use serde_json::{Map, json};

/// Where records stand.
pub(super) const HERE: &str = "#/$defs/";

/// `[any]` One schema for each verb and event.
pub(super) fn document(protocol: &ProtocolDescription) -> Json {
    let mut verbs = Map::new();
    for verb in &protocol.verbs {
        let mut entry = json!({
            "description": verb.doc,
            "params": object(&verb.params, HERE), "result": object(&verb.result, HERE),
            "errors": verb.errors, "scope": verb.scope,
        });
        if let Some(example) = &verb.example {
            entry["example"] = example.clone();
        }
        verbs.insert(verb.name.clone(), entry);
    }
    let events: Map<String, Json> = protocol
        .events
        .iter()
        .map(|event| {
            let entry = json!({ "description": event.doc, "class": event.class, "data": object(&event.data, HERE) });
            (event.name.clone(), entry)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": protocol.name,
        "$defs": records(protocol, HERE),
        "verbs": verbs,
        "events": events,
    })
}

/// `[any]` The records of a protocol.
pub(super) fn records(protocol: &ProtocolDescription, place: &str) -> Map<String, Json> {
    protocol.records.iter().map(|(name, fields)| (name.clone(), object(fields, place))).collect()
}

/// `[any]` An object with these fields; others are ignored.
pub(super) fn object(fields: &[Field], place: &str) -> Json {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = kind(&field.kind, place);
        if field.nullable {
            schema = json!({ "anyOf": [schema, { "type": "null" }] });
        }
        if !field.doc.is_empty() {
            schema["description"] = json!(field.doc);
        }
        if let Some(default) = &field.default {
            schema["default"] = default.clone();
        }
        properties.insert(field.name.clone(), schema);
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required || field.nullable).map(|field| field.name.as_str()).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn kind(kind: &Kind, place: &str) -> Json {
    let range = |name: &str, least: &Option<f64>, most: &Option<f64>| {
        let mut schema = json!({ "type": name });
        let number = |number: f64| if number.fract() == 0.0 { json!(number as i64) } else { json!(number) };
        if let Some(least) = least {
            schema["minimum"] = number(*least);
        }
        if let Some(most) = most {
            schema["maximum"] = number(*most);
        }
        schema
    };
    let id = || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX });
    match kind {
        Kind::Any => json!({}),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Number(least, most) => range("number", least, most),
        Kind::Integer(least, most) => range("integer", least, most),
        Kind::Text(most) => json!({ "type": "string", "maxLength": most }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Instance | Kind::Stream => id(),
        Kind::Param => json!({ "anyOf": [id(), { "type": "string", "minLength": 1, "maxLength": 256 }] }),
        Kind::Value => json!({ "type": ["number", "string"] }),
        Kind::Object(None) => json!({ "type": "object" }),
        Kind::Object(Some(fields)) => object(fields, place),
        Kind::List(of, most) => json!({ "type": "array", "items": self::kind(of, place), "maxItems": most }),
        Kind::Record(name) => json!({ "$ref": format!("{place}{name}") }),
    }
}
