//! L4 · the Lua API for a reader.

use crate::script::{
    api::{Form, TOPICS},
    notices::NOTICES,
};
use std::fmt::Write as _;

const HEAD: &str = "\
# The Lua API

Made from `src/script/api/`; do not edit. What a script can call.

```lua
local bridge = require \"bridge\"
local proto  = bridge.protocol \"sonic-core\"

proto:verb \"DOUBLE\" {
  doc    = \"Twice a number.\",
  params = { value = \"number\" },
  result = { value = \"number\" },
  run    = function(session, p)
    return { value = 2 * p.value }
  end,
}
```

Scripts are Lua as Luau runs it: no files, no processes, no `goto`; what Lua 5.1 to 5.4 have in common works. A script is
loaded anew when it is saved; sessions, instances and streams stay. One that does not load changes nothing, and says where
and why. A handler may run for `scripts.call_ms` before it waits or returns; one that fails three times in a row is switched
off until the script is saved again. Functions marked *waits* let other handlers go on meanwhile.

## Types of fields

| type | what it is |
|---|---|
| `\"number\"`, `\"integer\"`, `\"text\"`, `\"boolean\"`, `\"object\"`, `\"list\"`, `\"any\"` | as they say; numbers are finite |
| `\"instance\"`, `\"stream\"` | a number from LOAD_PLUGIN, OPEN_STREAM |
| `\"param\"` | the number or name of a parameter |
| `\"value\"` | a number or a text |
| `\"integer?\"` | may be left out |
| `{ \"integer\", min = 0, max = 10, default = 3, doc = \"…\" }` | with limits, a default and a sentence; `max` bounds texts and lists, too |
| `{ \"norm\", \"plain\", default = \"norm\" }` | one of these words |
| `{ \"list\", of = \"text\" }` | each entry of a type |
| `{ \"object\", fields = { … } }` | with fields of its own |
| `{ \"integer\", null = true }` | in results: null where there is nothing |
| `\"Instance\"` | a record declared with `proto:record` |
";

/// `[any]` The page.
pub(super) fn page() -> String {
    let mut text = HEAD.to_owned();
    for topic in TOPICS {
        let sign = if topic.form == Form::Module { "." } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n", topic.name, topic.doc);
        for entry in topic.functions {
            let params: Vec<&str> = entry.params.iter().map(|(name, ..)| *name).collect();
            let returns =
                if entry.returns.is_empty() { String::new() } else { format!(" → {}", entry.returns.join(", ")) };
            let waits = if entry.waits { " *Waits.*" } else { "" };
            let name = topic.name;
            let _ = write!(
                text,
                "\n### {name}{sign}{}({}){returns}\n\n{}{waits}\n",
                entry.name,
                params.join(", "),
                entry.doc
            );
            if entry.params.iter().any(|(.., doc)| !doc.is_empty()) {
                text.push('\n');
            }
            for (name, kind, doc) in entry.params.iter().filter(|(.., doc)| !doc.is_empty()) {
                let _ = writeln!(text, "- `{name}` ({kind}): {doc}");
            }
        }
    }
    text.push_str("\n## Events\n\nNames for `bridge.on`, and the fields of the table its function gets.\n\n");
    text.push_str("| name | when, and what comes with it |\n|---|---|\n");
    for (name, doc) in NOTICES {
        let _ = writeln!(text, "| `{name}` | {doc} |");
    }
    text
}
