//! Where plugins are looked for, best first.
//!
//! Thread: any. Invariant: pure functions of what they are given, so that every system's folders are tested on every
//! system. Source: Steinberg, "Plug-in Locations"; the variable `VST3_PATH` is a custom among hosts.
//! Deliberately absent: looking whether a folder exists (walk).

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Operating systems with an own custom of folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    /// Linux and other free Unixes.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Os {
    /// `[any]` The one this program was built for.
    pub const fn host() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// Why a folder is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The user named it for this run. It is worth a warning when it is missing.
    Named,
    /// From the variable `VST3_PATH`.
    Variable,
    /// The system's custom.
    Standard,
}

/// A folder to be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder, or one `.vst3`.
    pub path: PathBuf,
    /// Why it is searched.
    pub origin: Origin,
}

/// What the folders depend on.
pub struct Surroundings<'a> {
    /// The user's home folder.
    pub home: Option<PathBuf>,
    /// The folder of the running program.
    pub program: Option<PathBuf>,
    /// Environment variables.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// `[any]` The folders in which the system keeps VST3 plugins, best first.
pub fn standard(os: Os, around: &Surroundings<'_>) -> Vec<PathBuf> {
    let variable = |name: &str| (around.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let beside = |name: &str| around.program.as_ref().map(|program| program.join(name));
    let folders: Vec<Option<PathBuf>> = match os {
        Os::Linux => vec![
            around.home.as_ref().map(|home| home.join(".vst3")),
            Some(PathBuf::from("/usr/lib/vst3")),
            Some(PathBuf::from("/usr/local/lib/vst3")),
            beside("vst3"),
            // Not in the standard, but where Fedora and openSUSE put 64-bit plugins.
            Some(PathBuf::from("/usr/lib64/vst3")),
        ],
        Os::MacOs => {
            let library = Path::new("Library/Audio/Plug-Ins/VST3");
            vec![
                around.home.as_ref().map(|home| home.join(library)),
                Some(Path::new("/").join(library)),
                Some(Path::new("/Network").join(library)),
                // <App>/Contents/MacOS/program → <App>/Contents/VST3
                around.program.as_ref().and_then(|program| program.parent()).map(|contents| contents.join("VST3")),
            ]
        }
        Os::Windows => vec![
            variable("LOCALAPPDATA").map(|local| local.join("Programs").join("Common").join("VST3")),
            // Inside a process of either width this variable names the folder of that width.
            variable("CommonProgramFiles")
                .or_else(|| variable("ProgramFiles").map(|files| files.join("Common Files")))
                .map(|common| common.join("VST3")),
            beside("VST3"),
        ],
    };
    folders.into_iter().flatten().collect()
}

/// `[any]` Everything to be searched, best first: folders named for this run, `VST3_PATH`, the standard folders.
pub fn search_path(named: &[PathBuf], with_standard: bool, os: Os, around: &Surroundings<'_>) -> Vec<Folder> {
    let mut folders: Vec<Folder> = Vec::new();
    let mut add = |path: PathBuf, origin| {
        if !path.as_os_str().is_empty() && !folders.iter().any(|known| known.path == path) {
            folders.push(Folder { path, origin });
        }
    };
    for path in named {
        add(path.clone(), Origin::Named);
    }
    for path in (around.variable)("VST3_PATH").iter().flat_map(std::env::split_paths) {
        add(path, Origin::Variable);
    }
    if with_standard {
        for path in standard(os, around) {
            add(path, Origin::Standard);
        }
    }
    folders
}

/// `[any]` [`search_path`] for the process as it runs here and now.
pub fn search_path_here(named: &[PathBuf], with_standard: bool) -> Vec<Folder> {
    let around = Surroundings {
        home: std::env::home_dir().filter(|home| home.is_absolute()),
        program: std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf)),
        variable: &|name| std::env::var_os(name),
    };
    search_path(named, with_standard, Os::host(), &around)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(variable: &dyn Fn(&str) -> Option<OsString>) -> Surroundings<'_> {
        Surroundings { home: Some("/home/a".into()), program: Some("/opt/App/Contents/MacOS".into()), variable }
    }

    #[test]
    fn each_system_has_its_standard_folders_in_order_of_priority() {
        let none = |_: &str| None;
        assert_eq!(
            standard(Os::Linux, &around(&none))[..4],
            [
                PathBuf::from("/home/a/.vst3"),
                "/usr/lib/vst3".into(),
                "/usr/local/lib/vst3".into(),
                "/opt/App/Contents/MacOS/vst3".into()
            ]
        );
        assert_eq!(
            standard(Os::MacOs, &around(&none)),
            [
                PathBuf::from("/home/a/Library/Audio/Plug-Ins/VST3"),
                "/Library/Audio/Plug-Ins/VST3".into(),
                "/Network/Library/Audio/Plug-Ins/VST3".into(),
                "/opt/App/Contents/VST3".into()
            ]
        );
        let windows = |name: &str| match name {
            "LOCALAPPDATA" => Some("L".into()),
            "CommonProgramFiles" => Some("C".into()),
            _ => None,
        };
        assert_eq!(
            standard(Os::Windows, &around(&windows)),
            [
                Path::new("L").join("Programs").join("Common").join("VST3"),
                Path::new("C").join("VST3"),
                Path::new("/opt/App/Contents/MacOS").join("VST3")
            ]
        );
    }

    #[test]
    fn named_folders_come_first_and_replace_nothing() {
        let list = std::env::join_paths(["/one", "/two", "/named"]).expect("no separator inside");
        let variable = |name: &str| (name == "VST3_PATH").then(|| list.clone());
        let found = search_path(&["/named".into()], true, Os::Linux, &around(&variable));
        let paths: Vec<&Path> = found.iter().map(|folder| folder.path.as_path()).collect();
        assert_eq!(paths[..5], ["/named", "/one", "/two", "/home/a/.vst3", "/usr/lib/vst3"].map(Path::new));
        assert_eq!(found[0].origin, Origin::Named);
        assert_eq!(search_path(&[], false, Os::Linux, &around(&variable)).len(), 3);
    }
}
