//! L4 · the configuration file with every option at its default, made from the table of options.
//!
//! Thread: any. Invariant: what it writes is what `config_file` reads, and changes nothing.
//! Deliberately absent: writing a changed configuration; the file belongs to its author.

use crate::config::{Config, Entry, Rule, SECTIONS, Value};
use std::fmt::Write as _;

const HEAD: &str = "\
-- The configuration of sonic-bridge. Every option stands here with its default, and each may be left out.
-- `sonic-bridge check` says what is wrong with this file and with the scripts it names.

return {
";

/// Longer lines of comment are broken.
const WIDTH: usize = 110;

/// `[any]` The text of a `config.lua`.
pub fn config_text() -> String {
    let defaults = Config::default();
    let mut text = HEAD.to_owned();
    for (number, section) in SECTIONS.iter().enumerate() {
        let gap = if number > 0 { "\n" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{gap}{}  {} = {{", comment(section.doc.trim(), "  "), section.key);
        for entry in section.entries {
            let value = lua(&defaults.get(section.key, entry.key));
            let _ = writeln!(text, "{}    {} = {value},", comment(&described(entry), "    "), entry.key);
        }
        text.push_str("  },\n");
    }
    text.push_str("}\n");
    text
}

/// The sentence of an option, with its limits, and whether anything obeys it yet.
fn described(entry: &Entry) -> String {
    let mut text = entry.doc.trim().to_owned();
    for rule in entry.rules {
        let more = match rule {
            Rule::Range(least, most) => format!(" From {least} to {most}."),
            Rule::OneOf(..) => format!(" So far {}.", rule.built()),
            Rule::Waits(what) => format!(" Not built yet: {what}."),
        };
        text.push_str(&more);
    }
    text
}

fn comment(text: &str, indent: &str) -> String {
    let mut lines = vec![format!("{indent}--")];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.chars().count() + word.chars().count() >= WIDTH);
        if full {
            lines.push(format!("{indent}--"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

fn lua(value: &Value) -> String {
    match value {
        // Debug output escapes quotes and backslashes as Lua does; defaults hold no control characters.
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) if items.is_empty() => "{}".to_owned(),
        Value::List(items) => format!("{{ {} }}", items.iter().map(lua).collect::<Vec<_>>().join(", ")),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Nothing | Value::Other(_) => "nil".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_file_at_the_top_is_what_the_table_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.lua");
        let committed = std::fs::read_to_string(&path).expect("config.lua").replace("\r\n", "\n");
        assert!(committed == config_text(), "config.lua is old; write it anew with: sonic-bridge init --force .");
    }

    #[test]
    fn every_option_has_a_comment_and_lines_stay_short() {
        let text = config_text();
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        for entry in SECTIONS.iter().flat_map(|section| section.entries) {
            let at = text.find(&format!("\n    {} = ", entry.key)).expect(entry.key);
            assert!(text[..at].lines().last().is_some_and(|line| line.starts_with("    -- ")), "{}", entry.key);
        }
    }
}
