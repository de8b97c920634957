//! `sonic-bridge block` and `unblock`: the user's own decisions about plugins.

use super::{
    output::print,
    plugins::{FolderArgs, open},
};
use crate::catalog::{BlockEntry, Blocked, Blocklist, FindError, Options, text::escape};
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};

/// What to block.
#[derive(Debug, clap::Args)]
pub(super) struct BlockArgs {
    /// A plugin's id or name, or the path of a .vst3 (which then is not even examined)
    plugin: String,
    /// Why; shown wherever the plugin is refused
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    folders: FolderArgs,
}

/// What to allow again.
#[derive(Debug, clap::Args)]
pub(super) struct UnblockArgs {
    /// The id, name or path that was blocked
    plugin: String,
}

/// `[main]` Blocks.
pub(super) fn block(args: &BlockArgs) -> anyhow::Result<()> {
    let options = args.folders.options()?;
    let reason = crate::catalog::text::clean(&args.reason, 500);
    let (what, name) = match module(&args.plugin) {
        Some(path) => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (Blocked::Path(path), name)
        }
        None => named(&options, &args.plugin)?,
    };
    list(&options)?.block(BlockEntry { what: what.clone(), name: name.clone(), reason })?;
    let what = match what {
        Blocked::Path(path) => path.display().to_string(),
        Blocked::Id(id) => id,
    };
    print(&format!("{} is blocked ({}).\n", escape(&name), escape(&what)))
}

/// The text is the path of a module.
fn module(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let named = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("vst3"));
    dunce::canonicalize(path).ok().filter(|_| named)
}

fn named(options: &Options, query: &str) -> anyhow::Result<(Blocked, String)> {
    let catalog = open(options)?;
    match catalog.find(query) {
        Ok(card) => Ok((Blocked::Id(card.info.id.0.clone()), card.info.name.clone())),
        // What crashes has no id that could be trusted.
        Err(FindError::Unusable { name, path, .. }) => Ok((Blocked::Path(path), name)),
        Err(error) => Err(error.into()),
    }
}

fn list(options: &Options) -> anyhow::Result<Blocklist> {
    let folder = options.config.as_deref().context("there is no folder for your settings; set SONIC_BRIDGE_CONFIG")?;
    Ok(Blocklist::open(folder)?)
}

/// `[main]` Takes a block back.
pub(super) fn unblock(args: &UnblockArgs) -> anyhow::Result<()> {
    let mut list = list(&FolderArgs::default().options()?)?;
    let path = module(&args.plugin).unwrap_or_else(|| PathBuf::from(&args.plugin));
    let id = args.plugin.to_lowercase();
    let gone = list.unblock(|entry| {
        entry.name == args.plugin
            || match &entry.what {
                Blocked::Path(blocked) => *blocked == path,
                Blocked::Id(blocked) => {
                    blocked.to_lowercase().trim_start_matches("vst3:") == id.trim_start_matches("vst3:")
                }
            }
    })?;
    if gone.is_empty() {
        let names: Vec<&str> = list.entries.iter().map(|entry| entry.name.as_str()).collect();
        match names.as_slice() {
            [] => bail!("nothing is blocked"),
            names => bail!("“{}” is not blocked; blocked are: {}", args.plugin, names.join(", ")),
        }
    }
    for entry in gone {
        print(&format!("{} is no longer blocked.\n", escape(&entry.name)))?;
    }
    Ok(())
}
