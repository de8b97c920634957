//! What a plugin is handed: context, handler, stream. Thread: main, but nothing breaks elsewhere.
//! Invariant: every call on the handler is kept in order.

use super::{exchange::Exchange, message::Message};
use crate::text;
use std::{
    ffi::c_void,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use vst3::{
    Class, ComPtr, ComRef, ComWrapper, Interface,
    Steinberg::{
        FUnknown, IBStream, IBStreamTrait, IPlugView,
        Linux::{
            FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler,
            ITimerHandlerTrait, TimerInterval,
        },
        TUID,
        Vst::{
            IComponentHandler, IComponentHandler2, IComponentHandler2Trait, IComponentHandler3,
            IComponentHandler3Trait, IComponentHandlerBusActivation, IComponentHandlerBusActivationTrait,
            IComponentHandlerTrait, IContextMenu, IDataExchangeHandler, IHostApplication, IHostApplicationTrait,
            IMessage, IProgress, IProgress_::ID, IProgress_::ProgressType, IProgressTrait, IUnitHandler, IUnitHandler2,
            IUnitHandler2Trait, IUnitHandlerTrait, ParamID, ParamValue, String128,
        },
        int32, int64, kInvalidArgument, kNotImplemented, kResultOk, tresult,
    },
};

/// The host context: a name and a run loop whose timers are ticked by hand.
#[derive(Default)]
pub struct Context {
    timers: Mutex<Vec<ComPtr<ITimerHandler>>>,
    descriptors: Mutex<Vec<(ComPtr<IEventHandler>, FileDescriptor)>>,
    pub(super) exchange: Exchange,
}

impl Context {
    /// `[main]` A context as the host object it is.
    pub fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self::default())
    }

    /// `[main]` Fires every registered timer once.
    pub fn tick(&self) {
        let timers: Vec<_> = self.timers.lock().unwrap().clone();
        for timer in timers {
            unsafe { timer.onTimer() };
        }
    }

    /// `[main]` Tells every registered descriptor's handler that there is something to read.
    pub fn wake(&self) {
        let descriptors: Vec<_> = self.descriptors.lock().unwrap().clone();
        for (handler, descriptor) in descriptors {
            unsafe { handler.onFDIsSet(descriptor) };
        }
    }

    /// `[any]` Number of registered descriptors.
    pub fn descriptors(&self) -> usize {
        self.descriptors.lock().unwrap().len()
    }

    /// `[any]` Number of registered timers.
    pub fn timers(&self) -> usize {
        self.timers.lock().unwrap().len()
    }
}

impl Class for Context {
    type Interfaces = (IHostApplication, IRunLoop, IDataExchangeHandler);
}

impl IHostApplicationTrait for Context {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        unsafe { text::put16(&mut *name, "Bare host") };
        kResultOk
    }

    unsafe fn createInstance(&self, class: *mut TUID, _: *mut TUID, object: *mut *mut c_void) -> tresult {
        unsafe { *object = std::ptr::null_mut() };
        if crate::identity::guid(unsafe { &*class }) != IMessage::IID {
            return kNotImplemented;
        }
        let message = Message::new().to_com_ptr::<IMessage>().expect("a message is a message");
        unsafe { *object = message.into_raw().cast() };
        kResultOk
    }
}

impl IRunLoopTrait for Context {
    unsafe fn registerEventHandler(&self, handler: *mut IEventHandler, descriptor: FileDescriptor) -> tresult {
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else { return kInvalidArgument };
        self.descriptors.lock().unwrap().push((handler.to_com_ptr(), descriptor));
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        self.descriptors.lock().unwrap().retain(|(other, _)| other.as_ptr() != handler);
        kResultOk
    }

    unsafe fn registerTimer(&self, handler: *mut ITimerHandler, _: TimerInterval) -> tresult {
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else { return kInvalidArgument };
        self.timers.lock().unwrap().push(handler.to_com_ptr());
        kResultOk
    }

    unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
        self.timers.lock().unwrap().retain(|timer| timer.as_ptr() != handler);
        kResultOk
    }
}

/// The component handler: keeps every call as a line of text.
#[derive(Default)]
pub struct Handler {
    calls: Mutex<Vec<String>>,
    next_progress: AtomicU64,
}

impl Handler {
    /// `[main]` A handler as the host object it is.
    pub fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self::default())
    }

    /// `[any]` Calls so far; forgets them.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn note(&self, line: String) -> tresult {
        self.calls.lock().unwrap().push(line);
        kResultOk
    }
}

impl Class for Handler {
    type Interfaces = (
        IComponentHandler,
        IComponentHandler2,
        IComponentHandler3,
        IComponentHandlerBusActivation,
        IUnitHandler,
        IUnitHandler2,
        IProgress,
    );
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, id: ParamID) -> tresult {
        self.note(format!("beginEdit {id}"))
    }

    unsafe fn performEdit(&self, id: ParamID, value: ParamValue) -> tresult {
        self.note(format!("performEdit {id} {value}"))
    }

    unsafe fn endEdit(&self, id: ParamID) -> tresult {
        self.note(format!("endEdit {id}"))
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        self.note(format!("restartComponent {flags}"))
    }
}

impl IComponentHandler2Trait for Handler {
    unsafe fn setDirty(&self, state: u8) -> tresult {
        self.note(format!("setDirty {state}"))
    }

    unsafe fn requestOpenEditor(&self, _: *const std::ffi::c_char) -> tresult {
        self.note("requestOpenEditor".into())
    }

    unsafe fn startGroupEdit(&self) -> tresult {
        self.note("startGroupEdit".into())
    }

    unsafe fn finishGroupEdit(&self) -> tresult {
        self.note("finishGroupEdit".into())
    }
}

impl IComponentHandler3Trait for Handler {
    unsafe fn createContextMenu(&self, _: *mut IPlugView, id: *const ParamID) -> *mut IContextMenu {
        self.note(format!("createContextMenu {}", unsafe { *id }));
        std::ptr::null_mut()
    }
}

impl IComponentHandlerBusActivationTrait for Handler {
    unsafe fn requestBusActivation(&self, media: int32, direction: int32, index: int32, on: u8) -> tresult {
        self.note(format!("requestBusActivation {media} {direction} {index} {on}"))
    }
}

impl IUnitHandlerTrait for Handler {
    unsafe fn notifyUnitSelection(&self, unit: int32) -> tresult {
        self.note(format!("notifyUnitSelection {unit}"))
    }

    unsafe fn notifyProgramListChange(&self, list: int32, index: int32) -> tresult {
        self.note(format!("notifyProgramListChange {list} {index}"))
    }
}

impl IUnitHandler2Trait for Handler {
    unsafe fn notifyUnitByBusChange(&self) -> tresult {
        self.note("notifyUnitByBusChange".into())
    }
}

impl IProgressTrait for Handler {
    unsafe fn start(&self, kind: ProgressType, _: *const u16, id: *mut ID) -> tresult {
        unsafe { *id = self.next_progress.fetch_add(1, Ordering::Relaxed) };
        self.note(format!("progress start {kind}"))
    }

    unsafe fn update(&self, _: ID, value: ParamValue) -> tresult {
        self.note(format!("progress update {value}"))
    }

    unsafe fn finish(&self, _: ID) -> tresult {
        self.note("progress finish".into())
    }
}

/// A stream in memory that can be told to hand out and take little at a time, and to be full at some size.
pub struct Stream {
    inner: Mutex<(Vec<u8>, usize)>,
    portion: usize,
    limit: usize,
}

impl Stream {
    /// `[main]` A stream over `bytes`; each call moves at most `portion` bytes, and it never grows beyond `limit`.
    pub fn new(bytes: Vec<u8>, portion: usize, limit: usize) -> ComWrapper<Self> {
        ComWrapper::new(Self { inner: Mutex::new((bytes, 0)), portion, limit })
    }

    /// `[any]` What it holds.
    pub fn bytes(&self) -> Vec<u8> {
        self.inner.lock().unwrap().0.clone()
    }

    /// `[main]` The interface to pass on; valid while the stream lives.
    pub fn pointer(this: &ComWrapper<Self>) -> *mut IBStream {
        this.as_com_ref::<IBStream>().expect("a stream is a stream").as_ptr()
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let mut inner = self.inner.lock().unwrap();
        let (bytes, position) = &mut *inner;
        let amount = (count.max(0) as usize).min(self.portion).min(bytes.len().saturating_sub(*position));
        if amount > 0 {
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().add(*position), buffer.cast(), amount) };
        }
        *position += amount;
        unsafe { crate::call::answer(done, amount as i32) };
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let mut inner = self.inner.lock().unwrap();
        let (bytes, position) = &mut *inner;
        let amount = (count.max(0) as usize).min(self.portion).min(self.limit.saturating_sub(*position));
        let end = *position + amount;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        if amount > 0 {
            unsafe { std::ptr::copy_nonoverlapping(buffer.cast(), bytes.as_mut_ptr().add(*position), amount) };
        }
        *position = end;
        unsafe { crate::call::answer(done, amount as i32) };
        kResultOk
    }

    unsafe fn seek(&self, offset: int64, mode: int32, result: *mut int64) -> tresult {
        let mut inner = self.inner.lock().unwrap();
        let base = match mode {
            0 => 0,
            1 => inner.1 as i64,
            2 => inner.0.len() as i64,
            _ => return kInvalidArgument,
        };
        inner.1 = (base + offset).max(0) as usize;
        unsafe { crate::call::answer(result, inner.1 as i64) };
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        unsafe { crate::call::answer(position, self.inner.lock().unwrap().1 as i64) };
        kResultOk
    }
}

/// `[main]` The context as plugins are given it; valid while the wrapper lives.
pub(super) fn unknown(context: &ComWrapper<Context>) -> *mut FUnknown {
    context.as_com_ref::<FUnknown>().expect("everything is an FUnknown").as_ptr()
}
