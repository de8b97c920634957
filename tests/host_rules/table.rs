//! The table of rules says what is true.

use std::{collections::BTreeSet, path::Path};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Everything in backquotes that names a test.
fn tests_in(text: &str) -> Vec<(String, &str)> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|quoted| quoted.rsplit_once("::"))
        .filter(|(file, _)| *file != "file")
        .map(|(file, name)| {
            let path = if file.ends_with(".rs") { file.to_owned() } else { format!("tests/host_rules/{file}.rs") };
            (path, name)
        })
        .collect()
}

#[test]
fn every_rule_has_a_row_and_every_test_exists() {
    let page = read("docs/vst3-rules.md");
    let rows: Vec<(u32, &str)> = page
        .lines()
        .filter_map(|line| Some((line.strip_prefix("| ")?.split_once(" | ")?.0.parse().ok()?, line)))
        .collect();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=63).collect::<Vec<_>>());
    for (number, row) in &rows {
        assert!(!tests_in(row).is_empty() || row.contains("— not shown:"), "rule {number} has no test and no reason");
    }
    for (path, name) in tests_in(&page) {
        assert!(read(&path).contains(&format!("fn {name}(")), "{path} has no test {name}");
    }
}

#[test]
fn every_test_of_a_rule_is_in_the_table() {
    let page = read("docs/vst3-rules.md");
    let named: BTreeSet<(String, &str)> = tests_in(&page).into_iter().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host_rules");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = format!("tests/host_rules/{}", entry.unwrap().file_name().to_string_lossy());
        let text = read(&path);
        for (_, after) in text.match_indices("#[test]\nfn ").map(|(at, found)| text.split_at(at + found.len())) {
            let name = after.split('(').next().unwrap();
            let known = named.iter().any(|(file, test)| *file == path && *test == name);
            assert!(known || ADDITIONAL.contains(&name), "{path}: {name} is not in docs/vst3-rules.md");
        }
    }
}

/// Tests that go beyond the rules.
const ADDITIONAL: &[&str] =
    &["a_state_of_somebody_else_is_refused_before_the_plugin_sees_it", "every_test_of_a_rule_is_in_the_table"];
