//! `moduleinfo.json` of a bundle.

use crate::memory;
use serde_json::Value;
use sonic_bridge::catalog;

/// Characters of a name, and rows of a list.
const MAX_NAME: usize = 256;
const MAX_LIST: usize = 4096;

/// Whatever the file says: no panic, memory in proportion, and a hint has clean names and real ids only.
pub fn check(data: &[u8]) {
    let hint = memory::within(64 * data.len() + (1 << 20), || catalog::moduleinfo_doorway(data));
    let Some(hint) = hint else { return };
    for member in ["name", "vendor", "version"] {
        let text = hint[member].as_str().unwrap();
        assert!(text.chars().count() <= MAX_NAME, "{member}: {text:?}");
        assert!(!text.chars().any(char::is_control), "{member}: {text:?}");
    }
    ids(&hint["classes"]);
    let replaces = hint["replaces"].as_array().unwrap();
    assert!(replaces.len() <= MAX_LIST);
    for pair in replaces {
        id(&pair[0]);
        ids(&pair[1]);
    }
}

fn ids(list: &Value) {
    let list = list.as_array().unwrap();
    assert!(list.len() <= MAX_LIST);
    list.iter().for_each(id);
}

fn id(id: &Value) {
    let hex = id.as_str().unwrap().strip_prefix("vst3:").unwrap();
    assert!(hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte)), "{hex}");
}
