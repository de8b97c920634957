//! `cargo xtask rtsan`: the audio path under the real-time sanitizer of a nightly Rust.
//!
//! The sanitizer stops the program when a function marked as real-time allocates, locks or makes a system call, in our
//! code and in the plugins'. The program is tests/rtsan, which the workspace leaves out because it needs a nightly.
//! Invariant: the sanitizer is shown to work, by a run that must fail, before its silence counts.

use crate::bundle;
use crate::nightly::{host, nightly};
use crate::paths::Paths;
use crate::step::Step;
use anyhow::{Result, bail};

/// Where the sanitizer's runtime exists.
const TARGETS: &[&str] = &["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"];

/// `[main]` Builds tests/rtsan, checks that a known violation is caught, then runs the demo plugins.
pub fn rtsan(paths: &Paths) -> Result<()> {
    let host = host()?;
    if !TARGETS.contains(&host.as_str()) {
        bail!("the real-time sanitizer does not exist for {host}");
    }
    bundle::bundle(&paths.root, true)?;
    let target = paths.target.join("rtsan");
    let folder = paths.root.join("tests/rtsan");
    // The same versions as the workspace, without a second lock file to keep.
    std::fs::copy(paths.root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    nightly("build under the real-time sanitizer")
        .within(folder)
        .args(["cargo", "build", "--target", &host])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-Zsanitizer=realtime")
        .run()?;
    let program = target.join(&host).join("debug/rtsan");
    for violation in ["allocate", "lock", "file"] {
        let errors = Step::new("violation", &program).args(["--violate", violation]).errors()?;
        if !errors.contains("RealtimeSanitizer") {
            bail!("the real-time sanitizer did not notice the violation “{violation}”");
        }
        println!("── a violation is caught: {violation}");
    }
    Step::new("audio path under the real-time sanitizer", &program)
        .env("SONIC_DEMO_PLUGINS", paths.plugins("demo"))
        .run()
}
