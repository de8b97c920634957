//! Where things are: the source tree and the target folder.
//!
//! Invariant: nothing is written outside [`Paths::target`].

use std::path::PathBuf;

/// The folders every task needs.
#[derive(Debug)]
pub struct Paths {
    /// The source tree.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
}

impl Paths {
    /// `[main]` The tree this program was built from, and `CARGO_TARGET_DIR` or the tree's own `target`.
    pub fn find() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("xtask lies in a folder of the source tree")
            .to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Self { root, target }
    }

    /// `[main]` Where `bundle` lays a group of fixture plugins out.
    pub fn plugins(&self, group: &str) -> PathBuf {
        self.target.join("plugins").join(group)
    }

    /// `[main]` Where the packaged plugins are unpacked.
    pub fn real_plugins(&self) -> PathBuf {
        self.target.join("real-plugins")
    }
}
