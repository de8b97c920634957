//! L4 · what scripts need of the core, in one place: the only file of this layer that calls it.
//!
//! Thread: script. Invariant: a method that answers a [`Pending`] waits for the main thread, and dropping it takes the
//! question back as long as it has not begun; all others answer at once. Deliberately absent: decisions.

use crate::{
    control::{
        Core,
        core::{
            Applied, CoreError, CoreEvent, EventBatch, Frame, FrameEvent, InstanceId, InstanceRecord, LoadRequest,
            Outcome, Owner, ParamInput, ParamRecord, ParamRef, ParamValue, PluginList, PresetRecord, ProgramListRecord,
            Stream, StreamId, StreamRequest, Timings, TransportChange, ask::Ask,
        },
    },
    model::{ParamId, ParamInfo, PluginInfo},
    plugin::State,
};
use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// An answer that the main thread will give.
pub type Pending<T> = Pin<Box<dyn Future<Output = Result<T, CoreError>>>>;

/// A plugin of a loaded chain, with its parameters as they were last read.
pub type LiveInfo = (PluginInfo, Vec<ParamInfo>);

/// A stream as scripts see it; without the stream itself where there is no sound (in a test of a script).
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its number.
    pub id: StreamId,
    /// Channels in and out.
    pub channels: (usize, usize),
    /// The longest block the plugins are prepared for.
    pub max_block: usize,
    /// Hz.
    pub sample_rate: f64,
    /// Samples.
    pub latency: u32,
    /// What the server processes.
    pub stream: Option<Stream>,
}

impl From<Stream> for Opened {
    fn from(stream: Stream) -> Self {
        Self {
            id: stream.id(),
            channels: stream.channels(),
            max_block: stream.max_block(),
            sample_rate: stream.sample_rate(),
            latency: stream.latency(),
            stream: Some(stream),
        }
    }
}

/// A frame with its samples, one channel after the other, and its events in order.
#[derive(Clone, Debug)]
pub struct Piece {
    /// How.
    pub frame: Frame,
    /// Samples of the input.
    pub samples: Vec<f32>,
    /// What happens in it.
    pub events: Vec<FrameEvent>,
}

macro_rules! asked {
    ($($(#[doc = $doc:literal])+ $name:ident($($field:ident: $type:ty),*) -> $answer:ty = $Ask:ident;)*) => {
        /// The core, or what stands in for it in the test of a script.
        pub trait Backend: Send {
            /// `[any]` Puts a question to the main thread.
            fn put(&self, ask: Ask) -> Result<(), CoreError>;
            /// `[any]` All plugins as last scanned.
            fn plugins(&self) -> Arc<PluginList>;
            /// `[any]` How long the main thread has been busy with one thing.
            fn main_busy(&self) -> Duration;
            /// `[any]` What happens, from now on.
            fn subscribe(&self) -> mpsc::UnboundedReceiver<CoreEvent>;
            /// `[any]` The plugins of a chain.
            fn members(&self, owner: Owner, instance: InstanceId) -> Result<Vec<LiveInfo>, CoreError>;
            /// `[any]` A parameter, found without asking the plugin.
            fn find(&self, owner: Owner, at: InstanceId, member: usize, param: &ParamRef) -> Result<ParamInfo, CoreError>;
            /// `[any]` Its present value.
            fn normalized(&self, owner: Owner, at: InstanceId, member: usize, param: ParamId) -> Result<f64, CoreError>;
            /// `[any]` Another value, at once.
            fn set_normalized(
                &self, owner: Owner, at: InstanceId, member: usize, param: ParamId, value: f64,
            ) -> Result<Applied, CoreError>;
            /// `[any]` Opens a stream through an instance.
            fn open_stream(&self, request: StreamRequest) -> Pending<(Opened, InstanceRecord)>;
            /// `[any]` A stream of this owner.
            fn stream(&self, owner: Owner, stream: StreamId) -> Result<Opened, CoreError>;
            /// `[any]` Processes one frame on a thread of its own.
            fn process(&self, owner: Owner, stream: StreamId, piece: Piece) -> Pending<(Outcome, Vec<f32>)>;
            /// `[any]` Events for the next block.
            fn send_events(&self, owner: Owner, instance: InstanceId, batch: EventBatch) -> Result<(), CoreError>;
            /// `[any]` Musical time from the next block on.
            fn set_transport(&self, owner: Owner, at: InstanceId, change: TransportChange) -> Result<(), CoreError>;
            /// `[any]` What each stream measured.
            fn timings(&self, owner: Owner) -> Vec<(StreamId, Timings)>;
            /// `[any]` Forgets that.
            fn reset_timings(&self, owner: Owner);
            /// `[any]` Streams of an owner end at once.
            fn stop_streams(&self, owner: Owner);
            /// `[any]` Everything of an owner goes.
            fn release(&self, owner: Owner);
            $($(#[doc = $doc])+ fn $name(&self, $($field: $type),*) -> Pending<$answer> {
                let (reply, answer) = oneshot::channel();
                let put = self.put(Ask::$Ask { $($field,)* reply });
                Box::pin(async move {
                    put?;
                    answer.await.unwrap_or(Err(CoreError::ShuttingDown))
                })
            })*
        }

        impl Backend for Core {
            fn put(&self, _: Ask) -> Result<(), CoreError> {
                // Every question goes by the method of its name.
                Err(CoreError::ShuttingDown)
            }
            fn plugins(&self) -> Arc<PluginList> {
                Self::plugins(self)
            }
            fn main_busy(&self) -> Duration {
                Self::main_busy(self)
            }
            fn subscribe(&self) -> mpsc::UnboundedReceiver<CoreEvent> {
                Self::subscribe(self)
            }
            fn members(&self, owner: Owner, instance: InstanceId) -> Result<Vec<LiveInfo>, CoreError> {
                let members = self.live(owner, instance)?.members();
                Ok(members.iter().map(|member| (member.plugin.clone(), member.params.clone())).collect())
            }
            fn find(&self, owner: Owner, at: InstanceId, member: usize, param: &ParamRef) -> Result<ParamInfo, CoreError> {
                self.live(owner, at)?.find(member, param)
            }
            fn normalized(&self, owner: Owner, at: InstanceId, member: usize, param: ParamId) -> Result<f64, CoreError> {
                self.live(owner, at)?.normalized(member, param)
            }
            fn set_normalized(
                &self, owner: Owner, at: InstanceId, member: usize, param: ParamId, value: f64,
            ) -> Result<Applied, CoreError> {
                self.live(owner, at)?.set_normalized(member, param, value)
            }
            fn open_stream(&self, request: StreamRequest) -> Pending<(Opened, InstanceRecord)> {
                let core = self.clone();
                Box::pin(async move {
                    core.open_stream(request).await.map(|(stream, record)| (Opened::from(stream), record))
                })
            }
            fn stream(&self, owner: Owner, stream: StreamId) -> Result<Opened, CoreError> {
                Self::stream(self, owner, stream).map(Opened::from)
            }
            fn process(&self, owner: Owner, stream: StreamId, piece: Piece) -> Pending<(Outcome, Vec<f32>)> {
                let stream = Self::stream(self, owner, stream);
                Box::pin(async move {
                    let stream = stream?;
                    let work = tokio::task::spawn_blocking(move || process(&stream, &piece));
                    work.await.map_err(|_| CoreError::ShuttingDown)
                })
            }
            fn send_events(&self, owner: Owner, instance: InstanceId, batch: EventBatch) -> Result<(), CoreError> {
                Self::send_events(self, owner, instance, batch)
            }
            fn set_transport(&self, owner: Owner, at: InstanceId, change: TransportChange) -> Result<(), CoreError> {
                Self::set_transport(self, owner, at, change)
            }
            fn timings(&self, owner: Owner) -> Vec<(StreamId, Timings)> {
                Self::timings(self, owner)
            }
            fn reset_timings(&self, owner: Owner) {
                for (stream, _) in Self::timings(self, owner) {
                    if let Ok(stream) = Self::stream(self, owner, stream) {
                        stream.reset_timings();
                    }
                }
            }
            fn stop_streams(&self, owner: Owner) {
                Self::stop_streams(self, owner);
            }
            fn release(&self, owner: Owner) {
                Self::release(self, owner);
            }
            $(fn $name(&self, $($field: $type),*) -> Pending<$answer> {
                let core = self.clone();
                Box::pin(async move { core.$name($($field),*).await })
            })*
        }
    };
}

asked! {
    /// `[any]` Looks for plugins again.
    scan(rescan: bool, only: Option<PathBuf>) -> Arc<PluginList> = Scan;
    /// `[any]` Blocks a plugin, or gives it free.
    set_blocked(query: String, blocked: bool, reason: Option<String>) -> () = SetBlocked;
    /// `[any]` Loads a chain.
    load(request: LoadRequest) -> InstanceRecord = Load;
    /// `[any]` Unloads one.
    unload(owner: Owner, instance: InstanceId) -> () = Unload;
    /// `[any]` All of an owner.
    instances(owner: Owner) -> Vec<InstanceRecord> = Instances;
    /// `[any]` One.
    instance(owner: Owner, instance: InstanceId) -> InstanceRecord = Instance;
    /// `[any]` Saves state, creates anew, restores.
    restart(owner: Owner, instance: InstanceId) -> InstanceRecord = Restart;
    /// `[any]` Forgets what rings.
    reset(owner: Owner, instance: InstanceId) -> () = Reset;
    /// `[any]` Sound runs past it.
    set_bypass(owner: Owner, instance: InstanceId, bypassed: bool) -> () = SetBypass;
    /// `[any]` Parameters with their values.
    params(owner: Owner, instance: InstanceId, member: usize, from: usize, count: usize) -> (Vec<ParamRecord>, usize) = Params;
    /// `[any]` A value in all ways.
    param_value(owner: Owner, instance: InstanceId, member: usize, param: ParamRef, input: Option<ParamInput>) -> ParamValue = ParamValue;
    /// `[any]` Sets a value that only the plugin can read.
    set_param(owner: Owner, instance: InstanceId, member: usize, param: ParamRef, input: ParamInput) -> (ParamValue, bool) = SetParam;
    /// `[any]` State of every plugin.
    states(owner: Owner, instance: InstanceId) -> Vec<State> = States;
    /// `[any]` Restores them.
    set_states(owner: Owner, instance: InstanceId, states: Vec<State>) -> () = SetStates;
    /// `[any]` Preset files of a plugin.
    presets(owner: Owner, instance: InstanceId, member: usize) -> Vec<PresetRecord> = Presets;
    /// `[any]` Loads one.
    load_preset(owner: Owner, instance: InstanceId, member: usize, name: String) -> () = LoadPreset;
    /// `[any]` Saves one.
    save_preset(owner: Owner, instance: InstanceId, member: usize, name: String, overwrite: bool) -> PresetRecord = SavePreset;
    /// `[any]` Program lists of a plugin.
    programs(owner: Owner, instance: InstanceId, member: usize) -> Vec<ProgramListRecord> = Programs;
    /// `[any]` Chooses a program.
    set_program(owner: Owner, instance: InstanceId, member: usize, list: i32, program: usize) -> () = SetProgram;
    /// `[any]` Closes a stream.
    close_stream(owner: Owner, stream: StreamId) -> () = CloseStream;
    /// `[any]` Ends all notes and all that rings.
    panic(owner: Owner) -> () = Panic;
}

/// `[audio]` One frame of a stream, with room of its own; not the way of live sound.
fn process(stream: &Stream, piece: &Piece) -> (Outcome, Vec<f32>) {
    let frames = piece.frame.frames;
    let mut out = vec![0.0; stream.channels().1 * frames];
    let fill = |channel: usize, range: std::ops::Range<usize>, room: &mut [f32]| {
        let at = channel * frames + range.start;
        match piece.samples.get(at..at + room.len()) {
            Some(samples) => room.copy_from_slice(samples),
            None => room.fill(0.0),
        }
    };
    let emit = |channel: usize, range: std::ops::Range<usize>, samples: &[f32]| {
        let at = channel * frames + range.start;
        if let Some(room) = out.get_mut(at..at + samples.len()) {
            room.copy_from_slice(samples);
        }
    };
    let outcome = stream.process(&piece.frame, &piece.events, fill, emit);
    (outcome, out)
}
