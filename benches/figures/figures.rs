//! What was measured: a line for people as soon as it is known, and a JSON file for programs at the end.

use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The figures of one group.
pub struct Figures {
    group: &'static str,
    rows: Vec<Value>,
}

impl Figures {
    /// None yet.
    pub fn new(group: &'static str) -> Self {
        println!("{group}");
        Self { group, rows: Vec::new() }
    }

    /// A figure that should be at most `goal`, with the numbers it was made of.
    pub fn add(&mut self, name: &str, value: f64, unit: &str, goal: f64, raw: &[(&str, f64)]) {
        self.judge(name, value, unit, (goal, "≤", "OVER", value <= goal), raw);
    }

    /// A figure that should be at least `goal`.
    pub fn add_at_least(&mut self, name: &str, value: f64, unit: &str, goal: f64, raw: &[(&str, f64)]) {
        self.judge(name, value, unit, (goal, "≥", "LESS", value >= goal), raw);
    }

    fn judge(&mut self, name: &str, value: f64, unit: &str, goal: (f64, &str, &str, bool), raw: &[(&str, f64)]) {
        let (goal, side, missed, ok) = goal;
        let verdict = if ok { "ok" } else { missed };
        let numbers: Vec<String> = raw.iter().map(|(name, number)| format!("{name} {}", short(*number))).collect();
        let (value_text, goal_text) = (format!("{} {unit}", short(value)), format!("{side} {} {unit}", short(goal)));
        println!("  {name:<44} {value_text:>10}  goal {goal_text:<9} {verdict:<4} ({})", numbers.join(", "));
        let raw: Map<String, Value> = raw.iter().map(|(name, number)| ((*name).to_owned(), json!(number))).collect();
        self.rows.push(json!({
            "name": name, "value": value, "unit": unit, "goal": goal, "side": side, "ok": ok, "raw": raw,
        }));
    }

    /// A number that has no goal but helps to understand those that have.
    pub fn note(&mut self, name: &str, raw: &[(&str, f64)]) {
        let numbers: Vec<String> = raw.iter().map(|(name, number)| format!("{name} {}", short(*number))).collect();
        println!("  {name:<44} {}", numbers.join(", "));
        let raw: Map<String, Value> = raw.iter().map(|(name, number)| ((*name).to_owned(), json!(number))).collect();
        self.rows.push(json!({ "name": name, "raw": raw }));
    }

    /// Writes `target/bench/GROUP.json`.
    pub fn save(self) {
        let folder = target().join("bench");
        std::fs::create_dir_all(&folder).unwrap();
        let document = json!({ "group": self.group, "figures": self.rows });
        std::fs::write(folder.join(format!("{}.json", self.group)), format!("{document:#}\n")).unwrap();
    }
}

/// Cargo's target folder.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}

/// Three digits or so; more would be noise.
fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 || number == number.round() => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}
