//! L4 · where pages that ask to be let in wait for the person.
//!
//! Thread: any. Invariant: a question that was shown is also ended. Deliberately absent: terminals and pages; who shows a
//! question takes it from the queue.

use super::{
    control::{Asking, Prompt},
    shared::locked,
};
use crate::security::{
    code,
    pairing::{Attempt, No, Pairing, Rules},
};
use std::{
    collections::BTreeSet,
    sync::Mutex,
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Questions an own page may be behind.
const BEHIND: usize = 16;

/// The desk.
#[derive(Debug)]
pub(super) struct Desk {
    rules: Rules,
    state: Mutex<State>,
    terminal: mpsc::UnboundedSender<Prompt>,
    pages: broadcast::Sender<Prompt>,
}

#[derive(Debug)]
struct State {
    pairing: Pairing,
    shown: Option<Shown>,
}

#[derive(Debug)]
struct Shown {
    number: u64,
    asking: Asking,
    refused: oneshot::Sender<()>,
}

/// A question that stands; ends when dropped.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    desk: &'a Desk,
    number: u64,
    /// The person says no.
    pub refused: oneshot::Receiver<()>,
}

impl Desk {
    pub(super) fn new(rules: Rules) -> (Self, mpsc::UnboundedReceiver<Prompt>) {
        let (terminal, prompts) = mpsc::unbounded_channel();
        let state = State { pairing: Pairing::new(rules), shown: None };
        (Self { rules, state: Mutex::new(state), terminal, pages: broadcast::channel(BEHIND).0 }, prompts)
    }

    /// `[any]` A question stands for so long.
    pub(super) fn stands(&self) -> Duration {
        self.rules.stands
    }

    /// `[any]` Questions from now on, for an own page.
    pub(super) fn watch(&self) -> broadcast::Receiver<Prompt> {
        self.pages.subscribe()
    }

    /// `[any]` The question that stands now.
    pub(super) fn shown(&self) -> Option<Asking> {
        locked(&self.state).shown.as_ref().map(|shown| shown.asking.clone())
    }

    /// `[any]` A page asks.
    pub(super) fn ask(&self, origin: &str, scopes: &BTreeSet<String>) -> Result<Standing<'_>, No> {
        let digits = digits().ok_or(No::Busy)?;
        let mut state = locked(&self.state);
        let number = state.pairing.ask(origin, digits.clone(), Instant::now())?;
        let (refuse, refused) = oneshot::channel();
        let (origin, scopes) = (origin.to_owned(), scopes.clone());
        let expires_s = self.rules.stands.as_secs();
        let asking = Asking { origin, scopes, code: digits, warning: super::WARNING, expires_s };
        if let Some(before) = state.shown.take() {
            self.show(Prompt::Ended { origin: before.asking.origin, paired: false });
        }
        self.show(Prompt::Asked(asking.clone()));
        state.shown = Some(Shown { number, asking, refused: refuse });
        Ok(Standing { desk: self, number, refused })
    }

    /// `[any]` The person lets the page that asks change scripts, or takes that back.
    pub(super) fn allow_scripts(&self, allow: bool) -> bool {
        let mut state = locked(&self.state);
        let Some(shown) = &mut state.shown else { return false };
        if allow {
            shown.asking.scopes.insert("script.write".to_owned());
        } else {
            shown.asking.scopes.remove("script.write");
        }
        self.show(Prompt::Asked(shown.asking.clone()));
        true
    }

    /// `[any]` The person says no; false when nobody asks.
    pub(super) fn refuse(&self) -> bool {
        let mut state = locked(&self.state);
        let number = state.pairing.refuse(Instant::now());
        let Some(shown) = state.shown.take_if(|shown| Some(shown.number) == number) else { return false };
        self.show(Prompt::Ended { origin: shown.asking.origin, paired: false });
        shown.refused.send(()).is_ok()
    }

    fn show(&self, prompt: Prompt) {
        // Nobody may be looking.
        let _ = self.pages.send(prompt.clone());
        let _ = self.terminal.send(prompt);
    }

    fn end(&self, state: &mut State, number: u64, paired: bool) -> BTreeSet<String> {
        state.pairing.drop_question(number);
        let Some(shown) = state.shown.take_if(|shown| shown.number == number) else { return BTreeSet::new() };
        self.show(Prompt::Ended { origin: shown.asking.origin, paired });
        shown.asking.scopes
    }
}

impl Standing<'_> {
    /// `[any]` The page sends a code; the scopes that were granted, if it was right.
    pub(super) fn try_code(&self, typed: &str) -> Result<BTreeSet<String>, Attempt> {
        let mut state = locked(&self.desk.state);
        match state.pairing.try_code(self.number, typed, Instant::now()) {
            Attempt::Right => Ok(self.desk.end(&mut state, self.number, true)),
            wrong @ Attempt::Wrong { .. } => Err(wrong),
            over => {
                self.desk.end(&mut state, self.number, false);
                Err(over)
            }
        }
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.desk.end(&mut locked(&self.desk.state), self.number, false);
    }
}

fn digits() -> Option<String> {
    (0..16).find_map(|_| {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).ok()?;
        code::from_bytes(bytes)
    })
}
