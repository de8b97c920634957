//! `sonic-bridge scan`: examines what is new or changed, or everything again, and tells how it went.

use super::{
    list::module_json,
    output::{note, print},
    plugins::{Display, FolderArgs, plural},
};
use crate::catalog::{
    Catalog, State,
    folders::{Folder, Origin},
};
use anyhow::bail;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Which modules, and how.
#[derive(Debug, clap::Args)]
pub(super) struct ScanArgs {
    /// Only these modules or folders; what is in them is examined again
    paths: Vec<PathBuf>,
    /// Examine everything again, also what crashed before
    #[arg(long)]
    rescan: bool,
    /// Modules examined side by side [default: number of processor cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Longest time one module may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
    /// Most memory one module may take for itself, where the system can limit it (Linux)
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..=1_048_576))]
    memory: u64,
    /// Print one JSON document: modules and problems
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folders: FolderArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    if (0.1..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must lie between 0.1 and 3600 seconds".into())
    }
}

/// `[main]` Scans.
pub(super) fn run(args: &ScanArgs) -> anyhow::Result<()> {
    let mut options = args.folders.options()?;
    options.rescan = args.rescan || !args.paths.is_empty();
    options.timeout = args.timeout;
    options.memory = args.memory << 20;
    if let Some(jobs) = args.jobs {
        options.jobs = jobs.into();
    }
    if !args.paths.is_empty() {
        if let Some(missing) = args.paths.iter().find(|path| !path.exists()) {
            bail!("{} does not exist; there is nothing to scan", missing.display());
        }
        options.folders = args.paths.iter().map(|path| Folder { path: path.clone(), origin: Origin::Named }).collect();
    }
    let mut display = if args.json { Display::new() } else { Display::with_lines() };
    let mut examined = 0;
    let catalog = Catalog::open_and_tell(&options, &mut |progress| {
        examined += usize::from(matches!(progress, crate::catalog::Progress::Examined(_)));
        display.show(&progress);
    })?;
    display.finish();
    if args.json {
        let modules: Vec<_> = catalog.modules().iter().map(module_json).collect();
        let document = serde_json::json!({
            "examined": examined, "modules": modules, "problems": catalog.problems(),
        });
        return print(&format!("{document:#}\n"));
    }
    for problem in catalog.problems() {
        note(problem);
    }
    print(&summary(&catalog, examined))
}

fn summary(catalog: &Catalog, examined: usize) -> String {
    let usable = catalog.plugins().iter().filter(|card| card.usable()).count();
    let modules = catalog.modules().len();
    let mut text = format!(
        "{usable} usable plugin{} in {modules} module{}, {examined} of them examined now.\n",
        plural(usable),
        plural(modules)
    );
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for module in catalog.modules().iter().filter(|module| module.state != State::Ok) {
        *counts.entry(module.state.name()).or_default() += 1;
    }
    if !counts.is_empty() {
        let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
        text += &format!("Not usable: {}; `sonic-bridge list` tells the reasons.\n", counts.join(", "));
    }
    for card in catalog.plugins() {
        if let Some(winner) = &card.shadowed_by {
            let (name, version) = (&card.info.name, &card.info.version);
            let line = format!(
                "{name} {version} in {} is shadowed by the one in {}.",
                card.info.path.display(),
                winner.display()
            );
            text += &format!("{}\n", crate::catalog::text::escape(&line));
        }
    }
    if catalog.modules().is_empty() {
        text += "Searched:\n";
        for folder in catalog.folders() {
            text += &format!("  {}\n", crate::catalog::text::escape(&folder.path.display().to_string()));
        }
    }
    text
}
