//! Which modules and crates a Rust source names, in `use` lines and inline, macro bodies included.
//!
//! Works on tokens, so comments and texts do not count. Paths are resolved as far as the layers need it: `crate::`,
//! `self::` and `super::` to the top module below the crate's root, everything else to the first word of a path.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::HashSet;
use std::str::FromStr;

/// Something a source names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The top module below the crate's root, or the crate.
    pub name: String,
    /// Whether it is a module of this crate.
    pub own: bool,
    /// Line in the source, from 1.
    pub line: usize,
}

/// All that the source of the module `module` (e.g. `["formats", "vst3"]`) names.
pub fn named(source: &str, module: &[&str]) -> Vec<Named> {
    let stream = TokenStream::from_str(source).unwrap_or_else(|error| panic!("{}: {error}", module.join("::")));
    let mut reader = Reader { found: Vec::new(), imported: HashSet::new() };
    let module: Vec<String> = module.iter().map(|part| (*part).to_owned()).collect();
    reader.read(stream, &module);
    // A word that a `use crate::…` line brought into scope is no crate.
    let Reader { mut found, imported } = reader;
    found.retain(|named| named.own || !imported.contains(&named.name));
    found
}

struct Reader {
    found: Vec<Named>,
    imported: HashSet<String>,
}

impl Reader {
    fn read(&mut self, stream: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if word == "use" => {
                    let end = tokens[at..].iter().position(|token| is_punct(token, ';'));
                    let end = at + end.unwrap_or(tokens.len() - at);
                    self.read_use(&tokens[at + 1..end], &[], module);
                    at = end;
                }
                TokenTree::Ident(word) if word == "mod" => {
                    // `mod name { … }`: one level deeper for `super`.
                    if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        let mut inner = module.to_vec();
                        inner.push(name.to_string());
                        self.read(body.stream(), &inner);
                        at += 2;
                    }
                }
                TokenTree::Ident(_) if !follows_path_separator(&tokens, at) => {
                    let path = path_from(&tokens, at);
                    if path.len() > 1 {
                        self.note(&path, module, line(&tokens[at]));
                        // The separators and words of the path are skipped: three tokens for each further word.
                        at += 3 * (path.len() - 1);
                    }
                }
                TokenTree::Group(group) => self.read(group.stream(), module),
                _ => {}
            }
            at += 1;
        }
    }

    /// A use tree: `a::b`, `a::{b, c::d}`, `a::*`, `a as b`.
    fn read_use(&mut self, tokens: &[TokenTree], prefix: &[String], module: &[String]) {
        for tree in tokens.split(|token| is_punct(token, ',')) {
            let mut path = prefix.to_vec();
            let mut renamed = None;
            let mut first = None;
            let mut nested = false;
            let mut words = tree.iter();
            while let Some(token) = words.next() {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        renamed = words.next().map(ToString::to_string);
                    }
                    TokenTree::Ident(word) => {
                        first.get_or_insert(line(token));
                        path.push(word.to_string());
                    }
                    TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                        nested = true;
                        self.read_use(&group.stream().into_iter().collect::<Vec<_>>(), &path, module);
                    }
                    _ => {}
                }
            }
            if nested || path.is_empty() {
                continue;
            }
            if is_own(&path[0]) {
                self.imported.extend(renamed.or_else(|| path.last().cloned()));
            }
            self.note(&path, module, first.unwrap_or(0));
        }
    }

    fn note(&mut self, path: &[String], module: &[String], line: usize) {
        let (name, own) = match path[0].as_str() {
            "crate" | "sonic_bridge" => (path.get(1).cloned(), true),
            "self" => (module.first().or(path.get(1)).cloned(), true),
            "super" => {
                let ups = path.iter().take_while(|word| *word == "super").count();
                let left = module.len().saturating_sub(ups);
                let target = if left > 0 { module.first() } else { path.get(ups) };
                (target.cloned(), true)
            }
            other => (Some(other.to_owned()), false),
        };
        if let Some(name) = name {
            self.found.push(Named { name, own, line });
        }
    }
}

fn is_own(word: &str) -> bool {
    matches!(word, "crate" | "self" | "super" | "sonic_bridge")
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| tokens.get(at).is_some_and(|token| is_punct(token, ':'));
    colon(at) && colon(at + 1)
}

fn follows_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    // `::vst3::X` names a crate just as `vst3::X` does; `a::vst3::X` and `>::vst3` do not.
    if at < 2 || !is_separator(tokens, at - 2) {
        return false;
    }
    at >= 3 && (matches!(&tokens[at - 3], TokenTree::Ident(_)) || is_punct(&tokens[at - 3], '>'))
}

fn path_from(tokens: &[TokenTree], start: usize) -> Vec<String> {
    let mut path = vec![tokens[start].to_string()];
    let mut at = start + 1;
    while is_separator(tokens, at) {
        let Some(TokenTree::Ident(word)) = tokens.get(at + 2) else { break };
        path.push(word.to_string());
        at += 3;
    }
    path
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(source: &str, module: &[&str]) -> Vec<String> {
        named(source, module).into_iter().filter(|named| named.own).map(|named| named.name).collect()
    }

    fn crates(source: &str) -> Vec<String> {
        named(source, &["x"]).into_iter().filter(|named| !named.own).map(|named| named.name).collect()
    }

    #[test]
    fn use_trees_and_inline_paths_are_found() {
        assert_eq!(
            own("use crate::{engine::Schedule, model::{Event, ParamId}};", &["x"]),
            ["engine", "model", "model"]
        );
        assert_eq!(own("fn f() -> crate::control::Host { crate::engine::compile() }", &["x"]), ["control", "engine"]);
        assert_eq!(own("fn f() { tracing::warn!(\"{}\", crate::cli::name()); }", &["x"]), ["cli"]);
    }

    #[test]
    fn super_is_resolved_to_the_top_module() {
        assert_eq!(own("use super::super::engine::Schedule;", &["formats", "vst3"]), ["engine"]);
        assert_eq!(own("use super::module::Module;", &["formats", "vst3"]), ["formats"]);
        assert_eq!(own("mod tests { use super::*; }", &["engine"]), ["engine"]);
        assert_eq!(own("mod tests { use super::super::control::Host; }", &["engine"]), ["control"]);
    }

    #[test]
    fn comments_texts_and_doc_links_do_not_count() {
        assert!(
            own("//! See [`crate::control`].\n// crate::cli\nconst A: &str = \"crate::engine::x\";", &["x"]).is_empty()
        );
    }

    #[test]
    fn crates_are_told_from_modules_of_the_same_name() {
        assert_eq!(crates("use vst3::Steinberg::FUnknown;"), ["vst3"]);
        assert_eq!(crates("fn f() { let a = ::vst3::Class::new(); }"), ["vst3"]);
        assert!(crates("use crate::formats::vst3; fn f() { vst3::probe() }").is_empty());
        assert!(crates("fn f() { crate::formats::vst3::probe() }").is_empty());
    }

    #[test]
    fn lines_are_told() {
        assert_eq!(named("\n\nuse crate::engine::x;", &["x"])[0].line, 3);
    }
}
