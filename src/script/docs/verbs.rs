//! L4 · the verbs for a reader.

use crate::{
    link::Json,
    model::ErrorCode,
    script::{
        describe::ProtocolDescription,
        fields::{Field, Kind, described},
    },
};
use std::fmt::Write as _;

const HEAD: &str = "\
# The verbs

Made from `scripts/protocol.lua`; do not edit. Handshake, envelope, audio frames and close codes stand in
[protocol.md](protocol.md); how to add a verb of your own, in [lua-api.md](lua-api.md).

Fields in *italics* may be left out. Unknown fields are ignored. Every verb may also answer with the errors of its envelope
(−32601 for a verb that is not declared), with 1101 SCOPE_DENIED, with 1201 to 1205 where a field is missing, of the wrong
type, out of range, no finite number or too large, and with 1701 RATE_LIMITED where it says *plugins' thread*: 200 of those
a second, 400 at once. The same definitions for programs: [verbs.schema.json](verbs.schema.json),
[asyncapi.json](asyncapi.json), and types for TypeScript in `packages/sonic-core/src/verbs.d.ts`.
";

/// `[any]` The page.
pub(super) fn page(protocol: &ProtocolDescription) -> String {
    let mut text = HEAD.to_owned();
    // Writing to a String cannot fail.
    for verb in &protocol.verbs {
        let _ = write!(text, "\n## {}\n\n{}\n", verb.name, verb.doc);
        let mut notes = Vec::new();
        notes.extend(verb.scope.as_ref().map(|scope| format!("scope `{scope}`")));
        notes.extend(verb.costs_main.then(|| "plugins' thread".to_owned()));
        notes.extend((!verb.errors.is_empty()).then(|| format!("errors {}", verb.errors.join(", "))));
        if !notes.is_empty() {
            let _ = writeln!(text, "\n{}.", sentence(&notes.join("; ")));
        }
        table(&mut text, "Takes", &verb.params);
        table(&mut text, "Gives", &verb.result);
        if let Some(example) = &verb.example {
            let _ = write!(text, "\n```json\n{}```\n", shown(&verb.name, example));
        }
    }
    text.push_str("\n# Events\n");
    for event in &protocol.events {
        let _ = write!(text, "\n## {}\n\n{} Class `{}`.\n", event.name, event.doc, event.class);
        table(&mut text, "Carries", &event.data);
    }
    text.push_str("\n# Records\n");
    for (name, fields) in &protocol.records {
        let _ = write!(text, "\n## {name}\n");
        table(&mut text, "Holds", fields);
    }
    text.push_str("\n# Errors\n\n| code | kind |\n|---|---|\n");
    for code in ErrorCode::ALL {
        let _ = writeln!(text, "| {} | {} |", code.number, code.name);
    }
    text
}

fn sentence(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map(|first| first.to_uppercase().collect::<String>() + signs.as_str()).unwrap_or_default()
}

fn table(text: &mut String, head: &str, fields: &[Field]) {
    if fields.is_empty() {
        return;
    }
    let _ = write!(text, "\n| {head} | what it is | |\n|---|---|---|\n");
    rows(text, "", fields);
}

fn rows(text: &mut String, within: &str, fields: &[Field]) {
    for field in fields {
        let name = format!("{within}{}", field.name);
        let shown = if field.required || field.nullable { format!("`{name}`") } else { format!("*`{name}`*") };
        let mut about = Vec::new();
        about.extend(field.default.as_ref().map(|default| format!("default {default}")));
        about.extend(field.nullable.then(|| "or null".to_owned()));
        about.extend((!field.doc.is_empty()).then(|| field.doc.clone()));
        let _ = writeln!(text, "| {shown} | {} | {} |", described(&field.kind), about.join("; "));
        match &field.kind {
            Kind::Object(Some(inner)) => rows(text, &format!("{name}."), inner),
            Kind::List(of, _) => {
                if let Kind::Object(Some(inner)) = &**of {
                    rows(text, &format!("{name}[]."), inner);
                }
            }
            _ => {}
        }
    }
}

/// A request and its answer, as they travel.
fn shown(method: &str, example: &Json) -> String {
    let request = serde_json::json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": example["params"] });
    let answer = serde_json::json!({ "jsonrpc": "2.0", "id": 7, "result": example["result"] });
    format!("{request}\n{answer}\n")
}
