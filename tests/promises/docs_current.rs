//! The documents say what is so.

use crate::source;
use std::collections::BTreeSet;
use std::process::Command;

/// A heading below which a document speaks of the future.
const FUTURE: &str = "## Not yet";

#[test]
fn the_code_map_names_what_exists_and_nothing_else() {
    let text = source::read("ARCHITECTURE.md");
    let map = section(&text, "## Code map");
    let files = source::files();
    let mentioned: BTreeSet<String> = code_words(map).filter(|word| is_path(word)).collect();
    assert!(mentioned.len() > 5, "ARCHITECTURE.md has no code map");
    let gone = mentioned.iter().filter(|path| {
        let inside = format!("{}/", path.trim_end_matches('/'));
        !files.iter().any(|file| file == *path || file.starts_with(&inside))
    });
    source::none(&gone.cloned().collect::<Vec<_>>(), "the code map of ARCHITECTURE.md names what does not exist");
    let modules: BTreeSet<String> = files
        .iter()
        .filter_map(|file| file.strip_prefix("src/")?.split_once('/').map(|(top, _)| format!("src/{top}/")))
        .collect();
    let missing = modules.difference(&mentioned);
    source::none(&missing.cloned().collect::<Vec<_>>(), "the code map of ARCHITECTURE.md leaves out");
}

#[test]
fn the_commands_of_the_documents_exist() {
    let help = Command::new(env!("CARGO_BIN_EXE_sonic-bridge")).arg("--help").output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let tasks = source::read("xtask/src/main.rs");
    let mut problems = Vec::new();
    for document in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"] {
        let text = source::read(document);
        let now = text.split(FUTURE).next().unwrap_or_default();
        for command in commands(now, "sonic-bridge ") {
            if !help.lines().any(|line| line.split_whitespace().next() == Some(&command)) {
                problems.push(format!("{document}: sonic-bridge {command}"));
            }
        }
        for task in commands(now, "cargo xtask ") {
            if !tasks.contains(&format!("\"{task}\" =>")) {
                problems.push(format!("{document}: cargo xtask {task}"));
            }
        }
    }
    source::none(&problems, "commands that do not exist");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut problems = Vec::new();
    for document in source::files().into_iter().filter(|file| file.ends_with(".md")) {
        let folder = source::root().join(&document);
        let folder = folder.parent().unwrap();
        for target in links(&source::read(&document)) {
            if !folder.join(&target).exists() {
                problems.push(format!("{document}: {target}"));
            }
        }
    }
    source::none(&problems, "links that lead nowhere");
}

#[test]
fn the_changelog_has_room_for_what_is_new() {
    assert!(source::read("CHANGELOG.md").lines().any(|line| line == "## [Unreleased]"));
}

#[test]
fn the_architecture_is_at_most_four_screens() {
    let lines = source::read("ARCHITECTURE.md").lines().count();
    assert!(lines <= 200, "ARCHITECTURE.md has {lines} lines");
}

#[test]
fn each_member_inherits_the_lints() {
    let manifests = source::files().into_iter().filter(|file| file.ends_with("Cargo.toml"));
    // These two stand outside the workspace.
    let without = manifests
        .filter(|file| !["tests/rtsan/Cargo.toml", "fuzz/Cargo.toml"].contains(&file.as_str()))
        .filter(|file| !source::read(file).replace("\r\n", "\n").contains("[lints]\nworkspace = true"));
    source::none(&without.collect::<Vec<_>>(), "packages without the lints of the workspace");
}

fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let Some((_, rest)) = text.split_once(heading) else { return "" };
    rest.split("\n## ").next().unwrap_or_default()
}

/// What stands between back-ticks.
fn code_words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned))
}

fn is_path(word: &str) -> bool {
    let file = [".rs", ".md", ".toml", ".yml"].iter().any(|end| word.ends_with(end));
    word.chars().all(|sign| sign.is_ascii_alphanumeric() || "/._-".contains(sign)) && (word.ends_with('/') || file)
}

/// First words after `program` in lines of code blocks and in back-ticks.
fn commands(text: &str, program: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        }
        let pieces: Vec<&str> =
            if in_block { vec![line.trim_start_matches("$ ")] } else { line.split('`').skip(1).step_by(2).collect() };
        for piece in pieces {
            let word = piece.trim().strip_prefix(program).and_then(|rest| rest.split_whitespace().next());
            found.extend(
                word.filter(|word| word.starts_with(|sign: char| sign.is_ascii_lowercase())).map(str::to_owned),
            );
        }
    }
    found
}

/// Relative targets of `[text](target)`.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target.split('#').next().unwrap_or_default().to_owned());
    targets.filter(|target| !target.is_empty() && !target.contains(':')).collect()
}

#[test]
fn commands_and_links_are_read_from_the_text() {
    let text = "Run `sonic-bridge scan` first.\n```sh\n$ sonic-bridge list --json\nsonic-bridge --help\n```\n[a](b.md#c) [d](https://e.test)";
    assert_eq!(commands(text, "sonic-bridge ").into_iter().collect::<Vec<_>>(), ["list", "scan"]);
    assert_eq!(links(text), ["b.md"]);
}
