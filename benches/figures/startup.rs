//! From the start of the process to the first processed block: a file of one block is rendered with a known catalog.
//!
//! The whole life of both processes is taken, so the bridge's end counts as well. The output lies in memory where the system
//! has files there: making it durable comes long after the first block.

use crate::bare_program::{self, Files};
use crate::child::{self, Spent};
use crate::figures::Figures;
use crate::render_cpu::{BLOCK, bridge, subjects};
use crate::sound_file;
use crate::support::sandbox::Sandbox;
use crate::turns::Turns;
use std::cell::RefCell;

const TURNS: usize = 41;

/// Wall time and CPU.
pub fn run(figures: &mut Figures) {
    for subject in subjects() {
        let sandbox = Sandbox::new();
        let in_memory = tempfile::tempdir_in("/dev/shm").ok();
        let output = in_memory.as_ref().map_or(sandbox.path(), |folder| folder.path()).join("out.wav");
        let input = sandbox.file("in.wav");
        sound_file::write(&input, BLOCK);
        child::run(&mut bridge(&sandbox, &subject, &input, &output));
        let cpu = RefCell::new((Vec::new(), Vec::new()));
        let turns = Turns::take(
            TURNS,
            || {
                let mut command = bare_program::render(&subject.bundle, &input, &output, BLOCK, Files::Plain);
                let Spent { wall_ms, cpu_ms, .. } = child::run(&mut command);
                cpu.borrow_mut().0.push(cpu_ms);
                wall_ms
            },
            || {
                let Spent { wall_ms, cpu_ms, .. } = child::run(&mut bridge(&sandbox, &subject, &input, &output));
                cpu.borrow_mut().1.push(cpu_ms);
                wall_ms
            },
        );
        let (bare_cpu, bridge_cpu) = cpu.into_inner();
        let best = crate::turns::best;
        let mut raw = turns.raw().to_vec();
        raw.extend([
            ("ratio of best", turns.ratio_of_best()),
            ("bare CPU best", best(&bare_cpu)),
            ("bridge CPU best", best(&bridge_cpu)),
        ]);
        figures.add(&format!("one block through {}", subject.name), turns.ratio(), "×", 1.3, &raw);
    }
}
