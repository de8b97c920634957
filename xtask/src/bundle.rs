//! VST3 bundles of the plugins under tests/plugins.
//!
//! A crate asks for one with a table in its manifest:
//! ```toml
//! [package.metadata.bundle]
//! name = "Sonic Gain"   # of the bundle and of the library in it
//! group = "demo"        # folder under target/plugins
//! copies = ["Other"]    # optional: more bundles with the same library under other names
//! ```
//! Invariant: a file whose content did not change keeps its time stamp (hosts cache by it), and a library is replaced by
//! renaming, never overwritten while a host has it loaded. Bundles nobody asks for any more are removed.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// One library and the bundles it goes into.
struct Wanted {
    id: String,
    package: String,
    version: String,
    group: String,
    names: Vec<String>,
}

/// `[main]` Builds and lays out every plugin with a `[package.metadata.bundle]` table; the folder with the groups.
pub fn bundle(root: &Path, release: bool) -> Result<PathBuf> {
    let metadata = metadata(root)?;
    let plugins = PathBuf::from(text(&metadata, "target_directory")?).join("plugins");
    let wanted = wanted(&metadata)?;
    let mut expected = BTreeSet::new();
    if !wanted.is_empty() {
        let built = build(root, release, &wanted)?;
        for plugin in &wanted {
            let library = &built.iter().find(|(id, _)| *id == plugin.id).context("a library was not built")?.1;
            for name in &plugin.names {
                let folder = plugins.join(&plugin.group).join(format!("{name}.vst3"));
                lay_out(&folder, name, plugin, library).with_context(|| format!("{}", folder.display()))?;
                ensure!(
                    expected.insert(folder),
                    "two plugins want the bundle “{name}” in the group “{}”",
                    plugin.group
                );
            }
        }
    }
    remove_others(&plugins, &expected)?;
    Ok(plugins)
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).stdin(Stdio::null()).stderr(Stdio::inherit());
    command
}

fn metadata(root: &Path) -> Result<Value> {
    let output = cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    ensure!(output.status.success(), "cargo metadata failed: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn text(value: &Value, key: &str) -> Result<String> {
    Ok(value[key].as_str().with_context(|| format!("“{key}” is missing or not a text"))?.to_owned())
}

fn wanted(metadata: &Value) -> Result<Vec<Wanted>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    packages.iter().filter(|package| package["metadata"]["bundle"].is_object()).map(read_wanted).collect()
}

fn read_wanted(package: &Value) -> Result<Wanted> {
    let name = text(package, "name")?;
    let table = &package["metadata"]["bundle"];
    let read = || -> Result<Wanted> {
        let mut names = vec![text(table, "name")?];
        for copy in table["copies"].as_array().into_iter().flatten() {
            names.push(copy.as_str().context("“copies” is a list of texts")?.to_owned());
        }
        let group = text(table, "group")?;
        for part in names.iter().chain([&group]) {
            ensure!(!part.is_empty() && !part.contains(['/', '\\', '.']), "“{part}” cannot be a file name here");
        }
        Ok(Wanted { id: text(package, "id")?, package: name.clone(), version: text(package, "version")?, group, names })
    };
    read().with_context(|| format!("[package.metadata.bundle] of {name}"))
}

/// Package id and library of each package.
fn build(root: &Path, release: bool, wanted: &[Wanted]) -> Result<Vec<(String, PathBuf)>> {
    let mut command = cargo(root);
    command.args(["build", "--lib", "--message-format=json-render-diagnostics"]);
    if release {
        command.arg("--release");
    }
    for plugin in wanted {
        command.args(["-p", &plugin.package]);
    }
    let output = command.output()?;
    ensure!(output.status.success(), "the plugins do not build: {}", output.status);
    let mut built = Vec::new();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else { continue };
        let is_library = |kind: &Value| kind == "cdylib";
        if message["reason"] != "compiler-artifact"
            || !message["target"]["crate_types"].as_array().into_iter().flatten().any(is_library)
        {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str).map(Path::new);
        let ending = std::env::consts::DLL_EXTENSION;
        if let Some(library) = files.into_iter().find(|file| file.extension().is_some_and(|e| e == ending)) {
            built.push((text(&message, "package_id")?, library.to_owned()));
        }
    }
    for plugin in wanted {
        if !built.iter().any(|(id, _)| *id == plugin.id) {
            bail!("{} asks for a bundle but builds no library; is it a “cdylib”?", plugin.package);
        }
    }
    Ok(built)
}

/// Path of the library inside its bundle.
fn library_path(name: &str) -> PathBuf {
    use std::env::consts::ARCH;
    if cfg!(target_os = "macos") {
        PathBuf::from("Contents/MacOS").join(name)
    } else if cfg!(windows) {
        let machine = if ARCH == "aarch64" { "arm64" } else { ARCH };
        PathBuf::from(format!("Contents/{machine}-win")).join(format!("{name}.vst3"))
    } else {
        // The names `uname -m` gives.
        let machine = match ARCH {
            "x86" => "i686",
            "arm" => "armv7l",
            other => other,
        };
        PathBuf::from(format!("Contents/{machine}-linux")).join(format!("{name}.so"))
    }
}

fn lay_out(folder: &Path, name: &str, plugin: &Wanted, library: &Path) -> Result<()> {
    let mut files = vec![(library_path(name), fs::read(library)?)];
    if cfg!(target_os = "macos") {
        files.push(("Contents/Info.plist".into(), info_plist(name, plugin).into_bytes()));
        files.push(("Contents/PkgInfo".into(), b"BNDL????".to_vec()));
    }
    // Only our demo plugins are loaded here; the others may do anything when loaded.
    if plugin.group == "demo"
        && let Some(info) = module_info(library)
    {
        files.push(("Contents/Resources/moduleinfo.json".into(), info));
    }
    for (path, content) in files {
        write_if_new(&folder.join(path), &content)?;
    }
    Ok(())
}

fn info_plist(name: &str, plugin: &Wanted) -> String {
    let Wanted { package, version, .. } = plugin;
    let identifier = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let row = |key: &str, value: &str| format!("  <key>{key}</key>\n  <string>{value}</string>\n");
    let rows = [
        row("CFBundleDevelopmentRegion", "English"),
        row("CFBundleExecutable", name),
        row("CFBundleIdentifier", &format!("org.sonic-core.{package}.{identifier}")),
        row("CFBundleInfoDictionaryVersion", "6.0"),
        row("CFBundleName", name),
        row("CFBundlePackageType", "BNDL"),
        row("CFBundleShortVersionString", version),
        row("CFBundleSignature", "????"),
        row("CFBundleVersion", version),
    ];
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n{}</dict>\n</plist>\n",
        rows.concat()
    )
}

/// What the library says should stand in its `moduleinfo.json`.
fn module_info(library: &Path) -> Option<Vec<u8>> {
    type Write = unsafe extern "C" fn(*mut u8, usize) -> usize;
    // SAFETY: the library is one of our own demo plugins; loading it runs nothing, and it stays loaded for the two calls.
    let library = unsafe { libloading::Library::new(library) }.ok()?;
    // SAFETY: plugin-kit exports this function with this signature.
    let write = unsafe { library.get::<Write>(b"sonic_module_info\0") }.ok()?;
    // SAFETY: null with length 0 only asks for the length.
    let length = unsafe { write(std::ptr::null_mut(), 0) };
    let mut text = vec![0; length];
    // SAFETY: `text` has room for `length` bytes.
    unsafe { write(text.as_mut_ptr(), length) };
    Some(text)
}

fn write_if_new(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder)?;
    let fresh = folder.join(".new");
    fs::write(&fresh, content).with_context(|| format!("{} cannot be written", fresh.display()))?;
    fs::rename(&fresh, path).with_context(|| format!("{} cannot be replaced", path.display()))
}

fn remove_others(plugins: &Path, expected: &BTreeSet<PathBuf>) -> Result<()> {
    let Ok(groups) = fs::read_dir(plugins) else { return Ok(()) };
    for group in groups {
        let group = group?.path();
        if !group.is_dir() {
            continue;
        }
        for bundle in fs::read_dir(&group)? {
            let bundle = bundle?.path();
            if bundle.extension().is_some_and(|e| e == "vst3") && !expected.contains(&bundle) {
                fs::remove_dir_all(&bundle).with_context(|| format!("{} cannot be removed", bundle.display()))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_file_keeps_its_time() {
        let folder = std::env::temp_dir().join(format!("xtask-bundle-{}", std::process::id()));
        let file = folder.join("a/b");
        write_if_new(&file, b"one").expect("a new file is written");
        let before = fs::metadata(&file).and_then(|m| m.modified()).expect("the file is there");
        write_if_new(&file, b"one").expect("an old file is left alone");
        let after = fs::metadata(&file).and_then(|m| m.modified()).expect("the file is there");
        assert_eq!(before, after);
        write_if_new(&file, b"two").expect("a changed file is replaced");
        assert_eq!(fs::read(&file).expect("the file is there"), b"two");
        fs::remove_dir_all(folder).expect("the folder is ours");
    }

    #[test]
    fn a_broken_table_names_its_package() {
        let package = serde_json::json!({
            "name": "sonic-x", "id": "x", "version": "1.0.0", "metadata": {"bundle": {"name": "../x", "group": "demo"}}
        });
        let error = format!("{:#}", read_wanted(&package).err().expect("a name with a path is refused"));
        assert!(error.contains("sonic-x") && error.contains("../x"), "{error}");
    }
}
