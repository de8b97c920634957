//! Everything that is linked in may be given on under the project's own licences.
//!
//! `deny.toml` holds the list; cargo-deny, where it is installed, checks more. This check needs nothing but cargo.

use crate::source;
use std::process::Command;

#[test]
fn every_dependency_has_an_allowed_licence() {
    let allowed = allowed(&source::read("deny.toml"));
    assert!(allowed.iter().any(|licence| licence == "MIT"), "deny.toml has no list of licences");
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc can be run");
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(source::root())
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 20);
    let problems = packages.iter().filter_map(|package| {
        let licence = package["license"].as_str().unwrap_or("none");
        (!permits(licence, &allowed)).then(|| format!("{} {}: {licence}", package["name"], package["version"]))
    });
    source::none(&problems.collect::<Vec<_>>(), "licences that deny.toml does not allow");
}

/// The texts in the array `allow = [ … ]`.
fn allowed(deny: &str) -> Vec<String> {
    let list = deny.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    let lines = list.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// Whether an SPDX expression can be met with the allowed licences. `/` is an old way to write OR.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let answer = any_of(&words, &mut at, allowed);
    answer && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut answer = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        answer |= all_of(words, at, allowed);
    }
    answer
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut answer = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        answer &= one(words, at, allowed);
    }
    answer
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let answer = any_of(words, at, allowed);
        *at += 1;
        return answer;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&licence)
}

#[test]
fn a_licence_that_is_not_allowed_is_noticed() {
    let allowed = ["MIT".to_owned(), "Apache-2.0".to_owned(), "Zlib".to_owned()];
    assert!(permits("MIT OR GPL-3.0-only", &allowed));
    assert!(permits("(MIT OR Apache-2.0) AND Zlib", &allowed));
    assert!(permits("MIT/Apache-2.0", &allowed));
    assert!(!permits("GPL-3.0-only", &allowed));
    assert!(!permits("MIT AND GPL-3.0-only", &allowed));
    assert!(!permits("Apache-2.0 WITH LLVM-exception", &allowed));
    assert!(!permits("none", &allowed));
}
