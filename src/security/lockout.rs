//! L0 · who failed to prove itself too often waits.
//!
//! Thread: any. Invariant: what is kept is bounded by the number of names, and names come from the list of origins.
//! Deliberately absent: a clock; the present is handed in.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Failures by name.
#[derive(Debug)]
pub struct Lockout {
    failures: usize,
    window: Duration,
    wait: Duration,
    names: HashMap<String, Name>,
}

#[derive(Debug, Default)]
struct Name {
    failed: Vec<Instant>,
    until: Option<Instant>,
}

impl Lockout {
    /// `[any]` After so many failures within `window` a name waits for `wait`.
    pub fn new(failures: usize, window: Duration, wait: Duration) -> Self {
        Self { failures, window, wait, names: HashMap::new() }
    }

    /// `[any]` Whether this name has to wait.
    pub fn locked(&self, name: &str, now: Instant) -> bool {
        self.names.get(name).and_then(|name| name.until).is_some_and(|until| now < until)
    }

    /// `[any]` It failed once more.
    pub fn failed(&mut self, name: &str, now: Instant) {
        let (window, wait, most) = (self.window, self.wait, self.failures);
        let name = self.names.entry(name.to_owned()).or_default();
        name.failed.retain(|then| now.duration_since(*then) < window);
        name.failed.push(now);
        if name.failed.len() >= most {
            name.failed.clear();
            name.until = Some(now + wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_minute_lock_one_name_for_a_minute() {
        let second = Duration::from_secs(1);
        let mut lockout = Lockout::new(5, 60 * second, 60 * second);
        let start = Instant::now();
        for n in 0..4 {
            lockout.failed("a", start + n * second);
        }
        assert!(!lockout.locked("a", start + 5 * second));
        lockout.failed("a", start + 5 * second);
        assert!(lockout.locked("a", start + 64 * second) && !lockout.locked("b", start + 6 * second));
        assert!(!lockout.locked("a", start + 65 * second));
        for n in 0..20 {
            lockout.failed("slow", start + n * 20 * second);
        }
        assert!(!lockout.locked("slow", start + 400 * second));
    }
}
