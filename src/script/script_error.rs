//! L4 · what goes wrong with a script, as a place, a sentence and a hint.
//!
//! Thread: that of the VM. Invariant: a message holds no traceback and has a bounded length; whatever the script made of
//! an error on its way out, one that stopped it stays what it was.

use crate::model::ErrorCode;
use mlua::Lua;
use std::{fmt, path::PathBuf, time::Duration};

/// Messages come from scripts, which may make them as long as they like.
const MAX_MESSAGE: usize = 500;

/// How long a script may take to load.
pub(super) const LOAD_OPTION: &str = "scripts.load_seconds";

/// Where in a script. Shown as “file:line: ”.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named to the VM; empty when nothing is known.
    pub file: String,
    /// From 1.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            _ if self.file.is_empty() => Ok(()),
            Some(line) => write!(out, "{}:{line}: ", self.file),
            None => write!(out, "{}: ", self.file),
        }
    }
}

impl Place {
    /// `[script]` Where the innermost Lua function of this VM is now.
    pub(super) fn in_vm(lua: &Lua) -> Self {
        let at = |level| {
            lua.inspect_stack(level, |frame| {
                let file = frame.source().short_src.map(|file| file.into_owned()).unwrap_or_default();
                Self { file, line: frame.current_line() }
            })
        };
        (0..8).map_while(at).find(|place| place.line.is_some()).unwrap_or_default()
    }

    /// Takes “file:line: ” off the front of a message, if the file is one that the VM knows.
    fn split(files: &[String], message: &str) -> Option<(Self, String)> {
        files.iter().find_map(|file| {
            let (line, text) = message.strip_prefix(file.as_str())?.strip_prefix(':')?.split_once(':')?;
            Some((Self { file: file.clone(), line: Some(line.parse().ok()?) }, text.trim_start().to_owned()))
        })
    }
}

/// Why a script did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The file cannot be read, or is no text.
    #[error("{} cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It is no Lua.
    #[error("{place}{message}{}", shown(*hint))]
    Syntax {
        /// Where.
        place: Place,
        /// What the compiler says.
        message: String,
        /// What may help.
        hint: Option<&'static str>,
    },
    /// It failed while it ran.
    #[error("{place}{message}{}", shown(*hint))]
    Runtime {
        /// Where.
        place: Place,
        /// What the VM or the script says.
        message: String,
        /// What may help.
        hint: Option<&'static str>,
    },
    /// It ran too long.
    #[error("{place}the script was stopped because it ran for more than {} s; look for a loop that does not end, or raise {option}", limit.as_secs_f32())]
    Time {
        /// Where it was when its time was up.
        place: Place,
        /// How long it may take.
        limit: Duration,
        /// The option that says so.
        option: &'static str,
    },
    /// It took too much memory.
    #[error("{place}the script was stopped because it needs more than {} MiB of memory; look for a table or text that grows without end, or raise scripts.memory", limit >> 20)]
    Memory {
        /// Where, if the VM said so.
        place: Place,
        /// How much it may take, in bytes.
        limit: usize,
    },
    /// It asked for what scripts may not have, or for a module that is not there.
    #[error("{place}{message}")]
    Forbidden {
        /// Where.
        place: Place,
        /// What, and what to write instead.
        message: String,
    },
}

fn shown(hint: Option<&str>) -> String {
    hint.map(|hint| format!(" ({hint})")).unwrap_or_default()
}

/// Parts of messages, and what to do when they come.
const HINTS: &[(&str, &str)] = &[
    ("attempt to modify a readonly table", "libraries and globals cannot be changed; keep your own in a local table"),
    ("attempt to call a nil value", "is the name written correctly, and is its `require` there?"),
    ("attempt to index nil with 'open'", "scripts have no `io`: they read and write no files"),
    ("attempt to index nil", "what stands before the dot or colon is nil; there is no `io`, `debug` or `package` here"),
    ("stack overflow", "a function calls itself without end"),
    ("attempt to yield from outside a coroutine", "a script that loads cannot wait; ask this in a handler"),
    ("attempt to yield across", "a function called by a library, such as a sort comparator, cannot wait"),
    ("Incomplete statement", "a line is a call or an assignment; there is no `goto`"),
];

fn hint(message: &str) -> Option<&'static str> {
    HINTS.iter().find(|(part, _)| message.contains(part)).map(|(_, hint)| *hint)
}

/// What the VM allowed, and the names of the chunks it loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub files: &'a [String],
    pub memory: usize,
    pub time: Duration,
}

impl ScriptError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Read { .. } => ErrorCode::FILE,
            Self::Syntax { .. } => ErrorCode::SYNTAX,
            Self::Runtime { .. } => ErrorCode::RUNTIME,
            Self::Time { .. } => ErrorCode::BUDGET_TIME,
            Self::Memory { .. } => ErrorCode::BUDGET_MEMORY,
            Self::Forbidden { .. } => ErrorCode::FORBIDDEN_CALL,
        }
    }

    /// What the watchdog throws; [`Self::from_vm`] adds the limit.
    pub(super) fn stopped(place: Place) -> Self {
        Self::Time { place, limit: Duration::ZERO, option: LOAD_OPTION }
    }

    /// What the VM gave back, in our words.
    pub(super) fn from_vm(error: &mlua::Error, context: Context<'_>) -> Self {
        // An error of ours that passed through the VM, perhaps through several `require`s.
        if let Some(own) = error.chain().find_map(|error| error.downcast_ref::<Self>()) {
            return match own.clone() {
                Self::Time { place, option, .. } => Self::Time { place, limit: context.time, option },
                own => own,
            };
        }
        let root = root(error);
        let text = match root {
            mlua::Error::SyntaxError { message, .. } | mlua::Error::RuntimeError(message) => message.clone(),
            mlua::Error::MemoryError(message) => message.clone(),
            other => other.to_string(),
        };
        let text = text.split("\nstack traceback:").next().unwrap_or_default();
        let (place, message) =
            Place::split(context.files, text).unwrap_or_else(|| (last_resort(context.files), text.to_owned()));
        if matches!(root, mlua::Error::MemoryError(_)) || message.ends_with("not enough memory") {
            return Self::Memory { place, limit: context.memory };
        }
        let hint = hint(&message);
        let message = if message.chars().count() > MAX_MESSAGE {
            format!("{}…", message.chars().take(MAX_MESSAGE).collect::<String>())
        } else {
            message
        };
        match root {
            mlua::Error::SyntaxError { .. } => Self::Syntax { place, message, hint },
            _ => Self::Runtime { place, message, hint },
        }
    }
}

/// The file that was started first, without a line.
fn last_resort(files: &[String]) -> Place {
    Place { file: files.first().cloned().unwrap_or_default(), line: None }
}

fn root(error: &mlua::Error) -> &mlua::Error {
    match error {
        mlua::Error::CallbackError { cause, .. } | mlua::Error::WithContext { cause, .. } => root(cause),
        mlua::Error::BadArgument { .. } => error,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_only_from_files_that_were_loaded() {
        let files = ["C:/a b/config.lua".to_owned(), "x.lua".to_owned()];
        let (place, text) = Place::split(&files, "C:/a b/config.lua:12: what: ever").expect("a place");
        assert_eq!((place.to_string().as_str(), text.as_str()), ("C:/a b/config.lua:12: ", "what: ever"));
        for no_place in ["x.lua:twelve: a", "y.lua:1: a", "x.lua", "", "x.luax:1: a"] {
            assert_eq!(Place::split(&files, no_place), None);
        }
    }

    #[test]
    fn messages_have_a_bounded_length_and_no_traceback() {
        let files = ["a.lua".to_owned()];
        let context = Context { files: &files, memory: 1 << 20, time: Duration::from_secs(1) };
        let error = mlua::Error::runtime(format!("a.lua:3: {}\nstack traceback:\nmore", "x".repeat(1 << 16)));
        let told = ScriptError::from_vm(&error, context).to_string();
        assert!(told.starts_with("a.lua:3: xxx") && told.len() < 600 && !told.contains("traceback"), "{told}");
    }
}
