//! VST3 bundles of the plugins under tests/plugins.
//!
//! Not yet: laying them out. As long as no plugin asks for it in its manifest there is nothing to do.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// `[main]` Builds and lays out every plugin with a `[package.metadata.bundle]` table; the folder with the groups.
pub fn bundle(root: &Path, _release: bool) -> Result<PathBuf> {
    for entry in std::fs::read_dir(root.join("tests/plugins"))? {
        let manifest = entry?.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).unwrap_or_default();
        if text.contains("[package.metadata.bundle]") {
            bail!("{} asks for a bundle, which is not built yet", manifest.display());
        }
    }
    Ok(root.join("target/plugins"))
}
