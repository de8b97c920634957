//! `sonic-bridge run`, and `sonic-bridge` alone: the bridge itself. The composition root that puts core, scripts and server
//! together.
//!
//! Threads: main runs the plugins' loop; scripts, the network and the terminal have threads of their own. Invariant: nothing
//! listens before the user has agreed, and the bridge ends in order: clients hear of it, scripts stop, plugins go.

use super::{
    consent, doorbell,
    logging::{self, LogArgs},
    output::{note, print},
    plugins::{self, FolderArgs},
};
use crate::{
    config::Config,
    control::{
        Host,
        core::{Core, CoreLimits, MainLoop},
    },
    link::{ServerEnd, link},
    script::{CONFIG_FILE, ConfigFile, Engine, FileFeed, Limits, Script, Setup, trace_log},
    server::{self, Server, ServerControl},
    watch::Watch,
};
use anyhow::Context as _;
use std::{
    path::{Path, PathBuf},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether Ctrl-C was pressed.
const LOOK: Duration = Duration::from_millis(50);

/// How to run.
#[derive(Debug, Default, clap::Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    folders: FolderArgs,
    /// The port to listen on instead of the configured one; 0 takes any that is free
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Do not open the bridge's page in a browser
    #[arg(long)]
    no_open: bool,
    /// Agree that native plugins may run: they are programs outside the browser's sandbox, with your rights
    #[arg(long)]
    accept_native_plugins: bool,
    #[command(flatten)]
    log: LogArgs,
}

/// `[main]` Runs until Ctrl-C.
pub(super) fn run(args: &RunArgs) -> anyhow::Result<()> {
    logging::start(&args.log)?;
    let file = configuration(args.folders.config.as_deref())?;
    let config = file.as_ref().map(|file| file.config.clone()).unwrap_or_default();
    let options = args.folders.options_of(file.as_ref());
    consent::ensure(options.config.as_deref(), args.accept_native_plugins)?;
    let decisions = options.config.clone().context("this user has no home folder; name one in SONIC_BRIDGE_CONFIG")?;
    let server_config = server_config(args, &config, decisions);
    let told = limits_told(&config, &server_config.limits);
    let mut server = Server::bind(server_config).context("the bridge cannot listen (--port N takes another port)")?;
    server.warnings().iter().for_each(|warning| note(warning));

    let stop = Arc::clone(&options.cancel);
    let catalog = plugins::open(&options)?;
    let limits = CoreLimits { instances: config.limits.instances as usize, streams: config.limits.streams as usize };
    let (main_loop, core) = MainLoop::new(Host::new(catalog), options, limits);
    let (server_end, script_end) = link();
    // Watches as long as it lives.
    let (_watch, files) = if config.scripts.reload { watch_files() } else { (None, None) };
    let engine = Engine::start(Setup {
        backend: Box::new(core.clone()),
        link: script_end,
        script: script(file.as_ref(), &config),
        limits: told,
        log: trace_log(),
        files,
    })
    .context("the thread of the scripts cannot be started")?;
    let control = server.control();
    if let Some(prompts) = server.prompts() {
        doorbell::attend(prompts, &control).context("the terminal cannot be attended")?;
    }
    let shutdown = CancellationToken::new();
    let net = serve(server, server_end, shutdown.clone())?;
    wait_for_scripts(&control, &stop);
    welcome(&control)?;
    if config.server.open && !args.no_open {
        // Without a browser the printed address is enough.
        let _ = open::that_detached(control.page_address());
    }
    let ended = end_in_order(stop, Ending { shutdown, net, engine, core })?;
    main_loop.run()?;
    // It asked the main loop to end, so it is about to end itself.
    let _ = ended.join();
    Ok(())
}

/// The file that was named, else the one in the working folder, which is told, else none.
fn configuration(named: Option<&Path>) -> anyhow::Result<Option<ConfigFile>> {
    let path = match named {
        Some(path) => path.to_owned(),
        None if Path::new(CONFIG_FILE).is_file() => PathBuf::from(CONFIG_FILE),
        None => return Ok(None),
    };
    let file = ConfigFile::read(&path, Rc::new(note))?;
    tracing::info!(path = %path.display(), "configuration");
    Ok(Some(file))
}

fn server_config(args: &RunArgs, config: &Config, folder: PathBuf) -> server::Config {
    let usual = server::Limits::default();
    let sockets = config.limits.sockets as usize;
    server::Config {
        port: args.port.unwrap_or(config.server.port as u16),
        origins: config.server.origins.clone(),
        native: config.server.native,
        folder,
        limits: server::Limits {
            // Beside the sockets there are requests for files.
            connections: usual.connections.max(sockets + usual.connections / 2),
            sockets,
            sessions: config.limits.sessions as usize,
            grace: Duration::from_secs(config.limits.grace_s.into()),
            ..usual
        },
        ..server::Config::default()
    }
}

fn limits_told(config: &Config, limits: &server::Limits) -> serde_json::Value {
    let mut told = limits.told();
    told["instances"] = config.limits.instances.into();
    told["streams"] = config.limits.streams.into();
    told
}

/// Tells the scripts of files that changed. Where the system cannot, scripts are read at the start only.
fn watch_files() -> (Option<Watch>, Option<FileFeed>) {
    let (tell, changed) = tokio::sync::mpsc::unbounded_channel();
    let watch = Watch::start(move |files| {
        // The scripts may be gone already.
        let _ = tell.send(files);
    });
    match watch {
        Ok(watch) => {
            let watched = watch.watched();
            (Some(watch), Some(FileFeed { watch: Box::new(move |files| watched.set(files)), changed }))
        }
        Err(error) => {
            tracing::warn!("{error}");
            (None, None)
        }
    }
}

fn script(file: Option<&ConfigFile>, config: &Config) -> Script {
    Script {
        path: file.and_then(|file| Some(file.beside(config.scripts.protocol.as_ref()?))),
        roots: file.map(ConfigFile::roots).unwrap_or_default(),
        limits: Limits::from(&config.scripts),
        turn: Duration::from_millis(config.scripts.call_ms.into()),
    }
}

/// The network's thread.
fn serve(server: Server, end: ServerEnd, shutdown: CancellationToken) -> anyhow::Result<JoinHandle<()>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("the network cannot be used")?;
    let thread =
        std::thread::Builder::new().name("net".into()).spawn(move || runtime.block_on(server.run(end, shutdown)));
    thread.context("the thread of the network cannot be started")
}

/// Nobody is told an address at which nothing answers yet. Loading has its own limit of time.
fn wait_for_scripts(control: &ServerControl, stop: &AtomicBool) {
    while !control.is_serving() && !stop.load(Relaxed) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn welcome(control: &ServerControl) -> anyhow::Result<()> {
    print(&format!(
        "sonic-bridge {} is listening. Its page, for you alone:\n\n  {}\n\nCtrl-C ends it.\n",
        env!("CARGO_PKG_VERSION"),
        control.page_address()
    ))
}

/// What has to end, in this order.
struct Ending {
    shutdown: CancellationToken,
    net: JoinHandle<()>,
    engine: Engine,
    core: Core,
}

/// A thread that waits for Ctrl-C and then ends everything; the core comes last, because main waits for it.
fn end_in_order(stop: Arc<AtomicBool>, ending: Ending) -> anyhow::Result<JoinHandle<()>> {
    let wait = move || {
        while !stop.load(Relaxed) {
            std::thread::sleep(LOOK);
        }
        let Ending { shutdown, net, engine, core } = ending;
        shutdown.cancel();
        // A panic there was told already; what is left still has to end.
        let _ = net.join();
        engine.stop();
        core.shut_down();
    };
    std::thread::Builder::new().name("ending".into()).spawn(wait).context("a thread cannot be started")
}
