//! Where a VST3 bundle keeps the binary for a machine. Pure path rules, shared by the catalog (which checks the file's
//! header before anything runs) and the format (which loads it).
//! Source: Steinberg, "VST Module Architecture / Plug-in Format Structure".

use super::PluginError;
use std::path::{Path, PathBuf};

/// Architecture folders inside `Contents` for this build, best first. Empty on macOS, which has universal binaries.
pub fn architecture_folders() -> &'static [&'static str] {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    return &["x86_64-linux"];
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    return &["aarch64-linux"];
    #[cfg(all(target_os = "linux", target_arch = "x86"))]
    return &["i686-linux", "i386-linux"];
    #[cfg(all(target_os = "linux", target_arch = "arm"))]
    return &["armv7l-linux"];
    #[cfg(all(windows, target_arch = "x86_64"))]
    return &["x86_64-win"];
    #[cfg(all(windows, target_arch = "aarch64"))]
    return &["arm64-win", "arm64x-win"];
    #[cfg(all(windows, target_arch = "x86"))]
    return &["x86-win"];
    #[cfg(target_os = "macos")]
    return &["MacOS"];
    #[allow(unreachable_code)]
    &[]
}

/// `[any]` The binary of a `.vst3` bundle (or, on Windows, of a `.vst3` that is itself the library) for this machine.
/// Looks at names only; whether the file is what it claims is checked by its header.
pub fn vst3_binary(path: &Path) -> Result<PathBuf, PluginError> {
    let refuse = |reason: String| PluginError::Module { path: path.to_path_buf(), reason };
    let meta = path.metadata().map_err(|error| refuse(format!("cannot be read ({error})")))?;
    if meta.is_file() {
        if cfg!(windows) {
            return Ok(path.to_path_buf());
        }
        return Err(refuse("is a single file; on this system a VST3 plugin is a folder (bundle)".into()));
    }
    let contents = path.join("Contents");
    if !contents.is_dir() {
        return Err(refuse("has no Contents folder, so it is not a VST3 bundle".into()));
    }
    let stem = path.file_stem().unwrap_or_default();
    for folder in architecture_folders() {
        let inside = contents.join(folder);
        let named = if cfg!(target_os = "macos") {
            inside.join(stem)
        } else if cfg!(windows) {
            inside.join(stem).with_added_extension("vst3")
        } else {
            inside.join(stem).with_added_extension("so")
        };
        if named.is_file() {
            return Ok(named);
        }
        // Renamed bundles keep the old name inside: accept the only library there is.
        let mut others: Vec<PathBuf> = std::fs::read_dir(&inside)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|file| file.is_file() && (cfg!(target_os = "macos") || file.extension() == named.extension()))
            .collect();
        if others.len() == 1 {
            return Ok(others.remove(0));
        }
    }
    let found: Vec<String> = std::fs::read_dir(&contents)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir() && entry.file_name() != "Resources")
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    Err(refuse(format!(
        "holds no binary for this machine ({}); it has: {}",
        architecture_folders().join(" or "),
        if found.is_empty() { "nothing".to_owned() } else { found.join(", ") }
    )))
}
