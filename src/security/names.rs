//! L0 · which names may become names of files.
//!
//! Thread: any. Invariant: a name that is accepted is one ordinary file in the folder it is joined to, the same on every
//! system, and looks like what it is. Deliberately absent: folders, files, endings.

/// Longest name in characters; with an ending it still fits into any file system.
pub const MAX_NAME: usize = 80;

/// Names Windows keeps for devices, with any ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// `[any]` Whether somebody may call a preset or script this. The reason is a clause.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let count = name.chars().count();
    if count == 0 {
        return Err("it is empty");
    }
    if count > MAX_NAME || name.len() > 3 * MAX_NAME {
        return Err("it is longer than 80 characters");
    }
    if name.contains(['/', '\\']) {
        return Err("it is a path, not a name");
    }
    if name.contains(':') {
        return Err("a colon names a drive or a stream on some systems");
    }
    if name.contains(['*', '?', '"', '<', '>', '|']) {
        return Err("it has a character that files cannot have on every system");
    }
    if name.chars().any(char::is_control) {
        return Err("it has a control character");
    }
    if name.chars().any(is_hidden) {
        return Err("it has a character that cannot be seen or turns the text around");
    }
    if name.chars().any(looks_like_another) {
        return Err("it has a character that looks like a separator or a dot");
    }
    if name.starts_with(['.', ' ']) || name.ends_with(['.', ' ']) || name.trim() != name {
        return Err("it begins or ends with a dot or a blank");
    }
    if is_device(name) {
        return Err("it is the name of a device on Windows");
    }
    if mixes_scripts(name) {
        return Err("one of its words mixes alphabets whose letters look alike");
    }
    Ok(())
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |kind: &str| {
        stem.strip_prefix(kind).is_some_and(|rest| {
            let mut rest = rest.chars();
            // Windows also takes the small raised digits.
            matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// Marks of direction, joiners, fillers, tags, and what is kept for private use.
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

/// Slashes, colons and dots that are none.
fn looks_like_another(character: char) -> bool {
    matches!(
        character,
        '\u{2044}'
            | '\u{2215}'
            | '\u{29f8}'
            | '\u{29f5}'
            | '\u{29f9}'
            | '\u{2216}'
            | '\u{ff0f}'
            | '\u{ff3c}'
            | '\u{fe68}'
            | '\u{ff1a}'
            | '\u{fe55}'
            | '\u{a789}'
            | '\u{2236}'
            | '\u{2024}'
            | '\u{2025}'
            | '\u{2026}'
            | '\u{ff0e}'
            | '\u{fe52}'
            | '\u{338}'
            | '\u{1735}'
    )
}

/// Latin beside Cyrillic or Greek in one word: “pаypal” with a Cyrillic а. Names in one alphabet are all right.
fn mixes_scripts(name: &str) -> bool {
    let words = name.split(|character: char| !character.is_alphabetic());
    words.into_iter().any(|word| {
        let has = |test: fn(char) -> bool| word.chars().any(test);
        let latin = has(|c| c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'));
        let wide = has(|c| matches!(c, '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}'));
        let cyrillic = has(|c| matches!(c, '\u{400}'..='\u{52f}'));
        let greek = has(|c| matches!(c, '\u{370}'..='\u{3ff}'));
        [latin, wide, cyrillic, greek].into_iter().filter(|script| *script).count() > 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_of_all_alphabets_are_names() {
        for name in [
            "Warm Hall",
            "Größe 1",
            "大ホール",
            "Тёплый зал",
            "Ζεστή αίθουσα",
            "A.B (2)",
            "Vocal – dry & wet, 100 %",
            "presets-evil",
            "console",
            "Com 10",
            "日本 Hall",
            "Été",
            "x",
        ] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_or_deceive_are_refused() {
        let long = "x".repeat(300);
        for name in [
            "",
            " ",
            ".",
            "..",
            "../x",
            "..\\x",
            "..\\\\x",
            "C:x",
            "a/b",
            "/etc/passwd",
            "\\\\host\\x",
            "CON",
            "con.txt",
            "nul",
            "Aux .x",
            "COM1",
            "lpt9.preset",
            "COM¹",
            "../presets-evil/x",
            "x.",
            "x ",
            " x",
            ".x",
            "x\u{a0}",
            "a\0b",
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{2066}b",
            "\u{feff}a",
            "a\u{2215}b",
            "a\u{ff0f}b",
            "a\u{ff1a}b",
            "\u{2025}a",
            "\u{ff0e}\u{ff0e}a",
            "p\u{430}ypal",
            "\u{391}BC",
            "\u{ff21}bc",
            "a*",
            "a?",
            "a|b",
            "<a>",
            "a\"",
            &long,
        ] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_is_accepted_is_one_ordinary_file_of_its_folder() {
        use std::path::{Component, Path};
        for name in ["Warm Hall", "A.B (2)", "presets-evil"] {
            let parts: Vec<_> = Path::new(name).components().collect();
            assert!(matches!(parts.as_slice(), [Component::Normal(_)]), "{name}");
        }
    }
}
