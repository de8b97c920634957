//! L4 · the verbs as types for TypeScript.

use crate::script::{
    describe::ProtocolDescription,
    fields::{Field, Kind},
};
use std::fmt::Write as _;

/// `[any]` A module of types.
pub(super) fn module(protocol: &ProtocolDescription) -> String {
    let mut text = String::from(
        "// Made from scripts/protocol.lua; do not edit. The types of all verbs and events of the protocol.\n\n",
    );
    let mut put = |line: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    };
    for (name, fields) in &protocol.records {
        put(&format!("export interface {name} {}\n", object(fields, 0, false)));
    }
    put("/** What each verb takes and gives. */");
    put("export interface Verbs {");
    for verb in &protocol.verbs {
        put(&format!("  /** {} */", verb.doc.replace("*/", "* /")));
        put(&format!("  {}: {{", verb.name));
        put(&format!("    params: {};", object(&verb.params, 2, true)));
        put(&format!("    result: {};", object(&verb.result, 2, false)));
        put("  };");
    }
    put("}\n");
    put("/** What each event carries. */");
    put("export interface Events {");
    for event in &protocol.events {
        put(&format!("  /** {} Class: {}. */", event.doc.replace("*/", "* /"), event.class));
        put(&format!("  {}: {};", event.name, object(&event.data, 1, false)));
    }
    put("}\n");
    put("export type VerbName = keyof Verbs;");
    put("export type Params<V extends VerbName> = Verbs[V][\"params\"];");
    put("export type Result<V extends VerbName> = Verbs[V][\"result\"];");
    put("export type EventName = keyof Events;");
    text
}

/// `given`: what a client writes, where a default may be left out; else what it reads, where defaults are there.
fn object(fields: &[Field], level: usize, given: bool) -> String {
    if fields.is_empty() {
        return "{}".to_owned();
    }
    let indent = "  ".repeat(level + 1);
    let mut text = String::from("{\n");
    for field in fields {
        if !field.doc.is_empty() {
            let _ = writeln!(text, "{indent}/** {} */", field.doc.replace("*/", "* /"));
        }
        let present = field.required || field.nullable || (!given && field.default.is_some());
        let mark = if present { "" } else { "?" };
        let null = if field.nullable { " | null" } else { "" };
        let _ = writeln!(text, "{indent}{}{mark}: {}{null};", field.name, kind(&field.kind, level + 1, given));
    }
    let _ = write!(text, "{}}}", "  ".repeat(level));
    text
}

fn kind(kind: &Kind, level: usize, given: bool) -> String {
    match kind {
        Kind::Any => "unknown".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Number(..) | Kind::Integer(..) | Kind::Instance | Kind::Stream => "number".to_owned(),
        Kind::Text(_) => "string".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | "),
        Kind::Param | Kind::Value => "number | string".to_owned(),
        Kind::Object(None) => "Record<string, unknown>".to_owned(),
        Kind::Object(Some(fields)) => object(fields, level, given),
        Kind::List(of, _) => format!("Array<{}>", self::kind(of, level, given)),
        Kind::Record(name) => name.clone(),
    }
}
