//! `cargo xtask check-cross`: type-checks the code for the systems this machine is not.
//!
//! With a target's standard library installed, that is one cargo check. Without it, a nightly builds the library from
//! source: its own component rust-src, or on Debian the package rust-src of a release whose Rust is of the same version.
//! Deliberately absent: linking and running; the workflows do that on the systems themselves.

use crate::apt::Apt;
use crate::nightly::nightly;
use crate::paths::Paths;
use crate::step::Step;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Names on the command line, and what they stand for.
const TARGETS: &[(&str, &str)] = &[("windows", "x86_64-pc-windows-msvc"), ("macos", "aarch64-apple-darwin")];

/// Debian releases to look for the sources in.
const RELEASES: &[&str] = &["forky", "sid"];

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
    if Path::new(sysroot.trim()).exists() {
        return Step::cargo(title).within(&paths.root).args(verb).run();
    }
    let step = nightly(title)
        .arg("cargo")
        .within(&paths.root)
        .args(verb)
        .args(["-Z", "build-std=std,panic_unwind,test"])
        .env("CARGO_TARGET_DIR", paths.target.join("cross"));
    let sysroot = Step::new("nightly", "rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]).read();
    let sysroot = sysroot.with_context(|| format!("nothing to check {name} with; run: rustup target add {target}"))?;
    if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library").exists() {
        return step.run();
    }
    // How cargo's own tests say where the library's source is; the only way without writing into the toolchain.
    step.env("__CARGO_TESTS_ONLY_SRC_ROOT", debian_source(paths)?).run()
}

/// The `library` folder of Rust's sources out of a Debian package, fetched if needed.
fn debian_source(paths: &Paths) -> Result<PathBuf> {
    let version = Step::new("nightly", "rustup").args(["run", "nightly", "rustc", "--version"]).read()?;
    let minor = minor(version.split_whitespace().nth(1).unwrap_or_default());
    let folder = paths.target.join(format!("rust-src-{minor}"));
    let library = || -> Option<PathBuf> {
        let sources = std::fs::read_dir(folder.join("usr/src")).ok()?;
        sources.flatten().map(|source| source.path().join("library")).find(|library| library.exists())
    };
    if let Some(library) = library() {
        return Ok(library);
    }
    let state = folder.with_extension("apt");
    for release in RELEASES {
        let fresh = folder.with_extension("new");
        let _ = std::fs::remove_dir_all(&fresh);
        std::fs::create_dir_all(&fresh)?;
        let versions = Apt::open(&state, release)?.unpack(&["rust-src"], &fresh)?;
        let found = versions.first().and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
        if self::minor(found) == minor {
            std::fs::rename(&fresh, &folder)?;
            std::fs::remove_dir_all(&state)?;
            return library().context("the package rust-src holds no library");
        }
        println!("   Debian {release} has Rust {found}, the nightly is {minor}");
    }
    bail!("no Debian release has the sources of Rust {minor}; run: rustup +nightly component add rust-src");
}

/// `1.97.1+dfsg1-1` → `1.97`.
fn minor(version: &str) -> String {
    version.split(['.', '-', '+']).take(2).collect::<Vec<_>>().join(".")
}
