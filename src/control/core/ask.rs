//! L3 · what the main thread is asked, and the queue it comes by.
//!
//! Thread: any to send, main to receive. Invariant: an [`Ask`] whose asker has gone is not begun.

use super::{
    CoreError, InstanceId, InstanceRecord, LoadRequest, Owner, ParamInput, ParamRecord, ParamRef, ParamValue,
    PluginList, PresetRecord, ProgramListRecord, Stream, StreamId, StreamRequest,
};
use crate::plugin::State;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::oneshot;

/// How an answer goes back.
pub type Reply<T> = oneshot::Sender<Result<T, CoreError>>;

/// One thing to do; see the method of [`super::Core`] of the same name.
#[allow(missing_docs)]
#[derive(Debug)]
pub enum Ask {
    StopStreams {
        owner: Owner,
    },
    Release {
        owner: Owner,
    },
    ShutDown,
    Scan {
        rescan: bool,
        only: Option<PathBuf>,
        reply: Reply<Arc<PluginList>>,
    },
    SetBlocked {
        query: String,
        blocked: bool,
        reason: Option<String>,
        reply: Reply<()>,
    },
    Load {
        request: LoadRequest,
        reply: Reply<InstanceRecord>,
    },
    Unload {
        owner: Owner,
        instance: InstanceId,
        reply: Reply<()>,
    },
    Instances {
        owner: Owner,
        reply: Reply<Vec<InstanceRecord>>,
    },
    Instance {
        owner: Owner,
        instance: InstanceId,
        reply: Reply<InstanceRecord>,
    },
    Restart {
        owner: Owner,
        instance: InstanceId,
        reply: Reply<InstanceRecord>,
    },
    Reset {
        owner: Owner,
        instance: InstanceId,
        reply: Reply<()>,
    },
    SetBypass {
        owner: Owner,
        instance: InstanceId,
        bypassed: bool,
        reply: Reply<()>,
    },
    Params {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        from: usize,
        count: usize,
        reply: Reply<(Vec<ParamRecord>, usize)>,
    },
    ParamValue {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        param: ParamRef,
        input: Option<ParamInput>,
        reply: Reply<ParamValue>,
    },
    SetParam {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        param: ParamRef,
        input: ParamInput,
        reply: Reply<(ParamValue, bool)>,
    },
    States {
        owner: Owner,
        instance: InstanceId,
        reply: Reply<Vec<State>>,
    },
    SetStates {
        owner: Owner,
        instance: InstanceId,
        states: Vec<State>,
        reply: Reply<()>,
    },
    Presets {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        reply: Reply<Vec<PresetRecord>>,
    },
    LoadPreset {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        name: String,
        reply: Reply<()>,
    },
    SavePreset {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        name: String,
        overwrite: bool,
        reply: Reply<PresetRecord>,
    },
    Programs {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        reply: Reply<Vec<ProgramListRecord>>,
    },
    SetProgram {
        owner: Owner,
        instance: InstanceId,
        member: usize,
        list: i32,
        program: usize,
        reply: Reply<()>,
    },
    OpenStream {
        request: StreamRequest,
        reply: Reply<(Stream, InstanceRecord)>,
    },
    CloseStream {
        owner: Owner,
        stream: StreamId,
        reply: Reply<()>,
    },
    Panic {
        owner: Owner,
        reply: Reply<()>,
    },
}

/// Where asks are put; the main thread is woken.
#[derive(Clone)]
pub struct Mailbox {
    sender: std::sync::mpsc::Sender<Ask>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailbox")
    }
}

impl Mailbox {
    /// `[main]` A mailbox, and its other end.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> (Self, std::sync::mpsc::Receiver<Ask>) {
        let (sender, receiver) = std::sync::mpsc::channel();
        (Self { sender, wake: Arc::new(wake) }, receiver)
    }

    /// `[any]` Puts one in.
    pub fn send(&self, ask: Ask) -> Result<(), CoreError> {
        self.sender.send(ask).map_err(|_| CoreError::ShuttingDown)?;
        (self.wake)();
        Ok(())
    }
}
