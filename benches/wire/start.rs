//! From the start of the process to the address it prints, with a known catalog of all real and demo plugins.

use crate::bridge::Bridge;
use crate::figures::Figures;
use crate::support::{fixtures, sandbox::Sandbox};
use crate::turns::{best, median};

const TURNS: usize = 21;

/// The middle of many.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    let folders = [fixtures::demo_plugins(), fixtures::real_plugins()];
    // Fills the catalog.
    let scanned = sandbox.sonic_bridge(&folders).args(["scan", "--no-standard-folders"]).output().unwrap();
    assert!(scanned.status.success(), "{}", String::from_utf8_lossy(&scanned.stderr));
    drop(Bridge::start(&sandbox, &folders));
    let times: Vec<f64> = (0..TURNS).map(|_| Bridge::start(&sandbox, &folders).took.as_secs_f64() * 1e3).collect();
    let middle = median(times.iter().copied());
    figures.add("start to listening", middle, "ms", 150.0, &[("best", best(&times))]);
}
