//! L2 · where preset files live, and how they may be called.
//! Source: Steinberg, "Preset Locations".
//!
//! Thread: any. Invariant: a plugin's name never leads out of the preset folders. Deliberately absent: reading folders.

use std::{env, path::PathBuf};

/// `[any]` Folders with presets of a plugin, the user's own first. They need not exist.
pub fn folders(vendor: &str, plugin: &str) -> Vec<PathBuf> {
    let below = PathBuf::from(file_name(vendor)).join(file_name(plugin));
    roots().into_iter().map(|root| root.join(&below)).collect()
}

/// `[any]` The user's own one of them; `None` when there is no home.
pub fn own_folder(vendor: &str, plugin: &str) -> Option<PathBuf> {
    let home = home(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
    folders(vendor, plugin).into_iter().next().filter(|folder| folder.starts_with(home))
}

#[cfg(target_os = "macos")]
fn roots() -> Vec<PathBuf> {
    let home = home("HOME").map(|home| home.join("Library/Audio/Presets"));
    let fixed = ["/Library/Audio/Presets", "/Network/Library/Audio/Presets"].map(PathBuf::from);
    home.into_iter().chain(fixed).collect()
}

#[cfg(windows)]
fn roots() -> Vec<PathBuf> {
    let documents = home("USERPROFILE").map(|home| home.join("Documents").join("VST3 Presets"));
    let roaming = home("APPDATA").map(|data| data.join("VST3 Presets"));
    let all_users = home("ProgramData").map(|data| data.join("VST3 Presets"));
    [documents, roaming, all_users].into_iter().flatten().collect()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn roots() -> Vec<PathBuf> {
    let home = home("HOME").map(|home| home.join(".vst3/presets"));
    let fixed = ["/usr/share/vst3/presets", "/usr/local/share/vst3/presets"].map(PathBuf::from);
    home.into_iter().chain(fixed).collect()
}

/// A folder from the environment; relative ones are somebody's mistake.
fn home(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// `[any]` A name with the characters that files cannot have on one of the systems replaced by `_`.
pub fn file_name(name: &str) -> String {
    let safe = |character: char| match character {
        '\\' | '/' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        other if other.is_control() => '_',
        other => other,
    };
    let mut text: String = name.trim().chars().map(safe).collect();
    // Windows drops dots and blanks at the end; `.` and `..` are folders.
    while text.ends_with(['.', ' ']) {
        text.pop();
        if text.chars().all(|character| character == '.') {
            text.clear();
        }
    }
    if text.is_empty() { "_".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (name, expected) in [
            ("Warm Hall", "Warm Hall"),
            ("A/B: \"best\" <1>|2?*\\", "A_B_ _best_ _1__2___"),
            ("..", "_"),
            ("", "_"),
            (" . ", "_"),
            ("Mr. X.", "Mr. X"),
            ("tab\there", "tab_here"),
            ("..hidden", "..hidden"),
        ] {
            assert_eq!(file_name(name), expected, "{name:?}");
        }
    }

    #[test]
    fn the_users_own_folder_comes_first_and_names_follow() {
        let folders = folders("Acme/Audio", "Verb");
        assert!(folders.len() >= 2, "{folders:?}");
        assert!(folders.iter().all(|folder| folder.ends_with("Acme_Audio/Verb")), "{folders:?}");
        assert!(folders.iter().all(|folder| folder.is_absolute()), "{folders:?}");
    }
}
