//! `cargo xtask fuzz`: the fuzz targets under a nightly Rust.
//!
//! The targets are in fuzz/, which the workspace leaves out because it needs a nightly; what they check stands in
//! tests/hostile/checks, and runs in `cargo xtask test` as property tests, too.
//! Invariant: what a run found or learnt lies in the target folder; the seeds in the source tree are only read.

use crate::nightly::{host, nightly};
use crate::paths::Paths;
use crate::step::Step;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How long a target runs where nothing is said.
const SECONDS: u64 = 60;
/// Resident memory, the sanitizer's own included, at which a run ends as a finding.
const MEMORY_MIB: u32 = 2048;
/// One input may not take longer, in seconds. Scripts may run for two by default.
const INPUT_SECONDS: u32 = 25;

/// `[main]` Builds and runs the target the arguments name, or all, for so many seconds each.
pub fn fuzz(paths: &Paths, args: &[String]) -> Result<()> {
    let folder = paths.root.join("fuzz");
    let known = targets(&folder)?;
    let (mut chosen, mut seconds) = (known.clone(), SECONDS);
    for arg in args {
        if let Ok(number) = arg.parse() {
            seconds = number;
        } else if known.contains(arg) {
            chosen = vec![arg.clone()];
        } else {
            bail!("there is no fuzz target “{arg}”; there are: {}", known.join(", "));
        }
    }
    let host = host()?;
    let tool = ensure_tool(paths)?;
    let target = paths.target.join("fuzz");
    // The same versions as the workspace, without a second lock file to keep.
    std::fs::copy(paths.root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    for name in &chosen {
        nightly(format!("build {name}"))
            .arg(&tool)
            .args(["build", "--fuzz-dir"])
            .arg(&folder)
            .arg("--target-dir")
            .arg(&target)
            .args([name])
            .within(&folder)
            .run()?;
    }
    for name in &chosen {
        run(paths, name, &target.join(&host).join("release").join(name), seconds)?;
    }
    Ok(())
}

/// The names in the manifest.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).context("fuzz/Cargo.toml cannot be read")?;
    let names = manifest.split("[[bin]]\nname = \"").skip(1);
    Ok(names.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect())
}

/// cargo-fuzz, from the target folder; fetched where it is missing.
fn ensure_tool(paths: &Paths) -> Result<PathBuf> {
    let folder = paths.target.join("tools");
    let tool = folder.join("bin").join(format!("cargo-fuzz{}", std::env::consts::EXE_SUFFIX));
    if !tool.exists() {
        Step::cargo("install cargo-fuzz").args(["install", "--locked", "cargo-fuzz", "--root"]).arg(folder).run()?;
    }
    Ok(tool)
}

fn run(paths: &Paths, name: &str, program: &Path, seconds: u64) -> Result<()> {
    let learnt = paths.target.join("fuzz-corpus").join(name);
    let found = paths.target.join("fuzz-findings").join(name);
    std::fs::create_dir_all(&learnt)?;
    std::fs::create_dir_all(&found)?;
    // The first folder is where new inputs go; the others are only read.
    let mut args: Vec<OsString> = vec![learnt.into(), paths.root.join("tests/hostile/seeds").join(name).into()];
    if name == "wav_in" {
        args.push(paths.root.join("tests/fixtures/sound").into());
    }
    let words = paths.root.join("fuzz/dictionaries").join(format!("{name}.dict"));
    if words.exists() {
        args.push(option("dict", words.display()));
    }
    args.push(option("artifact_prefix", format!("{}{}", found.display(), std::path::MAIN_SEPARATOR)));
    args.push(option("max_total_time", seconds));
    args.push(option("timeout", INPUT_SECONDS));
    args.push(option("rss_limit_mb", MEMORY_MIB));
    args.push(option("print_final_stats", 1));
    Step::new(format!("fuzz {name} for {seconds} s"), program).args(args).run()
}

fn option(name: &str, value: impl std::fmt::Display) -> OsString {
    format!("-{name}={value}").into()
}
