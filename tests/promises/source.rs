//! The files of the source tree, and what the promises need to know about Rust source text.
//!
//! Deliberately absent: git. The promises hold for an unpacked archive as well; only what a build makes is left out.

use std::fs;
use std::path::{Path, PathBuf};

/// What is made, not written.
const MADE: &[&str] = &["target", ".git", "node_modules"];

/// The root of the source tree.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the tree with a path relative to the root, in order, with forward slashes.
pub fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if MADE.iter().any(|made| entry.file_name() == *made) {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let path = path.strip_prefix(root()).unwrap();
                found.push(path.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "the source tree is not where this test looks for it");
    found
}

/// The Rust files below one of these folders.
pub fn rust_files(folders: &[&str]) -> Vec<String> {
    let mut files = files();
    files.retain(|file| file.ends_with(".rs") && folders.iter().any(|folder| file.starts_with(folder)));
    assert!(!files.is_empty());
    files
}

/// The text of a file of the tree.
pub fn read(file: &str) -> String {
    let path: PathBuf = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file} cannot be read: {error}"))
}

/// Fails with the list of what is wrong, if anything is.
pub fn none(problems: &[String], what: &str) {
    assert!(problems.is_empty(), "{what}:\n  {}\n", problems.join("\n  "));
}
