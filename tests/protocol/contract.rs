//! The verbs and events that clients rely on.

use super::rig::script;
use sonic_bridge::script::describe;
use std::{collections::BTreeSet, rc::Rc};

const VERBS: &str = "PING GET_VERSION GET_CAPS GET_LIMITS GET_STATUS SUBSCRIBE CANCEL BATCH LIST_PLUGINS GET_PLUGIN \
    SCAN_PLUGINS GET_SCAN_REPORT BLOCK_PLUGIN UNBLOCK_PLUGIN LOAD_PLUGIN UNLOAD_PLUGIN LIST_INSTANCES GET_INSTANCE \
    RESTART_INSTANCE RESET_INSTANCE SET_BYPASS LIST_PARAMS GET_PARAM SET_PARAM SET_PARAMS BEGIN_EDIT END_EDIT \
    PARAM_TO_TEXT TEXT_TO_PARAM GET_STATE SET_STATE LIST_PRESETS LOAD_PRESET SAVE_PRESET LIST_PROGRAMS SET_PROGRAM \
    OPEN_STREAM PROCESS_AUDIO FLUSH_STREAM CLOSE_STREAM PANIC SEND_EVENTS SET_TRANSPORT SAVE_SESSION RESTORE_SESSION \
    GET_SNAPSHOT GET_TIMINGS RESET_TIMINGS";

const EVENTS: &str = "PLUGIN_LOADED PLUGIN_UNLOADED PLUGIN_FAILED PARAM_CHANGED PARAMS_CHANGED PARAM_INFO_CHANGED \
    PROGRAMS_CHANGED GESTURE LATENCY_CHANGED BUSES_CHANGED STATE_DIRTY PROGRESS GUARD_TRIPPED XRUN SCAN_PROGRESS \
    PLUGINS_CHANGED SCRIPT_RELOADED SCRIPT_REJECTED SHUTDOWN SESSION_TAKEN_OVER";

#[test]
fn exactly_these_are_declared() {
    let shipped = describe(&script(None), Rc::new(|_| {})).expect("the shipped protocol");
    let protocol = &shipped.protocols[0];
    let verbs: BTreeSet<&str> = protocol.verbs.iter().map(|verb| verb.name.as_str()).collect();
    assert_eq!(verbs, VERBS.split_whitespace().collect());
    let events: BTreeSet<&str> = protocol.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, EVENTS.split_whitespace().collect());
    for event in &protocol.events {
        let class = match event.name.as_str() {
            "PARAM_CHANGED" => "params",
            "SCRIPT_RELOADED" | "SCRIPT_REJECTED" => "scripts",
            _ => "lifecycle",
        };
        assert_eq!(event.class, class, "{}", event.name);
    }
    let scopes: BTreeSet<&str> = protocol.verbs.iter().filter_map(|verb| verb.scope.as_deref()).collect();
    assert_eq!(scopes, super::rig::SCOPES.iter().copied().collect(), "what a paired browser has is enough for all");
}
