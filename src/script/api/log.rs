//! L4 · lines for the log.

use super::spec::{Entry, Form, Topic};
use crate::script::{
    fault::{Problem, at_once},
    hub::Level,
    world::World,
};
use mlua::{Lua, Value, Variadic};
use std::time::{Duration, Instant};

/// Lines in a second; further ones are counted.
const MAX_LINES: u32 = 50;
/// Characters of a line.
const MAX_LINE: usize = 2000;

macro_rules! level {
    ($name:literal, $level:ident, $doc:literal) => {
        Entry {
            name: $name,
            params: &[("...", "any", "joined by spaces")],
            returns: &[],
            doc: $doc,
            waits: false,
            make: |lua| at_once(lua, |lua, words: Variadic<Value>| line(lua, Level::$level, &words)),
        }
    };
}

pub(super) static TOPIC: Topic = Topic {
    name: "bridge.log",
    form: Form::Module,
    doc: "Lines for the bridge's log; at most 50 a second.",
    functions: &[
        level!("debug", Debug, "For whoever writes the script."),
        level!("info", Info, "Worth knowing."),
        level!("warn", Warn, "Something is odd."),
        level!("error", Error, "Something failed."),
    ],
};

fn line(lua: &Lua, level: Level, words: &[Value]) -> Result<(), Problem> {
    let world = World::of(lua)?;
    let Some(hub) = &world.hub else { return Ok(()) };
    let (count, since) = world.lines.get();
    let now = Instant::now();
    let (count, since) = match since {
        Some(since) if now - since < Duration::from_secs(1) => (count, since),
        _ => {
            if count > MAX_LINES {
                hub.log(Level::Warn, &format!("{} lines of scripts were left out", count - MAX_LINES));
            }
            (0, now)
        }
    };
    world.lines.set((count.saturating_add(1), Some(since)));
    if count < MAX_LINES {
        let words = words.iter().map(Value::to_string).collect::<mlua::Result<Vec<String>>>()?;
        let line: String = words.join(" ").chars().take(MAX_LINE).collect();
        hub.log(level, &line.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"));
    }
    Ok(())
}
