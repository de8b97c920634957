//! Pages that ask to be let in, shown in the terminal, and the answers typed there.
//!
//! Threads: two of its own, one that shows and one that reads. Invariant: the code is written to the terminal only, never to
//! the log.

use super::output::print;
use crate::{
    catalog::text::escape,
    server::{Asking, Prompt, ServerControl},
};
use std::io::{BufRead as _, IsTerminal as _};
use tokio::sync::mpsc::UnboundedReceiver;

/// `[main]` Shows from now on whoever asks.
pub(super) fn attend(mut prompts: UnboundedReceiver<Prompt>, control: &ServerControl) -> std::io::Result<()> {
    std::thread::Builder::new().name("doorbell".into()).spawn(move || {
        while let Some(prompt) = prompts.blocking_recv() {
            let text = match prompt {
                Prompt::Asked(asking) => question(&asking),
                Prompt::Ended { origin, paired: true } => format!("{} was let in.\n", escape(&origin)),
                Prompt::Ended { origin, paired: false } => format!("{} was not let in.\n", escape(&origin)),
            };
            if print(&text).is_err() {
                break;
            }
        }
    })?;
    if std::io::stdin().is_terminal() {
        let control = control.clone();
        std::thread::Builder::new().name("terminal".into()).spawn(move || listen(&control))?;
    }
    Ok(())
}

fn question(asking: &Asking) -> String {
    let scopes: Vec<&str> = asking.scopes.iter().map(String::as_str).collect();
    format!(
        "\nA page asks to be let in: {}\nIt could: {}\n{}\n\nTo let it in, type this code into the page:  {}\nIt holds for {} s. Type no \
         to refuse, or scripts to let the page change scripts, too.\n",
        escape(&asking.origin),
        escape(&scopes.join(", ")),
        super::consent::textwrap(asking.warning, 100),
        asking.code,
        asking.expires_s
    )
}

fn listen(control: &ServerControl) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let done = match line.trim() {
            "no" | "n" => control.refuse_pairing(),
            "scripts" => control.allow_scripts(true),
            _ => true,
        };
        if !done {
            let _ = print("Nobody asks to be let in.\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_shows_all_that_has_to_be_known() {
        let asking = Asking {
            origin: "https://studio.example".into(),
            scopes: ["list", "load"].map(str::to_owned).into(),
            code: "012345".into(),
            warning: crate::security::warning::NATIVE_PLUGINS,
            expires_s: 120,
        };
        let text = question(&asking);
        for part in ["https://studio.example", "list, load", "012345", "120 s", "outside the browser's sandbox"] {
            assert!(text.replace('\n', " ").contains(part), "{part} in {text}");
        }
    }
}
