//! L4 · the texts a program is made of: files, and the scripts that come with this program.
//!
//! Thread: script. Invariant: a program that was checked is loaded from the same texts it was checked with.
//! Deliberately absent: watching.

use super::{runtime::read, script_error::ScriptError};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

macro_rules! shipped {
    ($($name:literal = $file:literal),* $(,)?) => {
        /// The scripts that come with the program: name of the module, file, text.
        pub const SHIPPED: &[(&str, &str, &str)] =
            &[$(($name, $file, include_str!(concat!("../../scripts/", $file)))),*];
    };
}

shipped! {
    "protocol" = "protocol.lua",
    "verbs.system" = "verbs/system.lua",
    "verbs.plugins" = "verbs/plugins.lua",
    "verbs.instances" = "verbs/instances.lua",
    "verbs.params" = "verbs/params.lua",
    "verbs.state" = "verbs/state.lua",
    "verbs.audio" = "verbs/audio.lua",
    "verbs.session" = "verbs/session.lua",
    "verbs.events" = "verbs/events.lua",
}

/// Texts by path: what was read, or what is to be used instead.
#[derive(Debug, Default)]
pub struct Sources {
    texts: RefCell<BTreeMap<PathBuf, String>>,
}

impl Sources {
    /// `[script]` Files as they were read before.
    pub fn fixed(texts: BTreeMap<PathBuf, String>) -> Self {
        Self { texts: RefCell::new(texts) }
    }

    /// `[script]` The text of a file, read once.
    pub fn read(&self, path: &Path) -> Result<String, ScriptError> {
        if let Some(text) = self.texts.borrow().get(path) {
            return Ok(text.clone());
        }
        let text = read(path)?;
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        Ok(text)
    }

    /// `[script]` The text of the script that is run first, and its name in messages.
    pub fn main(&self, path: Option<&Path>) -> Result<(String, String), ScriptError> {
        match path {
            Some(path) => Ok((self.read(path)?, path.display().to_string())),
            None => {
                let (_, file, text) = SHIPPED[0];
                Ok((text.to_owned(), format!("scripts/{file}")))
            }
        }
    }

    /// `[script]` A module that comes with the program.
    pub fn shipped(name: &str) -> Option<(&'static str, String)> {
        let found = SHIPPED.iter().find(|(own, ..)| *own == name);
        found.map(|(_, file, text)| (*text, format!("scripts/{file}")))
    }

    /// `[script]` All that was read.
    pub fn take_texts(&self) -> BTreeMap<PathBuf, String> {
        self.texts.take()
    }

    /// `[script]` The files that were read.
    pub fn files(&self) -> Vec<PathBuf> {
        self.texts.borrow().keys().cloned().collect()
    }
}
