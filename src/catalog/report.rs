//! What the examining child tells its parent: one JSON document in a file of the parent's choice.
//!
//! Why a file that is opened only when there is something to say, and not a pipe: plugins print, close every descriptor
//! they can reach, fork, and leave through `exit`. None of that reaches a path. The document appears by renaming, so that
//! a half-written one is never seen, and carries a token drawn for this one examination.
//! Thread: any. Invariant: reading never takes more than [`MAX_BYTES`] and trusts nothing that was read.

use super::record::Record;
use crate::{model::PluginInfo, plugin::PluginError};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::Path,
};

/// A report of thousands of plugins with names of full length is smaller.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The largest honest modules hold a few hundred.
const MAX_PLUGINS: usize = 4096;

#[derive(Serialize, Deserialize)]
struct Document {
    token: String,
    plugins: Vec<Record>,
    error: Option<String>,
}

/// `[main]` Writes the result of an examination. In the child, with a plugin's code loaded.
pub fn write(path: &Path, token: &str, result: &Result<Vec<PluginInfo>, PluginError>) -> io::Result<()> {
    let (plugins, error) = match result {
        Ok(infos) if infos.len() > MAX_PLUGINS => {
            (Vec::new(), Some(format!("it lists {} plugins, which cannot be true", infos.len())))
        }
        Ok(infos) => (infos.iter().filter_map(|info| Record::of(info).cleaned(&info.name)).collect(), None),
        Err(error) => (Vec::new(), Some(reason(error))),
    };
    let document = serde_json::to_vec(&Document { token: token.to_owned(), plugins, error })?;
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    // The plugin may have changed the umask so that nobody could read the file.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(&document)?;
    drop(file);
    fs::rename(part, path)
}

/// The row names the path already.
fn reason(error: &PluginError) -> String {
    match error {
        PluginError::Module { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

/// `[any]` Reads a report: the plugins, or why there are none. `None` when there is no report.
pub(super) fn read(path: &Path, token: &str, fallback: &str) -> Option<Result<Vec<Record>, String>> {
    let metadata = path.symlink_metadata().ok()?;
    let nonsense = |what: &str| Some(Err(format!("it returned nonsense ({what})")));
    if !metadata.is_file() {
        return nonsense("the report is not a file");
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > MAX_BYTES {
        return nonsense("the report is larger than 16 MiB");
    }
    let Ok(document) = serde_json::from_slice::<Document>(&bytes) else {
        return nonsense("the report cannot be read");
    };
    if document.token != token {
        return nonsense("the report is not the one asked for");
    }
    if let Some(error) = document.error {
        return Some(Err(super::text::clean(&error, 1000)));
    }
    if document.plugins.len() > MAX_PLUGINS {
        return nonsense("it lists thousands of plugins");
    }
    let listed = document.plugins.len();
    let plugins: Vec<Record> = document.plugins.into_iter().filter_map(|record| record.cleaned(fallback)).collect();
    match (listed, plugins.len()) {
        (0, _) => Some(Err("it lists no audio plugin".into())),
        (_, 0) => nonsense("no plugin has a valid id"),
        _ => Some(Ok(plugins)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PluginFormat, PluginId, PluginKind};

    fn info(name: &str) -> PluginInfo {
        PluginInfo {
            id: PluginId("vst3:0123456789ABCDEF0123456789ABCDEF".into()),
            name: name.into(),
            vendor: "V".into(),
            version: "1".into(),
            format: PluginFormat::Vst3,
            kind: PluginKind::Instrument,
            categories: vec!["Instrument".into(), "Synth".into()],
            sdk: "VST 3.8".into(),
            path: "/not/told".into(),
            distributable: true,
        }
    }

    #[test]
    fn what_was_found_arrives() {
        let folder = tempfile::tempdir().expect("temp");
        let path = folder.path().join("report.json");
        write(&path, "t", &Ok(vec![info("Synth")])).expect("written");
        let records = read(&path, "t", "fallback").expect("there").expect("good");
        let expected = PluginInfo { path: "/known".into(), ..info("Synth") };
        assert_eq!(records[0].info(Path::new("/known")), expected);
    }

    #[test]
    fn nonsense_is_a_reason_or_is_cleaned() {
        let folder = tempfile::tempdir().expect("temp");
        let path = folder.path().join("report.json");
        assert!(read(&path, "t", "f").is_none());
        let reason = |text: &[u8]| {
            fs::write(&path, text).expect("written");
            read(&path, "t", "f").expect("there").expect_err("nonsense")
        };
        assert!(reason(b"\xff\xfe").contains("nonsense"));
        assert!(reason(b"{}").contains("nonsense"));
        assert!(reason(br#"{"token":"u","plugins":[],"error":null}"#).contains("not the one asked for"));
        assert!(reason(br#"{"token":"t","plugins":[],"error":null}"#).contains("no audio plugin"));
        assert!(reason(&vec![b' '; (16 << 20) + 1]).contains("larger"));
        assert_eq!(reason(br#"{"token":"t","plugins":[],"error":"a\u001bb"}"#), "ab");
        write(&path, "t", &Ok(vec![info(""), info(&"x\u{1b}".repeat(1 << 20))])).expect("written");
        let records = read(&path, "t", "File name").expect("there").expect("good");
        assert_eq!(records[0].name, "File name");
        assert_eq!(records[1].name.chars().count(), 256);
        write(&path, "t", &Ok(vec![info("x"); 5000])).expect("written");
        assert!(read(&path, "t", "f").expect("there").expect_err("absurd").contains("5000"));
    }
}
