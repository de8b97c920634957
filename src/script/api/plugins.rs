//! L4 · the plugins on this machine.

use super::{
    lua_list, lua_of,
    spec::{Entry, Form, Topic},
};
use crate::{
    control::core::{PluginCard, PluginList},
    link::Fault,
    model::{ErrorCode, nearest},
    script::{
        fault::{Problem, at_once, waiting},
        records,
        world::World,
    },
};
use mlua::{Lua, Value};

pub(super) static TOPIC: Topic = Topic {
    name: "bridge.plugins",
    form: Form::Object,
    doc: "The plugins on this machine, as they were last looked for.",
    functions: &[
        Entry {
            name: "list",
            params: &[],
            returns: &["table"],
            doc: "All of them: rev, total, plugins. Each has id, name, vendor, version, format, kind, categories, state \
                  and perhaps reason.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, _this: Value| {
                    let hub = World::of(lua)?.live("the list of plugins")?;
                    lua_of(lua, &records::plugins(&hub.backend.plugins()))
                })
            },
        },
        Entry {
            name: "find",
            params: &[("plugin", "string", "id, exact name, or a unique part of it")],
            returns: &["table"],
            doc: "One of them.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, (_this, query): (Value, String)| {
                    let hub = World::of(lua)?.live("the list of plugins")?;
                    let list = hub.backend.plugins();
                    lua_of(lua, &records::card(find(&list, &query)?))
                })
            },
        },
        Entry {
            name: "modules",
            params: &[],
            returns: &["table[]"],
            doc: "What the last scan says of each file: name, state, reason, plugins, took_ms.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, _this: Value| {
                    let hub = World::of(lua)?.live("the report of the scan")?;
                    lua_list(lua, hub.backend.plugins().modules.iter().map(records::module))
                })
            },
        },
        Entry {
            name: "scan",
            params: &[
                ("rescan", "boolean?", "examine everything anew; false"),
                ("plugin", "string?", "only the file of this plugin"),
            ],
            returns: &["table"],
            doc: "Looks for plugins again, in processes of its own.",
            waits: true,
            make: |lua| waiting(lua, |lua, (_this, rescan, plugin): (Value, _, _)| scan(lua, rescan, plugin)),
        },
        Entry {
            name: "block",
            params: &[("plugin", "string", "id or name"), ("reason", "string?", "shown in lists")],
            returns: &[],
            doc: "Keeps a plugin from being loaded.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, (_this, plugin, reason): (Value, String, Option<String>)| async move {
                    let hub = World::of(&lua)?.live("the list of plugins")?;
                    Ok(hub.backend.set_blocked(plugin, true, reason).await?)
                })
            },
        },
        Entry {
            name: "unblock",
            params: &[("plugin", "string", "id or name")],
            returns: &[],
            doc: "Gives it free.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, (_this, plugin): (Value, String)| async move {
                    let hub = World::of(&lua)?.live("the list of plugins")?;
                    Ok(hub.backend.set_blocked(plugin, false, None).await?)
                })
            },
        },
    ],
};

fn find<'a>(list: &'a PluginList, query: &str) -> Result<&'a PluginCard, Problem> {
    let lower = query.to_lowercase();
    let tests: [&dyn Fn(&PluginCard) -> bool; 4] = [
        &|card| card.info.id.0.eq_ignore_ascii_case(query),
        &|card| card.info.name == query,
        &|card| card.info.name.to_lowercase() == lower,
        &|card| !lower.is_empty() && card.info.name.to_lowercase().contains(&lower),
    ];
    let shown: String = query.chars().take(60).collect();
    for test in tests {
        let found: Vec<&PluginCard> = list.plugins.iter().filter(|card| test(card)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one),
            several => {
                let names: Vec<&str> = several.iter().take(8).map(|card| card.info.name.as_str()).collect();
                let message = format!("“{shown}” fits several plugins: {}; give an id", names.join(", "));
                return Err(Fault::new(ErrorCode::AMBIGUOUS, message).into());
            }
        }
    }
    let near = nearest(query, list.plugins.iter().map(|card| card.info.name.as_str()));
    let near = near.first().map(|near| format!("; did you mean “{near}”?")).unwrap_or_default();
    Err(Fault::new(ErrorCode::PLUGIN_NOT_FOUND, format!("there is no plugin “{shown}”{near}")).into())
}

async fn scan(lua: Lua, rescan: Option<bool>, plugin: Option<String>) -> Result<Value, Problem> {
    let hub = World::of(&lua)?.live("the list of plugins")?;
    let only = match plugin {
        Some(query) => Some(find(&hub.backend.plugins(), &query)?.info.path.clone()),
        None => None,
    };
    let list = hub.backend.scan(rescan.unwrap_or(false), only).await?;
    lua_of(&lua, &records::plugins(&list))
}
