//! Text that came from a plugin or a file name: cleaned when it is taken in, escaped when it is shown.
//!
//! Thread: any. Invariant: what [`clean`] returns has no control or direction-changing character and a bounded length.
//! Deliberately absent: escaping for HTML, which is the business of whoever writes HTML.

use std::fmt::Write as _;

/// Names and vendors longer than this are cut; no honest one is.
pub const MAX_NAME: usize = 256;

/// `[any]` Without control, direction-changing and invisible characters, whitespace collapsed, cut to `max` characters
/// (the last of which is then an ellipsis).
pub fn clean(text: &str, max: usize) -> String {
    let mut cleaned = String::with_capacity(text.len().min(max * 4));
    let mut length = 0;
    let mut space = false;
    for char in text.chars() {
        if char.is_whitespace() || char == '\0' {
            space = length > 0;
            continue;
        }
        if is_hostile(char) {
            continue;
        }
        // A space counts only with what follows it.
        let wanted = if space { 2 } else { 1 };
        if length + wanted >= max {
            cleaned.push('…');
            break;
        }
        if space {
            space = false;
            cleaned.push(' ');
        }
        cleaned.push(char);
        length += wanted;
    }
    cleaned
}

/// `[any]` For a terminal: characters that could move the cursor, change colours or reverse text become `\u{…}`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if is_hostile(char) {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(char));
        } else {
            escaped.push(char);
        }
    }
    escaped
}

/// Control characters, and format characters that make a text read otherwise than it is stored.
fn is_hostile(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_cleaned_and_cut() {
        assert_eq!(clean("  Big\u{1b}[31m\tReverb\0\n ", 64), "Big[31m Reverb");
        assert_eq!(clean("a\u{202e}b\u{200b}c", 64), "abc");
        assert_eq!(clean(&"x".repeat(1 << 20), 8), "xxxxxxx…");
        assert_eq!(clean("abcdef  ghi", 8), "abcdef…");
        assert_eq!(clean("abcdefg  hi", 8), "abcdefg…");
        assert_eq!(clean("\u{7}\u{0}", 8), "");
        assert_eq!(clean("Größe 音", 8), "Größe 音");
    }

    #[test]
    fn shown_text_cannot_drive_the_terminal() {
        assert_eq!(escape("a\u{1b}]0;x\u{7}\nb"), "a\\u{1b}]0;x\\u{7}\\u{a}b");
        assert_eq!(escape("plain ü"), "plain ü");
    }
}
