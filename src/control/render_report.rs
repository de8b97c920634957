//! L3 · what a render has done, for people and programs.

use crate::{
    audio_io::{Levels, RenderSummary},
    engine::NodeStats,
    model::PluginInfo,
    plugin::Tail,
};
use std::time::Duration;

/// One plugin of the line.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginReport {
    /// Which.
    pub info: PluginInfo,
    /// Instances: 1, or one per channel.
    pub lanes: usize,
    /// Its latency in samples.
    pub latency: u32,
    /// Its declared tail.
    pub tail: Tail,
    /// Blocks in which it failed and was silent.
    pub failed: u64,
    /// Blocks in which it put out NaN or infinity, and silence was written instead.
    pub non_finite: u64,
    /// Blocks louder than +18 dBFS.
    pub loud: u64,
    /// Blocks after which the float environment had to be repaired.
    pub float_repairs: u64,
    /// It broke the output rules so often that it was taken out.
    pub given_up: bool,
    /// Parameter points and events that found no room.
    pub dropped: u64,
}

/// One render.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderReport {
    /// The offline clock's own account.
    pub summary: RenderSummary,
    /// The line of plugins.
    pub plugins: Vec<PluginReport>,
    /// Hz.
    pub sample_rate: u32,
    /// From the start to the first block: opening, loading, preparing.
    pub setup_time: Duration,
    /// From the first block to the complete file.
    pub render_time: Duration,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl PluginReport {
    pub(super) fn new<'a>(
        info: &PluginInfo,
        lanes: usize,
        (latency, tail): (u32, Tail),
        stats: impl Iterator<Item = &'a NodeStats>,
    ) -> Self {
        let mut report = Self {
            info: info.clone(),
            lanes,
            latency,
            tail,
            failed: 0,
            non_finite: 0,
            loud: 0,
            float_repairs: 0,
            given_up: false,
            dropped: 0,
        };
        for stats in stats {
            report.failed += stats.failed;
            report.non_finite += stats.non_finite;
            report.loud += stats.loud;
            report.float_repairs += stats.float_repairs;
            report.given_up |= stats.bypassed;
            report.dropped += stats.dropped;
        }
        report
    }

    /// `[any]` What the user should know about this plugin, in whole sentences.
    pub fn warnings(&self) -> Vec<String> {
        let name = &self.info.name;
        let mut all = Vec::new();
        let mut say = |count: u64, what: &str| {
            if count > 0 {
                all.push(format!("{name} {what} in {count} block{}", if count == 1 { "" } else { "s" }));
            }
        };
        say(self.failed, "failed, and was silent,");
        say(self.non_finite, "put out values that are no numbers, replaced by silence,");
        say(self.loud, "was louder than +18 dBFS");
        if self.given_up {
            all.push(format!(
                "{name} was taken out of the line because it went on putting out values that are no numbers"
            ));
        }
        all
    }
}

impl RenderReport {
    /// `[any]` Levels over all channels.
    pub fn levels(&self) -> Levels {
        self.summary.written.levels.iter().fold(Levels::default(), |all, channel| all.with(*channel))
    }

    /// `[any]` Seconds of sound made in a second of rendering, loading not counted.
    pub fn realtime_factor(&self) -> f64 {
        let sound = self.summary.processed as f64 / f64::from(self.sample_rate);
        sound / self.render_time.as_secs_f64().max(1e-9)
    }

    /// `[any]` Everything the user should know.
    pub fn all_warnings(&self) -> Vec<String> {
        let mut all = self.warnings.clone();
        all.extend(self.plugins.iter().flat_map(PluginReport::warnings));
        let summary = &self.summary;
        let mut say = |count: u64, what: &str| {
            if count > 0 {
                all.push(format!("{count} {what}"));
            }
        };
        say(summary.repaired, "samples of the input were no numbers and became zero");
        say(summary.written.clipped, "samples were beyond full scale and were clipped; write 32f to keep them");
        say(summary.dropped, "events or automation points found no room; use a smaller --block");
        if summary.tail_cut {
            all.push("the tail was still sounding when it was cut; give --tail SECONDS for a longer one".to_owned());
        }
        all
    }
}
