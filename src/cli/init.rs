//! `sonic-bridge init`: writes a configuration and the scripts of the protocol to begin with.

use super::output::print;
use crate::{
    audio_io::atomic_file::AtomicFile,
    catalog::text::escape,
    script::{CONFIG_FILE, SHIPPED, config_text, editor_files},
};
use anyhow::{Context as _, bail};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// Where to.
#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
}

/// `[main]` Writes.
pub(super) fn run(args: &InitArgs) -> anyhow::Result<()> {
    let folder = &args.folder;
    let config = [(CONFIG_FILE.to_owned(), config_text())];
    let scripts = SHIPPED.iter().map(|(_, file, text)| (format!("scripts/{file}"), (*text).to_owned()));
    let editor = editor_files().into_iter().map(|(file, text)| (file.to_owned(), text));
    let files: Vec<(String, String)> = config.into_iter().chain(scripts).chain(editor).collect();
    if !args.force
        && let Some((there, _)) = files.iter().find(|(file, _)| folder.join(file).exists())
    {
        let there = folder.join(there);
        bail!("{} exists already; --force overwrites it", escape(&there.display().to_string()));
    }
    for (file, text) in &files {
        write(&folder.join(file), text, args.force)?;
    }
    print(&format!(
        "Wrote {}, and the protocol as scripts beside it. `sonic-bridge check` says what is wrong after a change.\n",
        escape(&folder.join(CONFIG_FILE).display().to_string())
    ))
}

fn write(path: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("the folder {} cannot be made", parent.display()))?;
    }
    let file = AtomicFile::create(path, force)?;
    file.file().write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(file.commit()?)
}
