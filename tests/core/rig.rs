//! A core on the plugins' thread, and a test that asks it from its own.

use crate::support::{fixtures, main_thread::on_main};
use sonic_bridge::{
    catalog::{
        Catalog, ChildCommand, Options,
        folders::{Folder, Origin},
    },
    control::{
        Host,
        core::{
            Core, CoreError, CoreEvent, CoreLimits, Frame, FrameEvent, InstanceId, InstanceRecord, LoadRequest,
            MainLoop, Outcome, Owner, Stream, StreamRequest, Wanted, What,
        },
    },
    plugin::ProcessMode,
};
use std::{
    future::Future,
    path::PathBuf,
    sync::{OnceLock, mpsc},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

/// Whose everything is, unless a test says otherwise.
pub const ME: Owner = Owner(7);
/// Plenty.
pub const MANY: CoreLimits = CoreLimits { instances: 32, streams: 16 };

/// The plugins that misbehave and are of use here.
const FAULTS: [&str; 14] = [
    "crash-in-process",
    "hang-in-process",
    "none",
    "latency-by-param",
    "latency-every-block",
    "mono-only",
    "output-nan",
    "params-every-block",
    "process-fails",
    "restart-in-process",
    "sleep-50ms",
    "sleep-in-init",
    "state-fails",
    "sleep-200ms",
];

/// A running core; ended when dropped.
pub struct Rig {
    pub core: Core,
    pub events: UnboundedReceiver<CoreEvent>,
    ended: mpsc::Receiver<Result<(), CoreError>>,
}

/// Folders that all tests of the process share, so that each plugin is scanned once.
struct Places {
    faults: TempDir,
    cache: TempDir,
    config: TempDir,
}

fn places() -> &'static Places {
    static PLACES: OnceLock<Places> = OnceLock::new();
    PLACES.get_or_init(|| {
        let places = Places {
            faults: tempfile::tempdir().unwrap(),
            cache: tempfile::tempdir().unwrap(),
            config: tempfile::tempdir().unwrap(),
        };
        for name in FAULTS {
            let bundle = fixtures::bundle(&fixtures::fault_plugins(), &format!("Fault {name}"));
            std::os::unix::fs::symlink(&bundle, places.faults.path().join(bundle.file_name().unwrap())).unwrap();
        }
        places
    })
}

/// How the catalog is opened.
pub fn options() -> Options {
    let mut folders = vec![fixtures::demo_plugins(), fixtures::recorder(), places().faults.path().to_owned()];
    if cfg!(target_os = "linux") {
        #[cfg(target_os = "linux")]
        folders.extend(
            ["DragonflyPlateReverb", "DragonflyHallReverb"]
                .map(|name| fixtures::bundle(&fixtures::real_plugins(), name)),
        );
    }
    Options {
        folders: folders.into_iter().map(|path| Folder { path, origin: Origin::Named }).collect(),
        cache: Some(places().cache.path().to_owned()),
        config: Some(places().config.path().to_owned()),
        child: ChildCommand::of_program(PathBuf::from(env!("CARGO_BIN_EXE_sonic-bridge"))),
        ..Options::new(&[], false)
    }
}

/// Waits for an answer.
pub fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

/// Plugins by name.
pub fn wanted(names: &[&str]) -> Vec<Wanted> {
    names.iter().map(|name| Wanted { query: (*name).to_owned(), ..Wanted::default() }).collect()
}

/// A stereo chain at 48 kHz, blocks of up to 512.
pub fn request(names: &[&str]) -> LoadRequest {
    LoadRequest {
        owner: ME,
        plugins: wanted(names),
        sample_rate: 48_000.0,
        max_block: 512,
        channels: 2,
        mode: ProcessMode::Realtime,
    }
}

/// A stereo stream at 48 kHz in blocks of 128.
pub fn through(instance: InstanceId) -> StreamRequest {
    StreamRequest { owner: ME, instance, sample_rate: 48_000.0, block: 128, channels: 2, mode: ProcessMode::Realtime }
}

impl Rig {
    pub fn new() -> Self {
        Self::with(MANY)
    }

    pub fn with(limits: CoreLimits) -> Self {
        let (give, core) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        std::thread::spawn(move || {
            on_main(move || {
                let options = options();
                let catalog = Catalog::open(&options).unwrap();
                let (main, core) = MainLoop::new(Host::new(catalog), options, limits);
                give.send(core).unwrap();
                let _ = end.send(main.run());
            });
        });
        let core = core.recv_timeout(Duration::from_secs(300)).expect("a core");
        let events = core.subscribe();
        Self { core, events, ended }
    }

    /// Loads a chain.
    pub fn load(&self, names: &[&str]) -> InstanceRecord {
        wait(self.core.load(request(names))).unwrap_or_else(|error| panic!("{names:?}: {error}"))
    }

    /// Opens a stream.
    pub fn open(&self, instance: InstanceId) -> Stream {
        wait(self.core.open_stream(through(instance))).unwrap_or_else(|error| panic!("{instance:?}: {error}")).0
    }

    /// Loads a chain and opens an offline stream through it: what is asked of it is waited for.
    pub fn offline(&self, names: &[&str]) -> (InstanceRecord, Stream) {
        let mode = ProcessMode::Offline;
        let loaded = wait(self.core.load(LoadRequest { mode, ..request(names) })).unwrap();
        wait(self.core.open_stream(StreamRequest { mode, ..through(loaded.id) })).map(|(way, now)| (now, way)).unwrap()
    }

    /// The number of a parameter.
    pub fn param(&self, instance: InstanceId, member: usize, name: &str) -> sonic_bridge::model::ParamId {
        let live = self.core.live(ME, instance).unwrap();
        live.find(member, &sonic_bridge::control::core::ParamRef::Name(name.to_owned())).unwrap().id
    }

    /// Waits for an event; answers it.
    pub fn expect(&mut self, what: &str, mut fits: impl FnMut(&What) -> bool) -> CoreEvent {
        let until = Instant::now() + Duration::from_secs(20);
        let mut seen = Vec::new();
        while Instant::now() < until {
            match self.events.try_recv() {
                Ok(event) if fits(&event.what) => return event,
                Ok(event) => seen.push(event.what),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        panic!("no {what}; there were {seen:?}");
    }

    /// What has happened so far.
    pub fn happened(&mut self) -> Vec<CoreEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// Ends it.
    pub fn end(self) {
        self.core.shut_down();
        self.ended.recv_timeout(Duration::from_secs(60)).expect("the loop ends").unwrap();
    }
}

/// A frame at a position.
pub fn frame(frames: usize, position: u64) -> Frame {
    Frame { frames, position, silent: false, discontinuity: false, offline: false, skip: false }
}

/// One frame with this input; the output, and what became of it.
pub fn play(stream: &Stream, frame: &Frame, events: &[FrameEvent], input: &[Vec<f32>]) -> (Vec<Vec<f32>>, Outcome) {
    let mut output = vec![vec![0.0; frame.frames]; stream.channels().1];
    let outcome = stream.process(
        frame,
        events,
        |channel, range, room| room.copy_from_slice(&input[channel][range]),
        |channel, range, samples| output[channel][range].copy_from_slice(samples),
    );
    (output, outcome)
}

/// A whole sound in blocks of this length, offline; events are at samples of the sound.
pub fn play_all(stream: &Stream, block: usize, input: &[Vec<f32>], events: &[(u64, FrameEvent)]) -> Vec<Vec<f32>> {
    let total = input[0].len();
    let mut output = vec![Vec::with_capacity(total); stream.channels().1];
    let mut at = 0;
    while at < total {
        let length = block.min(total - at);
        let part: Vec<Vec<f32>> = input.iter().map(|channel| channel[at..at + length].to_vec()).collect();
        let here = (at as u64)..(at + length) as u64;
        let due: Vec<FrameEvent> = events
            .iter()
            .filter(|(when, _)| here.contains(when))
            .map(|(when, event)| FrameEvent { offset: (when - here.start) as u32, ..*event })
            .collect();
        let now = Frame { offline: true, ..frame(length, at as u64) };
        let (heard, outcome) = play(stream, &now, &due, &part);
        assert!(!outcome.dry && outcome.dropped == 0, "at {at}: {outcome:?}");
        for (all, part) in output.iter_mut().zip(heard) {
            all.extend(part);
        }
        at += length;
    }
    output
}

/// So many samples of this level in both channels.
pub fn level(frames: usize, level: f32) -> Vec<Vec<f32>> {
    vec![vec![level; frames]; 2]
}
