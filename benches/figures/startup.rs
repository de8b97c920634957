//! From the start of the process to the first processed block, with a known catalog.
//!
//! Exact for a plugin that ends the process in its third `process()` call, which comes at once after the first: nothing of
//! either side's end counts. Other plugins do not end the process, so for one that is slow to load the whole life of both
//! processes is taken, rendering a single block: the bridge's end, which is longer, counts as well. The output lies in
//! memory where the system has files there, because making it durable comes long after the first block.

use crate::bare_program::{self, Files};
use crate::child::{self, Spent};
use crate::figures::Figures;
use crate::render_cpu::{BLOCK, Subject, bridge, subjects};
use crate::sound_file;
use crate::support::{fixtures, sandbox::Sandbox};
use crate::turns::{Turns, best};
use std::cell::RefCell;

const TURNS: usize = 61;
/// As a bundle and as `--plugin`.
const ENDS_ITSELF: &str = "Fault exit-in-process";

/// Wall time, with the CPU time beside it.
pub fn run(figures: &mut Figures) {
    let sandbox = Sandbox::new();
    // Alone in a folder: its neighbours hang when they are examined.
    let folder = sandbox.file("plugins");
    std::fs::create_dir(&folder).unwrap();
    let bundle = fixtures::bundle(&fixtures::fault_plugins(), ENDS_ITSELF);
    std::os::unix::fs::symlink(&bundle, folder.join(bundle.file_name().unwrap())).unwrap();
    let ends_itself = Subject::new(ENDS_ITSELF, bundle, folder);
    measure(figures, &sandbox, &ends_itself, 3, 1.3);
    let sandbox = Sandbox::new();
    let [real, near_free] = subjects();
    measure(figures, &sandbox, &real, 1, 1.3);
    let sandbox = Sandbox::new();
    measure(figures, &sandbox, &near_free, 1, f64::INFINITY);
}

fn measure(figures: &mut Figures, sandbox: &Sandbox, subject: &Subject, blocks: usize, goal: f64) {
    let in_memory = tempfile::tempdir_in("/dev/shm").ok();
    let output = in_memory.as_ref().map_or(sandbox.path(), |folder| folder.path()).join("out.wav");
    let input = sandbox.file("in.wav");
    sound_file::write(&input, blocks * BLOCK);
    let bare = || bare_program::render(&subject.bundle, &input, &output, BLOCK, Files::Plain);
    let ours = || bridge(sandbox, subject, &input, &output);
    let run = if blocks == 1 { child::run } else { child::run_whatever_it_answers };
    // Fills the catalog.
    run(&mut ours());
    let cpu = RefCell::new((Vec::new(), Vec::new()));
    let turns = Turns::take(
        TURNS,
        || {
            let Spent { wall_ms, cpu_ms, .. } = run(&mut bare());
            cpu.borrow_mut().0.push(cpu_ms);
            wall_ms
        },
        || {
            let Spent { wall_ms, cpu_ms, .. } = run(&mut ours());
            cpu.borrow_mut().1.push(cpu_ms);
            wall_ms
        },
    );
    let (bare_cpu, bridge_cpu) = cpu.into_inner();
    let mut raw = turns.raw().to_vec();
    raw.extend([
        ("ratio of best", turns.ratio_of_best()),
        ("bare CPU best", best(&bare_cpu)),
        ("bridge CPU best", best(&bridge_cpu)),
    ]);
    let what = if blocks == 1 { "whole life, one block" } else { "to the first block" };
    let name = format!("{what}, {}", subject.name);
    if goal.is_finite() {
        figures.add(&name, turns.ratio(), "×", goal, &raw);
    } else {
        raw.push(("ratio", turns.ratio()));
        figures.note(&name, &raw);
    }
}
