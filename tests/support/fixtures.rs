//! Where the fixture plugins are. A missing one is a failure that says what to run, never a reason to skip.

use std::path::{Path, PathBuf};

/// The demo plugins: Sonic Gain, EQ, Delay, Reverb, Synth.
pub fn demo_plugins() -> PathBuf {
    folder("SONIC_DEMO_PLUGINS", "plugins/demo")
}

/// The plugins that misbehave, one bundle for each way.
pub fn fault_plugins() -> PathBuf {
    folder("SONIC_FAULT_PLUGINS", "plugins/fault")
}

/// The folder with the plugin that records every call.
pub fn recorder() -> PathBuf {
    folder("SONIC_RECORDER", "plugins/recorder")
}

/// Plugins other people made; exist on Linux only.
#[cfg(target_os = "linux")]
pub fn real_plugins() -> PathBuf {
    folder("SONIC_REAL_PLUGINS", "real-plugins/usr/lib/vst3")
}

/// One bundle of a folder by its name, e.g. `Sonic Gain`.
pub fn bundle(folder: &Path, name: &str) -> PathBuf {
    let bundle = folder.join(format!("{name}.vst3"));
    assert!(bundle.exists(), "{} is missing: run `cargo xtask test`", bundle.display());
    bundle
}

fn folder(variable: &str, below_target: &str) -> PathBuf {
    let folder = match std::env::var_os(variable) {
        Some(folder) => PathBuf::from(folder),
        None => target().join(below_target),
    };
    let filled = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
    assert!(filled, "{} holds no plugins: run `cargo xtask test`, which makes them", folder.display());
    folder
}

/// Cargo's target folder: the parent of the one it gives to integration tests.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}
