//! L3 · renders one file: loads the line of plugins, compiles it, and lets the offline clock run it.
//!
//! Threads: main loads, restarts and polls the plugins (their timers and messages live there); a second thread steps the
//! clock. The schedule is a value that moves between the two.
//! Invariant: an output appears only when it is complete; a stop, an error or a crash leaves nothing behind.

use super::{
    Host,
    chain::{self, Chain, ChainRequest},
    last_words::{self, Then},
    param_text,
    play::play,
    render_error::RenderError,
    render_job::RenderJob,
    render_report::{PluginReport, RenderReport},
};
use crate::{
    audio_io::{
        AudioWriter, Automation, AutomationTrack, InputFeed, OfflineJob, OfflineRun, OutputSpec, Song, SongFeed,
        Source, Target,
    },
    engine::{CompileSetup, Schedule, compile},
    model::PluginInfo,
    plugin::{ProcessMode, Setup},
};
use std::{path::Path, sync::atomic::AtomicBool, time::Instant};

/// Sample rate of an instrument's render when nobody names one.
const DEFAULT_RATE: u32 = 48_000;
/// How far a render is: frames done, and frames to do where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Frames processed.
    pub done: u64,
    /// Frames to process before the tail.
    pub total: Option<u64>,
}

/// `[main]` Renders. `tell` is called now and then; `cancel` stops it.
pub fn render(
    host: &Host,
    job: &RenderJob,
    tell: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Result<RenderReport, RenderError> {
    let started = Instant::now();
    // A plugin may change the working folder; paths mean what they meant when they were written.
    let absolute = job.absolute()?;
    let prepared = Prepared::new(host, &absolute)?;
    let mut report = prepared.run(&absolute, started, tell, cancel)?;
    report.summary.written.path.clone_from(&job.output.path);
    Ok(report)
}

/// Everything loaded, nothing written yet.
struct Prepared {
    chain: Chain,
    schedule: Schedule,
    input: Option<Source>,
    sidechain: Option<Source>,
    song: Option<SongFeed>,
    automation: Vec<AutomationTrack>,
    sample_rate: u32,
    output: OutputSpec,
}

impl Prepared {
    fn new(host: &Host, job: &RenderJob) -> Result<Self, RenderError> {
        if job.input.is_none() && job.midi.is_none() {
            return Err(RenderError::NothingToDo);
        }
        let plugins: Vec<PluginInfo> =
            job.plugins.iter().map(|usage| host.find(&usage.query)).collect::<Result<_, _>>()?;
        let mut output = job.output.clone();
        let inputs: Vec<&Path> = [&job.input, &job.sidechain].into_iter().flatten().map(|path| &**path).collect();
        output.channels = output.channels.max(1);
        output.check(&inputs)?;
        let input = job.input.as_deref().map(|path| Source::open(path, job.sample_rate)).transpose()?;
        let sample_rate = input.as_ref().map_or(job.sample_rate.unwrap_or(DEFAULT_RATE), Source::sample_rate);
        let sidechain = job.sidechain.as_deref().map(|path| Source::open(path, Some(sample_rate))).transpose()?;
        let song = job.midi.as_deref().map(|path| Song::open(path, f64::from(sample_rate))).transpose()?;
        let automation = job.automation.as_deref().map(Automation::open).transpose()?;
        let request = ChainRequest {
            input_channels: input.as_ref().map_or(0, Source::channels),
            sidechain_channels: sidechain.as_ref().map(Source::channels),
            setup: Setup {
                sample_rate: f64::from(sample_rate),
                max_block: job.block as u32,
                mode: ProcessMode::Offline,
                precision: job.precision,
            },
        };
        let names = plugins.iter().map(|info| info.name.as_str()).collect::<Vec<_>>().join(", ");
        let line: Vec<_> = plugins.into_iter().zip(&job.plugins).collect();
        let mut chain = {
            let _words = last_words::during(&format!("{names}: a plugin crashed while it was loaded"));
            chain::open(host.format(crate::model::PluginFormat::Vst3), &line, &request)?
        };
        let automation = match automation {
            Some(automation) => tracks(&automation, &chain, sample_rate)?,
            None => Vec::new(),
        };
        let song = song.map(|song| {
            let nodes: Vec<(usize, u32)> = chain
                .members
                .iter()
                .filter(|member| !member.controller.layout().event_inputs.is_empty())
                .map(|member| (member.node, member.delay))
                .collect();
            SongFeed { song, nodes }
        });
        if song.as_ref().is_some_and(|song| song.nodes.is_empty()) {
            return Err(RenderError::NoNotes);
        }
        let setup = CompileSetup { sample_rate: f64::from(sample_rate), max_block: job.block };
        let nodes = std::mem::take(&mut chain.nodes);
        let schedule = compile(&chain.graph, nodes, &setup).map_err(|error| {
            let text = error.to_string();
            chain.take_back(error.into_nodes());
            RenderError::Graph(text)
        })?;
        output.sample_rate = sample_rate;
        output.channels = chain.output_channels;
        Ok(Self { chain, schedule, input, sidechain, song, automation, sample_rate, output })
    }

    fn run(
        self,
        job: &RenderJob,
        started: Instant,
        tell: &mut dyn FnMut(Progress),
        cancel: &AtomicBool,
    ) -> Result<RenderReport, RenderError> {
        let Self { mut chain, schedule, input, sidechain, song, automation, sample_rate, output } = self;
        let names = chain.names();
        let _words = last_words::during(&format!("{names}: a plugin crashed while it processed sound"));
        let writer = match AudioWriter::create(&output) {
            Ok(writer) => writer,
            Err(error) => {
                chain.take_back(schedule.into_nodes());
                return Err(error.into());
            }
        };
        last_words::doom(writer.temporary());
        let offline = OfflineJob {
            input: input.zip(chain.input).map(|(source, node)| InputFeed { node, source, mean: false }),
            sidechains: sidechain
                .zip(chain.sidechain)
                .map(|(source, node)| InputFeed { node, source, mean: true })
                .into_iter()
                .collect(),
            song,
            automation,
            output_node: chain.output,
            writer,
            sample_rate,
            block: job.block,
            tempo: job.tempo,
            tail: job.tail,
        };
        let run = OfflineRun::new(offline, &schedule);
        let setup_time = started.elapsed();
        let playing = Instant::now();
        let strict = if job.keep_going { Vec::new() } else { chain.nodes_by_name() };
        let (schedule, result) = play(&mut chain, schedule, run, &strict, tell, cancel);
        last_words::doom(None);
        let elapsed = playing.elapsed();
        let report = result.map(|summary| {
            let stats = chain
                .members
                .iter()
                .map(|member| (member.plugin, schedule.node_stats(member.node)))
                .collect::<Vec<_>>();
            let plugins = (0..chain.lanes.len())
                .map(|position| {
                    let controller = chain.first_of(position);
                    PluginReport::new(
                        controller.plugin(),
                        chain.lanes[position],
                        (controller.latency(), controller.tail()),
                        stats.iter().filter(|(plugin, _)| *plugin == position).map(|(_, stats)| stats),
                    )
                })
                .collect();
            RenderReport {
                summary,
                plugins,
                sample_rate,
                setup_time,
                render_time: elapsed,
                warnings: std::mem::take(&mut chain.warnings),
            }
        });
        let done = if report.is_ok() { Then::OutputComplete } else { Then::NothingWritten };
        let _words = last_words::during_and_then(&format!("{names}: a plugin crashed while it was put away"), done);
        chain.take_back(schedule.into_nodes());
        drop(chain);
        report
    }
}

/// Turns the names in an automation file into parameters of instances: one track for each instance.
fn tracks(automation: &Automation, chain: &Chain, sample_rate: u32) -> Result<Vec<AutomationTrack>, RenderError> {
    automation.resolve(
        f64::from(sample_rate),
        |name| -> Result<Vec<Target>, RenderError> {
            let (position, param) = chain.find_param(name)?;
            let members = chain.members.iter().filter(|member| member.plugin == position);
            members
                .map(|member| {
                    let initial = member.controller.normalized(param)?;
                    Ok(Target { node: member.node, param, initial, delay: member.delay })
                })
                .collect()
        },
        |target, text| {
            let member = chain.members.iter().find(|member| member.node == target.node).ok_or(RenderError::Internal)?;
            let controller = &*member.controller;
            let info = controller.params().iter().find(|info| info.id == target.param).ok_or(RenderError::Internal)?;
            Ok(param_text::value(controller, info, text)?)
        },
    )
}
