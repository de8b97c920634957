//! `sonic-bridge info PLUGIN`: everything a plugin says about itself.
//!
//! Thread: main. The plugin runs in this process, inactive and then activated once to ask for latency and tail.

use super::{
    output::print,
    plugins::{self, FolderArgs},
};
use crate::{
    catalog::text::escape as clean,
    control::{Host, RenderError, last_words, param_text},
    model::{BusInfo, BusKind, ParamInfo, ParamKind},
    plugin::{Controller, Precision, ProcessMode, Setup, Tail},
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Arguments of `info`.
#[derive(Debug, clap::Args)]
pub(super) struct InfoArgs {
    /// Id, exact name, or a unique part of the name
    plugin: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Sample rate at which latency and tail are asked for, in Hz
    #[arg(long, default_value_t = 48_000, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    sample_rate: u32,
    #[command(flatten)]
    folders: FolderArgs,
}

/// What activation told.
struct Timing {
    latency: u32,
    tail: Tail,
}

/// `[main]` Runs the command.
pub(super) fn run(args: &InfoArgs) -> anyhow::Result<()> {
    let host = Host::new(plugins::open(&args.folders.options()?)?);
    let card = host.find(&args.plugin)?;
    let _words = last_words::during(&format!("{} crashed while its properties were read", card.name));
    let mut controller = host.load(&card, false)?;
    let timing = activate_once(&mut *controller, args.sample_rate)?;
    let _ = controller.poll();
    if args.json {
        print(&format!("{:#}\n", to_json(&*controller, &timing)))
    } else {
        print(&to_text(&*controller, &timing, args.sample_rate))
    }
}

fn activate_once(controller: &mut dyn Controller, sample_rate: u32) -> Result<Timing, RenderError> {
    let setup = Setup {
        sample_rate: f64::from(sample_rate),
        max_block: 512,
        mode: ProcessMode::Realtime,
        precision: Precision::F32,
    };
    let processor = controller.activate(&setup)?;
    let timing = Timing { latency: controller.latency(), tail: controller.tail() };
    controller.deactivate(processor)?;
    Ok(timing)
}

fn kind(info: &ParamInfo) -> &'static str {
    match info.kind() {
        ParamKind::Float => "float",
        ParamKind::Int => "int",
        ParamKind::Bool => "bool",
        ParamKind::Enum => "enum",
    }
}

fn flags(info: &ParamInfo) -> Vec<&'static str> {
    let flags = &info.flags;
    [
        (flags.automatable, "automatable"),
        (flags.read_only, "readonly"),
        (flags.hidden, "hidden"),
        (flags.bypass, "bypass"),
        (flags.list, "list"),
        (flags.wrap, "wrap"),
        (flags.program_change, "program_change"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect()
}

/// Names of the values of a parameter that has few.
fn labels(controller: &dyn Controller, info: &ParamInfo) -> Vec<String> {
    if !(1..=64).contains(&info.steps) {
        return Vec::new();
    }
    (0..=info.steps).filter_map(|step| controller.to_text(info.id, info.normalized_of_step(step)).ok()).collect()
}

fn text_of(controller: &dyn Controller, info: &ParamInfo, normalized: f64) -> String {
    let text = controller.to_text(info.id, normalized).unwrap_or_default();
    with_unit(&text, &info.unit)
}

fn with_unit(text: &str, unit: &str) -> String {
    let text = text.trim();
    let unit = unit.trim();
    let has_it = unit.is_empty() || text.to_lowercase().ends_with(&unit.to_lowercase());
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '−'));
    if has_it || !numeric { text.to_owned() } else { format!("{text} {unit}") }
}

fn bus_json(bus: &BusInfo) -> Value {
    json!({
        "index": bus.index,
        "name": bus.name,
        "kind": if bus.kind == BusKind::Main { "main" } else { "aux" },
        "channels": bus.channels,
        "arrangement": bus.arrangement.to_string(),
        "default_active": bus.default_active,
        "control_voltage": bus.control_voltage,
    })
}

fn tail_json(tail: Tail) -> Value {
    match tail {
        Tail::None => json!(0),
        Tail::Samples(samples) => json!(samples),
        Tail::Infinite => json!("infinite"),
    }
}

fn to_json(controller: &dyn Controller, timing: &Timing) -> Value {
    let (plugin, layout) = (controller.plugin(), controller.layout());
    let buses = |buses: &[BusInfo]| buses.iter().map(bus_json).collect::<Vec<_>>();
    let params: Vec<Value> = controller
        .params()
        .iter()
        .map(|info| {
            let value = controller.normalized(info.id).unwrap_or(info.default);
            json!({
                "id": info.id.0,
                "name": info.name,
                "short": info.short,
                "unit": info.unit,
                "group": info.group,
                "kind": kind(info),
                "steps": info.steps,
                "min": info.range.0,
                "max": info.range.1,
                "default_norm": info.default,
                "default_text": text_of(controller, info, info.default),
                "value_norm": value,
                "value_plain": controller.to_plain(info.id, value).ok(),
                "text": text_of(controller, info, value),
                "labels": labels(controller, info),
                "flags": flags(info),
            })
        })
        .collect();
    let programs: Vec<Value> = controller
        .program_lists()
        .iter()
        .map(|list| json!({ "id": list.id, "name": list.name, "programs": list.programs, "selector": list.selector.map(|id| id.0) }))
        .collect();
    json!({
        "id": plugin.id.0,
        "name": plugin.name,
        "vendor": plugin.vendor,
        "version": plugin.version,
        "format": plugin.format.name(),
        "kind": plugin.kind.name(),
        "categories": plugin.categories,
        "sdk": plugin.sdk,
        "path": plugin.path,
        "distributable": plugin.distributable,
        "f64": controller.offers_f64(),
        "latency_samples": timing.latency,
        "tail_samples": tail_json(timing.tail),
        "inputs": buses(&layout.inputs),
        "outputs": buses(&layout.outputs),
        "event_inputs": buses(&layout.event_inputs),
        "event_outputs": buses(&layout.event_outputs),
        "event_routing": controller.event_routing(),
        "units": controller.units(),
        "parameters": params,
        "program_lists": programs,
        "interfaces": controller.interfaces(),
    })
}

fn to_text(controller: &dyn Controller, timing: &Timing, sample_rate: u32) -> String {
    let (plugin, layout) = (controller.plugin(), controller.layout());
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            let _ = writeln!(out, "{label:<12} {}", clean(&text));
        }
    };
    line("Name", plugin.name.clone());
    line("Id", plugin.id.0.clone());
    line("Vendor", plugin.vendor.clone());
    line("Version", plugin.version.clone());
    line("Kind", format!("{} ({})", plugin.kind.name(), plugin.categories.join(", ")));
    line("Format", format!("{}, {}", plugin.format.name(), plugin.sdk));
    line("Path", plugin.path.display().to_string());
    for (label, buses) in [
        ("Input", &layout.inputs),
        ("Output", &layout.outputs),
        ("Notes in", &layout.event_inputs),
        ("Notes out", &layout.event_outputs),
    ] {
        for bus in buses {
            line(label, bus_text(bus));
        }
    }
    let milliseconds = |samples: u32| f64::from(samples) * 1000.0 / f64::from(sample_rate);
    line("Latency", format!("{} samples ({:.1} ms at {sample_rate} Hz)", timing.latency, milliseconds(timing.latency)));
    line(
        "Tail",
        match timing.tail {
            Tail::None => "none".to_owned(),
            Tail::Samples(samples) => format!("{samples} samples ({:.0} ms)", milliseconds(samples)),
            Tail::Infinite => "infinite".to_owned(),
        },
    );
    line("Precision", if controller.offers_f64() { "32 and 64 bit" } else { "32 bit" }.to_owned());
    line("Implements", controller.interfaces().join(" "));
    for list in controller.program_lists() {
        line("Programs", format!("{}: {}", list.name, list.programs.join(", ")));
    }
    out.push_str(&parameter_table(controller));
    out
}

fn bus_text(bus: &BusInfo) -> String {
    let mut text = if bus.name.is_empty() { format!("bus {}", bus.index) } else { bus.name.clone() };
    let _ = match bus.arrangement.channels() {
        0 => write!(text, ", {} channels", bus.channels),
        _ => write!(text, ", {}", bus.arrangement),
    };
    if bus.kind == BusKind::Aux {
        text.push_str(", auxiliary");
    }
    if bus.control_voltage {
        text.push_str(", control voltage");
    }
    text
}

fn parameter_table(controller: &dyn Controller) -> String {
    let text_of = |info: &ParamInfo, normalized| param_text::tidy(&text_of(controller, info, normalized));
    let shown: Vec<&ParamInfo> = controller.params().iter().filter(|info| !info.flags.hidden).collect();
    let mut out = format!("\n{} parameters\n", shown.len());
    let width = shown.iter().map(|info| clean(&info.name).chars().count()).max().unwrap_or(0).clamp(4, 28);
    let mut group = "";
    for info in shown {
        if info.group != group {
            group = &info.group;
            let _ = writeln!(out, " {}", if group.is_empty() { "(no group)".to_owned() } else { clean(group) });
        }
        let value = controller.normalized(info.id).unwrap_or(info.default);
        let names = labels(controller, info);
        let numbers = names.len() > 8 && names.iter().all(|name| name.trim().parse::<f64>().is_ok());
        let range = if names.is_empty() || numbers {
            format!("{} … {}", text_of(info, 0.0), text_of(info, 1.0))
        } else {
            names.iter().map(|name| param_text::tidy(name)).collect::<Vec<_>>().join(" | ")
        };
        let mark = if info.flags.read_only { "  (shown only)" } else { "" };
        let _ = writeln!(
            out,
            "  {}  {:>12}   {}{mark}",
            fit(&info.name, width),
            clean(&text_of(info, value)),
            clean(&range)
        );
    }
    out
}

/// Exactly `width` characters: padded, or cut with an ellipsis.
fn fit(text: &str, width: usize) -> String {
    let cut = console::truncate_str(&clean(text), width, "…").into_owned();
    let room = width.saturating_sub(console::measure_text_width(&cut));
    format!("{cut}{}", " ".repeat(room))
}
