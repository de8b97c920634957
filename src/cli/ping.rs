//! `sonic-bridge ping`: whether a bridge is running, which, and how long a question takes.

use super::output::print;
use crate::server::{Holder, probe};
use anyhow::bail;
use std::time::{Duration, Instant};

/// How many times it is asked.
const TIMES: usize = 10;

/// Whom to ask.
#[derive(Debug, clap::Args)]
pub(super) struct PingArgs {
    /// The port it would listen on
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
}

/// `[main]` Asks.
pub(super) fn run(args: &PingArgs) -> anyhow::Result<()> {
    let mut times = Vec::with_capacity(TIMES);
    let mut found = None;
    for _ in 0..TIMES {
        let asked = Instant::now();
        match probe(args.port) {
            Holder::Bridge { version } => found = Some(version),
            Holder::Other => bail!("something listens on port {}, but it is no sonic-bridge", args.port),
            Holder::Nobody => bail!("no bridge listens on port {}; `sonic-bridge` starts one", args.port),
        }
        times.push(asked.elapsed());
    }
    times.sort_unstable();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    print(&format!(
        "sonic-bridge {} answers on port {}: {:.2} ms (best of {TIMES}), {:.2} ms (median)\n",
        found.unwrap_or_default(),
        args.port,
        milliseconds(times[0]),
        milliseconds(times[TIMES / 2])
    ))
}
