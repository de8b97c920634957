//! From what a person types to one plugin.
//!
//! Thread: any. Invariant: the order is id, exact name, exact name in any case, unique part of the name; the first step
//! with an answer decides, and more than one answer is an error that lists them.

use super::{
    card::{Card, Module, State},
    moduleinfo::canonical_id,
    open::Catalog,
};
use crate::model::{ErrorCode, nearest};
use std::path::PathBuf;

/// Candidates listed in a message.
const MAX_LISTED: usize = 12;

/// Why a query does not lead to one usable plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Nothing fits.
    #[error("no plugin is called “{query}”{}", suggest(nearest))]
    NotFound {
        /// What was asked for.
        query: String,
        /// The names that are nearest, best first.
        nearest: Vec<String>,
    },
    /// Too much fits.
    #[error("“{query}” could be any of {}; name one of them exactly, or by its id", list(candidates))]
    Ambiguous {
        /// What was asked for.
        query: String,
        /// Name, and id in parentheses, of all that fit.
        candidates: Vec<String>,
    },
    /// It is there, but cannot be used.
    #[error("“{name}” cannot be used: {} {reason} ({state}){}", path.display(), advice(*state))]
    Unusable {
        /// Its name.
        name: String,
        /// Its module.
        path: PathBuf,
        /// What the scan said.
        state: State,
        /// Why.
        reason: String,
    },
}

impl FindError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound { .. } => ErrorCode::PLUGIN_NOT_FOUND,
            Self::Ambiguous { .. } => ErrorCode::AMBIGUOUS,
            Self::Unusable { state, .. } => state.code().unwrap_or(ErrorCode::LOAD_FAILED),
        }
    }
}

fn suggest(nearest: &[String]) -> String {
    if nearest.is_empty() {
        "; `sonic-bridge list` shows what there is".into()
    } else {
        format!("; the nearest names are {}", list(nearest))
    }
}

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_LISTED).map(|name| format!("“{name}”")).collect();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn advice(state: State) -> &'static str {
    match state {
        State::Blocked => "; `sonic-bridge unblock` allows it again",
        State::Failed | State::Crashed | State::TimedOut => "; `sonic-bridge scan` with its path examines it again",
        _ => "",
    }
}

/// What a step found: a plugin, or a module that never told its plugins.
#[derive(Clone, Copy)]
enum Hit<'a> {
    Card(&'a Card),
    Module(&'a Module),
}

impl<'a> Hit<'a> {
    fn answer(self) -> Result<&'a Card, FindError> {
        let (name, path, state, reason) = match self {
            Self::Card(card) if card.state == State::Ok => return Ok(card),
            Self::Card(card) => (card.info.name.clone(), &card.info.path, card.state, &card.reason),
            Self::Module(module) => (module.name(), &module.path, module.state, &module.reason),
        };
        let reason = reason.clone().unwrap_or_else(|| "is not usable".into());
        Err(FindError::Unusable { name, path: path.clone(), state, reason })
    }

    fn described(self) -> String {
        match self {
            Self::Card(card) => format!("{} ({})", card.info.name, card.info.id),
            Self::Module(module) => format!("{} ({})", module.name(), module.path.display()),
        }
    }
}

/// `[any]` The one plugin that is meant.
pub(super) fn find<'a>(catalog: &'a Catalog, query: &str) -> Result<&'a Card, FindError> {
    let query = query.trim();
    let hits = || {
        let cards = catalog.plugins().iter().filter(|card| card.shadowed_by.is_none()).map(Hit::Card);
        let silent = catalog.modules().iter().filter(|module| module.plugins == 0).map(Hit::Module);
        cards.chain(silent)
    };
    if let Some(id) = canonical_id(query) {
        let matches = |hit: &Hit<'_>| match hit {
            Hit::Card(card) => card.info.id == id,
            Hit::Module(module) => module.expected.contains(&id),
        };
        let replaced = |hit: &Hit<'_>| matches!(hit, Hit::Card(card) if card.replaces.contains(&id));
        // Usable ones first: a blocked copy of an id does not stand in the way of another copy.
        let usable = |hit: &Hit<'_>| matches!(hit, Hit::Card(card) if card.state == State::Ok);
        let hit = hits()
            .filter(matches)
            .max_by_key(|hit| usable(hit))
            .or_else(|| hits().filter(replaced).max_by_key(|hit| usable(hit)));
        if let Some(hit) = hit {
            return hit.answer();
        }
    }
    let lower = query.to_lowercase();
    let name = |hit: &Hit<'_>| match hit {
        Hit::Card(card) => card.info.name.clone(),
        Hit::Module(module) => module.name(),
    };
    let steps: [&dyn Fn(&str) -> bool; 3] = [&|name| name == query, &|name| name.to_lowercase() == lower, &|name| {
        !lower.is_empty() && name.to_lowercase().contains(&lower)
    }];
    for step in steps {
        let fitting: Vec<Hit<'a>> = hits().filter(|hit| step(&name(hit))).collect();
        // What cannot be used is an answer only when nothing else is.
        let cards: Vec<Hit<'a>> =
            fitting.iter().copied().filter(|hit| matches!(hit, Hit::Card(card) if card.state == State::Ok)).collect();
        match (cards.as_slice(), fitting.as_slice()) {
            ([one], _) | ([], [one]) => return one.answer(),
            ([], []) => {}
            ([], many) | (many, _) => {
                let candidates = many.iter().map(|hit| hit.described()).collect();
                return Err(FindError::Ambiguous { query: query.to_owned(), candidates });
            }
        }
    }
    let names = catalog.plugins().iter().filter(|card| card.usable()).map(|card| card.info.name.as_str());
    Err(FindError::NotFound { query: query.to_owned(), nearest: nearest(query, names) })
}
