//! L4 · `require`: our own modules, and files below the script roots.
//!
//! Thread: that of the VM. Invariant: a name is `bridge`, `bridge.…`, or words joined by dots, and the file it leads to
//! lies below a root also when links are followed. Deliberately absent: search paths that a script could change.

use super::{
    runtime::{Files, compile, forbidden, read},
    script_error::{Context, ScriptError},
    sources::Sources,
    world::World,
};
use mlua::{Function, Lua, Table, Value};
use std::{cell::RefCell, path::PathBuf, rc::Rc, time::Duration};

/// Longer names are no names.
const MAX_NAME: usize = 200;
/// Modules that load one another; each takes a piece of the native stack.
const MAX_DEPTH: usize = 16;

/// Finds modules for one VM.
#[derive(Debug)]
pub(super) struct Finder {
    roots: Vec<PathBuf>,
    files: Files,
    /// Where texts come from, and the scripts that come with the program; `None` reads files only.
    sources: Option<Rc<Sources>>,
    /// What was loaded, by name.
    loaded: Table,
    /// What is being loaded, outermost first.
    loading: Rc<RefCell<Vec<String>>>,
}

impl Finder {
    /// With the modules of our own in place.
    pub fn new(lua: &Lua, roots: &[PathBuf], files: &Files, sources: Option<Rc<Sources>>) -> mlua::Result<Self> {
        let bridge = lua.create_table()?;
        bridge.raw_set("version", env!("CARGO_PKG_VERSION"))?;
        bridge.raw_set("os", std::env::consts::OS)?;
        bridge.set_readonly(true);
        let loaded = lua.create_table()?;
        loaded.raw_set("bridge", bridge)?;
        Ok(Self { roots: roots.to_vec(), files: Rc::clone(files), sources, loaded, loading: Rc::default() })
    }

    /// Modules by name; ours are put in here.
    pub fn modules(&self) -> &Table {
        &self.loaded
    }

    /// The function that scripts call.
    pub fn function(self, lua: &Lua) -> mlua::Result<Function> {
        lua.create_function(move |lua, name: Value| self.require(lua, &name))
    }

    fn require(&self, lua: &Lua, name: &Value) -> mlua::Result<Value> {
        let Some(name) = name.as_string().and_then(|name| name.to_str().ok().map(|name| name.to_owned())) else {
            return Err(forbidden(lua, format!("require takes the name of a module, not a {}", name.type_name())));
        };
        let known: Value = self.loaded.raw_get(name.as_str())?;
        if !known.is_nil() {
            return Ok(known);
        }
        if World::of(lua).is_ok_and(|world| !world.loading.get()) {
            let message = format!("“{name}” is not loaded; require it at the top of the file, not in a handler");
            return Err(forbidden(lua, message));
        }
        let found = self.find(&name).map_err(|message| forbidden(lua, message))?;
        let path_of = {
            let mut loading = self.loading.borrow_mut();
            loading.push(name.clone());
            loading.join(" → ")
        };
        let _end = Loading(&self.loading);
        let before = self.loading.borrow().len() - 1;
        if self.loading.borrow()[..before].contains(&name) {
            return Err(forbidden(lua, format!("modules require each other in a circle: {path_of}")));
        }
        if before >= MAX_DEPTH {
            return Err(forbidden(lua, format!("modules require each other too deeply: {path_of}")));
        }
        let value = self.load(lua, found)?;
        self.loaded.raw_set(name, &value)?;
        Ok(value)
    }

    /// Runs the file of a module; what fails in there is told with a place in there.
    fn load(&self, lua: &Lua, found: Found) -> mlua::Result<Value> {
        let (source, name) = match found {
            Found::Shipped(source, name) => (source.to_owned(), name),
            Found::File(path) => {
                let source = self.sources.as_ref().map_or_else(|| read(&path), |sources| sources.read(&path));
                (source.map_err(mlua::Error::external)?, path.display().to_string())
            }
        };
        match compile(lua, &source, &name, &self.files).and_then(|function| function.call::<Value>(())) {
            Ok(Value::Nil) => Ok(Value::Boolean(true)),
            Err(error @ mlua::Error::SyntaxError { .. }) => {
                let files = [name];
                let context = Context { files: &files, memory: 0, time: Duration::ZERO };
                Err(mlua::Error::external(ScriptError::from_vm(&error, context)))
            }
            other => other,
        }
    }

    /// The file of that name, or why there is none.
    fn find(&self, name: &str) -> Result<Found, String> {
        if name.starts_with("bridge.") {
            return Err(format!("there is no module “{}” in this version", name.escape_debug()));
        }
        let word = |word: &str| {
            !word.is_empty() && word.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-".contains(sign))
        };
        if name.len() > MAX_NAME || !name.split('.').all(word) {
            let shown: String = name.chars().take(60).collect();
            return Err(format!(
                "“{}” is no name of a module; modules are named by words with dots between them, below the script \
                 folder: require \"lib.tools\" finds lib/tools.lua",
                shown.escape_debug()
            ));
        }
        let inside: PathBuf = name.split('.').collect::<PathBuf>().with_extension("lua");
        for root in &self.roots {
            let path = root.join(&inside);
            let (Ok(real), Ok(real_root)) = (path.canonicalize(), root.canonicalize()) else { continue };
            if !real.starts_with(&real_root) {
                return Err(format!("the module “{name}” is a link that leads out of {}", root.display()));
            }
            return Ok(Found::File(path));
        }
        if self.sources.is_some()
            && let Some((source, name)) = Sources::shipped(name)
        {
            return Ok(Found::Shipped(source, name));
        }
        let places: Vec<String> = self.roots.iter().map(|root| root.join(&inside).display().to_string()).collect();
        Err(match places.as_slice() {
            [] => format!("there is no module “{name}”, and no script folder to look in"),
            places => format!("there is no module “{name}”; it would be {}", places.join(" or ")),
        })
    }
}

/// Where a module is.
enum Found {
    File(PathBuf),
    /// Its text, and its name in messages.
    Shipped(&'static str, String),
}

/// Ends the loading of a module, however it ends.
struct Loading<'a>(&'a RefCell<Vec<String>>);

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().pop();
    }
}
