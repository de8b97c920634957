//! L4 · a loaded chain of plugins.

use super::{
    events, lua_list, lua_of, options,
    param::ParamHandle,
    session::Session,
    spec::{Entry, Form, Topic, handle},
    state,
};
use crate::{
    control::core::{EventBatch, InstanceId, ParamRef, TransportChange},
    link::Fault,
    model::ErrorCode,
    script::{
        fault::{Problem, at_once, waiting},
        records,
    },
};
use mlua::{Lua, Value};
use serde::Deserialize;
use serde_json::json;

/// An instance in Lua: a number, looked up whenever it is used.
#[derive(Clone)]
pub(super) struct Instance {
    pub session: Session,
    pub id: InstanceId,
}

handle!(Instance, TOPIC);

/// Parameters in one answer.
const MAX_PARAMS: usize = 2000;

pub(super) static TOPIC: Topic = Topic {
    name: "Instance",
    form: Form::Class,
    doc: "A chain of one or more plugins that a session loaded. Members of the chain are counted from 0.",
    functions: &[
        Entry {
            name: "id",
            params: &[],
            returns: &["integer"],
            doc: "Its number.",
            waits: false,
            make: |lua| at_once(lua, |_, this: Instance| Ok(this.id.0)),
        },
        Entry {
            name: "record",
            params: &[],
            returns: &["table"],
            doc: "All that is known of it.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, Instance { session, id }| async move {
                    let record = session.hub.backend.instance(session.id.owner(), id).await?;
                    lua_of(&lua, &records::instance(&record))
                })
            },
        },
        Entry {
            name: "plugins",
            params: &[],
            returns: &["table[]"],
            doc: "Its plugins with id, name, vendor, version and kind, without waiting.",
            waits: false,
            make: |lua| {
                at_once(lua, |lua, Instance { session, id }| {
                    let members = session.hub.backend.members(session.id.owner(), id)?;
                    lua_list(lua, members.iter().map(|(plugin, _)| records::plugin(plugin)))
                })
            },
        },
        Entry {
            name: "unload",
            params: &[],
            returns: &[],
            doc: "Unloads it; its stream ends.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, Instance { session, id }| async move {
                    session.hub.backend.unload(session.id.owner(), id).await?;
                    session.hub.instance_gone(session.id.owner(), id);
                    Ok(())
                })
            },
        },
        Entry {
            name: "restart",
            params: &[],
            returns: &["table"],
            doc: "Saves its state, makes it anew, restores; returns the record.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, Instance { session, id }| async move {
                    let record = session.hub.backend.restart(session.id.owner(), id).await?;
                    lua_of(&lua, &records::instance(&record))
                })
            },
        },
        Entry {
            name: "reset",
            params: &[],
            returns: &[],
            doc: "Forgets all that rings, ends all notes, gives guarded plugins another chance.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, Instance { session, id }| async move {
                    Ok(session.hub.backend.reset(session.id.owner(), id).await?)
                })
            },
        },
        Entry {
            name: "bypass",
            params: &[("on", "boolean", "")],
            returns: &[],
            doc: "Lets sound run past it, as late as through it, or through it again.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, (Instance { session, id }, on): (Instance, bool)| async move {
                    Ok(session.hub.backend.set_bypass(session.id.owner(), id, on).await?)
                })
            },
        },
        Entry {
            name: "param",
            params: &[("param", "any", "number, name, group/name or a unique part"), ("member", "integer?", "0")],
            returns: &["Param"],
            doc: "One parameter. Whether it is there is seen when it is used.",
            waits: false,
            make: |lua| at_once(lua, param),
        },
        Entry {
            name: "params",
            params: &[
                ("member", "integer?", "0"),
                ("from", "integer?", "0"),
                ("count", "integer?", "500, at most 2000"),
            ],
            returns: &["table[]", "integer"],
            doc: "Parameters with their values and texts, and how many there are.",
            waits: true,
            make: |lua| waiting(lua, |lua, (this, member, from, count)| params(lua, this, member, from, count)),
        },
        Entry {
            name: "values",
            params: &[],
            returns: &["table[]"],
            doc: "All parameters as { member, id, norm }, without waiting.",
            waits: false,
            make: |lua| at_once(lua, values),
        },
        Entry {
            name: "state",
            params: &[],
            returns: &["string"],
            doc: "The settings of all its plugins, as text that only set_state and load understand.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, Instance { session, id }| async move {
                    let states = session.hub.backend.states(session.id.owner(), id).await?;
                    state::pack(&states)
                })
            },
        },
        Entry {
            name: "set_state",
            params: &[("state", "string", "from state()")],
            returns: &[],
            doc: "Restores settings; STATE_REJECTED if they are of other plugins.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, (Instance { session, id }, text): (Instance, String)| async move {
                    let (owner, states) = (session.id.owner(), state::unpack(&text)?);
                    let members = session.hub.backend.members(owner, id)?;
                    state::fits(&states, members.iter().map(|(plugin, _)| &plugin.id))?;
                    Ok(session.hub.backend.set_states(owner, id, states).await?)
                })
            },
        },
        Entry {
            name: "presets",
            params: &[("member", "integer?", "0")],
            returns: &["table[]"],
            doc: "Presets in the standard folders: name, scope.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, (Instance { session, id }, member): (Instance, Option<usize>)| async move {
                    let all = session.hub.backend.presets(session.id.owner(), id, member.unwrap_or(0)).await?;
                    lua_list(&lua, all.iter().map(records::preset))
                })
            },
        },
        Entry {
            name: "load_preset",
            params: &[("name", "string", ""), ("member", "integer?", "0")],
            returns: &[],
            doc: "Loads a preset.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, (this, name, member): (Instance, String, Option<usize>)| async move {
                    let Instance { session, id } = this;
                    Ok(session.hub.backend.load_preset(session.id.owner(), id, member.unwrap_or(0), name).await?)
                })
            },
        },
        Entry {
            name: "save_preset",
            params: &[
                ("name", "string", "a name, not a path"),
                ("member", "integer?", "0"),
                ("overwrite", "boolean?", "false"),
            ],
            returns: &["table"],
            doc: "Saves the present settings as a preset of the user.",
            waits: true,
            make: |lua| {
                waiting(
                    lua,
                    |lua, (this, name, member, over): (Instance, String, Option<usize>, Option<bool>)| async move {
                        let (owner, member) = (this.session.id.owner(), member.unwrap_or(0));
                        let saving =
                            this.session.hub.backend.save_preset(owner, this.id, member, name, over == Some(true));
                        lua_of(&lua, &records::preset(&saving.await?))
                    },
                )
            },
        },
        Entry {
            name: "programs",
            params: &[("member", "integer?", "0")],
            returns: &["table[]"],
            doc: "Lists of programs: id, name, programs, current.",
            waits: true,
            make: |lua| {
                waiting(lua, |lua, (Instance { session, id }, member): (Instance, Option<usize>)| async move {
                    let all = session.hub.backend.programs(session.id.owner(), id, member.unwrap_or(0)).await?;
                    lua_list(&lua, all.iter().map(records::programs))
                })
            },
        },
        Entry {
            name: "set_program",
            params: &[
                ("list", "integer", "id of the list"),
                ("program", "integer", "from 0"),
                ("member", "integer?", "0"),
            ],
            returns: &[],
            doc: "Chooses a program.",
            waits: true,
            make: |lua| {
                waiting(lua, |_, (this, list, program, member): (Instance, i32, usize, Option<usize>)| async move {
                    let (owner, member) = (this.session.id.owner(), member.unwrap_or(0));
                    Ok(this.session.hub.backend.set_program(owner, this.id, member, list, program).await?)
                })
            },
        },
        Entry {
            name: "send",
            params: &[
                ("events", "table[]", "{ type = \"note_on\", key, velocity, offset, channel, note } and so on"),
                ("member", "integer?", "every one that takes notes"),
            ],
            returns: &[],
            doc: "Notes and controllers for the next block.",
            waits: false,
            make: |lua| at_once(lua, send),
        },
        Entry {
            name: "transport",
            params: &[("change", "table", "playing, tempo, signature, position, cycle, cycling")],
            returns: &[],
            doc: "Musical time from the next block on; what is left out stays.",
            waits: false,
            make: |lua| at_once(lua, transport),
        },
    ],
};

fn param(_: &Lua, (instance, param, member): (Instance, Value, Option<usize>)) -> Result<ParamHandle, Problem> {
    let wanted = match param {
        Value::Integer(id) if u32::try_from(id).is_ok() => ParamRef::Id(crate::model::ParamId(id as u32)),
        Value::String(name) => ParamRef::Name(name.to_string_lossy()),
        other => {
            let message = format!("a parameter is named by its number or a text, not by a {}", other.type_name());
            return Err(Fault::new(ErrorCode::FIELD_TYPE, message).into());
        }
    };
    Ok(ParamHandle { instance, member: member.unwrap_or(0), wanted })
}

async fn params(
    lua: Lua,
    this: Instance,
    member: Option<usize>,
    from: Option<usize>,
    count: Option<usize>,
) -> Result<(Value, usize), Problem> {
    let Instance { session, id } = this;
    let count = count.unwrap_or(500).min(MAX_PARAMS);
    let asking = session.hub.backend.params(session.id.owner(), id, member.unwrap_or(0), from.unwrap_or(0), count);
    let (params, total) = asking.await?;
    Ok((lua_list(&lua, params.iter().map(records::param))?, total))
}

fn values(lua: &Lua, Instance { session, id }: Instance) -> Result<Value, Problem> {
    let (backend, owner) = (&session.hub.backend, session.id.owner());
    let mut all = Vec::new();
    for (member, (_, params)) in backend.members(owner, id)?.iter().enumerate() {
        for info in params.iter().filter(|info| !info.flags.hidden) {
            let norm = backend.normalized(owner, id, member, info.id)?;
            all.push(json!({ "member": member, "id": info.id.0, "norm": norm }));
        }
    }
    lua_list(lua, all.into_iter())
}

fn send(_: &Lua, (this, list, member): (Instance, Value, Option<usize>)) -> Result<(), Problem> {
    let events = events::notes(&list)?;
    let Instance { session, id } = this;
    Ok(session.hub.backend.send_events(session.id.owner(), id, EventBatch { member, events })?)
}

#[derive(Deserialize)]
struct Transport {
    playing: Option<bool>,
    tempo: Option<f64>,
    signature: Option<(u16, u16)>,
    position: Option<i64>,
    cycle: Option<(f64, f64)>,
    cycling: Option<bool>,
}

fn transport(_: &Lua, (this, change): (Instance, Value)) -> Result<(), Problem> {
    let Transport { playing, tempo, signature, position, cycle, cycling } = options(&change)?;
    let out = |what: &str| Err(Fault::new(ErrorCode::OUT_OF_RANGE, what.to_owned()).into());
    if tempo.is_some_and(|tempo| !(1.0..=1000.0).contains(&tempo)) {
        return out("“tempo” has to be from 1 to 1000 quarters a minute");
    }
    if signature.is_some_and(|(over, under)| over == 0 || over > 255 || !under.is_power_of_two() || under > 128) {
        return out("“signature” has to be a number from 1 to 255 over 1, 2, 4, 8, 16, 32, 64 or 128");
    }
    if cycle.is_some_and(|(from, to)| from < 0.0 || to < from) {
        return out("“cycle” has to be two places in quarters, the later one second");
    }
    let change = TransportChange { playing, tempo, signature, position, cycle, cycling };
    let Instance { session, id } = this;
    Ok(session.hub.backend.set_transport(session.id.owner(), id, change)?)
}
