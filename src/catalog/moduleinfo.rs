//! `moduleinfo.json`: what a bundle says of itself without running code.
//!
//! Thread: any. Invariant: a hint – it names what could not be examined and lists replaced class ids; it never provides a
//! path, and never makes the examination needless. Anything wrong with it means "no hint".
//! Sources: Steinberg, "ModuleInfo-JSON", both places of the file; JSON5 (trailing commas are the rule, not the exception).

use super::text::{MAX_NAME, clean};
use crate::model::PluginId;
use serde::{Deserialize, Serialize};
use std::{fs::File, io::Read as _, path::Path};

/// The largest seen in the wild has 138 KB.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Entries beyond these are ignored.
const MAX_LIST: usize = 4096;
/// More nesting is no honest file, and would go beyond the stack.
const MAX_DEPTH: usize = 64;
/// What ends a comment, by JSON5.
const LINE_ENDS: [char; 4] = ['\n', '\r', '\u{2028}', '\u{2029}'];

/// The hint, cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hint {
    pub name: String,
    pub vendor: String,
    pub version: String,
    /// Ids of the audio classes.
    pub classes: Vec<PluginIdText>,
    /// New id, and the old ids it replaces.
    pub replaces: Vec<(PluginIdText, Vec<PluginIdText>)>,
}

/// A plugin id as text, in canonical form.
pub(super) type PluginIdText = String;

/// `[any]` Reads the hint of a bundle, if it has a usable one.
pub(super) fn read(bundle: &Path) -> Option<Hint> {
    let contents = bundle.join("Contents");
    [contents.join("Resources").join("moduleinfo.json"), contents.join("moduleinfo.json")]
        .iter()
        .find_map(|file| parse(&read_bounded(file)?))
}

fn read_bounded(path: &Path) -> Option<String> {
    // A FIFO of this name would make the opening wait.
    if !path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_BYTES) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    bounded(bytes)
}

/// Text that the parser can be trusted with.
fn bounded(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    // The parser is recursive.
    if depth(&text) > MAX_DEPTH {
        return None;
    }
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// How deeply brackets stand in one another. Those in texts and comments are only signs: counted, they could hide others.
fn depth(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '[' | '{' => {
                depth += 1;
                most = most.max(depth);
            }
            ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => {
                while let Some(inside) = signs.next().filter(|inside| *inside != sign) {
                    if inside == '\\' {
                        signs.next();
                    }
                }
            }
            '/' => match signs.next() {
                Some('/') => while signs.next().is_some_and(|inside| !LINE_ENDS.contains(&inside)) {},
                Some('*') => while signs.next().is_some_and(|inside| inside != '*' || signs.peek() != Some(&'/')) {},
                _ => {}
            },
            _ => {}
        }
    }
    most
}

/// `[any]` The hint in the bytes of a file, for tests that have no file.
#[doc(hidden)]
pub fn moduleinfo_doorway(bytes: &[u8]) -> Option<serde_json::Value> {
    serde_json::to_value(parse(&bounded(bytes.to_vec())?)?).ok()
}

#[derive(Deserialize)]
struct File_ {
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Version", default)]
    version: String,
    #[serde(rename = "Factory Info", default)]
    factory: Factory,
    #[serde(rename = "Classes", default)]
    classes: Vec<Class>,
    #[serde(rename = "Compatibility", default)]
    compatibility: Vec<Compatibility>,
}

#[derive(Default, Deserialize)]
struct Factory {
    #[serde(rename = "Vendor", default)]
    vendor: String,
}

#[derive(Deserialize)]
struct Class {
    #[serde(rename = "CID", default)]
    id: String,
    #[serde(rename = "Category", alias = "Catetory", default)]
    category: String,
}

#[derive(Deserialize)]
struct Compatibility {
    #[serde(rename = "New", default)]
    new: String,
    #[serde(rename = "Old", default)]
    old: Vec<String>,
}

fn parse(text: &str) -> Option<Hint> {
    let file: File_ = json5::from_str(text).ok()?;
    let audio = |class: &&Class| class.category == "Audio Module Class";
    Some(Hint {
        name: clean(&file.name, MAX_NAME),
        vendor: clean(&file.factory.vendor, MAX_NAME),
        version: clean(&file.version, MAX_NAME),
        classes: file.classes.iter().filter(audio).take(MAX_LIST).filter_map(|class| id(&class.id)).collect(),
        replaces: file
            .compatibility
            .iter()
            .take(MAX_LIST)
            .filter_map(|entry| {
                Some((id(&entry.new)?, entry.old.iter().take(MAX_LIST).filter_map(|old| id(old)).collect()))
            })
            .collect(),
    })
}

/// Class ids stand in the file in the same canonical text as in ours, in either case.
fn id(text: &str) -> Option<PluginIdText> {
    canonical_id(text).map(|id| id.0)
}

/// `[any]` The canonical form of a VST3 id, given with or without `vst3:`, in either case.
pub(super) fn canonical_id(text: &str) -> Option<PluginId> {
    let text = text.trim();
    let hex = text.get(..5).filter(|word| word.eq_ignore_ascii_case("vst3:")).map_or(text, |_| &text[5..]);
    let valid = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| PluginId(format!("vst3:{}", hex.to_ascii_uppercase())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const SAMPLE: &str = r#"{
        // comments and trailing commas are what real files have
        "Name": "Sam\u001bple", "Version": "1.2.3",
        "Factory Info": { "Vendor": "Somebody", "URL": "x", "Flags": { "Unicode": true, }, },
        "Compatibility": [ { "New": "0123456789abcdef0123456789ABCDEF", "Old": ["FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "no"] }, ],
        "Classes": [ { "CID": "0123456789abcdef0123456789ABCDEF", "Category": "Audio Module Class", "Name": "x", },
                     { "CID": "11111111111111111111111111111111", "Category": "Component Controller Class", },
                     { "CID": "../../etc/passwd", "Catetory": "Audio Module Class", }, ],
    }"#;

    #[test]
    fn a_real_looking_file_gives_a_hint_from_both_places() {
        for place in ["Contents/Resources", "Contents"] {
            let bundle = tempfile::tempdir().expect("temp");
            fs::create_dir_all(bundle.path().join(place)).expect("made");
            fs::write(bundle.path().join(place).join("moduleinfo.json"), SAMPLE).expect("written");
            let hint = read(bundle.path()).expect("a hint");
            assert_eq!(
                (hint.name.as_str(), hint.vendor.as_str(), hint.version.as_str()),
                ("Sample", "Somebody", "1.2.3")
            );
            assert_eq!(hint.classes, ["vst3:0123456789ABCDEF0123456789ABCDEF"]);
            assert_eq!(hint.replaces[0].1, ["vst3:FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"]);
        }
    }

    #[test]
    fn a_damaged_deep_or_huge_file_is_no_hint() {
        let bundle = tempfile::tempdir().expect("temp");
        fs::create_dir_all(bundle.path().join("Contents")).expect("made");
        let file = bundle.path().join("Contents/moduleinfo.json");
        for text in ["{", "[]", "null", "", "\u{0}", &"[".repeat(1 << 20), &" ".repeat(5 << 20)] {
            fs::write(&file, text).expect("written");
            assert_eq!(read(bundle.path()), None);
        }
        assert_eq!(read(Path::new("/nowhere")), None);
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_hide_real_ones() {
        let (closing, opening) = ("]".repeat(1 << 20), "[".repeat(1 << 20));
        for hidden in [
            format!("{{ \"Name\": \"{closing}\", \"x\": {opening}"),
            format!("{{ Name: 'a\\'{closing}', x: {opening}"),
            format!("// {closing}\n{{ x: {opening}"),
            format!("// '\u{2028}{{ x: {opening}"),
            format!("/* {closing} ' */ {{ x: {opening}"),
        ] {
            assert_eq!(moduleinfo_doorway(hidden.as_bytes()), None);
        }
        let honest = format!("{{ \"Name\": \"{opening}\", /* {opening} */ // {opening}\n}}");
        assert!(moduleinfo_doorway(honest.as_bytes()).is_some());
    }

    #[test]
    fn ids_are_understood_in_every_spelling() {
        let canonical = Some(PluginId("vst3:0123456789ABCDEF0123456789ABCDEF".into()));
        assert_eq!(canonical_id("VST3:0123456789abcdef0123456789abcdef"), canonical);
        assert_eq!(canonical_id(" 0123456789ABCDEF0123456789ABCDEF"), canonical);
        assert_eq!(canonical_id("0123"), None);
        assert_eq!(canonical_id("ééééééééééééééééé"), None);
    }
}
