//! Who may import whom. The rule is the data at the top; `ARCHITECTURE.md` explains it.

use crate::paths::{Named, named};
use crate::source;

/// Modules below the root by layer, from the bottom up.
const LAYERS: &[&[&str]] = &[
    &["model", "rt", "security", "config"],
    &["plugin"],
    &["engine", "formats", "audio_io", "catalog", "worker"],
    &["control"],
    &["link"],
    &["script", "server", "watch"],
    &["cli"],
    &["main", "lib"],
];

/// The imports allowed within a layer: from, to.
const SIDEWAYS: &[(&str, &str)] = &[("audio_io", "engine"), ("worker", "formats")];

/// Crates that only these modules may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("anyhow", &["cli"]),
    ("clack_host", &["formats"]),
    ("clap", &["cli"]),
    ("cpal", &["audio_io"]),
    ("ctrlc", &["cli"]),
    ("flac_codec", &["audio_io"]),
    ("glob", &["cli"]),
    ("hound", &["audio_io"]),
    ("hyper", &["server"]),
    ("hyper_util", &["server"]),
    ("indicatif", &["cli"]),
    ("libloading", &["formats"]),
    ("midly", &["audio_io"]),
    ("mlua", &["script"]),
    ("notify", &["watch"]),
    ("object", &["catalog"]),
    ("objc2", &["formats"]),
    ("rubato", &["audio_io"]),
    ("symphonia", &["audio_io"]),
    ("tokio_tungstenite", &["server"]),
    ("tracing_subscriber", &["cli"]),
    ("vst3", &["formats"]),
    ("warp", &["server"]),
];

/// Derives of this crate stand at the edges, never below.
const NO_SERDE: &[&str] = &["model", "rt", "security", "plugin", "engine"];

#[test]
fn no_module_imports_upward_or_sideways() {
    source::none(&problems(violations), "imports against the layers (see ARCHITECTURE.md)");
}

#[test]
fn each_dependency_stays_in_its_module() {
    source::none(&problems(foreign), "crates named outside the module that owns them");
}

#[test]
fn every_top_module_has_a_layer() {
    let modules: Vec<String> = source::rust_files(&["src/"]).iter().map(|file| top(file)).collect();
    let unknown: Vec<String> = modules.into_iter().filter(|module| layer(module).is_none()).collect();
    source::none(&unknown, "modules without a layer in tests/promises/layers.rs");
}

/// What a check has to say about one file: top module, and all that the file names.
type Check = fn(&str, &[Named]) -> Vec<(usize, String)>;

fn problems(check: Check) -> Vec<String> {
    let mut problems = Vec::new();
    for file in source::rust_files(&["src/"]) {
        let path = module_path(&file);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let all = named(&source::read(&file), &path);
        problems.extend(check(&top(&file), &all).iter().map(|(line, what)| format!("{file}:{line}: {what}")));
    }
    problems
}

fn violations(from: &str, all: &[Named]) -> Vec<(usize, String)> {
    let imports = all.iter().filter(|named| named.own && named.name != from);
    imports
        .filter_map(|named| {
            let (own, other) = (layer(from)?, layer(&named.name)?);
            let allowed = other < own || SIDEWAYS.contains(&(from, named.name.as_str()));
            let direction = if other > own { "upward" } else { "sideways" };
            (!allowed).then(|| (named.line, format!("{from} imports {} ({direction})", named.name)))
        })
        .collect()
}

fn foreign(from: &str, all: &[Named]) -> Vec<(usize, String)> {
    let crates = all.iter().filter(|named| !named.own);
    crates
        .filter_map(|named| {
            let kept_out = named.name == "serde" && NO_SERDE.contains(&from);
            let owned = OWNERS.iter().find(|(name, _)| *name == named.name);
            let wrong = kept_out || owned.is_some_and(|(_, owners)| !owners.contains(&from));
            wrong.then(|| (named.line, format!("{from} names the crate {}", named.name)))
        })
        .collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// `src/formats/vst3/com.rs` → `["formats", "vst3", "com"]`, `src/engine/mod.rs` → `["engine"]`.
fn module_path(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    if parts == ["lib"] || parts == ["main"] { Vec::new() } else { parts }
}

fn top(file: &str) -> String {
    file.trim_start_matches("src/").trim_end_matches(".rs").split('/').next().unwrap_or_default().to_owned()
}

#[test]
fn upward_and_sideways_imports_are_noticed() {
    let check = |from: &str, source: &str| violations(from, &named(source, &[from]));
    assert_eq!(check("model", "use crate::rt::Pool;").len(), 1);
    assert_eq!(check("engine", "use crate::formats::vst3::Vst3;").len(), 1);
    assert_eq!(check("plugin", "fn f() { crate::control::host(); }").len(), 1);
    assert_eq!(check("catalog", "mod deep { use super::super::cli::main; }").len(), 1);
    assert_eq!(check("formats", "use crate::{model::Event, engine::Schedule};").len(), 1);
    assert!(check("audio_io", "use crate::engine::Schedule;").is_empty());
    assert_eq!(check("engine", "use crate::audio_io::Reader;").len(), 1);
    assert!(
        check("engine", "use crate::{model::Event, plugin::Processor, rt::Pool}; use self::compile::x;").is_empty()
    );
    assert!(check("cli", "use crate::{control, catalog, formats};").is_empty());
}

#[test]
fn a_dependency_outside_its_module_is_noticed() {
    let check = |from: &str, source: &str| foreign(from, &named(source, &[from]));
    assert_eq!(check("engine", "use vst3::Class;").len(), 1);
    assert_eq!(check("catalog", "#[derive(clap::Parser)] struct A;").len(), 1);
    assert_eq!(check("model", "use serde::Serialize;").len(), 1);
    assert!(check("formats", "use vst3::Class;").is_empty());
    assert!(check("catalog", "use serde::Serialize;").is_empty());
}

#[test]
fn the_path_of_a_file_is_its_module() {
    assert_eq!(module_path("src/formats/vst3/com.rs"), ["formats", "vst3", "com"]);
    assert_eq!(module_path("src/engine/mod.rs"), ["engine"]);
    assert!(module_path("src/lib.rs").is_empty());
}
