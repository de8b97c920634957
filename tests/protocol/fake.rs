//! A core without plugins: it keeps numbers, answers on a thread of its own, and can be busy.

use sonic_bridge::{
    control::core::{
        Applied, CoreError, CoreEvent, EventBatch, InstanceId, InstanceRecord, MemberRecord, ModuleCard, Outcome,
        Owner, ParamInput, ParamRecord, ParamRef, ParamValue, PluginCard, PluginList, PresetRecord, ProgramListRecord,
        StreamId, StreamRequest, Timings, TransportChange, What, ask::Ask,
    },
    model::{ParamFlags, ParamId, ParamInfo, PluginFormat, PluginId, PluginInfo, PluginKind},
    plugin::{Layout, PluginError, State, Tail},
    script::{Backend, LiveInfo, Opened, Pending, Piece},
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, mpsc},
    time::{Duration, Instant},
};
use tokio::sync::mpsc as channel;

/// A chain.
pub struct Loaded {
    pub owner: Owner,
    pub record: InstanceRecord,
    pub values: BTreeMap<(usize, u32), f64>,
    pub states: Vec<State>,
}

/// What the fake knows.
#[derive(Default)]
pub struct Known {
    pub instances: BTreeMap<u32, Loaded>,
    pub streams: BTreeMap<u32, (Owner, InstanceId)>,
    pub last: u32,
    pub busy_since: Option<Instant>,
    pub sent: Vec<EventBatch>,
    pub transport: Vec<TransportChange>,
    pub asked: Vec<&'static str>,
    pub stopped: Vec<Owner>,
    pub released: Vec<Owner>,
    pub events: Option<channel::UnboundedSender<CoreEvent>>,
}

/// The core, and a hand on it.
#[derive(Clone)]
pub struct FakeCore {
    known: Arc<Mutex<Known>>,
    mailbox: mpsc::Sender<Work>,
}

enum Work {
    Ask(Ask),
    Busy(Duration),
}

impl FakeCore {
    pub fn new() -> Self {
        let (mailbox, work) = mpsc::channel();
        let known = Arc::new(Mutex::new(Known::default()));
        let core = Self { known, mailbox };
        let main = Arc::clone(&core.known);
        std::thread::spawn(move || {
            for work in work {
                match work {
                    Work::Busy(time) => {
                        lock(&main).busy_since = Some(Instant::now());
                        std::thread::sleep(time);
                        lock(&main).busy_since = None;
                    }
                    Work::Ask(ask) => answer(&main, ask),
                }
            }
        });
        core
    }

    pub fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    /// The main thread does something else for a while.
    pub fn busy(&self, time: Duration) {
        self.mailbox.send(Work::Busy(time)).expect("main thread");
        let until = Instant::now() + Duration::from_secs(2);
        while self.known().busy_since.is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Something happens.
    pub fn happen(&self, owner: Option<Owner>, instance: Option<u32>, what: What) {
        let event = CoreEvent { owner, instance: instance.map(InstanceId), what };
        self.known().events.as_ref().expect("subscribed").send(event).expect("the engine");
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn info(name: &str) -> PluginInfo {
    PluginInfo {
        id: PluginId(format!("vst3:{name:0>32}").to_uppercase().replace("VST3", "vst3")),
        name: name.to_owned(),
        vendor: "Acme".to_owned(),
        version: "1.0".to_owned(),
        format: PluginFormat::Vst3,
        kind: PluginKind::Effect,
        categories: vec!["Fx".to_owned()],
        sdk: String::new(),
        path: PathBuf::from(format!("folder/{name}.vst3")),
        distributable: false,
    }
}

fn all_plugins() -> Vec<PluginInfo> {
    ["Gain", "Room", "Room Large"].into_iter().map(info).collect()
}

fn params() -> Vec<ParamInfo> {
    let param = |id: u32, name: &str, steps: u32, flags: ParamFlags| ParamInfo {
        id: ParamId(id),
        name: name.to_owned(),
        short: String::new(),
        unit: "%".to_owned(),
        group: String::new(),
        steps,
        default: 0.5,
        range: (0.0, 100.0),
        flags,
    };
    let usual = ParamFlags { automatable: true, ..ParamFlags::default() };
    vec![
        param(3, "Wet Level", 0, usual),
        param(4, "Mode", 4, ParamFlags { list: true, ..usual }),
        param(9, "Meter", 0, ParamFlags { read_only: true, ..ParamFlags::default() }),
    ]
}

fn value(norm: f64) -> ParamValue {
    ParamValue { normalized: norm, plain: norm * 100.0, text: format!("{:.0}", norm * 100.0) }
}

fn unknown(name: &str) -> CoreError {
    PluginError::NoSuchParam { plugin: "Room".to_owned(), param: ParamId(name.len() as u32) }.into()
}

fn found(param: &ParamRef) -> Result<ParamInfo, CoreError> {
    let all = params();
    let hit = all.into_iter().find(|info| match param {
        ParamRef::Id(id) => info.id == *id,
        ParamRef::Name(name) => info.name.eq_ignore_ascii_case(name),
    });
    hit.ok_or_else(|| unknown("x"))
}

fn normalized(input: &ParamInput) -> Result<f64, CoreError> {
    match input {
        ParamInput::Normalized(norm) => Ok(*norm),
        ParamInput::Plain(plain) => Ok(plain / 100.0),
        ParamInput::Text(text) => {
            let number = text.trim_end_matches(['%', ' ']).parse::<f64>();
            number.map(|number| number / 100.0).map_err(|_| unknown("text"))
        }
    }
}

impl Known {
    fn loaded(&mut self, owner: Owner, instance: InstanceId) -> Result<&mut Loaded, CoreError> {
        let loaded = self.instances.get_mut(&instance.0).filter(|loaded| loaded.owner == owner);
        loaded.ok_or(CoreError::NoInstance(instance))
    }

    fn member(&mut self, owner: Owner, instance: InstanceId, member: usize) -> Result<&mut Loaded, CoreError> {
        let loaded = self.loaded(owner, instance)?;
        let plugins = loaded.record.members.len();
        if member < plugins { Ok(loaded) } else { Err(CoreError::NoMember { member, plugins }) }
    }

    fn apply(
        &mut self,
        owner: Owner,
        at: InstanceId,
        member: usize,
        param: ParamId,
        norm: f64,
    ) -> Result<Applied, CoreError> {
        let info = found(&ParamRef::Id(param))?;
        if info.flags.read_only || !(0.0..=1.0).contains(&norm) {
            let range = "0 to 1".to_owned();
            let (plugin, param) = ("Room".to_owned(), info.name);
            return Err(PluginError::OutOfRange { plugin, param, value: norm.to_string(), range }.into());
        }
        let stepped = info.step_of(norm).map_or(norm, |step| info.normalized_of_step(step));
        self.member(owner, at, member)?.values.insert((member, param.0), stepped);
        Ok(Applied { normalized: stepped, snapped: stepped != norm })
    }
}

fn answer(known: &Mutex<Known>, ask: Ask) {
    let mut known = lock(known);
    match ask {
        Ask::Load { request, reply } => {
            if reply.is_closed() {
                known.asked.push("load not begun");
                return;
            }
            known.asked.push("load");
            let mut members = Vec::new();
            let mut states = Vec::new();
            for wanted in &request.plugins {
                let plugin =
                    all_plugins().into_iter().find(|info| info.name == wanted.query || info.id.0 == wanted.query);
                let Some(plugin) = plugin else {
                    let name = wanted.query.clone();
                    let _ = reply.send(Err(CoreError::NoPreset { plugin: "the bridge".to_owned(), name }));
                    return;
                };
                let fresh = State { plugin: plugin.id.clone(), component: vec![1, 2, 3], controller: vec![] };
                states.push(wanted.state.clone().unwrap_or(fresh));
                members.push(MemberRecord {
                    plugin,
                    lanes: 1,
                    layout: Layout::default(),
                    latency: 0,
                    tail: Tail::Infinite,
                    params: params().len(),
                    interfaces: vec![],
                });
            }
            known.last += 1;
            let record = InstanceRecord {
                id: InstanceId(known.last),
                members,
                sample_rate: request.sample_rate,
                max_block: request.max_block,
                inputs: request.channels,
                outputs: request.channels,
                latency: 0,
                tail: Tail::Samples(96_000),
                bypassed: false,
                stream: None,
                warnings: vec![],
            };
            let loaded = Loaded { owner: request.owner, record: record.clone(), values: BTreeMap::new(), states };
            let id = known.last;
            known.instances.insert(id, loaded);
            if reply.send(Ok(record)).is_err() {
                known.instances.remove(&id);
            }
        }
        Ask::Unload { owner, instance, reply } => {
            let result = known.loaded(owner, instance).map(drop);
            if result.is_ok() {
                known.instances.remove(&instance.0);
                known.streams.retain(|_, (_, at)| *at != instance);
            }
            let _ = reply.send(result);
        }
        Ask::Instances { owner, reply } => {
            let all = known.instances.values().filter(|loaded| loaded.owner == owner);
            let _ = reply.send(Ok(all.map(|loaded| loaded.record.clone()).collect()));
        }
        Ask::Instance { owner, instance, reply } | Ask::Restart { owner, instance, reply } => {
            let _ = reply.send(known.loaded(owner, instance).map(|loaded| loaded.record.clone()));
        }
        Ask::Reset { owner, instance, reply } => {
            known.asked.push("reset");
            let _ = reply.send(known.loaded(owner, instance).map(drop));
        }
        Ask::SetBypass { owner, instance, bypassed, reply } => {
            let _ = reply.send(known.loaded(owner, instance).map(|loaded| loaded.record.bypassed = bypassed));
        }
        Ask::Params { owner, instance, member, from, count, reply } => {
            let result = known.member(owner, instance, member).map(|loaded| {
                let all = params();
                let page = all.iter().skip(from).take(count).map(|info| ParamRecord {
                    value: value(loaded.values.get(&(member, info.id.0)).copied().unwrap_or(info.default)),
                    info: info.clone(),
                    labels: vec![],
                });
                (page.collect(), all.len())
            });
            let _ = reply.send(result);
        }
        Ask::ParamValue { owner, instance, member, param, input, reply } => {
            known.asked.push("param_value");
            let result = known.member(owner, instance, member).and_then(|loaded| {
                let info = found(&param)?;
                let present = loaded.values.get(&(member, info.id.0)).copied().unwrap_or(info.default);
                input.map_or(Ok(present), |input| normalized(&input)).map(value)
            });
            let _ = reply.send(result);
        }
        Ask::SetParam { owner, instance, member, param, input, reply } => {
            let result = found(&param).and_then(|info| {
                let applied = known.apply(owner, instance, member, info.id, normalized(&input)?)?;
                Ok((value(applied.normalized), applied.snapped))
            });
            let _ = reply.send(result);
        }
        Ask::States { owner, instance, reply } => {
            let _ = reply.send(known.loaded(owner, instance).map(|loaded| loaded.states.clone()));
        }
        Ask::SetStates { owner, instance, states, reply } => {
            let _ = reply.send(known.loaded(owner, instance).map(|loaded| loaded.states = states));
        }
        Ask::Presets { owner, instance, member, reply } => {
            let hall = PresetRecord { name: "Hall".to_owned(), scope: "factory" };
            let _ = reply.send(known.member(owner, instance, member).map(|_| vec![hall]));
        }
        Ask::LoadPreset { owner, instance, member, name, reply } => {
            let result = known.member(owner, instance, member).map(drop);
            let missing = || Err(CoreError::NoPreset { plugin: "Room".to_owned(), name: name.clone() });
            let _ = reply.send(result.and_then(|()| if name == "Hall" { Ok(()) } else { missing() }));
        }
        Ask::SavePreset { owner, instance, member, name, overwrite: _, reply } => {
            let _ = reply.send(known.member(owner, instance, member).map(|_| PresetRecord { name, scope: "user" }));
        }
        Ask::Programs { owner, instance, member, reply } => {
            let programs = vec!["One".to_owned(), "Two".to_owned()];
            let list = ProgramListRecord { id: 7, name: "Bank".to_owned(), programs, current: Some(1) };
            let _ = reply.send(known.member(owner, instance, member).map(|_| vec![list]));
        }
        Ask::SetProgram { owner, instance, member, list: _, program: _, reply } => {
            let _ = reply.send(known.member(owner, instance, member).map(drop));
        }
        Ask::CloseStream { owner, stream, reply } => {
            let mine = known.streams.get(&stream.0).is_some_and(|(of, _)| *of == owner);
            if mine {
                known.streams.remove(&stream.0);
            }
            let result = if mine { Ok(()) } else { Err(CoreError::NoStream(stream)) };
            let _ = reply.send(result);
        }
        Ask::Panic { owner: _, reply } => {
            known.asked.push("panic");
            let _ = reply.send(Ok(()));
        }
        Ask::Scan { rescan, only: _, reply } => {
            known.asked.push(if rescan { "rescan" } else { "scan" });
            let _ = reply.send(Ok(Arc::new(list())));
        }
        Ask::SetBlocked { query: _, blocked, reason: _, reply } => {
            known.asked.push(if blocked { "block" } else { "unblock" });
            let _ = reply.send(Ok(()));
        }
        Ask::OpenStream { .. } | Ask::StopStreams { .. } | Ask::Release { .. } | Ask::ShutDown => {
            panic!("not asked by way of the trait")
        }
    }
}

fn list() -> PluginList {
    let card = |info: PluginInfo| PluginCard { info, state: "OK", reason: None };
    let path = PathBuf::from("folder/Room.vst3");
    let module = ModuleCard { path, state: "OK", reason: None, plugins: 1, took_ms: Some(80) };
    PluginList { rev: 3, plugins: all_plugins().into_iter().map(card).collect(), modules: vec![module] }
}

impl Backend for FakeCore {
    fn put(&self, ask: Ask) -> Result<(), CoreError> {
        self.mailbox.send(Work::Ask(ask)).map_err(|_| CoreError::ShuttingDown)
    }
    fn plugins(&self) -> Arc<PluginList> {
        Arc::new(list())
    }
    fn main_busy(&self) -> Duration {
        self.known().busy_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
    fn subscribe(&self) -> channel::UnboundedReceiver<CoreEvent> {
        let (sender, receiver) = channel::unbounded_channel();
        self.known().events = Some(sender);
        receiver
    }
    fn members(&self, owner: Owner, instance: InstanceId) -> Result<Vec<LiveInfo>, CoreError> {
        let mut known = self.known();
        let record = &known.loaded(owner, instance)?.record;
        Ok(record.members.iter().map(|member| (member.plugin.clone(), params())).collect())
    }
    fn find(&self, owner: Owner, at: InstanceId, member: usize, param: &ParamRef) -> Result<ParamInfo, CoreError> {
        self.known().member(owner, at, member)?;
        found(param)
    }
    fn normalized(&self, owner: Owner, at: InstanceId, member: usize, param: ParamId) -> Result<f64, CoreError> {
        let mut known = self.known();
        Ok(known.member(owner, at, member)?.values.get(&(member, param.0)).copied().unwrap_or(0.5))
    }
    fn set_normalized(
        &self,
        owner: Owner,
        at: InstanceId,
        member: usize,
        param: ParamId,
        value: f64,
    ) -> Result<Applied, CoreError> {
        self.known().apply(owner, at, member, param, value)
    }
    fn open_stream(&self, request: StreamRequest) -> Pending<(Opened, InstanceRecord)> {
        let core = self.clone();
        Box::pin(async move {
            let mut known = core.known();
            let record = known.loaded(request.owner, request.instance)?.record.clone();
            if known.streams.values().any(|(_, at)| *at == request.instance) {
                return Err(CoreError::AlreadyOpen(request.instance));
            }
            known.last += 1;
            let id = StreamId(known.last);
            known.streams.insert(id.0, (request.owner, request.instance));
            let channels = (request.channels, request.channels);
            let sample_rate = request.sample_rate;
            Ok((Opened { id, channels, max_block: 1024, sample_rate, latency: 0, stream: None }, record))
        })
    }
    fn stream(&self, owner: Owner, stream: StreamId) -> Result<Opened, CoreError> {
        let known = self.known();
        let mine = known.streams.get(&stream.0).is_some_and(|(of, _)| *of == owner);
        let opened =
            Opened { id: stream, channels: (2, 2), max_block: 1024, sample_rate: 48_000.0, latency: 0, stream: None };
        if mine { Ok(opened) } else { Err(CoreError::NoStream(stream)) }
    }
    fn process(&self, _: Owner, _: StreamId, piece: Piece) -> Pending<(Outcome, Vec<f32>)> {
        // Halves what comes in, and adds the number of events to the first sample.
        let mut samples: Vec<f32> = piece.samples.iter().map(|sample| sample / 2.0).collect();
        samples[0] += piece.events.len() as f32;
        Box::pin(async move { Ok((Outcome { micros: piece.frame.position as u32, ..Outcome::default() }, samples)) })
    }
    fn send_events(&self, owner: Owner, instance: InstanceId, batch: EventBatch) -> Result<(), CoreError> {
        let mut known = self.known();
        known.loaded(owner, instance)?;
        known.sent.push(batch);
        Ok(())
    }
    fn set_transport(&self, owner: Owner, at: InstanceId, change: TransportChange) -> Result<(), CoreError> {
        let mut known = self.known();
        known.loaded(owner, at)?;
        known.transport.push(change);
        Ok(())
    }
    fn timings(&self, owner: Owner) -> Vec<(StreamId, Timings)> {
        let known = self.known();
        let mine = known.streams.iter().filter(|(_, (of, _))| *of == owner);
        mine.map(|(id, _)| (StreamId(*id), Timings { blocks: 5, ..Timings::default() })).collect()
    }
    fn reset_timings(&self, _: Owner) {
        self.known().asked.push("reset_timings");
    }
    fn stop_streams(&self, owner: Owner) {
        let mut known = self.known();
        known.stopped.push(owner);
        known.streams.retain(|_, (of, _)| *of != owner);
    }
    fn release(&self, owner: Owner) {
        let mut known = self.known();
        known.released.push(owner);
        known.instances.retain(|_, loaded| loaded.owner != owner);
    }
}
