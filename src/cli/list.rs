//! `sonic-bridge list`: the plugins of this machine, as a table or as JSON.

use super::{
    output::{Table, print, width},
    plugins::{FolderArgs, open, plural},
};
use crate::catalog::{Card, Catalog, Module, State, text::escape};
use serde_json::{Value, json};

/// Which plugins, and how to show them.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Only plugins whose name contains this
    #[arg(value_name = "NAME")]
    text: Option<String>,
    /// Only plugins whose name contains this
    #[arg(long, conflicts_with = "text")]
    name: Option<String>,
    /// Only plugins whose maker's name contains this
    #[arg(long)]
    vendor: Option<String>,
    /// Only plugins of this category, such as Reverb
    #[arg(long)]
    category: Option<String>,
    /// Only plugins of this kind
    #[arg(long, value_parser = ["effect", "instrument", "analyzer", "generator", "other"])]
    kind: Option<String>,
    /// Also plugins that another one of the same id is preferred to
    #[arg(long)]
    all: bool,
    /// Print a JSON array: id, name, vendor, version, format, kind, path, state and more of each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folders: FolderArgs,
}

/// `[main]` Lists.
pub(super) fn run(args: &ListArgs) -> anyhow::Result<()> {
    let catalog = open(&args.folders.options()?)?;
    let cards: Vec<&Card> = catalog.plugins().iter().filter(|card| args.wants(card)).collect();
    let silent: Vec<&Module> = catalog.modules().iter().filter(|module| args.wants_silent(module)).collect();
    if args.json {
        let rows: Vec<Value> =
            cards.iter().map(|card| card_json(card)).chain(silent.iter().map(|module| module_json(module))).collect();
        return print(&format!("{:#}\n", Value::Array(rows)));
    }
    print(&text(&catalog, &cards, &silent, width()))
}

impl ListArgs {
    fn wants(&self, card: &Card) -> bool {
        let info = &card.info;
        self.wants_name(&info.name)
            && contains(&info.vendor, &self.vendor)
            && self.category.as_ref().is_none_or(|wanted| {
                info.categories.iter().any(|category| category.to_lowercase() == wanted.to_lowercase())
            })
            && self.kind.as_ref().is_none_or(|wanted| info.kind.name() == wanted)
            && (self.all || card.shadowed_by.is_none())
    }

    /// A module without plugins has no category and no kind that anybody could ask for.
    fn wants_silent(&self, module: &Module) -> bool {
        module.plugins == 0
            && self.wants_name(&module.name())
            && contains(&module.vendor, &self.vendor)
            && self.category.is_none()
            && self.kind.is_none()
    }

    fn wants_name(&self, name: &str) -> bool {
        contains(name, &self.name) && contains(name, &self.text)
    }
}

fn contains(text: &str, wanted: &Option<String>) -> bool {
    wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
}

/// `[any]` A plugin for other programs.
pub(super) fn card_json(card: &Card) -> Value {
    let info = &card.info;
    json!({
        "id": info.id.0,
        "name": info.name,
        "vendor": info.vendor,
        "version": info.version,
        "format": info.format.name(),
        "kind": info.kind.name(),
        "categories": info.categories,
        "sdk": info.sdk,
        "path": info.path.to_string_lossy(),
        "state": card.state.name(),
        "reason": card.reason,
        "shadowed_by": card.shadowed_by.as_ref().map(|path| path.to_string_lossy()),
        "replaces": card.replaces.iter().map(|id| &id.0).collect::<Vec<_>>(),
    })
}

/// `[any]` A module for other programs: of a plugin that never told, what its bundle and its file name say.
pub(super) fn module_json(module: &Module) -> Value {
    let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    json!({
        "id": module.expected.first().map(|id| &id.0),
        "name": module.name(),
        "vendor": known(&module.vendor),
        "version": known(&module.version),
        "format": "vst3",
        "kind": null,
        "path": module.path.to_string_lossy(),
        "state": module.state.name(),
        "reason": module.reason,
        "plugins": module.plugins,
        "took_ms": module.took_ms,
    })
}

fn text(catalog: &Catalog, cards: &[&Card], silent: &[&Module], width: usize) -> String {
    let mut text = String::new();
    if cards.is_empty() && silent.is_empty() {
        text += match catalog.modules() {
            [] => "No plugins were found. They are looked for in:\n",
            _ => "No plugin fits.\n",
        };
        for folder in catalog.folders().iter().filter(|_| catalog.modules().is_empty()) {
            text += &format!("  {}\n", escape(&folder.path.display().to_string()));
        }
        return text;
    }
    let usable: Vec<&&Card> = cards.iter().filter(|card| card.usable()).collect();
    if !usable.is_empty() {
        let mut table = Table::new(&["NAME", "VENDOR", "VERSION", "KIND", "CATEGORY"]);
        for card in &usable {
            let info = &card.info;
            // "Fx" and "Instrument" are what KIND says.
            let words = info.categories.iter().map(String::as_str).filter(|word| !matches!(*word, "Fx" | "Instrument"));
            let words: Vec<&str> = words.collect();
            table.row([&info.name, &info.vendor, &info.version, info.kind.name(), &words.join(", ")]);
        }
        text += &table.render(width);
    }
    let told = usable.len();
    text += &format!("{}{told} plugin{}.\n", if told > 0 { "\n" } else { "" }, plural(told));
    for card in cards {
        let (name, version, path) = (&card.info.name, &card.info.version, card.info.path.display());
        if let Some(winner) = &card.shadowed_by {
            let line = format!("SHADOWED {name} {version} ({path}) by {}", winner.display());
            text += &format!("{}\n", escape(&line));
        }
    }
    let blocked = cards
        .iter()
        .filter(|card| card.state != State::Ok)
        .map(|card| (card.state, card.info.name.clone(), card.info.path.display().to_string(), card.reason.clone()));
    let silent = silent
        .iter()
        .map(|module| (module.state, module.name(), module.path.display().to_string(), module.reason.clone()));
    let unusable: Vec<_> = blocked.chain(silent).collect();
    if !unusable.is_empty() {
        text += "\nNot usable:\n";
        for (state, name, path, reason) in unusable {
            text += &format!("{state:12} {}\n", escape(&name));
            text += &format!("             {}\n", escape(&reason.unwrap_or_default()));
            text += &format!("             {}\n", escape(&path));
        }
    }
    let hidden = catalog.plugins().iter().filter(|card| card.shadowed_by.is_some()).count();
    if hidden > 0 && cards.iter().all(|card| card.shadowed_by.is_none()) {
        let word = if hidden == 1 { "plugin is" } else { "plugins are" };
        text += &format!("\n{hidden} {word} shadowed by a newer or better placed one (`list --all`).\n");
    }
    text
}
