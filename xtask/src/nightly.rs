//! The nightly Rust that some tasks need, beside the stable one that runs them.

use crate::step::Step;
use anyhow::{Result, bail};

/// `[main]` The target that the installed nightly builds for; an error that says what to do where there is none.
pub fn host() -> Result<String> {
    if !Step::new("nightly", "rustup").args(["run", "nightly", "rustc", "--version"]).works() {
        bail!("no nightly Rust is installed; run: rustup toolchain install nightly --profile minimal");
    }
    let version = Step::new("nightly", "rustup").args(["run", "nightly", "rustc", "-vV"]).read()?;
    Ok(version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned())
}

/// `[main]` A program, to be named by the first argument, in the surroundings of the nightly: free of the variables that
/// hold the stable one in place.
pub fn nightly(title: impl Into<String>) -> Step {
    Step::new(title, "rustup").args(["run", "nightly"]).without("RUSTUP_TOOLCHAIN").without("CARGO").without("RUSTC")
}
