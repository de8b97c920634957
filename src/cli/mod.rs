//! Composition root of the command line: arguments in, exit code out.

use std::process::ExitCode;

/// `[main]` Runs the program.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
