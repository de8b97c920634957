//! L2 · where preset files live.
use std::path::PathBuf;
/// `[any]` Folders with presets of a plugin, the user's own first. They need not exist.
pub fn folders(_vendor: &str, _plugin: &str) -> Vec<PathBuf> {
    Vec::new()
}
/// `[any]` A name with the characters that files cannot have replaced by `_`.
pub fn file_name(name: &str) -> String {
    name.to_owned()
}
