//! Development tasks: `cargo xtask run`, `cargo xtask test` and their parts.
//!
//! Thread: main only; every task is a list of child processes, run one after the other.
//! Invariant: a task stops at its first failure and says which step it was.
//! Deliberately absent: anything users of the program need; state outside the target folder.

mod apt;
mod bench;
mod bundle;
mod checks;
mod cross;
mod fuzz;
mod nightly;
mod paths;
mod real_plugins;
mod rtsan;
mod run;
mod step;
mod system;
mod test;
mod web;

use anyhow::{Result, bail};
use paths::Paths;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask TASK

  test               everything: system packages, format, lints, fixture plugins, build, all tests
  run [-- ARGS]      build the release program and the demo plugins, and start it with them
  bundle [--release] build the plugins under tests/plugins and lay them out as VST3 bundles
  real-plugins       fetch the packaged plugins the tests use (Debian only; never committed)
  bench [NAME…]      run the benchmarks: engine host-cost render-cpu startup scan memory,
                     round-trip lateness verbs streams sessions start
  fuzz [TARGET] [SECONDS]  run the fuzz targets, or one, under a nightly Rust (60 seconds each)
  rtsan              run the audio path under the nightly real-time sanitizer
  check-cross [OS]   type-check for windows, macos, or both
  deny               check licences and advisories with cargo-deny
";

fn main() -> ExitCode {
    match start(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without the backtrace that RUST_BACKTRACE would add: the last line is the one to read.
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(mut args: Vec<String>) -> Result<()> {
    if args.is_empty() {
        print!("{USAGE}");
        return Ok(());
    }
    let task = args.remove(0);
    if args.first().is_some_and(|arg| arg == "--") {
        args.remove(0);
    }
    let paths = Paths::find();
    match task.as_str() {
        "test" => test::test(&paths),
        "run" => run::run(&paths, &args),
        "bundle" => bundle::bundle(&paths.root, args.iter().any(|arg| arg == "--release"))
            .map(|folder| println!("{}", folder.display())),
        "real-plugins" => real_plugins::ensure(&paths).map(|folder| println!("{}", folder.display())),
        "bench" => bench::bench(&paths, &args),
        "fuzz" => fuzz::fuzz(&paths, &args),
        "rtsan" => rtsan::rtsan(&paths),
        "check-cross" => cross::check(&paths, &args),
        "deny" => checks::deny(&paths),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no task “{other}”\n\n{USAGE}"),
    }
}
