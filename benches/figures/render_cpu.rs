//! CPU of `sonic-bridge render` over that of a bare program doing the same: user and system time of the whole process,
//! loading, reading and writing included.

use crate::bare_program::{self, Files};
use crate::child;
use crate::figures::Figures;
use crate::sound_file::{self, RATE};
use crate::support::fixtures;
use crate::support::sandbox::Sandbox;
use crate::turns::Turns;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Frames of a block on both sides: what `render` takes when nobody says.
pub const BLOCK: usize = 512;
const TURNS: usize = 9;

/// A plugin to render with.
pub struct Subject {
    /// As `--plugin` wants it.
    pub name: &'static str,
    /// For the bare side.
    pub bundle: PathBuf,
    folder: PathBuf,
    seconds: usize,
    goal: f64,
}

impl Subject {
    /// One that is not rendered for long.
    pub fn new(name: &'static str, bundle: PathBuf, folder: PathBuf) -> Self {
        Self { name, bundle, folder, seconds: 0, goal: f64::INFINITY }
    }
}

/// One that costs something, and one that costs next to nothing.
pub fn subjects() -> [Subject; 2] {
    let (real, demo) = (fixtures::real_plugins(), fixtures::demo_plugins());
    [
        Subject {
            name: "Dragonfly Hall Reverb",
            bundle: fixtures::bundle(&real, "DragonflyHallReverb"),
            folder: real,
            seconds: 60,
            goal: 1.05,
        },
        Subject {
            name: "Sonic Gain",
            bundle: fixtures::bundle(&demo, "Sonic Gain"),
            folder: demo,
            seconds: 300,
            goal: 1.25,
        },
    ]
}

/// `sonic-bridge render` with a catalog of only that plugin's folder, without a tail.
pub fn bridge(sandbox: &Sandbox, subject: &Subject, input: &Path, output: &Path) -> Command {
    let mut command = sandbox.sonic_bridge(std::slice::from_ref(&subject.folder));
    command.args(["render", "--no-standard-folders", "--force", "--tail", "0", "--plugin", subject.name]);
    command.args(["--block", &BLOCK.to_string()]).arg(input).arg("-o").arg(output);
    command
}

/// Ratios.
pub fn run(figures: &mut Figures) {
    for subject in subjects() {
        let sandbox = Sandbox::new();
        let (input, output) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
        sound_file::write(&input, subject.seconds * RATE as usize);
        // Fills the catalog and the page cache.
        child::run(&mut bridge(&sandbox, &subject, &input, &output));
        for files in [Files::Durable, Files::Plain, Files::Hound] {
            let turns = Turns::take(
                TURNS,
                || child::run(&mut bare_program::render(&subject.bundle, &input, &output, BLOCK, files)).cpu_ms,
                || child::run(&mut bridge(&sandbox, &subject, &input, &output)).cpu_ms,
            );
            let mut raw = turns.raw().to_vec();
            raw.push(("ratio of best", turns.ratio_of_best()));
            let name = format!("{} s through {}", subject.seconds, subject.name);
            let note = |figures: &mut Figures, what: &str| {
                let raw: Vec<_> = raw.iter().copied().chain([("ratio", turns.ratio())]).collect();
                figures.note(&format!("{name}, {what}"), &raw);
            };
            match files {
                Files::Durable => figures.add(&name, turns.ratio(), "×", subject.goal, &raw),
                Files::Plain => note(figures, "bare without sync"),
                Files::Hound => note(figures, "bare with hound"),
            }
        }
    }
}
