//! `cargo xtask test`: all a change has to pass, from a bare machine with Rust.
//!
//! Invariant: stops at the first failure. What was fetched or built once is kept under the target folder, so that a
//! second run needs no network.

use crate::paths::Paths;
use crate::step::Step;
use crate::{bundle, real_plugins, system, web};
use anyhow::{Result, bail};
use std::time::Instant;

/// `[main]` System packages, format, lints, fixtures, build, tests; at the end the counts.
pub fn test(paths: &Paths) -> Result<()> {
    let started = Instant::now();
    let cargo = |title: &str| Step::cargo(title).within(&paths.root);
    system::ensure_rust_components()?;
    system::ensure_cpp_compiler()?;
    cargo("format").args(["fmt", "--all", "--check"]).run()?;
    cargo("lints").args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]).run()?;
    println!("── fixture plugins");
    bundle::bundle(&paths.root, false)?;
    let real = if cfg!(target_os = "linux") { Some(real_plugins::ensure(paths)?) } else { None };
    let with_fixtures = |step: Step| {
        let step = step
            .env("SONIC_DEMO_PLUGINS", paths.plugins("demo"))
            .env("SONIC_FAULT_PLUGINS", paths.plugins("fault"))
            .env("SONIC_RECORDER", paths.plugins("recorder"));
        match &real {
            Some(folder) => step.env("SONIC_REAL_PLUGINS", folder),
            None => step,
        }
    };
    cargo("build").args(["test", "--workspace", "--locked", "--no-run"]).run()?;
    let mut counts = Counts::default();
    with_fixtures(cargo("tests").args(["test", "--workspace", "--locked"])).watch(|line| counts.add(line))?;
    counts.judge()?;
    // Its browser is the one of a Debian system.
    let web = if cfg!(target_os = "linux") { web::test(paths, with_fixtures)?.passed } else { 0 };
    println!(
        "── all passed: {} tests in {} binaries ({} ignored) and {web} of the browser library, {:.0} s in all",
        counts.passed,
        counts.binaries,
        counts.ignored,
        started.elapsed().as_secs_f32()
    );
    Ok(())
}

/// What the test programs said about themselves.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    binaries: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Counts {
    /// Takes a line `test result: ok. 5 passed; 0 failed; 0 ignored; …` into account.
    fn add(&mut self, line: &str) {
        let Some(result) = line.trim().strip_prefix("test result:") else { return };
        self.binaries += 1;
        let words: Vec<&str> = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<usize>() else { continue };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// A run without a single test is a mistake, not a success.
    fn judge(&self) -> Result<()> {
        if self.passed == 0 || self.failed > 0 {
            bail!("tests: {} passed, {} failed", self.passed, self.failed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_the_test_programs_print() {
        let mut counts = Counts::default();
        counts.add("running 3 tests");
        counts.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.52s");
        counts.add("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        assert_eq!(counts, Counts { binaries: 2, passed: 15, failed: 0, ignored: 1 });
        assert!(counts.judge().is_ok());
    }

    #[test]
    fn a_run_without_tests_is_not_a_success() {
        assert!(Counts::default().judge().is_err());
    }
}
