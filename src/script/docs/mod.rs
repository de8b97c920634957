//! L4 · what is written for readers and editors, made from the API's one table and from the shipped declarations.
//!
//! Thread: any. Invariant: the files in the source tree are what these functions give; a test compares, and rewrites them
//! when UPDATE=1 is set. Deliberately absent: words that stand in neither table.

mod asyncapi;
mod editors;
mod reference;
mod schema;
mod typescript;
mod verbs;

use super::{
    describe::{Description, describe},
    program::Script,
};
use crate::config::Config;
use std::rc::Rc;

/// `[any]` Definitions for the two editors, and where they find them: files beside the scripts.
pub fn editor_files() -> Vec<(&'static str, String)> {
    vec![
        ("scripts/_meta/bridge.gen.lua", editors::lua_ls()),
        ("scripts/_meta/bridge.gen.d.luau", editors::luau_lsp()),
        (".luarc.json", editors::LUARC.to_owned()),
    ]
}

/// `[any]` All generated files, by their path in the source tree.
pub fn generated() -> Vec<(&'static str, String)> {
    let shipped = describe(&Script::shipped(&Config::default()), Rc::new(|_| {})).unwrap_or_else(|error| {
        // Its text is part of this program, and tests load it.
        tracing::error!("{error}");
        Description::default()
    });
    let mut files = editor_files();
    files.push(("docs/lua-api.md", reference::page()));
    for protocol in shipped.protocols.iter().take(1) {
        files.push(("docs/verbs.md", verbs::page(protocol)));
        files.push(("docs/verbs.schema.json", pretty(&schema::document(protocol))));
        files.push(("docs/asyncapi.json", pretty(&asyncapi::document(protocol))));
        files.push(("packages/sonic-core/src/verbs.d.ts", typescript::module(protocol)));
    }
    files
}

fn pretty(json: &serde_json::Value) -> String {
    // A JSON value always has a text.
    serde_json::to_string_pretty(json).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_generated_files_are_what_the_tables_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let update = std::env::var_os("UPDATE").is_some();
        let mut old = Vec::new();
        let files = generated();
        assert_eq!(files.len(), 8);
        for (file, text) in files {
            let path = root.join(file);
            if update {
                std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
                std::fs::write(&path, &text).expect(file);
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
            if committed != text {
                old.push(file);
            }
        }
        assert!(old.is_empty(), "old: {old:?}; write them anew with: UPDATE=1 cargo test --lib script::docs");
    }

    #[test]
    fn every_function_and_verb_is_documented_and_says_what_it_takes() {
        for topic in super::super::api::TOPICS {
            assert!(topic.doc.ends_with('.'), "{}", topic.name);
            for entry in topic.functions {
                assert!(entry.doc.ends_with('.'), "{}.{}", topic.name, entry.name);
            }
        }
        let shipped = describe(&Script::shipped(&Config::default()), Rc::new(|_| {})).expect("the shipped protocol");
        let protocol = &shipped.protocols[0];
        assert_eq!((protocol.name.as_str(), protocol.path.as_str()), ("sonic-core", "/v1/ws"));
        for verb in &protocol.verbs {
            assert!(verb.doc.ends_with('.'), "{}", verb.name);
        }
        for event in &protocol.events {
            assert!(event.doc.ends_with('.'), "{}", event.name);
        }
    }

    #[test]
    fn every_example_is_what_the_declaration_says() {
        let shipped = describe(&Script::shipped(&Config::default()), Rc::new(|_| {})).expect("the shipped protocol");
        let protocol = &shipped.protocols[0];
        let mut seen = 0;
        for verb in &protocol.verbs {
            let Some(example) = &verb.example else { continue };
            seen += 1;
            for (part, fields) in [("params", &verb.params), ("result", &verb.result)] {
                // The same strictness the server has for clients; a result is checked like parameters here.
                let mut value = example[part].clone();
                super::super::fields::shape(fields, &mut value, &protocol.records);
                let taken = super::super::fields::accept(fields, &value, &protocol.records);
                let (_, unknown) = taken.unwrap_or_else(|fault| panic!("{} {part}: {}", verb.name, fault.message));
                assert_eq!(unknown, 0, "{} {part} has undeclared fields", verb.name);
            }
        }
        assert!(seen >= 20, "{seen} verbs have examples");
    }
}
