//! The list of attacks in its numbers: each row is a test here, or named below with the place where it is shown.

/// Rows that need plugins, the whole program, another language or another system's parts.
const ELSEWHERE: &[(u32, &str)] = &[
    (41, "needs plugins: a path where an id belongs"),
    (42, "needs plugins: blocked and quarantined ones"),
    (43, "needs plugins: a file that was swapped"),
    (44, "needs plugins: loops, pipes and links in their folders"),
    (45, "needs plugins: names of presets"),
    (46, "needs the protocol script: scopes"),
    (57, "needs plugins: names that are markup"),
    (58, "no worker processes yet"),
    (59, "no worker processes yet"),
    (60, "no installer yet"),
    (61, "needs the program: the warning at the first start"),
];

#[test]
fn every_row_is_a_test_or_says_where_it_is_shown() {
    let source = [
        include_str!("rows/gate.rs"),
        include_str!("rows/flood.rs"),
        include_str!("rows/identity.rs"),
        include_str!("rows/messages.rs"),
        include_str!("rows/place.rs"),
    ];
    let is_row = |line: &&str| line.trim_start().starts_with("fn s");
    let mut rows: Vec<u32> = Vec::new();
    for text in source {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_row(line)) {
            let Ok(number) = line.trim_start()[4..6].parse() else { continue };
            assert!(lines[..at].iter().rev().take(3).any(|above| above.trim() == "#[test]"), "{line} is no test");
            rows.push(number);
        }
    }
    for number in 1..=62 {
        let here = rows.iter().filter(|row| **row == number).count();
        let elsewhere = ELSEWHERE.iter().filter(|(row, _)| *row == number).count();
        assert_eq!(here + elsewhere, 1, "row S{number:02} has to be in one place");
    }
}
