//! `cargo xtask bench`: the benchmarks, with the fixtures they need.

use crate::bundle;
use crate::paths::Paths;
use crate::real_plugins;
use crate::step::Step;
use anyhow::Result;

/// `[main]` Runs every `[[bench]]` target, or those the arguments name, in release mode.
pub fn bench(paths: &Paths, args: &[String]) -> Result<()> {
    bundle::bundle(&paths.root, true)?;
    let mut step = Step::cargo("benchmarks")
        .within(&paths.root)
        .args(["bench", "--locked"])
        .args(args)
        .env("SONIC_DEMO_PLUGINS", paths.plugins("demo"));
    if cfg!(target_os = "linux") {
        step = step.env("SONIC_REAL_PLUGINS", real_plugins::ensure(paths)?);
    }
    step.run()
}
