//! L4 · loading a chain of plugins.

use super::{lua_of, options, session::Session, state};
use crate::{
    control::core::{LoadRequest, Wanted},
    link::{Fault, Json},
    model::ErrorCode,
    plugin::ProcessMode,
    script::{fault::Problem, records},
};
use mlua::{Lua, Value};
use serde::Deserialize;

#[derive(Deserialize)]
struct Load {
    plugin_id: Option<String>,
    plugins: Option<Vec<Json>>,
    state: Option<String>,
    sample_rate: Option<f64>,
    max_block: Option<u32>,
    channels: Option<usize>,
    mode: Option<String>,
}

#[derive(Deserialize)]
struct Plugin {
    plugin_id: String,
    state: Option<String>,
    preset: Option<String>,
}

/// `[any]` A mode by its name.
pub(super) fn mode(name: Option<&str>) -> Result<ProcessMode, Problem> {
    match name {
        None | Some("realtime") => Ok(ProcessMode::Realtime),
        Some("offline") => Ok(ProcessMode::Offline),
        Some(_) => {
            let message = "“mode” has to be \"realtime\" or \"offline\"";
            Err(Fault::new(ErrorCode::OUT_OF_RANGE, message).into())
        }
    }
}

/// `session:load(options)`
pub(super) async fn load(lua: Lua, session: Session, wanted: Value) -> Result<Value, Problem> {
    let wanted: Load = options(&wanted)?;
    let mut plugins = Vec::new();
    for plugin in wanted.plugins.into_iter().flatten().chain(wanted.plugin_id.map(Json::String)) {
        plugins.push(one(plugin)?);
    }
    if plugins.is_empty() {
        let message = "no plugin is named; give plugin_id, or plugins as a list";
        return Err(Fault::new(ErrorCode::FIELD_MISSING, message).into());
    }
    if let Some(text) = wanted.state {
        let states = state::unpack(&text)?;
        if states.len() != plugins.len() {
            let message = format!("the state is of {} plugins, and {} are to be loaded", states.len(), plugins.len());
            return Err(Fault::new(ErrorCode::STATE_REJECTED, message).into());
        }
        for (plugin, state) in plugins.iter_mut().zip(states) {
            plugin.state = Some(state);
        }
    }
    let request = LoadRequest {
        owner: session.id.owner(),
        plugins,
        sample_rate: wanted.sample_rate.unwrap_or(48_000.0),
        max_block: wanted.max_block.unwrap_or(1024),
        channels: wanted.channels.unwrap_or(2),
        mode: mode(wanted.mode.as_deref())?,
    };
    let record = session.hub.backend.load(request).await?;
    session.hub.instance_loaded(session.id.owner(), record.id);
    lua_of(&lua, &records::instance(&record))
}

fn one(plugin: Json) -> Result<Wanted, Problem> {
    if let Json::String(query) = plugin {
        return Ok(Wanted { query, ..Wanted::default() });
    }
    let plugin: Plugin = serde_json::from_value(plugin).map_err(|_| {
        let message = "each of “plugins” has to be a text, or an object with plugin_id and perhaps state and preset";
        Fault::new(ErrorCode::FIELD_TYPE, message)
    })?;
    let mut state = None;
    if let Some(text) = plugin.state {
        let mut states = state::unpack(&text)?;
        if states.len() != 1 {
            let message = format!("the state of {} is one of {} plugins", plugin.plugin_id, states.len());
            return Err(Fault::new(ErrorCode::STATE_REJECTED, message).into());
        }
        state = states.pop();
    }
    Ok(Wanted { query: plugin.plugin_id, state, preset: plugin.preset })
}
