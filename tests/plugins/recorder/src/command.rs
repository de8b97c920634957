//! Commands from a test: JSON objects that make the plugin act. Thread: taken anywhere, done where `when` says.
//! Invariant: what waits for process was resolved and allocated beforehand, and is freed elsewhere.
//!
//! `{"do": NAME, "when": WHEN, …}`. WHEN is `main` (default: at the end of the next call on the main thread, or a timer's tick),
//! `now` (on the calling thread, at once), `process` (in the next block) or `thread` (on a new thread, waited for).
//! `"instance": N` chooses the object by its number in the log; without it the newest that can do it acts.
//!
//! | do | and |
//! |---|---|
//! | `restart` | `flags` |
//! | `beginEdit`, `performEdit`, `endEdit` | `id`, `value` |
//! | `edit` | `id`, `values`: begin, one perform for each, end |
//! | `setDirty` | `on` |
//! | `openEditor`, `startGroup`, `finishGroup`, `systemTime`, `unitByBus` | |
//! | `requestBus` | `media`, `direction`, `index`, `on` |
//! | `contextMenu` | `id` |
//! | `progressStart`, `progressUpdate`, `progressFinish` | `kind`, `value` |
//! | `selectUnit` | `unit` |
//! | `programList` | `list`, `index` |
//! | `message` | `from` (`component` or `controller`), `id`, `value`, `text` |
//! | `exchangeOpen` | `size`, `count`, `user`; while inactive |
//! | `exchangeSend`, `exchangeLock`, `exchangeFree`, `exchangeClose` | `value` of the first word, `on` to send |
//! | `point` | `id`, `index` (offset), `value`: an output point; only in process |
//! | `note` | `id` (pitch), `index` (offset), `on`: an output event; only in process |
//! | `supports` | `text`: the name of an interface to ask IPlugInterfaceSupport about |
//! | `timer`, `untimer` | `value` in milliseconds; ticks are logged |
//! | `descriptor`, `wake`, `undescriptor` | a pipe at the run loop; unix only |
//! | `set` | switches of [`crate::behaviour`] by name; at once |
//! | `titles` | every title changes; at once |
//!
//! What is asked of the host is logged as object `host`, state `asks` before and `answers` (with `result`) after.

use crate::{
    behaviour,
    block::send_point,
    life::Call,
    links::{self, Links},
    params::TITLES,
    run_loop, thread,
};
use plugin_rig::text::text16;
use std::{
    collections::VecDeque,
    ffi::CString,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
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
            IHostApplicationTrait, IMessage, IMessageTrait, IMidiMapping, IPlugInterfaceSupport,
            IPlugInterfaceSupportTrait, IProgress, IProgressTrait, IUnitHandler, IUnitHandler2, IUnitHandler2Trait,
            IUnitHandlerTrait, IUnitInfo, IXmlRepresentationController, ProcessData,
        },
        kNoInterface, kNotImplemented, kResultFalse, kResultOk, tresult,
    },
};

/// Commands that can wait for process.
const WAITING: usize = 32;

/// What a command says, whatever it does.
#[derive(Debug, Default, Clone)]
struct Words {
    id: u32,
    value: f64,
    values: Vec<f64>,
    flags: i32,
    media: i32,
    direction: i32,
    index: i32,
    on: bool,
    kind: u32,
    unit: i32,
    list: i32,
    size: u32,
    count: u32,
    user: u32,
    message: CString,
    text: Vec<u16>,
    from_controller: bool,
    instance: Option<u32>,
}

macro_rules! acts {
    ($($act:ident $name:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq)]
        enum Act { $($act),* }

        impl Act {
            fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$act),)*
                    _ => None,
                }
            }

            fn name(self) -> &'static str {
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
    fn of_component(self, words: &Words) -> bool {
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
struct Job {
    act: Act,
    words: Words,
    handler: Option<ComPtr<IComponentHandler>>,
    host: Option<ComPtr<FUnknown>>,
    peer: Option<ComPtr<IConnectionPoint>>,
    exchange: Option<ComPtr<IDataExchangeHandler>>,
    progress: Option<ComPtr<IProgress>>,
    processor: usize,
}

static MAIN: Mutex<VecDeque<(Act, Words)>> = Mutex::new(VecDeque::new());
static MAIN_COUNT: AtomicUsize = AtomicUsize::new(0);
static RUNNING: AtomicBool = AtomicBool::new(false);

static QUEUE: [AtomicPtr<Job>; WAITING] = [const { AtomicPtr::new(std::ptr::null_mut()) }; WAITING];
static DONE: [AtomicPtr<Job>; WAITING] = [const { AtomicPtr::new(std::ptr::null_mut()) }; WAITING];
static HEAD: AtomicUsize = AtomicUsize::new(0);
static TAIL: Mutex<usize> = Mutex::new(0);
static TAIL_SEEN: AtomicUsize = AtomicUsize::new(0);

static PROGRESS: AtomicU64 = AtomicU64::new(0);
static EXCHANGE: AtomicU32 = AtomicU32::new(u32::MAX);
static LOCKED: AtomicU32 = AtomicU32::new(u32::MAX);

/// `[any, not audio]` Takes a command; the result is that of `recorder_command`.
pub fn take(json: &str) -> i32 {
    sweep();
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str::<serde_json::Value>(json) else { return -1 };
    let text = |key: &str| object.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    match text("do") {
        "set" => {
            let switches = object.iter().filter(|(key, _)| *key != "do");
            let mut known = true;
            for (key, value) in switches {
                let number = value.as_u64().map(|value| value as u32).or(value.as_bool().map(u32::from));
                known &= number.is_some_and(|number| behaviour::set(key, number));
            }
            return if known { 0 } else { -2 };
        }
        "titles" => {
            TITLES.fetch_add(1, SeqCst);
            return 0;
        }
        _ => {}
    }
    let Some(act) = Act::named(text("do")) else { return -2 };
    let words = words(&object);
    match object.get("when").and_then(|when| when.as_str()).unwrap_or("main") {
        "main" => {
            let Ok(mut queue) = MAIN.lock() else { return -1 };
            queue.push_back((act, words));
            MAIN_COUNT.store(queue.len(), SeqCst);
            0
        }
        "now" => resolve(act, words).map_or(-3, |job| {
            perform(&job, None);
            0
        }),
        "thread" => resolve(act, words).map_or(-3, |job| {
            let done = std::thread::spawn(move || perform(&job, None)).join();
            if done.is_ok() { 0 } else { -1 }
        }),
        "process" => resolve(act, words).map_or(-3, enqueue),
        _ => -1,
    }
}

fn words(object: &serde_json::Map<String, serde_json::Value>) -> Words {
    let number = |key: &str| object.get(key).and_then(|value| value.as_f64()).unwrap_or_default();
    let text = |key: &str| object.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let values = object.get("values").and_then(|list| list.as_array());
    Words {
        id: number("id") as u32,
        value: number("value"),
        values: values.map(|list| list.iter().filter_map(|value| value.as_f64()).collect()).unwrap_or_default(),
        flags: number("flags") as i32,
        media: number("media") as i32,
        direction: number("direction") as i32,
        index: number("index") as i32,
        on: object.get("on").and_then(|on| on.as_bool()).unwrap_or(true),
        kind: number("kind") as u32,
        unit: number("unit") as i32,
        list: number("list") as i32,
        size: number("size") as u32,
        count: number("count") as u32,
        user: number("user") as u32,
        message: CString::new(text("id")).unwrap_or_default(),
        text: text("text").encode_utf16().chain([0]).collect(),
        from_controller: text("from") == "controller",
        instance: object.get("instance").and_then(|instance| instance.as_u64()).map(|instance| instance as u32),
    }
}

fn held<T: Interface>(place: &Mutex<Option<ComPtr<T>>>) -> Option<ComPtr<T>> {
    place.lock().ok()?.clone()
}

/// Finds what a command needs; nothing when it is not there.
fn resolve(act: Act, words: Words) -> Option<Job> {
    let chosen = |links: &Links| words.instance.is_none_or(|instance| links.life.instance == instance);
    let component = act.of_component(&words);
    let object: Arc<Links> = links::newest(|links| {
        let able = if component { links.processor.load(SeqCst) != 0 } else { links.life.object != "component" };
        able && chosen(links) && held(&links.host).is_some()
    })?;
    let handler = held(&object.handler);
    let host = held(&object.host);
    let exchange = host.as_ref().and_then(|host| host.cast());
    let progress = handler.as_ref().and_then(|handler| handler.cast());
    let (peer, processor) = (held(&object.peer), object.processor.load(SeqCst));
    Some(Job { act, words, handler, host, peer, exchange, progress, processor })
}

/// Hands a job to process.
fn enqueue(job: Job) -> i32 {
    let Ok(mut tail) = TAIL.lock() else { return -1 };
    if *tail - HEAD.load(SeqCst) >= WAITING {
        return -3;
    }
    let slot = *tail % WAITING;
    free(&DONE[slot]);
    QUEUE[slot].store(Box::into_raw(Box::new(job)), SeqCst);
    *tail += 1;
    TAIL_SEEN.store(*tail, SeqCst);
    0
}

fn free(place: &AtomicPtr<Job>) {
    let job = place.swap(std::ptr::null_mut(), SeqCst);
    if !job.is_null() {
        drop(unsafe { Box::from_raw(job) });
    }
}

/// Frees jobs that process is done with.
fn sweep() {
    DONE.iter().for_each(free);
}

/// `[main]` Forgets whatever waits, and everything that is held for it.
pub fn forget_all() {
    if let Ok(mut queue) = MAIN.lock() {
        queue.clear();
        MAIN_COUNT.store(0, SeqCst);
    }
    QUEUE.iter().for_each(free);
    sweep();
    run_loop::forget();
}

/// `[audio]` Does what waits for a block.
pub fn run_in_process(data: &ProcessData) {
    loop {
        let head = HEAD.load(SeqCst);
        if head == TAIL_SEEN.load(SeqCst) {
            return;
        }
        if HEAD.compare_exchange(head, head + 1, SeqCst, SeqCst).is_err() {
            continue;
        }
        let slot = head % WAITING;
        let job = QUEUE[slot].swap(std::ptr::null_mut(), SeqCst);
        if let Some(job) = unsafe { job.as_ref() } {
            perform(job, Some(data));
            DONE[slot].store(std::ptr::from_ref(job).cast_mut(), SeqCst);
        }
    }
}

/// `[main]` Does what waits for the main thread. Does nothing elsewhere, and nothing inside itself.
pub fn run_pending() {
    if MAIN_COUNT.load(Relaxed) == 0 || thread::current() != thread::entered() || RUNNING.swap(true, SeqCst) {
        return;
    }
    sweep();
    loop {
        let next = MAIN.lock().ok().and_then(|mut queue| {
            let next = queue.pop_front();
            MAIN_COUNT.store(queue.len(), SeqCst);
            next
        });
        let Some((act, words)) = next else { break };
        match resolve(act, words) {
            Some(job) => perform(&job, None),
            None => answered(act.name(), kNotImplemented),
        }
    }
    RUNNING.store(false, SeqCst);
}

fn asks(name: &'static str, words: &Words) {
    let mut call = Call::new("host", 0, name, "asks");
    call.arg("id", words.id).arg("value", words.value).arg("flags", words.flags).done();
}

fn answered(name: &'static str, result: tresult) {
    Call::new("host", 0, name, "answers").arg("result", result).done();
}

/// Asks the host.
fn perform(job: &Job, data: Option<&ProcessData>) {
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
        if result == kResultOk && !block.data.is_null() && block.size >= 4 {
            unsafe { block.data.cast::<u32>().write_unaligned(words.value as u32) };
        }
        LOCKED.store(block.blockID, SeqCst);
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
        "IUnitInfo" => IUnitInfo::IID,
        "IXmlRepresentationController" => IXmlRepresentationController::IID,
        _ => return kNotImplemented,
    };
    let id: TUID = id.map(|byte| byte as std::ffi::c_char);
    unsafe { host.isPlugInterfaceSupported(&id) }
}
