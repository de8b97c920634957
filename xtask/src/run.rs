//! `cargo xtask run`: the release program with the demo plugins at hand.
//!
//! Deliberately absent: options of its own; everything after `--` belongs to the program.

use crate::bundle;
use crate::paths::Paths;
use crate::step::Step;
use anyhow::{Context, Result, bail};
use std::process::Command;

/// `[main]` Builds and starts `sonic-bridge`. Without arguments that is the bridge itself, with its page.
pub fn run(paths: &Paths, args: &[String]) -> Result<()> {
    crate::system::ensure_cpp_compiler()?;
    Step::cargo("build the release program")
        .within(&paths.root)
        .args(["build", "--release", "--locked", "--bin", "sonic-bridge"])
        .run()?;
    bundle::bundle(&paths.root, true)?;
    let demo = paths.plugins("demo");
    let program = paths.target.join("release").join(format!("sonic-bridge{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    command.env("VST3_PATH", vst3_path(&demo)?);
    // The program has the terminal to itself: progress bars, Ctrl-C and its exit code pass through.
    let status = command.args(args).status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        match status.code() {
            Some(code) => std::process::exit(code),
            None => bail!("sonic-bridge ended with {status}"),
        }
    }
    Ok(())
}

/// The demo plugins first, then whatever the variable holds already.
fn vst3_path(demo: &std::path::Path) -> Result<std::ffi::OsString> {
    let mut folders = vec![demo.to_path_buf()];
    if let Some(more) = std::env::var_os("VST3_PATH") {
        folders.extend(std::env::split_paths(&more));
    }
    std::env::join_paths(folders).context("the path of the source tree cannot stand in VST3_PATH")
}
