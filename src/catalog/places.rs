//! Where the catalog keeps its own files.
//!
//! Thread: any. Invariant: pure functions of the environment. What can be made again lies in the cache folder, what the
//! user decided in the configuration folder.

use super::folders::Os;
use std::{ffi::OsString, path::PathBuf};

const NAME: &str = "sonic-bridge";

/// `[any]` The folder of the scan cache; `SONIC_BRIDGE_CACHE` overrules the system's custom.
pub(super) fn cache(os: Os, home: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let custom = |os| match os {
        Os::Linux => absolute(variable, "XDG_CACHE_HOME").or_else(|| Some(home?.join(".cache"))),
        Os::MacOs => Some(home?.join("Library/Caches")),
        Os::Windows => absolute(variable, "LOCALAPPDATA"),
    };
    let own = variable("SONIC_BRIDGE_CACHE").filter(|value| !value.is_empty()).map(PathBuf::from);
    own.or_else(|| custom(os).map(|folder| folder.join(NAME)))
}

/// `[any]` The folder of the user's decisions; `SONIC_BRIDGE_CONFIG` overrules the system's custom.
pub(super) fn config(os: Os, home: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let custom = |os| match os {
        Os::Linux => absolute(variable, "XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config"))),
        Os::MacOs => Some(home?.join("Library/Application Support")),
        Os::Windows => absolute(variable, "APPDATA"),
    };
    let own = variable("SONIC_BRIDGE_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
    own.or_else(|| custom(os).map(|folder| folder.join(NAME)))
}

/// The XDG rules ask to ignore relative paths.
fn absolute(variable: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_places_and_the_variables_overrule_them() {
        let home = || Some(PathBuf::from("/home/a"));
        let none = |_: &str| None;
        assert_eq!(cache(Os::Linux, home(), &none), Some("/home/a/.cache/sonic-bridge".into()));
        assert_eq!(config(Os::Linux, home(), &none), Some("/home/a/.config/sonic-bridge".into()));
        assert_eq!(cache(Os::MacOs, home(), &none), Some("/home/a/Library/Caches/sonic-bridge".into()));
        let root = if cfg!(windows) { "C:/" } else { "/" };
        let all = |name: &str| (!name.starts_with("SONIC")).then(|| OsString::from(format!("{root}{name}")));
        let below = |name: &str| Some(PathBuf::from(format!("{root}{name}/sonic-bridge")));
        assert_eq!(cache(Os::Linux, home(), &all), below("XDG_CACHE_HOME"));
        assert_eq!(config(Os::Linux, home(), &all), below("XDG_CONFIG_HOME"));
        assert_eq!(cache(Os::Windows, None, &all), below("LOCALAPPDATA"));
        assert_eq!(config(Os::Windows, None, &all), below("APPDATA"));
        let own = |name: &str| (name == "SONIC_BRIDGE_CACHE").then(|| "here".into());
        assert_eq!(cache(Os::Linux, home(), &own), Some("here".into()));
        let relative = |name: &str| (name == "XDG_CACHE_HOME").then(|| "relative".into());
        assert_eq!(cache(Os::Linux, home(), &relative), Some("/home/a/.cache/sonic-bridge".into()));
        assert_eq!(cache(Os::Linux, None, &none), None);
    }
}
