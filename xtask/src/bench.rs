//! `cargo xtask bench`: the benchmarks, with everything they need: release build, release bundles, real plugins.
//!
//! Deliberately absent: judging. A goal that is missed is printed, never a failure, because the machine has a say in it.

use crate::bundle;
use crate::paths::Paths;
use crate::real_plugins;
use crate::step::Step;
use anyhow::Result;

/// The bench target that is not about hosting, and is a name by itself.
const ENGINE: &str = "engine";
/// The bench target whose groups the other names are.
const FIGURES: &str = "figures";
/// The bench target about sockets, and its groups.
const WIRE: &str = "wire";
const WIRE_GROUPS: &[&str] = &["round-trip", "lateness", "verbs", "streams", "sessions", "start"];

/// `[main]` Runs all benchmarks, or those the arguments name: `engine`, `wire`, or a group of `benches/figures` or
/// `benches/wire`.
pub fn bench(paths: &Paths, args: &[String]) -> Result<()> {
    // The bundles in the target folder may be those of a debug build.
    bundle::bundle(&paths.root, true)?;
    let real = if cfg!(target_os = "linux") { Some(real_plugins::ensure(paths)?) } else { None };
    let run = |target: &str, groups: &[&String]| {
        let step = Step::cargo(format!("bench {target}"))
            .within(&paths.root)
            .args(["bench", "--locked", "--bench", target, "--"])
            .args(groups)
            .env("SONIC_DEMO_PLUGINS", paths.plugins("demo"))
            .env("SONIC_FAULT_PLUGINS", paths.plugins("fault"));
        match &real {
            Some(folder) => step.env("SONIC_REAL_PLUGINS", folder).run(),
            None => step.run(),
        }
    };
    let is_wire = |name: &&String| *name == WIRE || WIRE_GROUPS.contains(&name.as_str());
    let (wire, others): (Vec<&String>, Vec<&String>) = args.iter().partition(is_wire);
    let (engine, groups): (Vec<&String>, Vec<&String>) = others.iter().partition(|name| **name == ENGINE);
    if args.is_empty() || !engine.is_empty() {
        run(ENGINE, &[])?;
    }
    if args.is_empty() || !groups.is_empty() {
        run(FIGURES, &groups)?;
    }
    if args.is_empty() || !wire.is_empty() {
        let all = wire.iter().any(|name| *name == WIRE);
        run(WIRE, if all { &[] } else { &wire })?;
    }
    Ok(())
}
