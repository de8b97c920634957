//! Checks by tools that not every machine has.

use crate::paths::Paths;
use crate::step::Step;
use anyhow::{Result, bail};

/// `[main]` Licences, advisories, duplicate versions and sources of all dependencies, by `deny.toml`.
pub fn deny(paths: &Paths) -> Result<()> {
    if !Step::cargo("cargo-deny").args(["deny", "--version"]).works() {
        bail!("cargo-deny is not installed; run: cargo install --locked cargo-deny");
    }
    Step::cargo("cargo deny").within(&paths.root).args(["deny", "--locked", "check"]).run()
}
