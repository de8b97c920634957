//! What a render has done, as a table and as JSON.
//!
//! Thread: main. Invariant: silence is `null` in JSON and “silence” in the table, never a number.

use crate::{
    audio_io::{Bits, Container, Levels},
    catalog::text::escape,
    control::{PluginReport, RenderJob, RenderReport},
    plugin::Tail,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `[any]` For other programs.
pub(super) fn json(job: &RenderJob, report: &RenderReport) -> Value {
    let summary = &report.summary;
    let seconds = |frames: u64| frames as f64 / f64::from(report.sample_rate);
    let channels: Vec<Value> = summary.written.levels.iter().map(levels_json).collect();
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    json!({
        "input": path(&job.input),
        "sidechain": path(&job.sidechain),
        "output": summary.written.path.to_string_lossy(),
        "container": container(job.output.container),
        "bits": bits(job.output.bits),
        "bytes": summary.written.bytes,
        "sample_rate": report.sample_rate,
        "channels": channels.len(),
        "frames": summary.written.frames,
        "seconds": seconds(summary.written.frames),
        "tail_frames": summary.tail,
        "tail_seconds": seconds(summary.tail),
        "tail_cut": summary.tail_cut,
        "latency_samples": summary.latency,
        "peak_db": finite(report.levels().peak_db()),
        "rms_db": finite(report.levels().rms_db()),
        "levels": channels,
        "clipped": summary.written.clipped,
        "repaired": summary.repaired,
        "dropped": summary.dropped,
        "blocks": summary.blocks,
        "realtime_factor": report.realtime_factor(),
        "setup_seconds": report.setup_time.as_secs_f64(),
        "render_seconds": report.render_time.as_secs_f64(),
        "plugins": report.plugins.iter().map(plugin_json).collect::<Vec<_>>(),
        "warnings": report.all_warnings(),
    })
}

fn plugin_json(plugin: &PluginReport) -> Value {
    json!({
        "id": plugin.info.id.0,
        "name": plugin.info.name,
        "vendor": plugin.info.vendor,
        "version": plugin.info.version,
        "lanes": plugin.lanes,
        "latency_samples": plugin.latency,
        "tail_samples": match plugin.tail {
            Tail::None => json!(0),
            Tail::Samples(samples) => json!(samples),
            Tail::Infinite => json!("infinite"),
        },
        "failed_blocks": plugin.failed,
        "non_finite_blocks": plugin.non_finite,
        "loud_blocks": plugin.loud,
        "float_repairs": plugin.float_repairs,
        "given_up": plugin.given_up,
        "dropped": plugin.dropped,
    })
}

fn levels_json(levels: &Levels) -> Value {
    json!({ "peak_db": finite(levels.peak_db()), "rms_db": finite(levels.rms_db()) })
}

/// JSON has no infinity; silence is no number.
fn finite(decibels: f64) -> Option<f64> {
    Some(decibels).filter(|decibels| decibels.is_finite())
}

/// `[any]` For people.
pub(super) fn text(job: &RenderJob, report: &RenderReport) -> String {
    let summary = &report.summary;
    let rate = f64::from(report.sample_rate);
    let seconds = |frames: u64| frames as f64 / rate;
    let mut text = String::new();
    let mut line = |label: &str, what: &str| {
        let _ = writeln!(text, "{label:<9} {}", escape(what));
    };

    let channels = summary.written.levels.len();
    let plural = if channels == 1 { "" } else { "s" };
    line("Output", &summary.written.path.to_string_lossy());
    line(
        "",
        &format!(
            "{} {}, {} Hz, {channels} channel{plural}, {:.3} s",
            container(job.output.container).to_uppercase(),
            bits(job.output.bits),
            report.sample_rate,
            seconds(summary.written.frames)
        ),
    );
    if summary.tail > 0 {
        line("Tail", &format!("{:.3} s of it{}", seconds(summary.tail), if summary.tail_cut { ", cut" } else { "" }));
    }
    for (position, plugin) in report.plugins.iter().enumerate() {
        let mut what = plugin.info.name.clone();
        if !plugin.info.version.is_empty() {
            let _ = write!(what, " {}", plugin.info.version);
        }
        if plugin.lanes > 1 {
            let _ = write!(what, ", once per channel");
        }
        if plugin.latency > 0 {
            let _ = write!(what, ", latency {} samples", plugin.latency);
        }
        line(if position == 0 { "Plugins" } else { "" }, &what);
    }
    if summary.latency > 0 {
        let milliseconds = seconds(u64::from(summary.latency)) * 1e3;
        line("Latency", &format!("{} samples ({milliseconds:.1} ms), compensated", summary.latency));
    }
    line("Peak", &decibels(report, Levels::peak_db));
    line("RMS", &decibels(report, Levels::rms_db));
    line(
        "Speed",
        &format!(
            "{:.0} × real time ({:.3} s, and {:.3} s to load)",
            report.realtime_factor(),
            report.render_time.as_secs_f64(),
            report.setup_time.as_secs_f64()
        ),
    );
    text
}

/// The level of all channels together, and of each where there are a few.
fn decibels(report: &RenderReport, level: impl Fn(&Levels) -> f64) -> String {
    let show = |levels: &Levels| finite(level(levels)).map_or("silence".to_owned(), |level| format!("{level:.1} dBFS"));
    let mut text = show(&report.levels());
    let channels = &report.summary.written.levels;
    if (2..=8).contains(&channels.len()) {
        let each: Vec<String> = channels.iter().map(show).collect();
        let _ = write!(text, " ({})", each.join(", ").replace(" dBFS", ""));
    }
    text
}

fn container(container: Container) -> &'static str {
    match container {
        Container::Wav => "wav",
        Container::Flac => "flac",
    }
}

fn bits(bits: Bits) -> &'static str {
    match bits {
        Bits::Int16 => "16",
        Bits::Int24 => "24",
        Bits::Float32 => "32f",
    }
}
