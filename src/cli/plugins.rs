//! How every subcommand that needs plugins gets its catalog: the folders' arguments, progress, Ctrl-C.

use super::output::note;
use crate::{
    catalog::{Catalog, Options, Progress, State, text::escape},
    control::last_words,
    script::ConfigFile,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::IsTerminal as _,
    path::PathBuf,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Where to look for plugins. Flattened into the arguments of each subcommand that needs them.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct FolderArgs {
    /// Also look in this folder, before all others (repeatable; so does the variable VST3_PATH, a list)
    #[arg(long = "plugin-path", value_name = "DIR")]
    pub plugin_path: Vec<PathBuf>,
    /// Leave out the system's standard plugin folders
    #[arg(long)]
    pub no_standard_folders: bool,
    /// A configuration file, for its plugin folders. One that merely lies in the working folder is not obeyed: it could
    /// have come with a download, and name folders whose code a scan would run
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl FolderArgs {
    /// `[main]` The options these arguments and the configuration mean, with Ctrl-C connected.
    pub fn options(&self) -> anyhow::Result<Options> {
        let file = self.config.as_deref().map(|path| ConfigFile::read(path, Rc::new(note))).transpose()?;
        Ok(self.options_of(file.as_ref()))
    }

    /// `[main]` The same with a configuration that was read already.
    pub fn options_of(&self, config: Option<&ConfigFile>) -> Options {
        let mut named = self.plugin_path.clone();
        named.extend(config.into_iter().flat_map(ConfigFile::plugin_paths));
        let mut options = Options::new(&named, !self.no_standard_folders);
        options.cancel = cancelled_by_ctrl_c();
        options
    }
}

/// `[main]` The catalog for a subcommand that is about something else: a scan that turns out to be needed is shown on
/// stderr, problems are told there.
pub(super) fn open(options: &Options) -> anyhow::Result<Catalog> {
    let mut display = Display::new();
    let catalog = Catalog::open_and_tell(options, &mut |progress| display.show(&progress))?;
    display.finish();
    for problem in catalog.problems() {
        note(problem);
    }
    Ok(catalog)
}

/// Set when the user presses Ctrl-C. The first press asks for a clean end, the second ends the program.
fn cancelled_by_ctrl_c() -> Arc<AtomicBool> {
    let cancel = Arc::new(AtomicBool::new(false));
    let pressed = Arc::clone(&cancel);
    let connected = ctrlc::set_handler(move || {
        if pressed.swap(true, Ordering::Relaxed) {
            last_words::withdraw();
            std::process::exit(130);
        }
    });
    if let Err(error) = connected {
        note(&format!("Ctrl-C cannot be handled ({error})."));
    }
    cancel
}

/// Progress of a scan: a bar on a terminal, a line for each module elsewhere.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    lines: bool,
}

impl Display {
    /// Bar on a terminal, silence elsewhere.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, lines: false }
    }

    /// Also a line for each module that was examined.
    pub fn with_lines() -> Self {
        let mut display = Self::new();
        display.lines = true;
        display
    }

    /// `[main]` Shows one piece of news.
    pub fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Waiting => self.line("Another scan is running; waiting for its end."),
            Progress::Started { modules } => {
                if let Some(bar) = &self.bar {
                    bar.set_length(*modules as u64);
                    bar.enable_steady_tick(Duration::from_millis(200));
                }
            }
            Progress::Examining(path) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(escape(&path.file_name().unwrap_or_default().to_string_lossy()));
                }
            }
            Progress::Examined(module) => {
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
                if self.lines {
                    let what = match (module.state, &module.reason) {
                        (State::Ok, _) => format!("{} plugin{}", module.plugins, plural(module.plugins)),
                        (_, reason) => reason.clone().unwrap_or_default(),
                    };
                    let time = module.took_ms.map(|took| format!(" in {took} ms")).unwrap_or_default();
                    self.line(&format!("{:12} {}: {what}{time}", module.state, module.path.display()));
                }
            }
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(escape(text)),
            None => note(text),
        }
    }

    /// `[main]` Takes the bar away.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The ending of a counted word.
pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
