//! What reaches the terminal: tables, escaped text, failures.
//!
//! Invariant: a reader that goes away (`| head`) ends the program quietly.

use crate::{
    catalog::{OpenError, text::escape},
    control::RenderError,
};
use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

/// Exit code after Ctrl-C, as shells have it.
const STOPPED: u8 = 130;

/// `[main]` Writes to stdout at one go.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// `[main]` Writes a line to stderr.
pub(super) fn note(text: &str) {
    // Nobody is left to be told when stderr is closed.
    let _ = writeln!(io::stderr(), "{}", escape(text));
}

/// `[main]` Tells an error and gives the exit code; that of shells for what was stopped by Ctrl-C.
pub(super) fn failure(error: &anyhow::Error) -> ExitCode {
    for line in format!("error: {}", sentence(error)).lines() {
        note(line);
    }
    let stopped = matches!(error.downcast_ref(), Some(OpenError::Cancelled))
        || matches!(error.downcast_ref(), Some(RenderError::Cancelled));
    if stopped { ExitCode::from(STOPPED) } else { ExitCode::FAILURE }
}

/// The error and its causes; what a message has told already is not told again.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        match text.as_str() {
            "" => text = cause,
            told if told.contains(&cause) => {}
            _ => text = format!("{text}: {cause}"),
        }
    }
    text
}

/// How wide a line may be: that of the terminal, or unlimited where output goes into a file or another program.
pub(super) fn width() -> usize {
    if !io::stdout().is_terminal() {
        return usize::MAX;
    }
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    told.unwrap_or_else(|| usize::from(console::Term::stdout().size().1).max(40))
}

/// No cell is shown wider, wherever it is shown.
const WIDEST: usize = 48;

/// A table with aligned columns.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row; all texts are escaped.
    pub fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.iter().map(|cell| escape(cell)).collect());
    }

    /// As text no wider than `width`, if cutting the widest columns can achieve that. The last column is not padded.
    pub fn render(&self, width: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| length(&row[column])).max().unwrap_or(0).min(WIDEST))
            .collect();
        let gaps = 2 * columns.saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            // Never below what is needed to recognise something.
            match widths.iter_mut().max() {
                Some(widest) if *widest > 8 => *widest -= 1,
                _ => break,
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cut = cut(cell, *width);
                line.push_str(&cut);
                line.extend(std::iter::repeat_n(' ', width - length(&cut) + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn length(text: &str) -> usize {
    console::measure_text_width(text)
}

fn cut(text: &str, width: usize) -> String {
    console::truncate_str(text, width, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_part_of_the_message_is_told_once() {
        let cause = || io::Error::other("the disk is full");
        let file = crate::audio_io::FileError::writing(std::path::Path::new("out.wav"), cause());
        assert_eq!(sentence(&file.into()), "out.wav cannot be written: the disk is full; nothing was changed");
        assert_eq!(sentence(&anyhow::Error::from(cause()).context("Saving")), "Saving: the disk is full");
    }

    #[test]
    fn tables_fit_the_terminal_and_stay_aligned() {
        let mut table = Table::new(&["NAME", "VENDOR", "VERSION"]);
        table.row(["Größe 音楽", "Somebody", "1.0"]);
        table.row([&"Long ".repeat(30), &"Vendor ".repeat(20), "1.2.3"]);
        table.row(["Evil\u{1b}[31m", "x", ""]);
        let text = table.render(80);
        let at = text.lines().next().and_then(|line| line.find("VENDOR")).expect("heading");
        for line in text.lines() {
            assert!(length(line) <= 80, "{line}");
            assert!(!line.contains('\u{1b}'));
        }
        let second = text.lines().nth(1).expect("row");
        assert_eq!(length(&second[..second.find("Somebody").expect("vendor")]), at);
        assert!(text.contains('…'));
        assert!(table.render(usize::MAX).lines().all(|line| length(line) <= 2 * WIDEST + 20));
    }
}
