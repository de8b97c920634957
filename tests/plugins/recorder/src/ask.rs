//! What the plugin can ask of its host. Thread: wherever a command says. Invariant: a job holds everything it needs, so that
//! doing it in process neither allocates nor locks on our side.

use crate::{block::send_point, life::Call, run_loop};
use plugin_rig::text::text16;
use std::{
    ffi::CString,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
};
use vst3::{
    ComPtr, ComRef, Interface,
    Steinberg::{
        FUnknown, TUID,
        Vst::{
            DataExchangeBlock, Event, IAttributeListTrait, IAudioProcessor, IComponentHandler, IComponentHandler2,
            IComponentHandler2Trait, IComponentHandler3, IComponentHandler3Trait, IComponentHandlerBusActivation,
            IComponentHandlerBusActivationTrait, IComponentHandlerSystemTime, IComponentHandlerSystemTimeTrait,
            IComponentHandlerTrait, IConnectionPoint, IConnectionPointTrait, IContextMenu, IContextMenuTrait,
            IDataExchangeHandler, IDataExchangeHandlerTrait, IEditController2, IEventListTrait, IHostApplication,
            IHostApplicationTrait, IMessage, IMessageTrait, IMidiMapping, IMidiMapping2, IPlugInterfaceSupport,
            IPlugInterfaceSupportTrait, IProgramListData, IProgress, IProgressTrait, IRemapParamID, IUnitData,
            IUnitHandler, IUnitHandler2, IUnitHandler2Trait, IUnitHandlerTrait, IUnitInfo,
            IXmlRepresentationController, ProcessData,
        },
        kNoInterface, kNotImplemented, kResultFalse, kResultOk, tresult,
    },
};

/// What a command says, whatever it does.
#[derive(Debug, Default, Clone)]
#[allow(missing_docs, reason = "named after the keys of commands")]
pub struct Words {
    pub id: u32,
    pub value: f64,
    pub values: Vec<f64>,
    pub flags: i32,
    pub media: i32,
    pub direction: i32,
    pub index: i32,
    pub on: bool,
    pub kind: u32,
    pub unit: i32,
    pub list: i32,
    pub size: u32,
    pub count: u32,
    pub user: u32,
    pub message: CString,
    pub text: Vec<u16>,
    pub from_controller: bool,
    pub instance: Option<u32>,
}

macro_rules! acts {
    ($($act:ident $name:literal;)*) => {
        /// What can be asked.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the table in the module of commands describes each")]
        pub enum Act { $($act),* }

        impl Act {
            /// The act of this name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$act),)*
                    _ => None,
                }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$act => $name,)*
                }
            }
        }
    };
}

acts! {
    Restart "restart";
    BeginEdit "beginEdit";
    PerformEdit "performEdit";
    EndEdit "endEdit";
    Edit "edit";
    SetDirty "setDirty";
    OpenEditor "openEditor";
    StartGroup "startGroup";
    FinishGroup "finishGroup";
    SystemTime "systemTime";
    UnitByBus "unitByBus";
    RequestBus "requestBus";
    ContextMenu "contextMenu";
    ProgressStart "progressStart";
    ProgressUpdate "progressUpdate";
    ProgressFinish "progressFinish";
    SelectUnit "selectUnit";
    ProgramList "programList";
    Message "message";
    ExchangeOpen "exchangeOpen";
    ExchangeSend "exchangeSend";
    ExchangeLock "exchangeLock";
    ExchangeFree "exchangeFree";
    ExchangeClose "exchangeClose";
    Point "point";
    Note "note";
    Supports "supports";
    Timer "timer";
    Untimer "untimer";
    Descriptor "descriptor";
    Wake "wake";
    Undescriptor "undescriptor";
}

impl Act {
    /// Whether it is asked of a component's host, not of a controller's handler.
    pub fn of_component(self, words: &Words) -> bool {
        match self {
            Self::Message => !words.from_controller,
            Self::ExchangeOpen | Self::ExchangeSend | Self::ExchangeLock | Self::ExchangeFree | Self::ExchangeClose => {
                true
            }
            _ => false,
        }
    }
}

/// A command that was resolved: everything it needs is in hand.
pub struct Job {
    /// What to ask.
    pub act: Act,
    /// With which words.
    pub words: Words,
    /// Whom: the handler.
    pub handler: Option<ComPtr<IComponentHandler>>,
    /// Whom: the context.
    pub host: Option<ComPtr<FUnknown>>,
    /// Whom: the peer.
    pub peer: Option<ComPtr<IConnectionPoint>>,
    /// The data exchange of the context.
    pub exchange: Option<ComPtr<IDataExchangeHandler>>,
    /// The progress of the handler.
    pub progress: Option<ComPtr<IProgress>>,
    /// Address of the audio processor.
    pub processor: usize,
}

static PROGRESS: AtomicU64 = AtomicU64::new(0);
static EXCHANGE: AtomicU32 = AtomicU32::new(u32::MAX);
static LOCKED: AtomicU32 = AtomicU32::new(u32::MAX);

fn asks(name: &'static str, words: &Words) {
    let mut call = Call::new("host", 0, name, "asks");
    call.arg("id", words.id).arg("value", words.value).arg("flags", words.flags).done();
}

/// `[any]` Logs an answer.
pub fn answered(name: &'static str, result: tresult) {
    Call::new("host", 0, name, "answers").arg("result", result).done();
}

/// `[any]` Asks the host; `data` is the block, in process.
pub fn perform(job: &Job, data: Option<&ProcessData>) {
    let name = job.act.name();
    asks(name, &job.words);
    let result = match job.act {
        Act::Message => message(job),
        Act::ExchangeOpen | Act::ExchangeSend | Act::ExchangeLock | Act::ExchangeFree | Act::ExchangeClose => {
            exchange(job)
        }
        Act::Point | Act::Note => data.map_or(kResultFalse, |data| outgoing(job, data)),
        Act::Supports => supports(job),
        Act::Timer => run_loop::add_timer(job.host.as_ref(), job.words.value as u64),
        Act::Untimer => run_loop::remove_timer(),
        Act::Descriptor => run_loop::add_descriptor(job.host.as_ref()),
        Act::Wake => run_loop::wake(),
        Act::Undescriptor => run_loop::remove_descriptor(),
        _ => job.handler.as_ref().map_or(kNotImplemented, |handler| handled(job, handler)),
    };
    answered(name, result);
}

/// What goes to the handler or one of its further interfaces. A missing interface is answered with kNoInterface.
fn handled(job: &Job, handler: &ComPtr<IComponentHandler>) -> tresult {
    let words = &job.words;
    match job.act {
        Act::Restart => unsafe { handler.restartComponent(words.flags) },
        Act::BeginEdit => unsafe { handler.beginEdit(words.id) },
        Act::PerformEdit => unsafe { handler.performEdit(words.id, words.value) },
        Act::EndEdit => unsafe { handler.endEdit(words.id) },
        Act::Edit => {
            let mut result = unsafe { handler.beginEdit(words.id) };
            for value in &words.values {
                result |= unsafe { handler.performEdit(words.id, *value) };
            }
            result | unsafe { handler.endEdit(words.id) }
        }
        Act::SetDirty | Act::OpenEditor | Act::StartGroup | Act::FinishGroup => {
            let Some(second) = handler.cast::<IComponentHandler2>() else { return kNoInterface };
            match job.act {
                Act::SetDirty => unsafe { second.setDirty(u8::from(words.on)) },
                Act::OpenEditor => unsafe { second.requestOpenEditor(c"editor".as_ptr()) },
                Act::StartGroup => unsafe { second.startGroupEdit() },
                _ => unsafe { second.finishGroupEdit() },
            }
        }
        Act::SystemTime => {
            let Some(clock) = handler.cast::<IComponentHandlerSystemTime>() else { return kNoInterface };
            let mut time = 0;
            unsafe { clock.getSystemTime(&mut time) }
        }
        Act::RequestBus => {
            let Some(buses) = handler.cast::<IComponentHandlerBusActivation>() else { return kNoInterface };
            unsafe { buses.requestBusActivation(words.media, words.direction, words.index, u8::from(words.on)) }
        }
        Act::ContextMenu => {
            let Some(third) = handler.cast::<IComponentHandler3>() else { return kNoInterface };
            let menu = unsafe { third.createContextMenu(std::ptr::null_mut(), &words.id) };
            match unsafe { ComPtr::<IContextMenu>::from_raw(menu) } {
                Some(menu) => unsafe { menu.getItemCount() }.min(0),
                None => kResultFalse,
            }
        }
        Act::ProgressStart | Act::ProgressUpdate | Act::ProgressFinish => {
            let Some(progress) = &job.progress else { return kNoInterface };
            let id = PROGRESS.load(SeqCst);
            match job.act {
                Act::ProgressStart => {
                    let mut id = 0;
                    let result = unsafe { progress.start(words.kind, words.text.as_ptr(), &mut id) };
                    PROGRESS.store(id, SeqCst);
                    result
                }
                Act::ProgressUpdate => unsafe { progress.update(id, words.value) },
                _ => unsafe { progress.finish(id) },
            }
        }
        Act::SelectUnit | Act::ProgramList => {
            let Some(units) = handler.cast::<IUnitHandler>() else { return kNoInterface };
            match job.act {
                Act::SelectUnit => unsafe { units.notifyUnitSelection(words.unit) },
                _ => unsafe { units.notifyProgramListChange(words.list, words.index) },
            }
        }
        Act::UnitByBus => {
            let Some(units) = handler.cast::<IUnitHandler2>() else { return kNoInterface };
            unsafe { units.notifyUnitByBusChange() }
        }
        _ => kNotImplemented,
    }
}

/// Sends a message of the host's making to the peer.
fn message(job: &Job) -> tresult {
    let (Some(peer), Some(host)) = (&job.peer, job.host.as_ref().and_then(|host| host.cast::<IHostApplication>()))
    else {
        return kNotImplemented;
    };
    let mut id: TUID = IMessage::IID.map(|byte| byte as std::ffi::c_char);
    let mut iid = id;
    let mut object = std::ptr::null_mut();
    let result = unsafe { host.createInstance(&mut id, &mut iid, &mut object) };
    let Some(message) = (unsafe { ComPtr::from_raw(object.cast::<IMessage>()) }).filter(|_| result == kResultOk) else {
        return result;
    };
    unsafe { message.setMessageID(job.words.message.as_ptr()) };
    if let Some(attributes) = unsafe { ComRef::from_raw(message.getAttributes()) } {
        unsafe { attributes.setInt(c"value".as_ptr(), job.words.value as i64) };
        unsafe { attributes.setString(c"text".as_ptr(), job.words.text.as_ptr()) };
    }
    unsafe { peer.notify(message.as_ptr()) }
}

/// Data exchange: open and close while inactive, lock and free in process.
fn exchange(job: &Job) -> tresult {
    let Some(exchange) = &job.exchange else { return kNoInterface };
    let (words, queue) = (&job.words, EXCHANGE.load(SeqCst));
    let lock = || {
        let mut block = DataExchangeBlock { data: std::ptr::null_mut(), size: 0, blockID: u32::MAX };
        let result = unsafe { exchange.lockBlock(queue, &mut block) };
        if result == kResultOk {
            if !block.data.is_null() && block.size >= 4 {
                unsafe { block.data.cast::<u32>().write_unaligned(words.value as u32) };
            }
            // Only now: a refusal must not make us forget the block that is locked.
            LOCKED.store(block.blockID, SeqCst);
        }
        result
    };
    let free = || unsafe { exchange.freeBlock(queue, LOCKED.load(SeqCst), u8::from(words.on)) };
    match job.act {
        Act::ExchangeOpen => {
            let mut id = u32::MAX;
            let processor = job.processor as *mut IAudioProcessor;
            let (size, count) = (words.size.max(4), words.count.max(1));
            let result = unsafe { exchange.openQueue(processor, size, count, 16, words.user, &mut id) };
            EXCHANGE.store(id, SeqCst);
            result
        }
        Act::ExchangeClose => unsafe { exchange.closeQueue(queue) },
        Act::ExchangeLock => lock(),
        Act::ExchangeFree => free(),
        _ => {
            let locked = lock();
            if locked == kResultOk { free() } else { locked }
        }
    }
}

/// Output points and events.
fn outgoing(job: &Job, data: &ProcessData) -> tresult {
    let words = &job.words;
    if job.act == Act::Point {
        let taken = unsafe { send_point(data, words.id, words.index, words.value) };
        return if taken { kResultOk } else { kResultFalse };
    }
    let Some(events) = (unsafe { ComRef::from_raw(data.outputEvents) }) else { return kResultFalse };
    let mut event: Event = unsafe { std::mem::zeroed() };
    event.sampleOffset = words.index;
    if words.on {
        event.__field0.noteOn.pitch = words.id as i16;
        event.__field0.noteOn.velocity = 0.5;
        event.__field0.noteOn.noteId = -1;
    } else {
        event.r#type = 1;
        event.__field0.noteOff.pitch = words.id as i16;
        event.__field0.noteOff.noteId = -1;
    }
    unsafe { events.addEvent(&mut event) }
}

/// Asks whether the host uses an interface.
fn supports(job: &Job) -> tresult {
    let host = job.host.as_ref().and_then(|host| host.cast::<IPlugInterfaceSupport>());
    let Some(host) = host else { return kNoInterface };
    let id = match text16(&job.words.text).as_str() {
        "IEditController2" => IEditController2::IID,
        "IMidiMapping" => IMidiMapping::IID,
        "IMidiMapping2" => IMidiMapping2::IID,
        "IProgramListData" => IProgramListData::IID,
        "IRemapParamID" => IRemapParamID::IID,
        "IUnitData" => IUnitData::IID,
        "IUnitInfo" => IUnitInfo::IID,
        "IXmlRepresentationController" => IXmlRepresentationController::IID,
        _ => return kNotImplemented,
    };
    let id: TUID = id.map(|byte| byte as std::ffi::c_char);
    unsafe { host.isPlugInterfaceSupported(&id) }
}
