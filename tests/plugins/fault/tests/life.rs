//! Every mode goes through a whole plugin life in a process of its own, and ends it where and how its row says.

#![cfg(unix)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "a bare host calling a fixture")]

use fault::modes::{Fault, MODES, Mode};
use plugin_rig::host::{Instance, Module, Queue, Stream, install};
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use vst3::Steinberg::Vst::{IComponentTrait, IEditControllerTrait};

/// How a life ends.
#[derive(Debug, PartialEq)]
enum End {
    /// At its end.
    Whole,
    /// With an error in a call, told by the host.
    Refused,
    /// With a signal.
    Killed,
    /// With an exit code of the plugin's choice.
    Exited,
    /// Never: the time was up.
    Stuck,
}

fn expected(fault: Fault) -> (End, &'static str) {
    use Fault as F;
    match fault {
        F::CrashInLoad | F::AbortInLoad | F::OverflowInLoad | F::OomInLoad | F::CrashInFactory => (End::Killed, "load"),
        F::ExitInLoad => (End::Exited, "load"),
        F::HangInLoad => (End::Stuck, "load"),
        F::RefusesLoad => (End::Refused, "load"),
        F::FactoryNull | F::FactoryNegative | F::CreateFails | F::CreateNull => (End::Refused, "create"),
        F::InitFails | F::ErrorsEverywhere => (End::Refused, "create"),
        F::CrashInCreate | F::CrashInInit | F::OomInInit => (End::Killed, "create"),
        F::HangInInit => (End::Stuck, "create"),
        F::CrashInGetState => (End::Killed, "save"),
        F::HangInGetState => (End::Stuck, "save"),
        F::StateFails | F::ErrorsAfterInit | F::State10Gb => (End::Refused, "save"),
        F::CrashInSetState => (End::Killed, "restore"),
        F::CrashInActivate => (End::Killed, "start"),
        F::HangInActivate => (End::Stuck, "start"),
        F::ActivateFails => (End::Refused, "start"),
        F::CrashInProcess | F::AbortInProcess | F::OverflowInProcess => (End::Killed, "block 3"),
        F::ExitInProcess => (End::Exited, "block 3"),
        F::HangInProcess => (End::Stuck, "block 3"),
        F::ProcessFails => (End::Refused, "block 1"),
        F::CrashInTerminate | F::CrashInDestroy => (End::Killed, "destroy"),
        F::HangInTerminate => (End::Stuck, "destroy"),
        F::CrashInExit => (End::Killed, "exit"),
        _ => (End::Whole, "end"),
    }
}

fn live(library: &Path, steps: &Path) -> Result<(), String> {
    let step = |name: &str| {
        // By path each time: one of the modes closes descriptors.
        let mut file = OpenOptions::new().append(true).create(true).open(steps).map_err(|error| error.to_string())?;
        writeln!(file, "{name}").map_err(|error| error.to_string())
    };
    step("load")?;
    let module = Module::load(library)?;
    step("create")?;
    let mut plugin = Instance::create(&module, 0)?;
    std::fs::write(steps.with_extension("probe"), surroundings()).map_err(|error| error.to_string())?;
    step("save")?;
    let state = Stream::new(Vec::new(), 7, 1 << 20);
    if unsafe { plugin.component.getState(Stream::pointer(&state)) } != 0 {
        return Err("getState refused".into());
    }
    step("restore")?;
    let copy = Stream::new(state.bytes(), 3, usize::MAX);
    if unsafe { plugin.component.setState(Stream::pointer(&copy)) } != 0 {
        return Err("setState refused".into());
    }
    unsafe { plugin.controller.getParameterCount() };
    step("start")?;
    plugin.start(48_000.0, 64)?;
    for block in 1..=5 {
        step(&format!("block {block}"))?;
        let points = [Queue { id: 0, points: vec![(0, 0.5)] }];
        plugin.process(64, |frame| frame as f32 / 64.0, &points, &[])?;
    }
    step("stop")?;
    plugin.stop();
    step("destroy")?;
    drop(plugin);
    step("exit")?;
    drop(module);
    // Descriptors of the umask mode are no longer ours to open for new files, but this one exists.
    step("end")
}

/// What a plugin might have changed about the process, as a line of text.
fn surroundings() -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let umask = unsafe { libc::umask(0o22) };
    unsafe { libc::umask(umask) };
    let locale = unsafe { std::ffi::CStr::from_ptr(libc::setlocale(libc::LC_ALL, std::ptr::null())) };
    let ignored = |signal: i32| {
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) };
        action.sa_sigaction == libc::SIG_IGN
    };
    let (terminate, child) = (ignored(libc::SIGTERM), ignored(libc::SIGCHLD));
    let locale = locale.to_string_lossy();
    let first = unsafe { libc::fcntl(0, libc::F_GETFD) } != -1;
    format!(
        "root={} umask={umask:o} locale={locale} ignored={terminate}/{child} stdin={first}",
        folder == Path::new("/")
    )
}

/// Not a test of its own: the body of the child processes.
#[test]
#[ignore = "started by the other test in child processes"]
fn child() {
    let (Some(library), Some(steps)) = (std::env::var_os("FAULT_LIBRARY"), std::env::var_os("FAULT_STEPS")) else {
        return;
    };
    let code = match live(Path::new(&library), Path::new(&steps)) {
        Ok(()) => 42,
        Err(_) => 43,
    };
    unsafe { libc::_exit(code) };
}

fn wait(child: &mut std::process::Child, limit: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("the child can be killed");
    child.wait().expect("the child can be waited for");
    None
}

fn run(mode: &Mode, folder: &Path) -> (End, String) {
    let library = install("fault", folder, &format!("Fault {}", mode.name));
    let steps = folder.join(format!("{}.steps", mode.name));
    let mut command = Command::new(std::env::current_exe().expect("the test binary has a path"));
    command.args(["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env("FAULT_LIBRARY", &library).env("FAULT_STEPS", &steps);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // The greedy modes must not take the machine with them, and nobody wants 60 core files.
    let limits = || unsafe {
        libc::setrlimit(libc::RLIMIT_AS, &libc::rlimit { rlim_cur: 3 << 30, rlim_max: 3 << 30 });
        libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
        Ok(())
    };
    unsafe { command.pre_exec(limits) };
    let limit = if expected(mode.fault).0 == End::Stuck { 2 } else { 60 };
    let mut child = command.spawn().expect("the child starts");
    let end = match wait(&mut child, Duration::from_secs(limit)) {
        None => End::Stuck,
        Some(status) if status.signal().is_some() => End::Killed,
        Some(status) if status.code() == Some(42) => End::Whole,
        Some(status) if status.code() == Some(43) => End::Refused,
        Some(_) => End::Exited,
    };
    let last = std::fs::read_to_string(&steps).unwrap_or_default().lines().last().unwrap_or("nowhere").to_owned();
    (end, last)
}

#[test]
fn every_mode_ends_its_life_where_and_how_the_table_says() {
    let folder = tempfile::tempdir().expect("a folder for copies");
    let mut wrong = Vec::new();
    for mode in MODES {
        let (end, last) = run(mode, folder.path());
        let (wanted_end, wanted_last) = expected(mode.fault);
        // A trap may strike the bare host, which does not put the mode back, wherever it computes next; or nowhere.
        let trapped = mode.fault == Fault::FpUnmask && end == End::Killed;
        if !trapped && (end != wanted_end || last != wanted_last) {
            wrong.push(format!("{}: {end:?} at {last}, wanted {wanted_end:?} at {wanted_last}", mode.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_process_is_changed_as_announced() {
    let folder = tempfile::tempdir().expect("a folder for copies");
    let probe = |name: &str| {
        run(Mode::named(name).expect("a mode"), folder.path());
        std::fs::read_to_string(folder.path().join(format!("{name}.probe"))).expect("the child came to its probe")
    };
    let usual = probe("none");
    assert!(usual.contains("root=false") && usual.contains("ignored=false/false stdin=true"), "{usual}");
    for (name, part) in [
        ("changes-folder", "root=true"),
        ("changes-umask", "umask=777"),
        ("changes-signals", "ignored=true/true"),
        ("closes-descriptors", "stdin=false"),
    ] {
        let found = probe(name);
        assert!(found.contains(part) && !usual.contains(part), "{name}: {found}");
    }
    assert_ne!(probe("changes-locale"), usual);
}
