//! The warning before native plugins may run, and the answer to it.
//!
//! Invariant: without an answer nothing listens. The answer is kept beside the user's other decisions, with the number of
//! the text that was shown.

use super::output::{note, print};
use crate::{audio_io::atomic_file::AtomicFile, security::warning};
use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::Path,
};

/// The file of the answer.
const FILE: &str = "native-plugins-accepted";

/// `[main]` Comes back when the user has agreed, now or earlier. `folder` is that of the user's decisions; `agreed` is what
/// the command line says.
pub(super) fn ensure(folder: Option<&Path>, agreed: bool) -> anyhow::Result<()> {
    let file = folder.map(|folder| folder.join(FILE));
    if agreed || file.as_deref().is_some_and(given) {
        return Ok(());
    }
    let text = textwrap(warning::NATIVE_PLUGINS, 100);
    if !std::io::stdin().is_terminal() {
        text.lines().for_each(note);
        bail!("nobody is here to agree to this; start it in a terminal once, or with --accept-native-plugins");
    }
    print(&format!("{text}\n\nType yes to go on: "))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("the answer cannot be read")?;
    if !answer.trim().eq_ignore_ascii_case("yes") {
        bail!("not agreed; nothing was started");
    }
    match file {
        Some(file) => keep(&file),
        None => Ok(()),
    }
}

fn given(file: &Path) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.trim() == warning::VERSION.to_string())
}

fn keep(file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let out = AtomicFile::create(file, true)?;
    writeln!(out.file(), "{}", warning::VERSION).with_context(|| format!("{} cannot be written", file.display()))?;
    out.commit()?;
    Ok(())
}

/// `[any]` Breaks at spaces.
pub(super) fn textwrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("never empty");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_the_text_it_was_given_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join(FILE);
        assert!(!given(&file));
        keep(&file).unwrap();
        assert!(given(&file));
        ensure(file.parent(), false).unwrap();
        std::fs::write(&file, "0").unwrap();
        assert!(!given(&file), "an older text was agreed to");
    }

    #[test]
    fn lines_are_broken_at_words() {
        let text = textwrap(warning::NATIVE_PLUGINS, 40);
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
        assert_eq!(text.replace('\n', " "), warning::NATIVE_PLUGINS);
    }
}
