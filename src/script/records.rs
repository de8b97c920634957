//! L4 · records of the core as JSON: the shapes that the protocol documents.
//!
//! Thread: any. Invariant: no path leaves the machine, only names of files. Deliberately absent: which verb answers what.

use crate::{
    control::core::{
        InstanceRecord, MemberRecord, ModuleCard, ParamRecord, ParamValue, PluginCard, PluginList, PresetRecord,
        ProgramListRecord, Timings,
    },
    link::Json,
    model::{BusInfo, BusKind, ParamInfo, ParamKind, PluginInfo},
    plugin::Tail,
};
use serde_json::json;
use std::path::Path;

/// `[any]` The last part of a path.
pub(super) fn base_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// `[any]` How long something sounds on.
pub(super) fn tail(tail: Tail) -> Json {
    match tail {
        Tail::None => json!({ "kind": "none", "samples": 0 }),
        Tail::Samples(samples) => json!({ "kind": "samples", "samples": samples }),
        Tail::Infinite => json!({ "kind": "infinite", "samples": 0 }),
    }
}

/// `[any]` The short record of a plugin.
pub(super) fn plugin(info: &PluginInfo) -> Json {
    json!({
        "id": info.id.0, "name": info.name, "vendor": info.vendor, "version": info.version, "kind": info.kind.name(),
    })
}

/// `[any]` A plugin in the list.
pub(super) fn card(card: &PluginCard) -> Json {
    let mut record = plugin(&card.info);
    record["format"] = json!(card.info.format.name());
    record["categories"] = json!(card.info.categories);
    record["state"] = json!(card.state);
    record["file"] = json!(base_name(&card.info.path));
    if let Some(reason) = &card.reason {
        record["reason"] = json!(reason);
    }
    record
}

/// `[any]` All plugins.
pub(super) fn plugins(list: &PluginList) -> Json {
    json!({ "rev": list.rev, "total": list.plugins.len(), "plugins": list.plugins.iter().map(card).collect::<Vec<_>>() })
}

/// `[any]` A module of a scan.
pub(super) fn module(module: &ModuleCard) -> Json {
    let mut record = json!({ "name": base_name(&module.path), "state": module.state, "plugins": module.plugins });
    if let Some(reason) = &module.reason {
        record["reason"] = json!(reason);
    }
    if let Some(took) = module.took_ms {
        record["took_ms"] = json!(took);
    }
    record
}

fn bus(bus: &BusInfo) -> Json {
    let kind = if bus.kind == BusKind::Main { "main" } else { "aux" };
    json!({ "name": bus.name, "channels": bus.channels, "kind": kind, "active": bus.active })
}

fn member(member: &MemberRecord) -> Json {
    let samples = match member.tail {
        Tail::None => json!(0),
        Tail::Samples(samples) => json!(samples),
        Tail::Infinite => json!("infinite"),
    };
    let layout = &member.layout;
    json!({
        "plugin": plugin(&member.plugin), "lanes": member.lanes, "latency": member.latency, "tail_samples": samples,
        "params": member.params, "inputs": layout.inputs.iter().map(bus).collect::<Vec<_>>(),
        "outputs": layout.outputs.iter().map(bus).collect::<Vec<_>>(), "event_inputs": layout.event_inputs.len(),
        "interfaces": member.interfaces,
    })
}

/// `[any]` A loaded chain.
pub(super) fn instance(record: &InstanceRecord) -> Json {
    json!({
        "instance": record.id.0, "members": record.members.iter().map(member).collect::<Vec<_>>(),
        "sample_rate": record.sample_rate, "max_block": record.max_block, "inputs": record.inputs,
        "outputs": record.outputs, "latency_samples": record.latency, "tail": tail(record.tail),
        "bypassed": record.bypassed, "stream": record.stream.map(|stream| stream.0), "warnings": record.warnings,
    })
}

/// `[any]` A value in all ways.
pub(super) fn value(value: &ParamValue) -> Json {
    json!({ "norm": value.normalized, "plain": value.plain, "text": value.text })
}

/// `[any]` What is known of a parameter without asking the plugin.
pub(super) fn param_info(info: &ParamInfo) -> Json {
    let kind = match info.kind() {
        ParamKind::Float => "float",
        ParamKind::Int => "int",
        ParamKind::Bool => "bool",
        ParamKind::Enum => "enum",
    };
    let flags = [
        (info.flags.automatable, "automatable"),
        (info.flags.read_only, "readonly"),
        (info.flags.hidden, "hidden"),
        (info.flags.bypass, "bypass"),
        (info.flags.list, "list"),
        (info.flags.wrap, "wrap"),
        (info.flags.program_change, "program_change"),
    ];
    let flags: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    json!({
        "id": info.id.0, "key": format!("vst3:{}", info.id.0), "name": info.name, "short": info.short,
        "unit": info.unit, "group": info.group, "min": info.range.0, "max": info.range.1, "default": info.default,
        "steps": info.steps, "kind": kind, "flags": flags,
    })
}

/// `[any]` A parameter with its value.
pub(super) fn param(record: &ParamRecord) -> Json {
    let mut json = param_info(&record.info);
    json["value_norm"] = json!(record.value.normalized);
    json["value_plain"] = json!(record.value.plain);
    json["text"] = json!(record.value.text);
    if !record.labels.is_empty() {
        json["labels"] = json!(record.labels);
    }
    json
}

/// `[any]` A preset.
pub(super) fn preset(preset: &PresetRecord) -> Json {
    json!({ "name": preset.name, "scope": preset.scope })
}

/// `[any]` A list of programs.
pub(super) fn programs(list: &ProgramListRecord) -> Json {
    let mut json = json!({ "id": list.id, "name": list.name, "programs": list.programs });
    if let Some(current) = list.current {
        json["current"] = json!(current);
    }
    json
}

/// `[any]` What a stream measured.
pub(super) fn timings(timings: &Timings) -> Json {
    json!({
        "blocks": timings.blocks, "average_us": timings.average, "shortest_us": timings.shortest,
        "longest_us": timings.longest, "overruns": timings.overruns, "dry": timings.dry, "guarded": timings.guarded,
    })
}
