//! Runs one examination in a child process, and survives whatever it does.
//!
//! Thread: the calling thread waits; two helpers drain the child's output and wait for its end. On Linux the child dies
//! with the calling *thread*, so that thread must outlive the call – it does, it waits here.
//! Invariant: when [`examine`] returns, the child and everything in its process group is dead, and at most [`TAIL`] bytes
//! of what it printed were kept. A grandchild that left the group (`setsid`) is not followed.
//! Deliberately absent: the limits a process sets on itself (confine), judging what came back (scan).

use super::{record::Record, report};
use std::{
    ffi::OsString,
    hash::{BuildHasher as _, RandomState},
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver},
    },
    time::{Duration, Instant},
};

/// How much of the output is kept: its end, where the reason for a crash would be.
const TAIL: usize = 4096;
/// How often the wish to cancel is looked at.
const PULSE: Duration = Duration::from_millis(50);
/// How long to wait for the rest of the output after the end; a grandchild may hold the pipe open for ever.
const GRACE: Duration = Duration::from_millis(300);

/// The program that examines a module. It is called with these arguments, then the module's path, the path of the report
/// to be written, and the token to be put into it, then `--memory BYTES --seconds N --parent PID`.
#[derive(Clone, Debug)]
pub struct ChildCommand {
    /// The program.
    pub program: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<OsString>,
}

impl ChildCommand {
    /// `[any]` `sonic-bridge __probe` of the given program file.
    pub fn of_program(program: PathBuf) -> Self {
        Self { program, arguments: vec!["__probe".into()] }
    }

    /// `[any]` The running program itself.
    pub fn this_program() -> Self {
        Self::of_program(std::env::current_exe().unwrap_or_else(|_| PathBuf::from("sonic-bridge")))
    }
}

/// Bounds of one examination.
pub(super) struct Bounds<'a> {
    pub timeout: Duration,
    pub memory: u64,
    pub cancel: &'a AtomicBool,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// With a report: plugins, or a reason.
    Report(Result<Vec<Record>, String>),
    /// By itself, without a report.
    Exited(i32),
    /// By a signal or exception, with its name.
    Crashed(String),
    /// By us, for taking too long.
    TimedOut,
    /// By us, because the user wants to stop.
    Cancelled,
    /// It could not be started.
    NotStarted(io::Error),
}

/// What is known afterwards.
#[derive(Debug)]
pub(super) struct Outcome {
    pub ending: Ending,
    /// The end of what it printed.
    pub output: String,
}

/// `[any]` Examines one module in a child process.
pub(super) fn examine(command: &ChildCommand, module: &Path, bounds: &Bounds<'_>) -> Outcome {
    let tail = Arc::new(Mutex::new(Vec::new()));
    let ending = run(command, module, bounds, &tail).unwrap_or_else(Ending::NotStarted);
    let bytes = tail.lock().unwrap_or_else(PoisonError::into_inner);
    Outcome { ending, output: String::from_utf8_lossy(&bytes).into_owned() }
}

fn run(command: &ChildCommand, module: &Path, bounds: &Bounds<'_>, tail: &Arc<Mutex<Vec<u8>>>) -> io::Result<Ending> {
    let desk = tempfile::Builder::new().prefix("sonic-bridge-scan-").tempdir()?;
    let report_path = desk.path().join("report.json");
    let token = token();
    let (output, into) = io::pipe()?;
    let mut child = {
        let mut command_line = Command::new(&command.program);
        command_line
            .args(&command.arguments)
            .args([module, &report_path])
            .arg(&token)
            .args(["--memory", &bounds.memory.to_string()])
            .args(["--seconds", &bounds.timeout.as_secs().saturating_add(1).to_string()])
            .args(["--parent", &std::process::id().to_string()])
            .stdin(Stdio::null())
            .stdout(into.try_clone()?)
            .stderr(into)
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .current_dir(desk.path());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command_line, 0);
        command_line.spawn()?
        // Our ends of the pipe close here, so that its end is seen when the child's close.
    };
    let drained = drain(output, Arc::clone(tail));
    let ended = wait_for(&mut child, bounds);
    kill_all(&mut child);
    let status = child.wait()?;
    let _ = drained.recv_timeout(GRACE);

    // A report is complete or absent, so its presence outranks the way of leaving: some plugins crash in `exit`.
    if let Some(report) = report::read(&report_path, &token, &super::card::name_of(module)) {
        return Ok(Ending::Report(report));
    }
    Ok(match ended {
        Waited::Ended => ending_of(status),
        Waited::TimedOut => Ending::TimedOut,
        Waited::Cancelled => Ending::Cancelled,
    })
}

/// Against reports that are not the answer to this question, by accident or from an earlier run.
fn token() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(1), RandomState::new().hash_one(2))
}

/// Reads until the end, keeps the last bytes. The receiver hears of the end.
fn drain(mut output: io::PipeReader, tail: Arc<Mutex<Vec<u8>>>) -> Receiver<()> {
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match output.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => {
                    let mut kept = tail.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.extend_from_slice(&chunk[read.saturating_sub(TAIL)..read]);
                    let surplus = kept.len().saturating_sub(TAIL);
                    kept.drain(..surplus);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        // Nobody listens when the grace is over.
        let _ = ended.send(());
    });
    end
}

enum Waited {
    Ended,
    TimedOut,
    Cancelled,
}

fn wait_for(child: &mut Child, bounds: &Bounds<'_>) -> Waited {
    let deadline = Instant::now() + bounds.timeout;
    let end = end_of(child);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if end(left.min(PULSE)) {
            return Waited::Ended;
        }
        if bounds.cancel.load(Ordering::Relaxed) {
            return Waited::Cancelled;
        }
        if left.is_zero() {
            return Waited::TimedOut;
        }
    }
}

/// Waits up to a time for the end of the child, which stays a zombie: its process group cannot be given to anybody else
/// until we are done with it.
#[cfg(unix)]
fn end_of(child: &mut Child) -> impl Fn(Duration) -> bool + use<> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let (ended, end) = mpsc::channel();
    let pid = Pid::from_child(child);
    std::thread::spawn(move || {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), how), Err(rustix::io::Errno::INTR)) {}
        let _ = ended.send(());
    });
    move |time| !matches!(end.recv_timeout(time), Err(mpsc::RecvTimeoutError::Timeout))
}

/// Waits up to a time for the end of the child.
#[cfg(not(unix))]
fn end_of(child: &mut Child) -> impl Fn(Duration) -> bool {
    let child = std::cell::RefCell::new(child);
    move |time| {
        let deadline = Instant::now() + time;
        loop {
            if !matches!(child.borrow_mut().try_wait(), Ok(None)) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Kills the child and what it started, also after its own end.
fn kill_all(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        // Fails when nobody is left, which is what is wanted.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(unix)]
fn ending_of(status: ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Crashed(signal_name(signal.unwrap_or_default())),
    }
}

#[cfg(not(unix))]
fn ending_of(status: ExitStatus) -> Ending {
    match status.code() {
        // Severity "error": an exception that nobody handled.
        Some(code) if code as u32 >= 0xC000_0000 => Ending::Crashed(match code as u32 {
            0xC000_0005 => "access violation".into(),
            0xC000_00FD => "stack overflow".into(),
            0xC000_0409 => "abort".into(),
            other => format!("exception {other:#010X}"),
        }),
        code => Ending::Exited(code.unwrap_or(-1)),
    }
}

#[cfg(unix)]
fn signal_name(number: i32) -> String {
    use rustix::process::Signal;
    let names = [
        (Signal::SEGV, "SIGSEGV"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::ILL, "SIGILL"),
        (Signal::FPE, "SIGFPE"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::SYS, "SIGSYS"),
        (Signal::KILL, "SIGKILL"),
        (Signal::TERM, "SIGTERM"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::XCPU, "SIGXCPU"),
    ];
    let name = names.iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| (*name).to_owned());
    name.unwrap_or_else(|| format!("signal {number}"))
}
