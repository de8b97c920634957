//! What hosting costs beyond a bare `process()` loop, as ratios and differences measured in one run.
//! `cargo xtask bench` makes everything this needs and runs it; `cargo xtask bench NAME` runs one of [`GROUPS`].
//!
//! The two sides of a figure are measured turn by turn, many times, because other programs come and go: a figure is the
//! median over pairs of turns, or made of each side's best turn where only disturbance can make a turn slower.
//! Nothing here fails when a goal is missed; `docs/benchmarks.md` keeps the figures.

#[cfg(target_os = "linux")]
mod bare_changes;
#[cfg(target_os = "linux")]
mod bare_program;
#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "shared with the other benchmarks")]
mod figures;
#[cfg(target_os = "linux")]
mod host_cost;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod render_cpu;
#[cfg(target_os = "linux")]
mod scan;
#[cfg(target_os = "linux")]
mod sound_file;
#[cfg(target_os = "linux")]
mod startup;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
mod turns;

#[cfg(target_os = "linux")]
type Group = (&'static str, fn(&mut figures::Figures));

#[cfg(target_os = "linux")]
const GROUPS: &[Group] = &[
    // First, while this process is small: a child is seen with at least what its parent had.
    ("memory", memory::run),
    ("host-cost", host_cost::run),
    ("render-cpu", render_cpu::run),
    ("startup", startup::run),
    ("scan", scan::run),
];

#[cfg(target_os = "linux")]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == bare_program::ARGUMENT) {
        return bare_program::main(&args[1..]);
    }
    // Cargo adds options of its own, like `--bench`.
    let named: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    for name in &named {
        let known = GROUPS.iter().map(|(group, _)| *group).collect::<Vec<_>>().join(", ");
        assert!(GROUPS.iter().any(|(group, _)| group == name), "there is no “{name}” among {known}");
    }
    for (name, run) in GROUPS.iter().filter(|(group, _)| named.is_empty() || named.iter().any(|name| name == group)) {
        let mut figures = figures::Figures::new(name);
        run(&mut figures);
        figures.save();
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("The bare loop everything is compared with exists on Linux only.");
}
