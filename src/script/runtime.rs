//! L4 · one Lua VM with its limits.
//!
//! Thread: the one that made it. Invariant: a script reaches nothing but its own data, the libraries named here, and what
//! [`super::require`] finds; no bytecode, no files, no processes. Deliberately absent: values of the VM in the interface.

use super::{
    costly,
    require::Finder,
    script_error::{Context, LOAD_OPTION, Place, ScriptError},
    sources::Sources,
    watchdog::Watchdog,
};
use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};
use std::{
    cell::{Cell, RefCell},
    io::Read as _,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

/// No honest script is longer, and the compiler cannot be interrupted.
const MAX_SOURCE: u64 = 1 << 20;
/// Lines a script may print; what follows is dropped with a note.
const MAX_LINES: usize = 1000;
/// Characters of a printed line.
const MAX_LINE: usize = 4096;

/// What a script may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub memory: usize,
    /// From its start to its end.
    pub time: Duration,
}

impl From<&crate::config::Scripts> for Limits {
    fn from(scripts: &crate::config::Scripts) -> Self {
        Self { memory: (scripts.memory as usize) << 20, time: Duration::from_secs(scripts.load_seconds.into()) }
    }
}

/// Where the lines go that scripts print.
pub type Print = Rc<dyn Fn(&str)>;

/// The names of the chunks a VM has loaded; messages begin with them.
pub(super) type Files = Rc<RefCell<Vec<String>>>;

/// Puts modules of our own into the table of those that are loaded.
pub(super) type Install<'a> = &'a dyn Fn(&Lua, &Table) -> mlua::Result<()>;

/// Coroutines kept for the next call.
const POOL: usize = 64;

/// A VM.
#[derive(Debug)]
pub struct Runtime {
    watchdog: Watchdog,
    files: Files,
    limits: Limits,
    lua: Lua,
}

impl Runtime {
    /// `[script]` A fresh VM. `require` looks into `roots`, the first one first.
    pub fn new(limits: Limits, roots: &[PathBuf], print: Print) -> Result<Self, ScriptError> {
        Self::with(limits, roots, print, None, &|_, _| Ok(()))
    }

    /// `[script]` The same with modules of our own, and with texts that were read before.
    pub(super) fn with(
        limits: Limits,
        roots: &[PathBuf],
        print: Print,
        sources: Option<Rc<Sources>>,
        install: Install<'_>,
    ) -> Result<Self, ScriptError> {
        let files = Files::default();
        Self::build(limits, roots, print, &files, sources, install).map_err(|error| {
            ScriptError::from_vm(&error, Context { files: &[], memory: limits.memory, time: limits.time })
        })
    }

    fn build(
        limits: Limits,
        roots: &[PathBuf],
        print: Print,
        files: &Files,
        sources: Option<Rc<Sources>>,
        install: Install<'_>,
    ) -> mlua::Result<Self> {
        let libraries = StdLib::COROUTINE
            | StdLib::TABLE
            | StdLib::STRING
            | StdLib::UTF8
            | StdLib::BIT
            | StdLib::MATH
            | StdLib::BUFFER
            | StdLib::OS;
        let lua = Lua::new_with(libraries, LuaOptions::new().thread_pool_size(POOL))?;
        lua.set_memory_limit(limits.memory)?;
        let globals = lua.globals();
        let finder = Finder::new(&lua, roots, files, sources)?;
        install(&lua, finder.modules())?;
        globals.raw_set("require", finder.function(&lua)?)?;
        globals.raw_set("print", printer(&lua, print)?)?;
        costly::guard(&lua)?;
        lua.sandbox(true)?;
        let watchdog = Watchdog::new(&lua)?;
        Ok(Self { watchdog, files: Rc::clone(files), limits, lua })
    }

    /// `[script]` Reads and runs a script to its end. `name` stands before the line in messages.
    pub fn load(&self, path: &Path, name: &str) -> Result<(), ScriptError> {
        self.run(&read(path)?, name).map(drop)
    }

    /// `[script]` Runs a text to its end and gives what it returns.
    pub(super) fn run(&self, source: &str, name: &str) -> Result<Value, ScriptError> {
        let run = || compile(&self.lua, source, name, &self.files)?.call::<Value>(());
        let (result, stopped) = self.watchdog.watch(self.limits.time, run);
        let files = self.files.borrow();
        let Limits { memory, time } = self.limits;
        result.map_err(|error| {
            let error = match stopped {
                // A script may have thrown something else on its way out.
                Some(place) => ScriptError::Time { place, limit: time, option: LOAD_OPTION },
                None => ScriptError::from_vm(&error, Context { files: &files, memory, time }),
            };
            if matches!(error, ScriptError::Memory { .. }) {
                self.collect();
            }
            error
        })
    }

    /// `[script]` The VM collects no garbage by itself when it runs full.
    pub(super) fn collect(&self) {
        // This fails only where nothing could be freed.
        let _ = self.lua.gc_collect();
    }

    /// `[script]` One turn of a function, for at most so long. Not to be nested.
    pub(super) fn watch<R>(&self, limit: Duration, run: impl FnOnce() -> R) -> (R, Option<Place>) {
        self.watchdog.watch(limit, run)
    }

    /// `[script]` A function of ours that is written in Lua.
    pub(super) fn function(&self, source: &str) -> Result<Function, ScriptError> {
        let made = self.lua.load(source).set_name("=bridge").call::<Function>(());
        made.map_err(|error| {
            let context = Context { files: &[], memory: self.limits.memory, time: self.limits.time };
            ScriptError::from_vm(&error, context)
        })
    }

    /// `[script]` The names of the chunks that were loaded.
    pub(super) fn files(&self) -> Files {
        Rc::clone(&self.files)
    }

    /// `[script]` The VM itself.
    pub(super) fn lua(&self) -> &Lua {
        &self.lua
    }
}

/// Source text becomes a function; bytecode is refused as the bad text that it is.
pub(super) fn compile(lua: &Lua, source: &str, name: &str, files: &Files) -> mlua::Result<Function> {
    files.borrow_mut().push(name.to_owned());
    lua.load(source).set_name(format!("@{name}")).set_mode(mlua::chunk::ChunkMode::Text).into_function()
}

/// `[any]` The text of a script: of bounded length, UTF-8, without a byte order mark.
pub(super) fn read(path: &Path) -> Result<String, ScriptError> {
    let refused = |reason: String| ScriptError::Read { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| refused(error.to_string()))?;
    if !file.metadata().is_ok_and(|data| data.is_file()) {
        return Err(refused("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SOURCE + 1).read_to_end(&mut bytes).map_err(|error| refused(error.to_string()))?;
    if bytes.len() as u64 > MAX_SOURCE {
        return Err(refused("it is longer than 1 MiB, which no script has to be".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is no UTF-8 text".to_owned()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn printer(lua: &Lua, print: Print) -> mlua::Result<Function> {
    let lines = Cell::new(0_usize);
    lua.create_function(move |_, values: MultiValue| {
        let line = lines.replace(lines.get().saturating_add(1));
        if line == MAX_LINES {
            print("Further lines of this script are not shown.");
        }
        if line < MAX_LINES {
            print(&printed(&values)?);
        }
        Ok(())
    })
}

/// A line, and no more of its values than it shows: one long text given a thousand times would be a thousand long texts.
fn printed(values: &MultiValue) -> mlua::Result<String> {
    let (mut line, mut room) = (String::new(), MAX_LINE);
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            line.push(' ');
            room -= 1;
        }
        let word = match value {
            // A sign has at most four bytes, so the one that may be cut here is not shown.
            Value::String(text) => {
                let bytes = text.as_bytes();
                String::from_utf8_lossy(&bytes[..bytes.len().min(4 * room)]).into_owned()
            }
            other => other.to_string()?,
        };
        for sign in word.chars().take(room) {
            line.push(sign);
            room -= 1;
        }
        if room == 0 {
            break;
        }
    }
    Ok(line)
}

/// An error of ours, raised in a function that Lua called.
pub(super) fn forbidden(lua: &Lua, message: String) -> mlua::Error {
    mlua::Error::external(ScriptError::Forbidden { place: Place::in_vm(lua), message })
}
