//! `sonic-bridge origins`: who was let in, and taking that back.

use super::{
    output::{Table, print, width},
    places::decisions,
    plugins::plural,
};
use crate::server::{Holding, TokenFile};
use anyhow::bail;
use std::time::{Duration, SystemTime};

/// What to do.
#[derive(Debug, clap::Args)]
pub(super) struct OriginsArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show who was let in
    List,
    /// Take the tokens of a page or program back; a running bridge closes its connections
    Revoke {
        /// A page, as https://app.example, or the name of a program
        #[arg(value_name = "ORIGIN|NAME")]
        holder: String,
    },
}

/// `[main]` Does it.
pub(super) fn run(args: &OriginsArgs) -> anyhow::Result<()> {
    let file = TokenFile::open(&decisions()?)?;
    match &args.what {
        None | Some(What::List) => {
            let mut table = Table::new(&["WHO", "KIND", "DAYS", "MAY"]);
            for card in file.list()? {
                let (who, kind) = match &card.holder {
                    Holding::Origin(origin) => (origin, "page"),
                    Holding::Native(name) => (name, "program"),
                };
                let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(card.created));
                let days = age.map_or(0, |age| age.as_secs() / 86_400).to_string();
                let scopes: Vec<&str> = card.scopes.iter().map(String::as_str).collect();
                table.row([who, kind, &days, &scopes.join(" ")]);
            }
            print(&table.render(width()))
        }
        Some(What::Revoke { holder }) => {
            let holding =
                if holder.contains("://") { Holding::Origin(holder.clone()) } else { Holding::Native(holder.clone()) };
            match file.revoke(&holding)? {
                0 => bail!("{holder} has no token; `sonic-bridge origins` lists who has"),
                count => print(&format!("Took {count} token{} of {holder} back.\n", plural(count))),
            }
        }
    }
}
