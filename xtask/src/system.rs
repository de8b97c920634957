//! The system packages the tests need, and the Rust components.
//!
//! Invariant: nothing is installed unless it is missing, and nothing at all without the right to do so.
//! Deliberately absent: package managers other than apt; the error names the libraries instead.

use crate::step::Step;
use anyhow::{Result, bail};
use std::path::Path;

/// Which Debian package holds which shared library. These are what the packaged plugins link against.
pub const LIBRARIES: &[(&str, &str)] = &[
    ("libGL.so.1", "libgl1"),
    ("libX11.so.6", "libx11-6"),
    ("libXext.so.6", "libxext6"),
    ("libXrandr.so.2", "libxrandr2"),
    ("libstdc++.so.6", "libstdc++6"),
    ("libsamplerate.so.0", "libsamplerate0"),
    ("libzita-convolver.so.4", "libzita-convolver4"),
    ("libfftw3f.so.3", "libfftw3-single3"),
];

/// `[main]` The shared libraries that `modules` need and this machine lacks.
pub fn missing_libraries<'a>(modules: impl IntoIterator<Item = &'a Path>) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for module in modules {
        let listing = Step::new("ldd", "ldd").args([module]).read()?;
        missing.extend(not_found(&listing));
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// Names in the lines `libx.so.1 => not found` of ldd's output.
fn not_found(listing: &str) -> impl Iterator<Item = String> + '_ {
    listing.lines().filter_map(|line| {
        let (name, rest) = line.split_once("=>")?;
        rest.trim().starts_with("not found").then(|| name.trim().to_owned())
    })
}

/// `[main]` Installs the packages that hold these libraries, or says which are missing and how to get them.
pub fn install_libraries(libraries: &[String]) -> Result<()> {
    if libraries.is_empty() {
        return Ok(());
    }
    let mut packages = Vec::new();
    let mut unknown = Vec::new();
    for library in libraries {
        match LIBRARIES.iter().find(|(name, _)| name == library) {
            Some((_, package)) => packages.push(*package),
            None => unknown.push(library.as_str()),
        }
    }
    if !unknown.is_empty() {
        bail!("no package is known for {}; add it to xtask/src/system.rs", unknown.join(", "));
    }
    println!("   missing: {}", libraries.join(", "));
    install(&packages)
}

/// `[main]` Installs Debian's packages of these names, or says how to.
pub fn install_programs(packages: &[&str]) -> Result<()> {
    install(packages)
}

/// `[main]` Installs packages through apt as root or through a sudo that asks nothing.
fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    let Some(apt) = apt_as_root() else {
        bail!("system packages are missing; as root, run: {by_hand}");
    };
    if !Step::new("packages known to apt", "apt-cache").args(["show"]).args(packages).works() {
        apt("system packages: refresh the list").args(["update", "-qq"]).run()?;
    }
    let try_install = || {
        apt(&format!("system packages: install {}", packages.join(" ")))
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .run()
    };
    // A list that is weeks old names files the mirror no longer has: refresh it once, then give up.
    try_install().or_else(|_| {
        apt("system packages: refresh the list").args(["update", "-qq"]).run()?;
        try_install()
    })
}

/// How to run apt-get with the rights it needs, if there is a way.
fn apt_as_root() -> Option<impl Fn(&str) -> Step> {
    let root = Step::new("who", "id").args(["-u"]).read().is_ok_and(|id| id.trim() == "0");
    if !Step::new("apt", "apt-get").args(["--version"]).works() {
        return None;
    }
    if !root && !Step::new("sudo", "sudo").args(["-n", "true"]).works() {
        return None;
    }
    Some(move |title: &str| {
        let step = if root {
            Step::new(title, "apt-get")
        } else {
            Step::new(title, "sudo").args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        };
        step.env("DEBIAN_FRONTEND", "noninteractive")
    })
}

/// `[main]` Makes sure that C++ can be compiled: the Lua VM is. On other systems than Debian's, the build says what it lacks.
pub fn ensure_cpp_compiler() -> Result<()> {
    if !cfg!(target_os = "linux") || Step::new("C++ compiler", "c++").args(["--version"]).works() {
        return Ok(());
    }
    install(&["g++"])
}

/// `[main]` Makes sure that rustfmt and clippy exist; a minimal toolchain has neither.
pub fn ensure_rust_components() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if Step::cargo(component).args([subcommand, "--version"]).works() {
            continue;
        }
        if Step::new(format!("Rust component {component}"), "rustup")
            .args(["component", "add", component])
            .run()
            .is_err()
        {
            bail!("cargo {subcommand} is missing; install the Rust component {component}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_libraries_that_are_missing_are_named() {
        let listing =
            "\tlinux-vdso.so.1 (0x0)\n\tlibGL.so.1 => /lib/libGL.so.1 (0x0)\n\tlibzita-convolver.so.4 => not found\n";
        assert_eq!(not_found(listing).collect::<Vec<_>>(), ["libzita-convolver.so.4"]);
    }
}
