//! Runs a program and tells what it took.

use std::process::{Command, Stdio};
use std::time::Instant;

/// What a finished program took, its own children included.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// From the start to the end, in milliseconds.
    pub wall_ms: f64,
    /// Of all processors, user and system, in milliseconds.
    pub cpu_ms: f64,
    /// Most memory it had at once, in KiB. At least what this process has, which the child is for an instant.
    pub peak_kib: f64,
}

/// Waits for the end. A program that fails ends the benchmark.
pub fn run(command: &mut Command) -> Spent {
    let (spent, status) = wait_for(command);
    assert!(status == 0, "failed with status {status:#x}; run it by hand: {command:?}");
    spent
}

/// Waits for the end, and does not mind what it is.
pub fn run_whatever_it_answers(command: &mut Command) -> Spent {
    wait_for(command).0
}

#[allow(clippy::zombie_processes, reason = "wait4 waits, and tells what the child has used")]
fn wait_for(command: &mut Command) -> (Spent, i32) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let child = command.spawn().unwrap();
    let (mut status, pid) = (0, child.id() as libc::pid_t);
    // SAFETY: plain numbers; all zeros is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: a child of ours that nobody else waits for, and two live locals.
    let ended = unsafe { libc::wait4(pid, &mut status, 0, &mut usage) };
    let wall_ms = started.elapsed().as_secs_f64() * 1e3;
    assert_eq!(ended, pid, "the child was waited for by somebody else");
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    let cpu_ms = ms(usage.ru_utime) + ms(usage.ru_stime);
    (Spent { wall_ms, cpu_ms, peak_kib: usage.ru_maxrss as f64 }, status)
}
