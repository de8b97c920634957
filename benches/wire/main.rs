//! What the wire costs: the bridge over a socket, compared in one run with the least programs that carry the same bytes.
//! `cargo xtask bench` makes everything this needs and runs it; `cargo xtask bench NAME` runs one of [`GROUPS`].
//!
//! Both sides of a figure are measured turn by turn with the same client, a blocking one without delay on its socket; the
//! least programs are this one started again (`floor`). Nothing here fails when a goal is missed; `docs/benchmarks.md`
//! keeps the figures.

#[cfg(target_os = "linux")]
mod bridge;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
#[path = "../figures/figures.rs"]
#[allow(dead_code, reason = "shared with the other benchmarks")]
mod figures;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod lateness;
#[cfg(target_os = "linux")]
mod paced;
#[cfg(target_os = "linux")]
mod round_trip;
#[cfg(target_os = "linux")]
mod samples;
#[cfg(target_os = "linux")]
mod sessions;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod streams;
#[cfg(target_os = "linux")]
#[path = "../../tests/support/mod.rs"]
mod support;
#[cfg(target_os = "linux")]
#[path = "../figures/turns.rs"]
#[allow(dead_code, reason = "shared with the other benchmarks")]
mod turns;
#[cfg(target_os = "linux")]
mod verbs;

#[cfg(target_os = "linux")]
type Group = (&'static str, fn(&mut figures::Figures));

#[cfg(target_os = "linux")]
const GROUPS: &[Group] = &[
    ("round-trip", round_trip::run),
    ("lateness", lateness::run),
    ("verbs", verbs::run),
    ("streams", streams::run),
    ("sessions", sessions::run),
    ("start", start::run),
];

#[cfg(target_os = "linux")]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == floor::ARGUMENT) {
        return floor::main(&args[1..]);
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
    println!("Where a program's memory is read, and its children are, is known for Linux only.");
}
