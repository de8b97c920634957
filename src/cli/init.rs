//! `sonic-bridge init`: writes a configuration to begin with.

use super::output::print;
use crate::{
    audio_io::atomic_file::AtomicFile,
    catalog::text::escape,
    script::{CONFIG_FILE, config_text},
};
use anyhow::Context as _;
use std::{io::Write as _, path::PathBuf};

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
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let path = folder.join(CONFIG_FILE);
    let file = AtomicFile::create(&path, args.force)?;
    file.file().write_all(config_text().as_bytes()).with_context(|| format!("{} cannot be written", path.display()))?;
    file.commit()?;
    print(&format!(
        "Wrote {}. `sonic-bridge check` says what is wrong after a change.\n",
        escape(&path.display().to_string())
    ))
}
