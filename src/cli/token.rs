//! `sonic-bridge token NAME`: a token for a program that is no page.

use super::{output::print, places::decisions};
use crate::server::{Config, TokenFile};
use std::collections::BTreeSet;

/// For whom.
#[derive(Debug, clap::Args)]
pub(super) struct TokenArgs {
    /// A name to know it by: letters, digits, - and _
    #[arg(value_name = "NAME")]
    name: String,
    /// What it may do (repeatable); without it all that a paired page may
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

/// `[main]` Makes one and shows it, this once.
pub(super) fn run(args: &TokenArgs) -> anyhow::Result<()> {
    let known = Config::default().own_scopes;
    if let Some(unknown) = args.scopes.iter().find(|scope| !known.contains(*scope)) {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        anyhow::bail!("there is no scope {unknown:?}; there are {}", known.join(", "));
    }
    let scopes: BTreeSet<String> =
        if args.scopes.is_empty() { Config::default().scopes } else { args.scopes.iter().cloned().collect() };
    let made = TokenFile::open(&decisions()?)?.add_native(&args.name, scopes)?;
    print(&format!("{}\n", made.token))
}
