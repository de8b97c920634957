//! One step of a task: a child process with a title, a time, and an answer that is either success or the reason.
//!
//! Invariant: a step never waits for input; its standard input is closed.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// A child process that is about to run.
#[derive(Debug)]
pub struct Step {
    title: String,
    command: Command,
}

impl Step {
    /// `[main]` A step that runs `program`.
    pub fn new(title: impl Into<String>, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self { title: title.into(), command }
    }

    /// `[main]` A step that runs the cargo this program was started by.
    pub fn cargo(title: impl Into<String>) -> Self {
        Self::new(title, std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// `[main]` Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// `[main]` Adds one argument.
    pub fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// `[main]` Sets a variable of the child.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// `[main]` Removes a variable of the child.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// `[main]` Sets the working folder of the child.
    pub fn within(mut self, folder: impl AsRef<std::path::Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// `[main]` Runs it, its output going where ours goes. An answer other than success is an error.
    pub fn run(mut self) -> Result<()> {
        let started = self.announce();
        let status = self.command.status().with_context(|| self.cannot_start())?;
        self.finish(started, status.success(), || status.to_string())
    }

    /// `[main]` Runs it, passes each line of its standard output on, and gives it to `look` as well.
    pub fn watch(mut self, mut look: impl FnMut(&str)) -> Result<()> {
        let started = self.announce();
        let mut child = self.command.stdout(Stdio::piped()).spawn().with_context(|| self.cannot_start())?;
        let output = child.stdout.take().context("the output of a child is piped")?;
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            look(&line);
        }
        let status = child.wait()?;
        self.finish(started, status.success(), || status.to_string())
    }

    /// `[main]` Runs it quietly and gives its standard output back.
    pub fn read(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed with {}\n{}", self.title, output.status, errors.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `[main]` Runs it quietly, expecting it to fail, and gives its standard error back.
    pub fn errors(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if output.status.success() {
            bail!("{} succeeded, but it has to fail", self.title);
        }
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// `[main]` Whether it can be run and answers success; says nothing.
    pub fn works(mut self) -> bool {
        let status = self.command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn announce(&self) -> Instant {
        println!("── {}", self.title);
        Instant::now()
    }

    fn cannot_start(&self) -> String {
        format!("{}: cannot start {}", self.title, self.command.get_program().display())
    }

    fn finish(&self, started: Instant, success: bool, reason: impl Fn() -> String) -> Result<()> {
        let seconds = started.elapsed().as_secs_f32();
        if !success {
            bail!("{} failed with {} after {seconds:.1} s", self.title, reason());
        }
        println!("── {}: done in {seconds:.1} s", self.title);
        Ok(())
    }
}
