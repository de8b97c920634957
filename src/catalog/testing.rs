//! For tests only: bundles that pass the header check, and children that are shell scripts.

use super::{
    Catalog, Options,
    child::ChildCommand,
    folders::{Folder, Origin},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// A real library of this machine with the entry points of all systems, made by the C compiler that Rust links with.
pub(super) fn library() -> &'static [u8] {
    static LIBRARY: OnceLock<Vec<u8>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        compile(
            "void *GetPluginFactory(void) { return 0; }
             int ModuleEntry(void *h) { return 1; } int ModuleExit(void) { return 1; }
             int bundleEntry(void *h) { return 1; } int bundleExit(void) { return 1; }",
        )
    })
}

/// A library of this machine from C source.
pub(super) fn compile(source: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("temp");
    fs::write(folder.path().join("x.c"), source).expect("written");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o", "x.so", "x.c"]).current_dir(folder.path()).output();
    let built = built.expect("cc, which Rust links with, is there");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fs::read(folder.path().join("x.so")).expect("built")
}

/// The binary's place in a bundle for this machine.
pub(super) fn binary_of(bundle: &Path) -> PathBuf {
    let stem = bundle.file_stem().expect("named").to_str().expect("text");
    let folder = bundle.join("Contents").join(crate::plugin::bundle::architecture_folders()[0]);
    folder.join(if cfg!(target_os = "macos") { stem.to_owned() } else { format!("{stem}.so") })
}

/// Plugin folders, a cache and a configuration of its own.
pub(super) struct Bench {
    pub root: tempfile::TempDir,
    pub options: Options,
}

impl Bench {
    /// Two plugin folders, "best" and "second". The child is a shell script, which finds the module in `$1`, the report
    /// to be written in `$2`, and the token in `$3`; it can call `report ID NAME VERSION`.
    pub fn new(script: &str) -> Self {
        let root = tempfile::tempdir().expect("temp");
        let at = |name: &str| root.path().join(name);
        let folders: Vec<Folder> =
            ["best", "second"].iter().map(|name| Folder { path: at(name), origin: Origin::Named }).collect();
        for folder in &folders {
            fs::create_dir(&folder.path).expect("made");
        }
        let prelude = format!(
            r#"echo "$1" >> "{}"
            report() {{ printf '{{"token":"%s","plugins":[{{"id":"vst3:%s","name":"%s","vendor":"V","version":"%s",'\
'"kind":"effect","categories":["Fx"],"sdk":"","distributable":false}}],"error":null}}' "$token" "$1" "$2" "$3" > "$to.part"
                mv "$to.part" "$to"; }}
            to=$2 token=$3
            name=$(basename "$1" .vst3)
            "#,
            at("examined").display()
        );
        let options = Options {
            folders,
            cache: Some(at("cache")),
            config: Some(at("config")),
            child: ChildCommand {
                program: "/bin/sh".into(),
                arguments: vec!["-c".into(), format!("{prelude}{script}").into(), "probe".into()],
            },
            jobs: 2,
            timeout: Duration::from_secs(20),
            memory: 1 << 30,
            rescan: false,
            cancel: Arc::default(),
        };
        Self { root, options }
    }

    /// A bundle that passes the header check.
    pub fn bundle(&self, place: &str) -> PathBuf {
        let bundle = self.root.path().join(place);
        let binary = binary_of(&bundle);
        fs::create_dir_all(binary.parent().expect("inside")).expect("made");
        fs::write(binary, library()).expect("written");
        bundle.canonicalize().expect("there")
    }

    /// Opens the catalog.
    pub fn open(&self) -> Catalog {
        Catalog::open(&self.options).expect("opened")
    }

    /// The modules examined since the last call, by name.
    pub fn examined(&self) -> Vec<String> {
        let file = self.root.path().join("examined");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        let mut names: Vec<String> =
            text.lines().map(|line| Path::new(line).file_stem().expect("named").to_string_lossy().into()).collect();
        names.sort();
        names
    }
}
