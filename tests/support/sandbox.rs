//! The program under test, kept away from the files and plugins of whoever runs the tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A home of its own for the program; removed when dropped.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// A fresh, empty one.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("sonic-bridge-test-").tempdir().unwrap();
        for part in ["home", "cache", "temp"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        Self { folder }
    }

    /// A folder for the test's own files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the test's own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The cache folder of the program.
    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// `sonic-bridge` with these plugin folders in `VST3_PATH`, with its home, cache and temporary files in here.
    pub fn sonic_bridge(&self, plugin_folders: &[PathBuf]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sonic-bridge"));
        let home = self.file("home");
        let temp = self.file("temp");
        command
            .stdin(Stdio::null())
            .current_dir(self.path())
            .env("SONIC_BRIDGE_CACHE", self.cache())
            .env("VST3_PATH", std::env::join_paths(plugin_folders).unwrap());
        for name in ["HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"] {
            command.env(name, &home);
        }
        for name in ["TMPDIR", "TEMP", "TMP"] {
            command.env(name, &temp);
        }
        for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "RUST_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// The names of the files and folders the program left in its temporary folder.
    pub fn left_behind(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.file("temp")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}
