//! L0 · which values an option takes, and what is said of others.
//!
//! Thread: any. Invariant: a value that is refused changes nothing. Deliberately absent: where in a file it stood.

use super::{
    options::{Config, Entry, SECTIONS, Section},
    value::{Value, quoted, shortened},
};
use Rule::{OneOf, Range, Waits};

/// What an option's value has to obey besides its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A number from the first to the second.
    Range(u32, u32),
    /// One of the first; the second are planned. In a list this holds for each, and the list is not empty.
    OneOf(&'static [&'static str], &'static [&'static str]),
    /// Nothing obeys this option yet: only the default is accepted, until this exists.
    Waits(&'static str),
}

impl Rule {
    /// `[any]` In words, what can be chosen today; empty where there is no choice of words.
    pub fn built(&self) -> String {
        if let OneOf(built, _) = self { quoted(built) } else { String::new() }
    }
}

/// Why a value is not taken. Sentences without a place; whoever read the file knows it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// There is no such section or option.
    #[error("there is no option “{name}”{}", suggestion(nearest))]
    Unknown {
        /// What was written, with its section.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// Another type is needed.
    #[error("“{name}” has to be {expected}, not {found}")]
    Type {
        /// The option.
        name: String,
        /// What it takes.
        expected: String,
        /// What was written.
        found: String,
    },
    /// Out of its limits.
    #[error("“{name}” has to be {expected}; {found} is not")]
    Range {
        /// The option.
        name: String,
        /// What it takes.
        expected: String,
        /// What was written.
        found: String,
    },
    /// Planned, but without effect today.
    #[error("“{name}” cannot be {found} yet: {what} is not built; leave it at {usable}")]
    NotBuilt {
        /// The option.
        name: String,
        /// What was written.
        found: String,
        /// What is missing.
        what: String,
        /// What can be written today.
        usable: String,
    },
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!("; did you mean “{nearest}”?")).unwrap_or_default()
}

/// `[any]` The section of that name.
pub fn section(name: &str) -> Result<&'static Section, ConfigError> {
    SECTIONS.iter().find(|section| section.key == name).ok_or_else(|| ConfigError::Unknown {
        name: shortened(name),
        nearest: nearest(name, all_names())
            .or_else(|| nearest(name, SECTIONS.iter().map(|section| section.key.into()))),
    })
}

impl Config {
    /// `[any]` Takes a value over, or says why not and stays as it is.
    pub fn set(&mut self, within: &Section, key: &str, value: &Value) -> Result<(), ConfigError> {
        let name = format!("{}.{}", within.key, shortened(key));
        let Some(entry) = within.entries.iter().find(|entry| entry.key == key) else {
            let names = within.entries.iter().map(|entry| format!("{}.{}", within.key, entry.key));
            // The right option in the wrong section counts as near, too.
            let nearest = nearest(&name, names).or_else(|| nearest(key, all_names()));
            return Err(ConfigError::Unknown { name, nearest });
        };
        let mut changed = self.clone();
        if !changed.put(within.key, key, value) {
            return Err(ConfigError::Type { name, expected: entry.expected(), found: value.described() });
        }
        let default = Self::default().get(within.key, key);
        entry.rules.iter().try_for_each(|rule| entry.check(*rule, &name, value, &default))?;
        *self = changed;
        Ok(())
    }
}

impl Entry {
    /// `[any]` In words, what the option takes.
    pub fn expected(&self) -> String {
        match self.rules.first() {
            Some(Range(least, most)) => format!("{} from {least} to {most}", self.kind),
            Some(rule @ OneOf(..)) => format!("{}: {}", self.kind, rule.built()),
            _ => self.kind.to_owned(),
        }
    }

    fn check(&self, rule: Rule, name: &str, value: &Value, default: &Value) -> Result<(), ConfigError> {
        let out_of_range =
            |found: String| Err(ConfigError::Range { name: name.to_owned(), expected: self.expected(), found });
        let not_built = |found: String, what: String, usable: String| {
            Err(ConfigError::NotBuilt { name: name.to_owned(), found, what, usable })
        };
        match (rule, value) {
            (Range(least, most), Value::Number(number)) if !(f64::from(least)..=f64::from(most)).contains(number) => {
                out_of_range(value.described())
            }
            (OneOf(built, later), Value::Text(text)) if !built.contains(&text.as_str()) => {
                if later.contains(&text.as_str()) {
                    return not_built(value.described(), value.described(), quoted(built));
                }
                out_of_range(value.described())
            }
            (OneOf(..), Value::List(items)) if items.is_empty() => out_of_range("an empty list".to_owned()),
            (OneOf(..), Value::List(items)) => items.iter().try_for_each(|item| self.check(rule, name, item, default)),
            (Waits(what), value) if value != default => {
                not_built(value.described(), what.to_owned(), default.described())
            }
            _ => Ok(()),
        }
    }
}

fn all_names() -> impl Iterator<Item = String> {
    SECTIONS
        .iter()
        .flat_map(|section| section.entries.iter().map(move |entry| format!("{}.{}", section.key, entry.key)))
}

/// The name that was probably meant: with the same last part, or within a typing error or two.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let name = name.chars().take(64).collect::<String>().to_lowercase();
    let key = name.rsplit('.').next().unwrap_or_default().to_owned();
    let far = |known: &String| {
        let same = known.rsplit('.').next() == Some(key.as_str());
        if same { 0 } else { strsim::damerau_levenshtein(&name, known) }
    };
    known
        .map(|known| (far(&known), known))
        .filter(|(far, _)| *far <= (key.len() / 3).max(2))
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: Value) -> Result<Config, ConfigError> {
        let (within, key) = name.split_once('.').expect("section.key");
        let mut config = Config::default();
        config.set(section(within)?, key, &value).map(|()| config)
    }

    fn refused(name: &str, value: Value) -> String {
        set(name, value).expect_err(name).to_string()
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn every_default_obeys_its_own_rules_and_changes_nothing() {
        for section in SECTIONS {
            assert!(section.doc.trim().ends_with('.'), "{}", section.key);
            for entry in section.entries {
                let name = format!("{}.{}", section.key, entry.key);
                assert!(entry.doc.trim().ends_with('.'), "{name}");
                let default = Config::default().get(section.key, entry.key);
                assert_eq!(set(&name, default), Ok(Config::default()), "{name}");
            }
        }
    }

    #[test]
    fn what_is_set_is_what_is_read() {
        let config = set("plugins.extra_paths", Value::List(vec![text("a"), text("b")])).expect("paths");
        assert_eq!(config.plugins.extra_paths, ["a", "b"]);
        assert_eq!(set("scripts.memory", Value::Number(1.0)).expect("memory").scripts.memory, 1);
        assert!(set("server.native", Value::Flag(true)).expect("flag").server.native);
        assert_eq!(set("server.port", Value::Number(9000.0)).expect("port").server.port, 9000);
        assert_eq!(set("scripts.protocol", text("p.lua")).expect("path").scripts.protocol.as_deref(), Some("p.lua"));
    }

    #[test]
    fn a_name_that_does_not_exist_leads_to_the_nearest() {
        for (written, meant) in [
            ("server.prot", "server.port"),
            ("plugins.extra_path", "plugins.extra_paths"),
            ("server.extra_paths", "plugins.extra_paths"),
            ("plugin.formats", "plugins"),
        ] {
            let message = refused(written, Value::Nothing);
            assert!(message.contains(&format!("did you mean “{meant}”")), "{message}");
        }
        assert!(section("extra_paths").expect_err("an option").to_string().contains("plugins.extra_paths"));
        assert_eq!(refused("server.xylophone", Value::Nothing), "there is no option “server.xylophone”");
        assert!(refused(&format!("server.{}", "x".repeat(1 << 20)), Value::Nothing).len() < 300);
    }

    #[test]
    fn wrong_types_and_ranges_say_what_is_expected() {
        for (name, value, words) in [
            ("server.port", text("8080"), "a whole number from 1 to 65535, not \"8080\""),
            ("server.port", Value::Number(80.5), "not 80.5"),
            ("server.port", Value::Number(f64::NAN), "not NaN"),
            ("server.port", Value::Number(f64::INFINITY), "not inf"),
            ("server.port", Value::Number(0.0), "0 is not"),
            ("server.port", Value::Number(70_000.0), "70000 is not"),
            ("server.port", Value::Number(-1e300), "is not"),
            ("scripts.protocol", text(""), "a text or nil, not \"\""),
            ("server.native", text("yes"), "true or false, not \"yes\""),
            ("plugins.extra_paths", text("a"), "a list of texts, not \"a\""),
            ("plugins.extra_paths", Value::List(vec![Value::Number(1.0)]), "not { 1 }"),
            ("plugins.extra_paths", Value::Other("a function"), "not a function"),
            ("plugins.formats", Value::List(vec![]), "an empty list is not"),
            ("plugins.isolation", text("total"), "a text: \"none\"; \"total\" is not"),
        ] {
            let message = refused(name, value);
            assert!(message.contains(words) && message.contains(name), "{message}");
        }
    }

    #[test]
    fn what_is_not_built_yet_is_refused_as_such() {
        for (name, value) in [
            ("audio.block", Value::Number(256.0)),
            ("audio.output", text("Loudspeakers")),
            ("audio.input", text("Microphone")),
            ("plugins.formats", Value::List(vec![text("vst3"), text("clap")])),
            ("plugins.isolation", text("vendor")),
        ] {
            let error = set(name, value).expect_err(name);
            assert!(matches!(error, ConfigError::NotBuilt { .. }), "{error}");
            assert!(error.to_string().contains("not built; leave it at"), "{error}");
        }
    }
}
