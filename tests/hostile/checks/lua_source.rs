//! The source of a script.

use crate::{disk, memory};
use sonic_bridge::script::{Limits, Runtime, ScriptError};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

const LIMITS: Limits = Limits { memory: 16 << 20, time: Duration::from_millis(50) };
/// What surrounds the VM: the source, its messages, a printed line.
const AROUND: usize = 64 << 20;
/// From the deadline to the end; a busy machine under a sanitizer is slow.
const REACTION: Duration = Duration::from_secs(8);
const LONGEST_SOURCE: usize = 1 << 20;

/// Whatever the script does: no panic, an answer within the limits, printed lines and messages of bounded length.
pub fn check(data: &[u8]) {
    let path = disk::file("script.lua", data);
    let lines = Rc::new(Cell::new(0_usize));
    let counted = Rc::clone(&lines);
    let print = move |line: &str| {
        counted.set(counted.get() + 1);
        assert!(line.chars().count() <= 4096);
    };
    let started = Instant::now();
    let result = memory::within(LIMITS.memory + AROUND, || {
        Runtime::new(LIMITS, &[], Rc::new(print)).and_then(|runtime| runtime.load(&path, "script.lua"))
    });
    assert!(started.elapsed() < LIMITS.time + REACTION, "it took {:?}", started.elapsed());
    assert!(lines.get() <= 1001, "{} lines", lines.get());
    if data.len() > LONGEST_SOURCE || std::str::from_utf8(data).is_err() {
        assert!(matches!(result, Err(ScriptError::Read { .. })), "{result:?}");
    }
    if let Err(error) = result {
        let message = error.to_string();
        assert!(message.chars().count() < 2000, "{} characters", message.chars().count());
        assert!(!message.contains("\nstack traceback:"), "{message}");
        assert!(!error.code().name.is_empty());
    }
}
