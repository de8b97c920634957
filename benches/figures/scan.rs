//! Looking for plugins: the whole real set, with nothing known and with everything known.
//!
//! A bare load is a process that opens one module, lists its classes and ends.

use crate::bare_program;
use crate::child;
use crate::figures::Figures;
use crate::support::fixtures;
use crate::support::sandbox::Sandbox;
use crate::turns::{Turns, best, median};
use std::path::PathBuf;

const TURNS: usize = 7;
const CACHED_TURNS: usize = 41;

/// First and second scan.
pub fn run(figures: &mut Figures) {
    let folder = fixtures::real_plugins();
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let bundles: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "vst3")).collect();
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let scan = |sandbox: &Sandbox| {
        let mut command = sandbox.sonic_bridge(std::slice::from_ref(&folder));
        child::run(command.args(["scan", "--no-standard-folders"])).wall_ms
    };
    let bare = || bundles.iter().map(|bundle| child::run(&mut bare_program::load(bundle)).wall_ms).sum::<f64>();
    let turns = Turns::take(TURNS, || bare() / jobs as f64, || scan(&Sandbox::new()));
    let mut raw = turns.raw().to_vec();
    raw.extend([
        ("ratio of best", turns.ratio_of_best()),
        ("modules", bundles.len() as f64),
        ("children", jobs as f64),
    ]);
    figures.add("first scan over bare loads ÷ children", turns.ratio(), "×", 2.0, &raw);

    let sandbox = Sandbox::new();
    scan(&sandbox);
    let cached: Vec<f64> = (0..CACHED_TURNS).map(|_| scan(&sandbox)).collect();
    let middle = median(cached.iter().copied());
    figures.add("second scan, the whole process", middle, "ms", 30.0, &[("best", best(&cached))]);
}
