//! `sonic-bridge render`: a file through a line of plugins.
//!
//! Thread: main. Invariant: everything the command line alone can get wrong is told before a plugin is looked for.

use super::{
    chain_args::ChainArgs,
    output::{note, print},
    plugins::{self, FolderArgs},
    render_output,
};
use crate::{
    audio_io::{Bits, Container, OutputSpec, TailRule},
    control::{Host, Progress, RenderJob, render},
    plugin::Precision,
};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// Longest block.
const MAX_BLOCK: i64 = 65_536;

/// What to render, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "Settings belong to the plugin before them:\n  \
    sonic-bridge render --plugin EQ --param \"Gain=-6 dB\" --plugin Hall --preset big.vstpreset in.wav -o out.wav\n  \
    sonic-bridge render --plugin Synth --midi song.mid -o song.flac --bits 24")]
pub(super) struct RenderArgs {
    /// The file to process (WAV, AIFF, FLAC, MP3, Ogg Vorbis); none for an instrument that plays --midi
    #[arg(value_name = "IN", required_unless_present = "midi")]
    input: Option<PathBuf>,
    /// The file to write, .wav or .flac
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    chain: ChainArgs,
    /// Parameters that move: a JSON object {"NAME": [[SECONDS, VALUE, "linear"], …]} or CSV lines time,param,value[,curve]
    #[arg(long, value_name = "FILE")]
    automation: Option<PathBuf>,
    /// Notes and controllers for the plugins that take them
    #[arg(long, value_name = "FILE")]
    midi: Option<PathBuf>,
    /// A file for the side-chain inputs
    #[arg(long, value_name = "FILE")]
    sidechain: Option<PathBuf>,
    /// How long to go on after the end: "auto" (until below -120 dBFS, at most what the plugins declare or 30 s) or seconds
    #[arg(long, value_name = "auto|SECONDS", default_value = "auto", value_parser = tail)]
    tail: TailRule,
    /// Frames per block
    #[arg(long, value_name = "FRAMES", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=MAX_BLOCK))]
    block: u32,
    /// Sample rate of plugins and output; the input is converted [default: that of the input, or 48000]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1_000..=768_000))]
    sample_rate: Option<u32>,
    /// Tempo that plugins are told, in quarters per minute, where no --midi file brings its own
    #[arg(long, value_name = "BPM", default_value_t = 120.0, value_parser = tempo)]
    tempo: f64,
    /// Sample format of the output: 16, 24 or 32f [default: 32f for .wav, 24 for .flac]
    #[arg(long, value_name = "16|24|32f", value_parser = bits)]
    bits: Option<Bits>,
    /// No dither when samples are rounded to 16 or 24 bits
    #[arg(long)]
    no_dither: bool,
    /// Sample type inside the plugins, where they offer it
    #[arg(long, value_name = "32|64", default_value = "32", value_parser = precision)]
    precision: Precision,
    /// Write the output even if a plugin failed in every block, or was taken out because its output was no numbers
    #[arg(long)]
    keep_going: bool,
    /// Overwrite the output if it exists
    #[arg(long)]
    force: bool,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folders: FolderArgs,
}

/// `[main]` Renders.
pub(super) fn run(args: &RenderArgs) -> anyhow::Result<()> {
    let options = args.folders.options()?;
    let job = args.job()?;
    let host = Host::new(plugins::open(&options)?);
    let mut bar = Bar::new();
    let result = render(&host, &job, &mut |progress| bar.show(progress), &options.cancel);
    bar.finish();
    let report = result?;
    if args.json {
        return print(&format!("{:#}\n", render_output::json(&job, &report)));
    }
    print(&render_output::text(&job, &report))?;
    report.all_warnings().iter().for_each(|warning| note(&format!("warning: {warning}")));
    Ok(())
}

impl RenderArgs {
    /// The job, as far as it can be checked without plugins.
    fn job(&self) -> anyhow::Result<RenderJob> {
        let container = Container::of(&self.output)
            .with_context(|| format!("{}: the output's name must end in .wav or .flac", self.output.display()))?;
        let output = OutputSpec {
            path: self.output.clone(),
            force: self.force,
            container,
            bits: self.bits.unwrap_or(container.default_bits()),
            dither: !self.no_dither,
            // Not known yet; these fit every container.
            sample_rate: self.sample_rate.unwrap_or(44_100),
            channels: 1,
        };
        let files = [&self.input, &self.sidechain, &self.midi, &self.automation].into_iter().flatten();
        let settings = self.chain.plugins.iter().flat_map(|plugin| plugin.preset.iter().chain(&plugin.state));
        output.check(&files.chain(settings).map(|path| &**path).collect::<Vec<&Path>>())?;
        Ok(RenderJob {
            plugins: self.chain.plugins.clone(),
            input: self.input.clone(),
            sidechain: self.sidechain.clone(),
            midi: self.midi.clone(),
            automation: self.automation.clone(),
            output,
            tempo: self.tempo,
            tail: self.tail,
            block: self.block as usize,
            sample_rate: self.sample_rate,
            precision: self.precision,
            keep_going: self.keep_going,
        })
    }
}

fn tail(text: &str) -> Result<TailRule, String> {
    if text == "auto" {
        return Ok(TailRule::Auto);
    }
    match text.strip_suffix('s').unwrap_or(text).trim().parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(TailRule::Seconds(seconds)),
        _ => Err("must be \"auto\" or a number of seconds, 0 to 86400".into()),
    }
}

fn tempo(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(tempo) if (1.0..=999.0).contains(&tempo) => Ok(tempo),
        _ => Err("must be 1 to 999 quarters per minute".into()),
    }
}

fn bits(text: &str) -> Result<Bits, String> {
    match text {
        "16" => Ok(Bits::Int16),
        "24" => Ok(Bits::Int24),
        "32f" => Ok(Bits::Float32),
        _ => Err("must be 16, 24 or 32f".into()),
    }
}

fn precision(text: &str) -> Result<Precision, String> {
    match text {
        "32" => Ok(Precision::F32),
        "64" => Ok(Precision::F64),
        _ => Err("must be 32 or 64".into()),
    }
}

/// Progress on a terminal; silence elsewhere.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new() -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.set_message("loading");
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        }))
    }

    fn show(&mut self, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        match progress.total {
            Some(total) if progress.done <= total => {
                if bar.length() != Some(total) {
                    bar.set_length(total);
                    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}") {
                        bar.set_style(style);
                    }
                    bar.set_message("");
                }
                bar.set_position(progress.done);
            }
            Some(total) => {
                bar.set_position(total);
                bar.set_message("tail");
            }
            None => bar.set_message("rendering"),
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: RenderArgs,
    }

    fn parse(line: &str) -> Result<RenderArgs, String> {
        let words = ["render"].into_iter().chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.args).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_help() {
        let job = parse("-p Hall in.wav -o out.wav").unwrap().job().unwrap();
        assert_eq!((job.block, job.tail, job.precision), (512, TailRule::Auto, Precision::F32));
        assert_eq!((job.output.bits, job.output.dither, job.output.force), (Bits::Float32, true, false));
        assert_eq!((job.sample_rate, job.input), (None, Some("in.wav".into())));
        let job =
            parse("-p Synth --midi a.mid -o out.flac --tail 2.5s --no-dither --precision 64").unwrap().job().unwrap();
        assert_eq!((job.output.bits, job.output.dither, job.tail), (Bits::Int24, false, TailRule::Seconds(2.5)));
        assert_eq!((job.input, job.precision), (None, Precision::F64));
    }

    #[test]
    fn impossible_lines_are_refused_with_a_reason() {
        for (line, part) in [
            ("in.wav -o out.wav", "--plugin"),
            ("-p X -o out.wav", "<IN>"),
            ("-p X in.wav", "--output"),
            ("-p X in.wav -o out.wav --block 0", "--block"),
            ("-p X in.wav -o out.wav --tail -1", "-1"),
            ("-p X in.wav -o out.wav --tail long", "a number of seconds"),
            ("-p X in.wav -o out.wav --bits 32", "16, 24 or 32f"),
            ("-p X in.wav -o out.wav --sample-rate 1", "--sample-rate"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(part), "{line}: {error}");
        }
        for (line, part) in [
            ("-p X in.wav -o out.mp3", "must end in .wav or .flac"),
            ("-p X in.wav -o out.flac --bits 32f", "no 32-bit floats"),
            ("-p X in.wav -o no/such/folder/out.wav", "does not exist"),
            ("-p X Cargo.toml -o Cargo.toml", "must end in"),
        ] {
            let error = parse(line).unwrap().job().expect_err(line).to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn existing_outputs_and_inputs_as_outputs_are_refused_before_plugins_are_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        std::fs::write(&path, b"sound").unwrap();
        let path = path.display();
        let error = |line: String| parse(&line).unwrap().job().unwrap_err().to_string();
        assert!(error(format!("-p X in.wav -o {path}")).contains("use --force"));
        assert!(error(format!("-p X {path} -o {path} --force")).contains("same file"));
        assert!(error(format!("-p X in.wav --sidechain {path} -o {path} --force")).contains("same file"));
        assert!(parse(&format!("-p X in.wav -o {path} --force")).unwrap().job().is_ok());
        assert_eq!(std::fs::read(folder.path().join("x.wav")).unwrap(), b"sound");
    }
}
