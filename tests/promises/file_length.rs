//! Files stay short enough to be read in one go.

use crate::source;

/// Lines a Rust file may have, tests included.
const LIMIT: usize = 400;

/// Longer files, each with the reason why it is better in one piece. A file that got shorter must leave.
const LONGER: &[(&str, &str)] = &[
    ("src/formats/vst3/param_changes.rs", "a fifth of it is tests of its own private rules"),
    ("tests/protocol/fake.rs", "one core without plugins, whose answers share its numbers"),
    ("tests/plugins/fault/src/plugin.rs", "one COM object with all its interfaces, each of which can misbehave"),
];

#[test]
fn long_files_have_a_reason() {
    let files = source::rust_files(&["src/", "tests/", "xtask/", "benches/"]);
    let long: Vec<(String, usize)> = files
        .into_iter()
        .map(|file| (source::read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LIMIT)
        .map(|(lines, file)| (file, lines))
        .collect();
    let new = long.iter().filter(|(file, _)| !LONGER.iter().any(|(allowed, _)| allowed == file));
    let new: Vec<String> = new.map(|(file, lines)| format!("{file}: {lines} lines")).collect();
    source::none(&new, "files of more than 400 lines: split them, or give a reason in tests/promises/file_length.rs");
    let stale = LONGER.iter().filter(|(allowed, _)| !long.iter().any(|(file, _)| file == allowed));
    let stale: Vec<String> = stale.map(|(file, _)| (*file).to_owned()).collect();
    source::none(&stale, "files in the list of tests/promises/file_length.rs that are short now");
}
