//! The folder of the user's decisions, for commands that do not look for plugins.

use crate::catalog::Options;
use anyhow::Context as _;
use std::path::PathBuf;

/// `[main]` Where tokens and answers are kept; `SONIC_BRIDGE_CONFIG` overrules the system's custom.
pub(super) fn decisions() -> anyhow::Result<PathBuf> {
    Options::new(&[], false).config.context("this user has no home folder; name one in SONIC_BRIDGE_CONFIG")
}
