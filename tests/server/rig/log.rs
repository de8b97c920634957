//! The log of all tests of this program, and the secrets that must not be in it (row S62).

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static KEPT: Once = Once::new();

struct Keep;

impl Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        held(&LINES).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps everything that is logged from now on, at the most talkative level.
pub fn keep() {
    KEPT.call_once(|| {
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(|| Keep).init();
    });
}

/// Notes a token, key, code or proof.
pub fn secret(text: &str) {
    // Shorter ones stand in any log by chance.
    if text.len() >= 16 {
        held(&SECRETS).push(text.to_owned());
    }
}

/// Everything logged so far.
pub fn text() -> String {
    String::from_utf8_lossy(&held(&LINES)).into_owned()
}

/// How many secrets were noted.
pub fn secrets() -> usize {
    held(&SECRETS).len()
}

/// Fails if a secret was logged.
pub fn holds_no_secret() {
    let secrets = held(&SECRETS).clone();
    // The secret itself must not get into the output of the tests either.
    let found: Vec<usize> = secrets.iter().filter(|secret| holds(secret)).map(String::len).collect();
    assert!(found.is_empty(), "the log holds secrets of so many characters: {found:?}");
}

/// Whether this was logged.
pub fn holds(secret: &str) -> bool {
    text().contains(secret)
}
