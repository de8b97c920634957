//! What an object holds of its host: context, handler, peer. Thread: main. Invariant: every object is in the list from its
//! creation to its release, and holds nothing after terminate.

use crate::{
    behaviour::{PADDING, STATE_FAILS},
    life::{Call, Life, State},
    line::Value,
};
use plugin_rig::{stream::read_to_end, text::text16};
use std::sync::{
    Arc, Mutex,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
};
use vst3::{
    ComPtr, ComRef,
    Steinberg::{
        FUnknown, IBStream, IBStreamTrait,
        Linux::IRunLoop,
        Vst::{
            IAttributeListTrait, IComponentHandler, IConnectionPoint, IDataExchangeHandler, IHostApplication,
            IHostApplicationTrait, IMessage, IMessageTrait, IPlugInterfaceSupport, IStreamAttributes,
            IStreamAttributesTrait, String128,
        },
        kInternalError, kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

/// Largest state that is read.
const LARGEST: usize = 64 << 20;

/// One object's ties.
pub struct Links {
    /// Its life.
    pub life: Arc<Life>,
    /// Context from initialize.
    pub host: Mutex<Option<ComPtr<FUnknown>>>,
    /// Handler, for controllers.
    pub handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    /// Peer, while connected.
    pub peer: Mutex<Option<ComPtr<IConnectionPoint>>>,
    /// Address of its own connection point, or 0.
    pub own_point: AtomicUsize,
    /// Address of its audio processor, or 0.
    pub processor: AtomicUsize,
}

static ALL: Mutex<Vec<Arc<Links>>> = Mutex::new(Vec::new());

/// `[any, not audio]` The ties of the newest live object that `wanted` picks.
pub fn newest(wanted: impl Fn(&Links) -> bool) -> Option<Arc<Links>> {
    ALL.lock().ok()?.iter().rev().find(|links| wanted(links)).cloned()
}

/// `[main]` The bytes behind a value of a stream, for the log.
struct Bytes<'a>(&'a [u8]);

impl Value for Bytes<'_> {
    fn write(&self, line: &mut crate::line::Line) -> std::fmt::Result {
        let hash = self
            .0
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        std::fmt::Write::write_fmt(line, format_args!("\"{hash:016x}\""))
    }
}

impl Links {
    /// `[main]` The ties of a new object.
    pub fn new(object: &'static str) -> Arc<Self> {
        let links = Arc::new(Self {
            life: Arc::new(Life::new(object)),
            host: Mutex::default(),
            handler: Mutex::default(),
            peer: Mutex::default(),
            own_point: AtomicUsize::new(0),
            processor: AtomicUsize::new(0),
        });
        if let Ok(mut all) = ALL.lock() {
            all.push(links.clone());
        }
        links
    }

    /// `[main]` The object is gone.
    pub fn forget(&self) {
        if let Ok(mut all) = ALL.lock() {
            all.retain(|links| links.life.instance != self.life.instance);
        }
    }

    /// `[main]` IPluginBase::initialize.
    pub fn initialize(&self, context: *mut FUnknown) -> tresult {
        let life = &self.life;
        let mut call = life.early_call("initialize");
        call.rule(life.state() == State::Created, (8, "initialize more than once"));
        life.adopt();
        let context = unsafe { ComRef::from_raw(context) };
        call.rule(context.is_some(), (49, "no host context"));
        let Some(context) = context else {
            call.done();
            return kInvalidArgument;
        };
        judge_context(&mut call, context);
        call.done();
        if life.state() != State::Created {
            return kResultFalse;
        }
        put(&self.host, Some(context.to_com_ptr()));
        life.go(State::Initialized);
        kResultOk
    }

    /// `[main]` IPluginBase::terminate.
    pub fn terminate(&self) -> tresult {
        let life = &self.life;
        let mut call = life.call("terminate");
        call.rule(life.state() < State::Active || life.state() == State::Terminated, (6, "terminate while active"));
        call.rule(life.peer.load(SeqCst) == 0, (11, "terminate while connected"));
        call.rule(life.in_process.load(SeqCst) == 0, (17, "terminate while process runs"));
        call.habit(!life.has_handler.load(SeqCst), (10, "terminate while a handler is held"));
        call.done();
        put(&self.peer, None);
        put(&self.handler, None);
        put(&self.host, None);
        life.go(State::Terminated);
        crate::log::flush_to_file();
        kResultOk
    }

    /// `[main]` IConnectionPoint::connect.
    pub fn connect(&self, other: *mut IConnectionPoint) -> tresult {
        let life = &self.life;
        let mut call = life.call("connect");
        let ours = newest(|links| links.own_point.load(SeqCst) == other as usize && !other.is_null()).is_some();
        call.rule(!ours, (11, "connected peer to peer instead of through the host"));
        call.rule(life.peer.load(SeqCst) == 0, (11, "connected twice"));
        call.rule(
            life.object != "controller" || life.had_handler.load(SeqCst),
            (10, "connected before setComponentHandler"),
        );
        call.rule(
            !life.had_component_state.load(SeqCst) || life.peer.load(SeqCst) != 0,
            (10, "connected after setComponentState"),
        );
        call.rule(life.state() < State::Active, (10, "connected while active"));
        let peer = unsafe { ComRef::from_raw(other) };
        call.rule(peer.is_some(), (11, "connected to nothing"));
        call.done();
        let Some(peer) = peer else { return kInvalidArgument };
        life.peer.store(other as usize, SeqCst);
        put(&self.peer, Some(peer.to_com_ptr()));
        kResultOk
    }

    /// `[main]` IConnectionPoint::disconnect.
    pub fn disconnect(&self, other: *mut IConnectionPoint) -> tresult {
        let life = &self.life;
        let mut call = life.call("disconnect");
        let known = life.peer.load(SeqCst) == other as usize && !other.is_null();
        call.rule(known, (11, "disconnected from another than it was connected to"));
        call.done();
        life.peer.store(0, SeqCst);
        put(&self.peer, None);
        if known { kResultOk } else { kInvalidArgument }
    }

    /// `[main]` IConnectionPoint::notify.
    pub fn notify(&self, message: *mut IMessage) -> tresult {
        let mut call = self.life.call("notify");
        call.rule(self.life.peer.load(SeqCst) != 0, (11, "a message while not connected"));
        let message = unsafe { ComRef::from_raw(message) };
        call.rule(message.is_some(), (11, "no message"));
        let Some(message) = message else {
            call.done();
            return kInvalidArgument;
        };
        let id = unsafe { message.getMessageID() };
        if !id.is_null() {
            let id = unsafe { std::ffi::CStr::from_ptr(id) };
            call.arg("id", &*id.to_string_lossy());
        }
        if let Some(attributes) = unsafe { ComRef::from_raw(message.getAttributes()) } {
            let mut value = 0;
            if unsafe { attributes.getInt(c"value".as_ptr(), &mut value) } == kResultOk {
                call.arg("value", value);
            }
            let mut text: String128 = [0; 128];
            if unsafe { attributes.getString(c"text".as_ptr(), text.as_mut_ptr(), 256) } == kResultOk {
                call.arg("text", text16(&text).as_str());
            }
        }
        call.done();
        kResultOk
    }

    /// `[main]` Reads a state and notes what the stream is like; nothing when it does not begin with `magic`.
    pub fn read_state(&self, call: &mut Call, stream: *mut IBStream, magic: [u8; 4]) -> Option<Vec<u8>> {
        let stream = unsafe { ComRef::from_raw(stream) };
        call.rule(stream.is_some(), (60, "no stream"));
        let stream = stream?;
        let mut position = -1;
        if unsafe { stream.tell(&mut position) } == kResultOk {
            call.rule(position == 0, (60, "the stream is not at its beginning"));
        }
        note_attributes(call, stream);
        let bytes = read_to_end(stream, LARGEST);
        call.arg("bytes", bytes.len()).arg("hash", Bytes(&bytes));
        let own = bytes.starts_with(&magic);
        call.rule(own || bytes.is_empty(), (60, "a state of somebody else"));
        (own && !STATE_FAILS.load(Relaxed)).then_some(bytes)
    }

    /// `[main]` Writes a state.
    pub fn write_state(&self, call: &mut Call, stream: *mut IBStream, bytes: &[u8]) -> tresult {
        let stream = unsafe { ComRef::from_raw(stream) };
        call.rule(stream.is_some(), (60, "no stream"));
        let Some(stream) = stream else { return kInvalidArgument };
        note_attributes(call, stream);
        if STATE_FAILS.load(Relaxed) {
            return kInternalError;
        }
        call.arg("bytes", bytes.len()).arg("hash", Bytes(bytes));
        if plugin_rig::stream::write_all(stream, bytes) { kResultOk } else { kResultFalse }
    }
}

/// `[main]` Padding for the component's state, as large as a command wants it.
pub fn padding() -> Vec<u8> {
    vec![0xa5; PADDING.load(Relaxed) as usize]
}

/// `[main]` What a context answers, judged.
pub fn judge_context(call: &mut Call, context: ComRef<'_, FUnknown>) {
    let application = context.cast::<IHostApplication>();
    call.rule(application.is_some(), (49, "the context is no IHostApplication"));
    if let Some(application) = application {
        let mut name: String128 = [0; 128];
        unsafe { application.getName(&mut name) };
        call.arg("host", text16(&name).as_str());
    }
    let run_loop = context.cast::<IRunLoop>().is_some();
    if cfg!(target_os = "linux") {
        call.rule(run_loop, (5, "the context has no IRunLoop"));
    }
    call.arg("runLoop", run_loop);
    call.arg("interfaceSupport", context.cast::<IPlugInterfaceSupport>().is_some());
    call.arg("dataExchange", context.cast::<IDataExchangeHandler>().is_some());
}

fn note_attributes(call: &mut Call, stream: ComRef<'_, IBStream>) {
    let Some(attributes) = stream.cast::<IStreamAttributes>() else {
        call.arg("attributes", false);
        return;
    };
    call.arg("attributes", true);
    if let Some(list) = unsafe { ComRef::from_raw(attributes.getAttributes()) } {
        let mut text: String128 = [0; 128];
        // The list counts bytes, and hosts differ in whether the end is among them: 256 bytes are there.
        if unsafe { list.getString(c"StateType".as_ptr(), text.as_mut_ptr(), 256) } == kResultOk {
            call.arg("stateType", text16(&text).as_str());
        }
    }
}

/// `[main]` Replaces what is in a place. What was there is released only after the place is free again, for a release may call.
pub fn put<T>(place: &Mutex<Option<T>>, value: Option<T>) {
    let before = place.lock().map(|mut place| std::mem::replace(&mut *place, value));
    drop(before);
}
