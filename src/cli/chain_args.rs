//! `--plugin` and what belongs to it: the line of plugins with the settings of each.
//!
//! Thread: main. Invariant: a setting belongs to the last `--plugin` before it; one that has none is refused.
//! By hand, because derived arguments forget in which order they were given.

use crate::control::PluginUse;
use clap::{Arg, ArgAction, ArgMatches, Command, Error, error::ErrorKind, value_parser};
use std::path::{Path, PathBuf};

/// The line of plugins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChainArgs {
    /// In order; at least one.
    pub plugins: Vec<PluginUse>,
}

impl clap::Args for ChainArgs {
    fn augment_args(command: Command) -> Command {
        let arg = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
        command
            .arg(arg("plugin").short('p').value_name("PLUGIN").required(true).help(
                "The plugin: its id, exact name, or a unique part of it (repeatable: a line of plugins, in order)",
            ))
            .arg(arg("param").value_name("NAME=VALUE").help(
                "A parameter of the last --plugin before it, as in \"Wet Level=40 %\" (repeatable); \
                 norm:0.4 and plain:-6 give numbers",
            ))
            .arg(
                arg("preset")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("A .vstpreset, or the name of a factory program, for the last --plugin before it"),
            )
            .arg(
                arg("state")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("A saved state for the last --plugin before it; applied before --preset and --param"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ChainArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut chain = Self::default();
        let mut places = Vec::new();
        for (place, query) in with_places::<String>(matches, "plugin") {
            places.push(place);
            chain.plugins.push(PluginUse { query: query.clone(), ..PluginUse::default() });
        }
        for (place, text) in with_places::<String>(matches, "param") {
            let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
                return Err(wrong(&format!("--param {text}: a name and a value are needed, as in \"Wet Level=40 %\"")));
            };
            let param = (name.trim().to_owned(), value.trim().to_owned());
            chain.plugin_before(&places, place, "--param")?.params.push(param);
        }
        for (place, path) in with_places::<PathBuf>(matches, "preset") {
            let plugin = chain.plugin_before(&places, place, "--preset")?;
            set_once(&mut plugin.preset, path, "--preset", &plugin.query)?;
        }
        for (place, path) in with_places::<PathBuf>(matches, "state") {
            let plugin = chain.plugin_before(&places, place, "--state")?;
            set_once(&mut plugin.state, path, "--state", &plugin.query)?;
        }
        Ok(chain)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ChainArgs {
    fn plugin_before(&mut self, places: &[usize], place: usize, name: &str) -> Result<&mut PluginUse, Error> {
        let before = places.partition_point(|plugin| *plugin < place).checked_sub(1);
        match before {
            Some(position) => Ok(&mut self.plugins[position]),
            None => {
                Err(wrong(&format!("{name} stands before the first --plugin; put it after the plugin it belongs to")))
            }
        }
    }
}

/// Values with their places on the command line.
fn with_places<'a, T: Clone + Send + Sync + 'static>(
    matches: &'a ArgMatches,
    name: &str,
) -> impl Iterator<Item = (usize, &'a T)> {
    let places = matches.indices_of(name).into_iter().flatten();
    places.zip(matches.get_many::<T>(name).into_iter().flatten())
}

fn set_once(slot: &mut Option<PathBuf>, path: &Path, name: &str, plugin: &str) -> Result<(), Error> {
    match slot.replace(path.to_path_buf()) {
        None => Ok(()),
        Some(_) => Err(wrong(&format!("{name} is given twice for {plugin}"))),
    }
}

fn wrong(message: &str) -> Error {
    Error::raw(ErrorKind::ValueValidation, format!("{}\n", crate::catalog::text::escape(message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches as _};

    fn parse(line: &[&str]) -> Result<Vec<PluginUse>, String> {
        let command = ChainArgs::augment_args(Command::new("render"));
        let matches = command.try_get_matches_from([&["render"], line].concat()).map_err(|error| error.to_string())?;
        Ok(ChainArgs::from_arg_matches(&matches).map_err(|error| error.to_string())?.plugins)
    }

    #[test]
    fn settings_belong_to_the_last_plugin_before_them() {
        let plugins = parse(&[
            "--plugin",
            "EQ",
            "--param",
            "Gain=-6 dB",
            "--state",
            "eq.bin",
            "--plugin",
            "Hall",
            "--preset",
            "Big",
            "--param",
            "Wet Level = 40 %",
            "--param",
            "Mode=a=b",
            "--plugin",
            "Gain",
        ])
        .unwrap();
        let param = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(plugins.len(), 3);
        assert_eq!((plugins[0].query.as_str(), &plugins[0].params), ("EQ", &vec![param("Gain", "-6 dB")]));
        assert_eq!((&plugins[0].state, &plugins[0].preset), (&Some("eq.bin".into()), &None));
        assert_eq!(plugins[1].params, [param("Wet Level", "40 %"), param("Mode", "a=b")]);
        assert_eq!(plugins[1].preset, Some("Big".into()));
        assert_eq!(plugins[2], PluginUse { query: "Gain".into(), ..PluginUse::default() });
    }

    #[test]
    fn mistakes_are_explained() {
        for (line, part) in [
            (&["--param", "A=1", "--plugin", "X"][..], "--param stands before the first --plugin"),
            (&["--plugin", "X", "--param", "A"], "a name and a value are needed"),
            (&["--plugin", "X", "--param", "=1"], "a name and a value are needed"),
            (&["--plugin", "X", "--preset", "a", "--preset", "b"], "--preset is given twice for X"),
            (&[], "--plugin"),
        ] {
            let error = parse(line).expect_err(part);
            assert!(error.contains(part), "{line:?}: {error}");
        }
    }
}
