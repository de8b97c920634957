//! `sonic-bridge __probe`: examines one module in a process that may die.
//!
//! Thread: main, as plugins expect. Invariant: the report is opened only after the plugin's code has run, so whatever it
//! did to descriptors, folders and permissions does not matter; and the process ends without running anything that the
//! plugin registered for its exit.

use crate::{
    catalog::{
        confine::{Confinement, confine, leave},
        report,
    },
    formats::vst3::Vst3,
    plugin::Format as _,
};
use std::{path::PathBuf, time::Duration};

/// One module, and where to write what was found.
#[derive(Debug, clap::Args)]
pub(super) struct ProbeArgs {
    /// The module
    module: PathBuf,
    /// The file to write
    report: PathBuf,
    /// To be repeated in the report
    token: String,
    /// Limit of memory of its own, in bytes
    #[arg(long)]
    memory: u64,
    /// Limit of time
    #[arg(long)]
    seconds: u64,
    /// The process that asks
    #[arg(long, default_value_t = 0)]
    parent: u32,
}

/// `[main]` Examines, reports, and does not return.
pub(super) fn run(args: &ProbeArgs) -> anyhow::Result<()> {
    let time = Duration::from_secs(args.seconds);
    confine(&Confinement { memory: args.memory, time, parent: args.parent });
    let own = std::process::id();
    let result = Vst3.probe(&args.module);
    // A plugin may fork while it is loaded; only the process that was asked answers.
    if std::process::id() == own {
        report::write(&args.report, &args.token, &result)?;
    }
    leave()
}
