//! L4 · what happens in the core, as tables that listeners of scripts get.
//!
//! Thread: script. Invariant: the names here are those of `bridge.on`. Deliberately absent: what clients are told of it;
//! the protocol script decides that.

use super::{
    api::Session,
    hub::{Hub, Level},
    json, records,
};
use crate::{
    control::core::{CoreEvent, What},
    link::{Json, SessionId},
};
use serde_json::json;
use std::rc::Rc;

/// Listeners of one program that have not come to their end.
const MAX_WAITING: usize = 1024;

/// What can be listened to, with the fields of each.
pub(super) const NOTICES: &[(&str, &str)] = &[
    ("loaded", "A chain was loaded: instance."),
    ("unloaded", "A chain is gone: instance."),
    ("param_changed", "A parameter has another value: instance, member, param, norm, plain, text, by_plugin."),
    ("values_changed", "All values of a plugin may be others: instance, member."),
    ("param_info_changed", "Parameters have other names, units or flags: instance, member."),
    ("programs_changed", "Programs changed: instance, member."),
    ("gesture", "The plugin's own knob was grasped or let go: instance, member, param, began."),
    ("latency_changed", "Latency or tail changed: instance, latency_samples, tail."),
    ("buses_changed", "Buses changed: instance, member."),
    ("state_dirty", "The state is worth saving: instance, member."),
    ("progress", "Long work inside a plugin: instance, id, share (nil at its end), text."),
    ("guard_tripped", "The guard silenced a plugin: instance, member, bypassed."),
    ("xrun", "Frames took longer than they last: instance, stream, frames."),
    ("failed", "A plugin is out of work: instance, member, reason."),
    ("scan_progress", "A module was examined: done, total, name, state."),
    ("plugins_changed", "The list of plugins is another one: rev."),
    ("session_opened", "A client came."),
    ("session_parked", "Its socket is gone; it may come back."),
    ("session_resumed", "It came back."),
    ("session_closed", "It is over."),
    ("script_reloaded", "Another text runs now: generation, files."),
    ("script_rejected", "A changed text was refused, the old one goes on: message."),
    ("shutdown", "The bridge is ending."),
];

/// `[script]` What the core says, as a name and a table.
pub(super) fn of_core(event: &CoreEvent) -> (&'static str, Json) {
    let (name, mut data) = match &event.what {
        What::Loaded => ("loaded", json!({})),
        What::Unloaded => ("unloaded", json!({})),
        What::ParamChanged { member, param, value, by_plugin } => (
            "param_changed",
            json!({
                "member": member, "param": param.0, "norm": value.normalized, "plain": value.plain,
                "text": value.text, "by_plugin": by_plugin,
            }),
        ),
        What::ValuesChanged { member } => ("values_changed", json!({ "member": member })),
        What::ParamInfoChanged { member } => ("param_info_changed", json!({ "member": member })),
        What::ProgramsChanged { member } => ("programs_changed", json!({ "member": member })),
        What::Gesture { member, param, began } => {
            ("gesture", json!({ "member": member, "param": param.0, "began": began }))
        }
        What::LatencyChanged { latency, tail } => {
            ("latency_changed", json!({ "latency_samples": latency, "tail": records::tail(*tail) }))
        }
        What::BusesChanged { member } => ("buses_changed", json!({ "member": member })),
        What::StateDirty { member } => ("state_dirty", json!({ "member": member })),
        What::Progress { id, share, text } => ("progress", json!({ "id": id, "share": share, "text": text })),
        What::GuardTripped { member, bypassed } => ("guard_tripped", json!({ "member": member, "bypassed": bypassed })),
        What::Xrun { stream, frames } => ("xrun", json!({ "stream": stream.0, "frames": frames })),
        What::Failed { member, reason } => ("failed", json!({ "member": member, "reason": reason })),
        What::ScanProgress { done, total, path, state } => {
            ("scan_progress", json!({ "done": done, "total": total, "name": records::base_name(path), "state": state }))
        }
        What::PluginsChanged { rev } => ("plugins_changed", json!({ "rev": rev })),
    };
    if let Some(instance) = event.instance {
        data["instance"] = json!(instance.0);
    }
    (name, data)
}

/// `[script]` Something happened in the core.
pub(super) fn core_event(hub: &Rc<Hub>, event: &CoreEvent) {
    let session = event.owner.map(|owner| SessionId(owner.0));
    match (event.owner, event.instance, &event.what) {
        (Some(owner), Some(instance), What::Loaded) => hub.instance_loaded(owner, instance),
        (Some(owner), Some(instance), What::Unloaded) => hub.instance_gone(owner, instance),
        _ => {}
    }
    if let Some(session) = session {
        let known = hub.seat(session, |seat| seat.rev += 1).is_ok();
        if !known {
            // What a session did before it ended concerns nobody any more.
            return;
        }
    }
    let (name, data) = of_core(event);
    tell(hub, name, &data, session);
}

/// `[script]` Tells the listeners of the program that runs.
pub(super) fn tell(hub: &Rc<Hub>, name: &str, data: &Json, session: Option<SessionId>) {
    let Some(program) = hub.program.borrow().clone() else { return };
    let listeners: Vec<_> =
        program.world.listeners.borrow().iter().filter(|listener| listener.what == name).cloned().collect();
    let protocol = session.and_then(|session| hub.seat(session, |seat| seat.info.protocol.clone()).ok());
    let protocol = protocol.and_then(|protocol| program.world.protocol(&protocol));
    if session.is_some() && protocol.is_none() {
        // Without a session it would look as if it were for everybody.
        return;
    }
    for listener in listeners {
        if Rc::strong_count(&listener) > MAX_WAITING {
            hub.log(Level::Warn, &format!("{} is too slow; an event was left out", listener.run.name));
            continue;
        }
        let table = match json::to_lua(program.lua(), data) {
            Ok(table) => table,
            Err(error) => return hub.log(Level::Error, &error.to_string()),
        };
        if let (mlua::Value::Table(table), Some(session), Some(protocol)) = (&table, session, &protocol) {
            let seat = Session::new(Rc::clone(hub), session, Rc::clone(protocol), None);
            // It fails only when the VM is full, which the listener will notice.
            let _ = table.raw_set("session", seat);
        }
        let program = Rc::clone(&program);
        tokio::task::spawn_local(async move { drop(program.run(&listener.run, table).await) });
    }
}
