//! Whether memory depends on the length of the file.

use crate::child;
use crate::figures::Figures;
use crate::render_cpu::{bridge, subjects};
use crate::sound_file::{self, RATE};
use crate::support::sandbox::Sandbox;

/// 10 minutes over 10 seconds.
pub fn run(figures: &mut Figures) {
    for subject in subjects() {
        let sandbox = Sandbox::new();
        let output = sandbox.file("out.wav");
        let [short, long] = [10, 600].map(|seconds| {
            let input = sandbox.file("in.wav");
            sound_file::write(&input, seconds * RATE as usize);
            child::run(&mut bridge(&sandbox, &subject, &input, &output));
            child::run(&mut bridge(&sandbox, &subject, &input, &output)).peak_kib
        });
        let own = own_kib();
        assert!(own < short, "this process ({own} KiB) hides what the child has");
        let raw = [("10 s, KiB", short), ("10 min, KiB", long), ("least visible, KiB", own)];
        figures.add(&format!("peak memory, {}", subject.name), long / short, "×", 1.1, &raw);
    }
}

/// What this process has had at most.
fn own_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}
