//! `sonic-bridge check`: reads a configuration and loads the scripts it names, without touching plugins or sound.
//!
//! Invariant: each script runs in a VM of its own, within the limits of the configuration.

use super::{
    output::{note, print},
    plugins::plural,
};
use crate::{
    catalog::text::escape,
    config::Config,
    script::{CONFIG_FILE, ConfigFile, ConfigFileError, Limits, Runtime, ScriptError, describe},
};
use anyhow::bail;
use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

/// What to check.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// A configuration file, or the folder of a config.lua
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    path: PathBuf,
}

/// `[main]` Checks.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let path = if args.path.is_dir() { args.path.join(CONFIG_FILE) } else { args.path.clone() };
    let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
    if !path.exists() {
        bail!("there is no {}; `sonic-bridge init DIR` writes a configuration into a folder", path.display());
    }
    let config = match ConfigFile::read(&path, Rc::new(note)) {
        Ok(config) => config,
        Err(error) => {
            error.to_string().lines().for_each(note);
            bail!("{} of {} cannot be used; nothing was changed", problems(&error), path.display());
        }
    };
    fine(&path)?;
    let mut wrong = 0;
    if let Some(path) = protocol(&config) {
        match describe(&config.script(), Rc::new(note)) {
            Ok(_) => fine(&path)?,
            Err(error) => {
                note(&error.to_string());
                wrong += 1;
            }
        }
    }
    for script in scripts(&config)? {
        match load(&config, &script) {
            Ok(()) => fine(&script)?,
            Err(error) => {
                note(&error.to_string());
                wrong += 1;
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} script{} cannot be used", plural(wrong));
    }
    Ok(())
}

fn problems(error: &ConfigFileError) -> String {
    match error {
        ConfigFileError::Wrong { problems } => format!("{} option{}", problems.len(), plural(problems.len())),
        _ => "the whole".to_owned(),
    }
}

fn fine(path: &Path) -> anyhow::Result<()> {
    print(&format!("{} is fine.\n", escape(&path.display().to_string())))
}

/// The script that declares the protocol. The usual one need not be there; another that is named has to be.
fn protocol(config: &ConfigFile) -> Option<PathBuf> {
    let named = &config.config.scripts.protocol;
    let usual = *named == Config::default().scripts.protocol;
    named.as_ref().map(|path| config.beside(path)).filter(|path| !usual || path.exists())
}

/// The other scripts that a configuration names, each once.
fn scripts(config: &ConfigFile) -> anyhow::Result<Vec<PathBuf>> {
    let named = &config.config.scripts;
    let mut found: Vec<PathBuf> = Vec::new();
    for pattern in &named.routing {
        let whole = config.beside(pattern);
        // Brackets and such in the folder's own name are no pattern.
        let folder = config.path.parent().unwrap_or(Path::new(""));
        let whole = match whole.strip_prefix(folder) {
            Ok(inside) => Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(inside),
            Err(_) => whole,
        };
        let Ok(paths) = glob::glob(&whole.to_string_lossy()) else {
            bail!("{}: “scripts.routing” holds {pattern:?}, which is no pattern of file names", config.path.display());
        };
        let before = found.len();
        found.extend(paths.flatten());
        if found.len() == before && !pattern.contains(['*', '?', '[']) {
            // Reading it tells why it is not there.
            found.push(config.beside(pattern));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    Ok(found)
}

fn load(config: &ConfigFile, script: &Path) -> Result<(), ScriptError> {
    let runtime = Runtime::new(Limits::from(&config.config.scripts), &config.roots(), Rc::new(note))?;
    runtime.load(script, &script.display().to_string())
}
