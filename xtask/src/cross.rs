//! `cargo xtask check-cross`: type-checks the code for the systems this machine is not.
//!
//! With a target's standard library installed, that is one cargo check. Without it, a nightly builds the library from
//! source: `SONIC_RUST_SRC` names a `library` folder of Rust's sources that fits the nightly, or the nightly has the
//! component rust-src.
//! Deliberately absent: linking and running; the workflows do that on the systems themselves.

use crate::paths::Paths;
use crate::rtsan::nightly;
use crate::step::Step;
use anyhow::{Result, bail};

/// Names on the command line, and what they stand for.
const TARGETS: &[(&str, &str)] = &[("windows", "x86_64-pc-windows-msvc"), ("macos", "aarch64-apple-darwin")];

/// `[main]` Checks the systems named, or all.
pub fn check(paths: &Paths, names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| TARGETS.iter().all(|(known, _)| known != name)) {
        bail!("“{unknown}” is not one of windows, macos");
    }
    for (name, target) in TARGETS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|arg| arg == name)) {
        check_one(paths, name, target)?;
    }
    Ok(())
}

fn check_one(paths: &Paths, name: &str, target: &str) -> Result<()> {
    let title = format!("type check for {name}");
    let verb = ["check", "--workspace", "--all-targets", "--locked", "--target", target];
    let sysroot = Step::new("sysroot", "rustc").args(["--print", "target-libdir", "--target", target]).read()?;
    if std::path::Path::new(sysroot.trim()).exists() {
        return Step::cargo(title).within(&paths.root).args(verb).run();
    }
    let step = nightly(&title)
        .within(&paths.root)
        .args(verb)
        .args(["-Z", "build-std=std,panic_unwind,test"])
        .env("CARGO_TARGET_DIR", paths.target.join("cross"));
    if let Some(library) = std::env::var_os("SONIC_RUST_SRC") {
        // How cargo's own tests say where the library's source is; the only way without writing into the toolchain.
        return step.env("__CARGO_TESTS_ONLY_SRC_ROOT", library).run();
    }
    let nightly_sysroot = Step::new("sysroot", "rustup")
        .args(["run", "nightly", "rustc", "--print", "sysroot"])
        .read()
        .unwrap_or_default();
    if !std::path::Path::new(nightly_sysroot.trim()).join("lib/rustlib/src/rust/library").exists() {
        bail!(
            "nothing to check {name} with; run: rustup target add {target} (or set SONIC_RUST_SRC to Rust's library \
             sources of the same version as the installed nightly)"
        );
    }
    step.run()
}
