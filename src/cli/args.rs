//! The command line's shape. Each subcommand's own arguments stand in its own file.

use clap::{Parser, Subcommand};

/// A scriptable host for native audio plugins.
#[derive(Debug, Parser)]
#[command(name = "sonic-bridge", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    /// Without one the bridge runs
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: super::run::RunArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the bridge: let pages load plugins and send sound through them
    Run(super::run::RunArgs),
    /// Say whether a bridge is running, which, and how fast it answers
    Ping(super::ping::PingArgs),
    /// Make a token for a program that is no page
    Token(super::token::TokenArgs),
    /// Show which pages and programs were let in, or take that back
    Origins(super::origins::OriginsArgs),
    /// Look for plugins and examine those that are new or changed
    Scan(super::scan::ScanArgs),
    /// List the plugins of this machine
    List(super::list::ListArgs),
    /// Show everything a plugin says about itself
    Info(super::info::InfoArgs),
    /// Send a file, or notes, through a line of plugins into a new file
    Render(super::render::RenderArgs),
    /// Write a configuration file with every option into a folder
    Init(super::init::InitArgs),
    /// Say what is wrong with a configuration and the scripts it names
    Check(super::check::CheckArgs),
    /// Never touch a plugin again
    Block(super::block::BlockArgs),
    /// Take a block back
    Unblock(super::block::UnblockArgs),
    /// Examine one module (started by a scan, in a process of its own)
    #[command(name = "__probe", hide = true)]
    Probe(super::probe::ProbeArgs),
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        super::Args::command().debug_assert();
    }
}
