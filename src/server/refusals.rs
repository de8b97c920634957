//! L4 · the log of what was refused: who knocked, and why the door stayed shut.
//!
//! Thread: any. Invariant: somebody who knocks all day fills no disk, and no line holds a token or a proof.
//! Deliberately absent: request lines and bodies.

use super::shared::locked;
use std::{
    net::SocketAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Lines in a window.
const LINES: u32 = 20;

/// The window.
const WINDOW: Duration = Duration::from_secs(10);

/// The most that is shown of a field.
const SHOWN: usize = 120;

/// Counts the lines.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Refusals {
    /// `[any]` Notes one. `host` and `origin` are as they were sent.
    pub(super) fn note(&self, peer: SocketAddr, host: &[u8], origin: &[u8], reason: &str) {
        if let Some(left_out) = self.admit(Instant::now()) {
            let (host, origin) = (shown(host), shown(origin));
            tracing::warn!(target: "sonic_bridge::gate", %peer, host, origin, reason, left_out, "refused");
        }
    }

    /// How many were left out before this one, if it may be written.
    fn admit(&self, now: Instant) -> Option<u64> {
        let mut state = locked(&self.state);
        if state.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (state.since, state.lines) = (Some(now), 0);
        }
        if state.lines >= LINES {
            state.left_out += 1;
            return None;
        }
        state.lines += 1;
        Some(std::mem::take(&mut state.left_out))
    }
}

fn shown(field: &[u8]) -> String {
    let mut text = field[..field.len().min(SHOWN)].escape_ascii().to_string();
    if field.len() > SHOWN {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_knocks_all_day_gets_a_few_lines() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        let written = (0..1000).filter(|_| refusals.admit(start).is_some()).count();
        assert_eq!(written, 20);
        assert_eq!(refusals.admit(start + WINDOW), Some(980));
        assert_eq!(refusals.admit(start + WINDOW), Some(0));
    }

    #[test]
    fn what_was_sent_is_shown_escaped_and_cut() {
        assert_eq!(shown(b"a\x1b[31m\n\xff"), "a\\x1b[31m\\n\\xff");
        assert!(shown(&[b'a'; 5000]).len() < 130);
    }
}
