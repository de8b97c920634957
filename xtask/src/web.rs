//! The browser library and the demo page: type check, unit tests, and tests in a real browser against the real bridge.
//!
//! Invariant: npm's downloads are kept under the target folder; the lock file decides what is installed.
//! Deliberately absent: a browser of npm's own; it is the system's Chromium (variable `CHROMIUM` names another one).

use crate::paths::Paths;
use crate::step::Step;
use crate::system;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The library's place in the source tree.
const PACKAGE: &str = "packages/sonic-core";
/// Written beside what was installed: the lock file it was installed from.
const STAMP: &str = "node_modules/.installed-from";
/// Older ones lack the test runner and the crypto that the library needs.
const OLDEST_NODE: u32 = 18;

/// How many tests of node's runner passed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    failed: usize,
}

impl Counts {
    /// Takes a line `# pass 12` or `ℹ pass 12` into account.
    fn add(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [_, what, number] = words[..]
            && let Ok(number) = number.parse::<usize>()
        {
            match what {
                "pass" => self.passed += number,
                "fail" | "cancelled" => self.failed += number,
                _ => {}
            }
        }
    }
}

/// `[main]` Everything. `with_fixtures` adds the variables that tell where plugins are.
pub fn test(paths: &Paths, with_fixtures: impl Fn(Step) -> Step) -> Result<Counts> {
    let package = paths.root.join(PACKAGE);
    ensure_node()?;
    let chromium = ensure_chromium()?;
    install(paths, &package)?;
    let npm = |title: &str, script: &str| {
        Step::new(title, npm()).within(&package).args(["run", "--silent", script]).env("CHROMIUM", &chromium)
    };
    npm("browser library: types", "check").run()?;
    let mut counts = Counts::default();
    npm("browser library: unit tests", "test").watch(|line| counts.add(line))?;
    let bridge = paths.target.join("debug").join(format!("sonic-bridge{}", std::env::consts::EXE_SUFFIX));
    with_fixtures(npm("browser library: in Chromium, with the bridge", "test:browser"))
        .env("SONIC_BRIDGE", bridge)
        .env("SONIC_SCREENSHOTS", paths.target.join("screenshots"))
        .watch(|line| counts.add(line))?;
    if counts.passed == 0 || counts.failed > 0 {
        bail!("browser library: {} passed, {} failed", counts.passed, counts.failed);
    }
    Ok(counts)
}

fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

fn ensure_node() -> Result<()> {
    let works = |program: &str| Step::new(program, program).args(["--version"]).works();
    if !works("node") || !works(npm()) {
        system::install_programs(&["nodejs", "npm"])?;
    }
    let version = Step::new("node", "node").args(["--version"]).read()?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        bail!("node is {}; the browser library needs {OLDEST_NODE} or newer", version.trim());
    }
    Ok(())
}

fn ensure_chromium() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(named.into());
    }
    let found = || {
        let names = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        names.into_iter().map(PathBuf::from).find(|path| path.exists())
    };
    if found().is_none() {
        system::install_programs(&["chromium"])?;
    }
    found().context("no Chromium was found; name one in the variable CHROMIUM")
}

/// Installs what the lock file says, unless that is what is there.
fn install(paths: &Paths, package: &Path) -> Result<()> {
    let lock = fs::read(package.join("package-lock.json")).context("package-lock.json cannot be read")?;
    let stamp = package.join(STAMP);
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    Step::new("browser library: packages", npm())
        .within(package)
        .args(["ci", "--no-audit", "--no-fund", "--prefer-offline", "--cache"])
        .args([paths.target.join("npm-cache")])
        .run()?;
    fs::write(stamp, lock)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_both_reporters_of_node() {
        let mut counts = Counts::default();
        for line in ["# tests 9", "# pass 8", "# fail 0", "ℹ pass 3", "ℹ cancelled 1", "ok 1 - # pass the salt"] {
            counts.add(line);
        }
        assert_eq!(counts, Counts { passed: 11, failed: 1 });
    }
}
