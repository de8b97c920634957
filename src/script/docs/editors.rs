//! L4 · definitions for the language servers LuaLS and luau-lsp.

use crate::script::api::{Form, TOPICS, Topic};
use std::fmt::Write as _;

/// Where LuaLS finds its definitions.
pub(super) const LUARC: &str = r#"{
  "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
  "runtime.version": "Lua 5.1",
  "runtime.path": ["scripts/?.lua"],
  "workspace.library": ["scripts/_meta"],
  "diagnostics.globals": ["buffer", "bit32", "utf8"]
}
"#;

/// `bridge.http` is the class `bridge.http` in LuaLS, and `BridgeHttp` in Luau.
fn luau_name(name: &str) -> String {
    name.split('.')
        .map(|part| {
            let mut signs = part.chars();
            signs.next().map(|first| first.to_uppercase().collect::<String>() + signs.as_str()).unwrap_or_default()
        })
        .collect()
}

fn parts() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().filter_map(|topic| topic.name.strip_prefix("bridge."))
}

/// `[any]` For LuaLS.
pub(super) fn lua_ls() -> String {
    let mut text = String::from("---@meta bridge\n-- Made from src/script/api; do not edit.\n");
    // Writing to a String cannot fail.
    let _ =
        write!(text, "\n---@class Fault\n---@field code integer\n---@field kind string\n---@field message string\n");
    let _ = write!(text, "---@field hint string?\n---@field retry boolean\n---@field data table?\n");
    for topic in TOPICS {
        let _ = write!(text, "\n---{}\n---@class {}\n", topic.doc, topic.name);
        if topic.name == "bridge" {
            text.push_str("---@field version string\n---@field os string\n---@field null any\n");
            for part in parts() {
                let _ = writeln!(text, "---@field {part} bridge.{part}");
            }
        }
        let local = topic.name.replace('.', "_");
        let _ = writeln!(text, "local {local} = {{}}");
        for entry in topic.functions {
            let _ = writeln!(text, "\n---{}", entry.doc);
            for (name, kind, doc) in entry.params {
                let optional = if kind.ends_with('?') { "?" } else { "" };
                let kind = kind.trim_end_matches('?');
                let _ = writeln!(text, "{}", format!("---@param {name}{optional} {kind} {doc}").trim_end());
            }
            for kind in entry.returns {
                let _ = writeln!(text, "---@return {kind}");
            }
            if entry.waits {
                text.push_str("---@async\n");
            }
            let sign = if topic.form == Form::Module { '.' } else { ':' };
            let names: Vec<&str> = entry.params.iter().map(|(name, ..)| *name).collect();
            let _ = writeln!(text, "function {local}{sign}{}({}) end", entry.name, names.join(", "));
        }
    }
    text.push_str("\nreturn bridge\n");
    text
}

/// `[any]` For luau-lsp.
pub(super) fn luau_lsp() -> String {
    let mut text = String::from("-- Made from src/script/api; do not edit.\n");
    let _ = write!(
        text,
        "\nexport type Fault = {{\n  code: number,\n  kind: string,\n  message: string,\n  hint: string?,\n  \
         retry: boolean,\n  data: {{ [string]: any }}?,\n}}\n"
    );
    for topic in TOPICS {
        let _ = write!(text, "\n-- {}\nexport type {} = {{\n", topic.doc, luau_name(topic.name));
        if topic.name == "bridge" {
            text.push_str("  version: string,\n  os: string,\n  null: any,\n");
            for part in parts() {
                let _ = writeln!(text, "  {part}: {},", luau_name(&format!("bridge.{part}")));
            }
        }
        for entry in topic.functions {
            let _ = writeln!(text, "  -- {}", entry.doc);
            let _ = writeln!(text, "  {}: {},", entry.name, signature(topic, entry.params, entry.returns));
        }
        text.push_str("}\n");
    }
    text.push_str("\ndeclare bridge: Bridge\n");
    text
}

fn signature(topic: &Topic, params: &[(&str, &str, &str)], returns: &[&str]) -> String {
    let own = (topic.form != Form::Module).then(|| format!("self: {}", luau_name(topic.name)));
    let given = params.iter().map(|(name, kind, _)| match *name {
        "..." => format!("...{}", luau_type(kind)),
        name => format!("{name}: {}", luau_type(kind)),
    });
    let all: Vec<String> = own.into_iter().chain(given).collect();
    let back: Vec<String> = returns.iter().map(|kind| luau_type(kind)).collect();
    let back = if back.len() == 1 { back[0].clone() } else { format!("({})", back.join(", ")) };
    format!("({}) -> {back}", all.join(", "))
}

fn luau_type(kind: &str) -> String {
    if let Some(kind) = kind.strip_suffix('?') {
        return format!("{}?", luau_type(kind));
    }
    if let Some(kind) = kind.strip_suffix("[]") {
        return format!("{{ {} }}", luau_type(kind));
    }
    match kind {
        "integer" => "number".to_owned(),
        "table" => "{ [any]: any }".to_owned(),
        "function" => "(...any) -> ...any".to_owned(),
        other => other.to_owned(),
    }
}
