//! Where a VST3 bundle keeps the binary for a machine. Pure path rules, shared by the catalog (which checks the file's
//! header before anything runs) and the format (which loads it).
//! Source: Steinberg, "VST Module Architecture / Plug-in Format Structure".
//!
//! Thread: any. Invariant: the answer lies inside the bundle. Deliberately absent: looking into the binary.

use super::PluginError;
use std::path::{Path, PathBuf};

/// More than any honest `Info.plist`.
#[cfg(any(target_os = "macos", test))]
const MAX_INFO_BYTES: u64 = 1 << 20;

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
    // The system itself would take this one, whatever the bundle is called.
    #[cfg(target_os = "macos")]
    if let Some(executable) = declared_executable(&contents) {
        return Ok(executable);
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

/// The binary that `Info.plist` declares, if it declares one and that exists.
#[cfg(any(target_os = "macos", test))]
fn declared_executable(contents: &Path) -> Option<PathBuf> {
    use std::{ffi::OsStr, fs, io::Cursor};
    let info = contents.join("Info.plist");
    let about = fs::metadata(&info).ok()?;
    if !about.is_file() || about.len() > MAX_INFO_BYTES {
        return None;
    }
    let info = plist::Value::from_reader(Cursor::new(fs::read(&info).ok()?)).ok()?;
    let name = Path::new(info.as_dictionary()?.get("CFBundleExecutable")?.as_string()?);
    // A name that is a path could lead out of the bundle.
    if name.file_name() != Some(OsStr::new(name)) {
        return None;
    }
    let executable = contents.join("MacOS").join(name);
    executable.is_file().then_some(executable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn on_macos_the_declared_executable_counts_and_never_leads_out_of_the_bundle() {
        let folder = tempfile::tempdir().expect("temp");
        let contents = folder.path().join("Renamed.vst3/Contents");
        fs::create_dir_all(contents.join("MacOS")).expect("made");
        for binary in ["MacOS/Real Name", "MacOS/Other", "outside"] {
            fs::write(contents.join(binary), b"code").expect("written");
        }
        let declared = |name: &str| {
            let info = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict>\
                 <key>CFBundleExecutable</key><string>{name}</string></dict></plist>"
            );
            fs::write(contents.join("Info.plist"), info).expect("written");
            declared_executable(&contents)
        };
        assert_eq!(declared("Real Name"), Some(contents.join("MacOS/Real Name")));
        for wrong in ["", ".", "..", "missing", "../outside", "./Other", "Other/", "/bin/sh"] {
            assert_eq!(declared(wrong), None, "{wrong:?}");
        }
        fs::write(contents.join("Info.plist"), b"no property list").expect("written");
        assert_eq!(declared_executable(&contents), None);
        fs::remove_file(contents.join("Info.plist")).expect("removed");
        assert_eq!(declared_executable(&contents), None);
    }
}
