//! Plugins other people made, as test subjects: two packages of Debian, unpacked under the target folder.
//!
//! They are GPL: they are run as separate programs' data and never committed, linked or shipped.
//! Invariant: after [`ensure`] every module in the folder has all the shared libraries it needs.
//! Deliberately absent: other systems; there `SONIC_REAL_PLUGINS` names a folder that holds the same plugins.

use crate::apt::Apt;
use crate::paths::Paths;
use crate::system;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The release whose packages hold VST3 bundles of both.
const RELEASE: &str = "trixie";
const PACKAGES: &[&str] = &["dragonfly-reverb-vst3", "zam-plugins"];
/// As many bundles as the two packages hold at least; fewer means that something went wrong.
const AT_LEAST: usize = 20;
/// Written last: versions, and the modules that belong to them.
const STAMP: &str = "complete.txt";

/// `[main]` The folder with the real plugins, fetched if needed.
pub fn ensure(paths: &Paths) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SONIC_REAL_PLUGINS") {
        let folder = PathBuf::from(folder);
        let found = modules(&folder)?.len();
        if found < AT_LEAST {
            bail!(
                "SONIC_REAL_PLUGINS is {}, which holds {found} VST3 modules; {AT_LEAST} are needed",
                folder.display()
            );
        }
        return Ok(folder);
    }
    let folder = paths.real_plugins();
    let vst3 = folder.join("usr/lib/vst3");
    if !is_complete(&folder) {
        fetch(&folder).with_context(|| {
            format!(
                "the real plugins cannot be fetched; set SONIC_REAL_PLUGINS to a folder with the VST3 bundles of {}",
                PACKAGES.join(" and ")
            )
        })?;
    }
    let modules = modules(&vst3)?;
    let missing = system::missing_libraries(modules.iter().map(PathBuf::as_path))?;
    system::install_libraries(&missing)?;
    let still = system::missing_libraries(modules.iter().map(PathBuf::as_path))?;
    if !still.is_empty() {
        bail!("the real plugins cannot be loaded: {} cannot be found", still.join(", "));
    }
    println!("── real plugins: {} modules in {}", modules.len(), vst3.display());
    Ok(vst3)
}

fn fetch(folder: &Path) -> Result<()> {
    let fresh = folder.with_extension("new");
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh)?;
    let state = folder.with_extension("apt");
    let versions = Apt::open(&state, RELEASE)?.unpack(PACKAGES, &fresh)?;
    let modules = modules(&fresh.join("usr/lib/vst3"))?;
    if versions.len() != PACKAGES.len() || modules.len() < AT_LEAST {
        bail!("the packages {} hold only {} VST3 modules", versions.join(", "), modules.len());
    }
    let mut stamp = versions.join("\n");
    for module in &modules {
        let name = module.strip_prefix(&fresh)?.display();
        stamp.push_str(&format!("\n{} {name}", fs::metadata(module)?.len()));
    }
    fs::write(fresh.join(STAMP), stamp + "\n")?;
    let _ = fs::remove_dir_all(folder);
    fs::rename(&fresh, folder)?;
    fs::remove_dir_all(&state)?;
    Ok(())
}

/// Whether the stamp is there, and every module it names, with the size it had.
fn is_complete(folder: &Path) -> bool {
    let Ok(stamp) = fs::read_to_string(folder.join(STAMP)) else { return false };
    let mut lines = stamp.lines();
    PACKAGES.iter().all(|package| lines.next().is_some_and(|line| line.starts_with(package)))
        && lines.clone().count() >= AT_LEAST
        && lines.all(|line| {
            line.split_once(' ').is_some_and(|(size, name)| {
                fs::metadata(folder.join(name)).is_ok_and(|file| file.len().to_string() == size)
            })
        })
}

/// The binary of each bundle in a folder.
fn modules(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut modules = Vec::new();
    for bundle in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let contents = bundle?.path().join("Contents");
        let Ok(parts) = fs::read_dir(contents) else { continue };
        for part in parts.flatten().filter(|part| part.file_name().to_string_lossy().ends_with("-linux")) {
            let binaries = fs::read_dir(part.path())?.flatten().map(|file| file.path());
            modules.extend(binaries.filter(|file| file.extension().is_some_and(|extension| extension == "so")));
        }
    }
    modules.sort();
    Ok(modules)
}
