//! How to open the catalog.
//!
//! Thread: any. Invariant: the catalog reads the environment only here, so that a test that fills in every field is alone
//! with its own files.

use super::{
    card::Module,
    child::ChildCommand,
    folders::{Folder, Os, search_path_here},
    places,
};
use std::{
    num::NonZero,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// How long a module may take to be examined, unless said otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// How much memory of its own a module may take, in bytes, unless said otherwise.
pub const DEFAULT_MEMORY: u64 = 2 << 30;

/// Where to look, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders, best first.
    pub folders: Vec<Folder>,
    /// Where scan results are kept; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Where the user's decisions are kept; `None` knows none.
    pub config: Option<PathBuf>,
    /// The program that examines one module. The default is this program itself, so a test must name it.
    pub child: ChildCommand,
    /// How many modules are examined side by side.
    pub jobs: usize,
    /// How long one may take.
    pub timeout: Duration,
    /// How much memory of its own one may take, in bytes.
    pub memory: u64,
    /// Examine everything again, also what crashed before.
    pub rescan: bool,
    /// Set from elsewhere to stop a scan: its children die, and [`super::OpenError::Cancelled`] comes back.
    pub cancel: Arc<AtomicBool>,
}

impl Options {
    /// `[any]` The user's folders and files, as the environment has them; folders in `named` come first.
    pub fn new(named: &[PathBuf], with_standard: bool) -> Self {
        let variable = |name: &str| std::env::var_os(name);
        let home = || std::env::home_dir().filter(|home| home.is_absolute());
        Self {
            folders: search_path_here(named, with_standard),
            cache: places::cache(Os::host(), home(), &variable),
            config: places::config(Os::host(), home(), &variable),
            child: ChildCommand::this_program(),
            jobs: std::thread::available_parallelism().map_or(1, NonZero::get),
            timeout: DEFAULT_TIMEOUT,
            memory: DEFAULT_MEMORY,
            rescan: false,
            cancel: Arc::default(),
        }
    }
}

/// News from a scan.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Another process is scanning; this one waits for it.
    Waiting,
    /// So many modules will be examined.
    Started {
        /// Number of modules.
        modules: usize,
    },
    /// A module is being examined.
    Examining(PathBuf),
    /// A module was examined.
    Examined(Module),
}
