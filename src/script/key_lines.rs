//! L4 · on which line of a configuration file a key stands.
//!
//! Thread: any. Invariant: a pure function that never fails; where the file is more than one literal table (computed
//! keys, a table built step by step), it knows nothing rather than something wrong. Deliberately absent: judging whether
//! the file is Lua; the VM has done that.

use std::collections::HashMap;

/// Lines of keys in the table that a file returns, by their path: `["server", "port"]`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct KeyLines(HashMap<Vec<String>, usize>);

impl KeyLines {
    /// `[any]` Of this source.
    pub fn of(source: &str) -> Self {
        let tokens = tokens(source);
        // The last `return {` outside of functions; in a configuration file it is the only one.
        let start = tokens.windows(2).rposition(|pair| pair[0].is_word("return") && pair[1].is("{"));
        let mut lines = HashMap::new();
        if let Some(start) = start {
            keys(&tokens[start + 1..], &mut lines);
        }
        Self(lines)
    }

    /// `[any]` The line of a key.
    pub fn line(&self, path: &[&str]) -> Option<usize> {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        self.0.get(&path).copied()
    }
}

/// Walks through a literal table, of which the first token is the opening brace.
fn keys(tokens: &[Token], lines: &mut HashMap<Vec<String>, usize>) {
    // One entry for each bracket that is open: the key in front of it, if it is a table that belongs to a key.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut key: Option<String> = None;
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        // In front of a key stands what opens the table, or a separator.
        let first = at > 0 && ["{", ",", ";"].iter().any(|sign| tokens[at - 1].is(sign));
        let named = match &tokens[at..] {
            [Token { what: What::Word(name), .. }, equals, ..] if first && equals.is("=") => Some((name, 2)),
            [bracket, Token { what: What::Text(name), .. }, close, equals, ..]
                if first && bracket.is("[") && close.is("]") && equals.is("=") =>
            {
                Some((name, 4))
            }
            _ => None,
        };
        if let Some((name, length)) = named
            && let Some(mut path) = open.iter().skip(1).cloned().collect::<Option<Vec<String>>>()
        {
            path.push(name.clone());
            lines.insert(path, token.line);
            key = Some(name.clone());
            at += length;
            continue;
        }
        match &token.what {
            What::Sign('{') => open.push(key.take()),
            What::Sign('(' | '[') => open.push(None),
            What::Sign('}' | ')' | ']') => {
                open.pop();
                if open.is_empty() {
                    return;
                }
            }
            What::Word(word) if word == "function" => return,
            _ => key = None,
        }
        at += 1;
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Word(String),
    Text(String),
    Sign(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    what: What,
    line: usize,
}

impl Token {
    fn is(&self, sign: &str) -> bool {
        matches!(self.what, What::Sign(own) if sign.starts_with(own))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.what, What::Word(own) if own == word)
    }
}

/// Words, texts and single signs; comments and space are left out.
fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(sign) = rest.chars().next() {
        let (length, what) = if let Some(comment) = rest.strip_prefix("--") {
            let long = long_bracket(comment).map(|(length, _)| length + 2);
            (long.unwrap_or_else(|| rest.find('\n').unwrap_or(rest.len())), None)
        } else if let Some((length, text)) = long_bracket(rest) {
            (length, Some(What::Text(text.to_owned())))
        } else if matches!(sign, '"' | '\'' | '`') {
            let length = quoted(rest, sign);
            let inside = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
            (length, Some(What::Text(inside.to_owned())))
        } else if sign.is_alphanumeric() || sign == '_' {
            let length = rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(rest.len());
            (length, Some(What::Word(rest[..length].to_owned())))
        } else {
            // Of `==` and its like only the first sign must not look like an assignment.
            let double = ["==", "~=", "<=", ">="].iter().any(|double| rest.starts_with(double));
            let length = if double { 2 } else { sign.len_utf8() };
            let what = if double { What::Sign('?') } else { What::Sign(sign) };
            (length, (!sign.is_whitespace()).then_some(what))
        };
        found.extend(what.map(|what| Token { what, line }));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// `[[…]]` or `[==[…]==]` at the start: its whole length, and what is in it.
fn long_bracket(text: &str) -> Option<(usize, &str)> {
    let after = text.strip_prefix('[')?;
    let level = after.len() - after.trim_start_matches('=').len();
    let inside = after[level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    let end = inside.find(&close).unwrap_or(inside.len());
    Some(((level + 2 + end + close.len()).min(text.len()), &inside[..end]))
}

/// The length of a text in quotes, with them.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str) -> Vec<(String, usize)> {
        let mut lines: Vec<(String, usize)> =
            KeyLines::of(source).0.into_iter().map(|(path, line)| (path.join("."), line)).collect();
        lines.sort();
        lines
    }

    fn expected(all: &[(&str, usize)]) -> Vec<(String, usize)> {
        all.iter().map(|(path, line)| ((*path).to_owned(), *line)).collect()
    }

    #[test]
    fn keys_are_found_at_their_own_level() {
        let source = "local port = 1 -- port = 2\nreturn {\n  server = {\n    port = port, --[[ a = {\n ]] origins = { 'a', \"b = {\" },\n  },\n  [\"audio\"] = { block\n = 1; },\n  plugins = f({ port = 3 }, \"x\"), scripts = {} }";
        assert_eq!(
            lines(source),
            expected(&[
                ("audio", 7),
                ("audio.block", 7),
                ("plugins", 9),
                ("scripts", 9),
                ("server", 3),
                ("server.origins", 5),
                ("server.port", 4)
            ])
        );
    }

    #[test]
    fn what_is_no_literal_has_no_lines() {
        assert_eq!(lines("local t = {}\nt.a = 1\nreturn t"), []);
        assert_eq!(lines("return { [f()] = { a = 1 }, b = x == y and { c = 1 } }"), expected(&[("b", 1)]));
        assert_eq!(lines("return { [[a = {]], 'it\\'s', [=[]]]=] , d = 1 }"), expected(&[("d", 1)]));
    }

    #[test]
    fn nonsense_is_survived() {
        for source in
            ["", "return {", "return { a = { b = ", "return { \"", "return { [==[", "return }}}", "--[[", "é = {"]
        {
            KeyLines::of(source);
        }
    }
}
