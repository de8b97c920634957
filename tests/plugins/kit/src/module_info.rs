//! `moduleinfo.json` from the same tables the factory answers with. Thread: main.

use crate::{
    factory::{COMPONENT, CONTROLLER, SDK},
    plugin::{Plugin, Uid, VENDOR},
};

fn class(plugin: &Plugin, id: Uid, category: &str, name: &str, sub: &str) -> String {
    let sub: Vec<_> = sub.split('|').filter(|part| !part.is_empty()).map(|part| format!("\"{part}\"")).collect();
    format!(
        "    {{\n      \"CID\": \"{}\",\n      \"Category\": \"{category}\",\n      \"Name\": \"{name}\",\n      \
         \"Vendor\": \"{VENDOR}\",\n      \"Version\": \"{}\",\n      \"SDKVersion\": \"{SDK}\",\n      \
         \"Sub Categories\": [{}],\n      \"Class Flags\": 0,\n      \"Cardinality\": 2147483647,\n      \
         \"Snapshots\": []\n    }}",
        id.hex(),
        plugin.version,
        sub.join(", "),
    )
}

/// `[main]` The file's text. None of the names needs escaping.
pub fn module_info(plugin: &Plugin) -> String {
    let mut classes = vec![class(plugin, plugin.class, COMPONENT, plugin.name, plugin.categories)];
    if let Some(id) = plugin.controller {
        classes.push(class(plugin, id, CONTROLLER, &format!("{} Controller", plugin.name), ""));
    }
    format!(
        "{{\n  \"Name\": \"{}\",\n  \"Version\": \"{}\",\n  \"Factory Info\": {{\n    \"Vendor\": \"{VENDOR}\",\n    \
         \"URL\": \"\",\n    \"E-Mail\": \"\",\n    \"Flags\": {{\n      \"Unicode\": true,\n      \
         \"Classes Discardable\": false,\n      \"Component Non Discardable\": false\n    }}\n  }},\n  \
         \"Compatibility\": [],\n  \"Classes\": [\n{}\n  ]\n}}\n",
        plugin.name,
        plugin.version,
        classes.join(",\n"),
    )
}
