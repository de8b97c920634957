//! Composition root of the command line: arguments in, exit code out.
//!
//! Thread: main. Invariant: exit code 0 for success, 1 for an error told on stderr, 2 for a wrong command line, 130 when
//! stopped by Ctrl-C; everything that came from outside is escaped before a terminal sees it.

mod args;
mod block;
mod chain_args;
mod check;
mod consent;
mod doorbell;
mod info;
mod init;
mod list;
mod logging;
mod origins;
mod output;
mod ping;
mod places;
mod plugins;
mod probe;
mod render;
mod render_output;
mod run;
mod scan;
mod token;

use args::{Args, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// `[main]` Runs the program.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.command.unwrap_or(Command::Run(args.run)) {
        Command::Run(args) => run::run(&args),
        Command::Ping(args) => ping::run(&args),
        Command::Token(args) => token::run(&args),
        Command::Origins(args) => origins::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::List(args) => list::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Block(args) => block::block(&args),
        Command::Unblock(args) => block::unblock(&args),
        Command::Probe(args) => probe::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failure(&error),
    }
}
