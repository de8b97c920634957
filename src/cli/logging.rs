//! Where log lines go.
//!
//! Invariant: what is logged is written by whoever logs; audio threads do not log.

use anyhow::Context as _;
use std::{fs::OpenOptions, path::PathBuf, sync::Mutex};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How much, and where to.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct LogArgs {
    /// How much to log: error, warn, info, debug, trace, or a filter such as "sonic_bridge::server=debug"
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: String,
    /// Log into this file, behind what is there, instead of to the terminal
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// Log lines as JSON objects
    #[arg(long)]
    log_json: bool,
}

/// `[main]` Begins to log. Once in a process.
pub(super) fn start(args: &LogArgs) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&args.log).with_context(|| format!("--log {:?} is no level and no filter", args.log))?;
    let file = match &args.log_file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Some(file.with_context(|| format!("{} cannot be written", path.display()))?)
        }
        None => None,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_target(false);
    let started = match (file, args.log_json) {
        (Some(file), true) => registry.with(layer.json().with_writer(Mutex::new(file))).try_init(),
        (Some(file), false) => registry.with(layer.with_ansi(false).with_writer(Mutex::new(file))).try_init(),
        (None, true) => registry.with(layer.json().with_writer(std::io::stderr)).try_init(),
        (None, false) => {
            let colours = console::colors_enabled_stderr();
            registry.with(layer.with_ansi(colours).with_writer(std::io::stderr)).try_init()
        }
    };
    started.context("logging cannot be started")
}
