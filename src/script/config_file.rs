//! L4 · reads `config.lua`: strictly, and with the line of whatever is wrong.
//!
//! Thread: main. Invariant: either every key of the file was understood, or nothing of it is used. Deliberately absent:
//! the options themselves (`crate::config`).

use super::{
    key_lines::KeyLines,
    program::Script,
    runtime::{Limits, Print, Runtime, read},
    script_error::{Place, ScriptError},
};
use crate::{
    config::{Config, ConfigError, Section, Value, section},
    model::ErrorCode,
};
use mlua::Table;
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// What the file is called where nothing else is said.
pub const CONFIG_FILE: &str = "config.lua";

/// Problems told of one file; more help nobody.
const MAX_PROBLEMS: usize = 20;

/// A configuration, and where its relative paths begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}{error}")]
pub struct Problem {
    /// Where; the line where it is known.
    pub place: Place,
    /// What.
    pub error: ConfigError,
}

impl Problem {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self.error {
            ConfigError::Unknown { .. } => ErrorCode::FIELD_UNKNOWN,
            ConfigError::Type { .. } => ErrorCode::FIELD_TYPE,
            ConfigError::Range { .. } => ErrorCode::OUT_OF_RANGE,
            ConfigError::NotBuilt { .. } => ErrorCode::NOT_BUILT,
        }
    }
}

/// Why a configuration is not used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigFileError {
    /// It cannot be read, is no Lua, or fails.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// It does not return a table.
    #[error("{}: a configuration returns a table: return {{ … }}", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
    },
    /// It says what cannot be.
    #[error("{}", Listed(problems))]
    Wrong {
        /// All that is wrong, in the order of the lines.
        problems: Vec<Problem>,
    },
}

impl ConfigFileError {
    /// `[any]` The stable code; that of the first problem.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Script(error) => error.code(),
            Self::NoTable { .. } => ErrorCode::FIELD_TYPE,
            Self::Wrong { problems } => problems.first().map_or(ErrorCode::FIELD_TYPE, Problem::code),
        }
    }
}

struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            let gap = if number > 0 { "\n" } else { "" };
            write!(out, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl ConfigFile {
    /// `[main]` Reads a file. It may `require` from the folder `scripts` beside it.
    pub fn read(path: &Path, print: Print) -> Result<Self, ConfigFileError> {
        let name = path.display().to_string();
        let source = read(path)?;
        let defaults = Config::default().scripts;
        let own = Self { path: path.to_owned(), config: Config::default() };
        let runtime = Runtime::new(Limits::from(&defaults), &own.roots(), print)?;
        let value = runtime.run(&source, &name)?;
        let Some(table) = value.as_table() else { return Err(ConfigFileError::NoTable { path: path.to_owned() }) };
        let mut reading =
            Reading { name, lines: KeyLines::of(&source), config: Config::default(), problems: Vec::new() };
        reading.all(table);
        let Reading { config, mut problems, .. } = reading;
        problems.sort_by_key(|problem| problem.place.line);
        problems.truncate(MAX_PROBLEMS);
        if problems.is_empty() { Ok(Self { config, ..own }) } else { Err(ConfigFileError::Wrong { problems }) }
    }

    /// `[main]` The folders in which `require` looks.
    pub fn roots(&self) -> Vec<PathBuf> {
        self.config.scripts.roots.iter().map(|root| self.beside(root)).collect()
    }

    /// `[main]` The script that declares the protocol.
    pub fn script(&self) -> Script {
        let scripts = &self.config.scripts;
        let path = scripts.protocol.as_ref().map(|path| self.beside(path));
        Script { path, roots: self.roots(), ..Script::shipped(&self.config) }
    }

    /// `[main]` The folders of plugins that the file adds.
    pub fn plugin_paths(&self) -> Vec<PathBuf> {
        self.config.plugins.extra_paths.iter().map(|path| self.beside(path)).collect()
    }

    /// `[main]` A path of the file, relative to it; `~/` is the user's home.
    pub fn beside(&self, path: &str) -> PathBuf {
        if let Some(rest) = path.strip_prefix("~/")
            && let Some(home) = std::env::home_dir()
        {
            return home.join(rest);
        }
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

/// A file that is being read.
struct Reading {
    name: String,
    lines: KeyLines,
    config: Config,
    problems: Vec<Problem>,
}

impl Reading {
    fn all(&mut self, table: &Table) {
        for (key, value) in raw_pairs(table) {
            let Some(key) = text(&key) else {
                self.problem(None, wrong("this file", "a table of named sections", &key));
                continue;
            };
            match (section(&key), &value) {
                (Err(error), _) => self.problem(self.lines.line(&[&key]), error),
                (Ok(within), mlua::Value::Table(table)) => self.section(within, table),
                (Ok(_), other) => self.problem(self.lines.line(&[&key]), wrong(&key, "a table of options", other)),
            }
        }
    }

    fn section(&mut self, within: &'static Section, table: &Table) {
        for (key, value) in raw_pairs(table) {
            let Some(key) = text(&key) else {
                self.problem(self.lines.line(&[within.key]), wrong(within.key, "a table of named options", &key));
                continue;
            };
            if let Err(error) = self.config.set(within, &key, &plain(&value)) {
                self.problem(self.lines.line(&[within.key, &key]), error);
            }
        }
    }

    fn problem(&mut self, line: Option<usize>, error: ConfigError) {
        self.problems.push(Problem { place: Place { file: self.name.clone(), line }, error });
    }
}

fn wrong(name: &str, expected: &str, found: &mlua::Value) -> ConfigError {
    let found = plain(found).described();
    ConfigError::Type { name: name.to_owned(), expected: expected.to_owned(), found }
}

/// What is in a table itself; nothing that the script attached to it is run.
fn raw_pairs(table: &Table) -> Vec<(mlua::Value, mlua::Value)> {
    let mut pairs = Vec::new();
    // It fails only if our own function fails.
    let _ = table.for_each(|key, value| {
        pairs.push((key, value));
        Ok(())
    });
    pairs
}

fn text(value: &mlua::Value) -> Option<String> {
    value.as_string().map(|text| text.to_string_lossy())
}

/// A value without the VM.
fn plain(value: &mlua::Value) -> Value {
    match value {
        mlua::Value::Nil => Value::Nothing,
        mlua::Value::Number(number) => Value::Number(*number),
        mlua::Value::Integer(number) => Value::Number(*number as f64),
        mlua::Value::String(text) => match text.to_str() {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Other("a text that is no UTF-8"),
        },
        mlua::Value::Table(table) => list(table),
        mlua::Value::Boolean(flag) => Value::Flag(*flag),
        mlua::Value::Function(_) => Value::Other("a function"),
        _ => Value::Other("what Lua calls userdata or a thread"),
    }
}

fn list(table: &Table) -> Value {
    let pairs = raw_pairs(table);
    let mut items = Vec::with_capacity(pairs.len());
    for position in 1..=pairs.len() {
        match table.raw_get(position) {
            Ok(mlua::Value::Nil) | Err(_) => return Value::Other("a table with names or gaps"),
            Ok(mlua::Value::Table(_)) => items.push(Value::Other("a table")),
            Ok(item) => items.push(plain(&item)),
        }
    }
    Value::List(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn read_text(text: &str) -> Result<Config, ConfigFileError> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join(CONFIG_FILE);
        std::fs::write(&path, text).expect("file");
        ConfigFile::read(&path, Rc::new(|_| {})).map(|file| file.config)
    }

    fn problems(text: &str) -> Vec<(Option<usize>, String)> {
        match read_text(text).expect_err(text) {
            ConfigFileError::Wrong { problems } => {
                problems.into_iter().map(|problem| (problem.place.line, problem.error.to_string())).collect()
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_text_with_all_defaults_changes_nothing() {
        assert_eq!(read_text(&super::super::config_text()), Ok(Config::default()));
        assert_eq!(read_text("return {}"), Ok(Config::default()));
    }

    #[test]
    fn a_configuration_may_compute() {
        let config =
            read_text("local p = {}\nfor n = 1, 2 do p[n] = 'x' .. n end\nreturn { plugins = { extra_paths = p } }");
        assert_eq!(config.expect("config").plugins.extra_paths, ["x1", "x2"]);
        let config = read_text("return setmetatable({}, { __index = function() while true do end end })");
        assert_eq!(config, Ok(Config::default()));
    }

    #[test]
    fn everything_wrong_is_told_with_its_line() {
        let found = problems(
            "return {\n  server = {\n    prot = 1,\n    port = '8080',\n  },\n  audio = 3,\n  plugins = { formats = { 'clap' } },\n  scripts = { routing = { a = 1 }, memory = true },\n  extra_paths = {},\n}",
        );
        let expected = [
            (3, "did you mean “server.port”"),
            (4, "not \"8080\""),
            (6, "a table of options, not 3"),
            (7, "\"clap\" is not built"),
            (8, "not true"),
            (8, "a table with names or gaps"),
            (9, "did you mean “plugins.extra_paths”"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        let mut found = found;
        found.sort();
        for ((line, text), (expected_line, words)) in found.iter().zip(expected) {
            assert_eq!(*line, Some(expected_line), "{text}");
            assert!(text.contains(words), "{words} is not in {text}");
        }
    }

    #[test]
    fn what_returns_no_table_of_names_is_refused() {
        for text in ["", "return 3", "return function() end"] {
            assert!(matches!(read_text(text), Err(ConfigFileError::NoTable { .. })), "{text}");
        }
        assert!(problems("return { 1 }")[0].1.contains("named sections"));
        assert!(problems("return { server = { 'a' } }")[0].1.contains("named options"));
        assert!(problems("return { plugins = { extra_paths = { {} } } }")[0].1.contains("a table"));
        assert!(matches!(read_text("return {"), Err(ConfigFileError::Script(ScriptError::Syntax { .. }))));
    }
}
