//! Host objects a plugin is given: stream, parameter queues, events, messages, host. Thread: whichever the test uses.
#![allow(unsafe_code)]

use crate::{door::door, wide};
use assert_no_alloc::permit_alloc;
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_void},
    sync::atomic::{AtomicI32, Ordering},
};
use vst3::{
    Class, ComPtr, ComWrapper,
    Steinberg::{
        FIDString, IBStream, IBStreamTrait, TUID,
        Vst::{
            Event, IAttributeList, IAttributeListTrait, IComponentHandler, IComponentHandlerTrait, IEventList,
            IEventListTrait, IHostApplication, IHostApplicationTrait, IMessage, IMessage_iid, IMessageTrait,
            IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
            String128, TChar,
        },
        int32, int64, kInternalError, kInvalidArgument, kNoInterface, kNotImplemented, kOutOfMemory, kResultFalse,
        kResultOk, tresult, uint32,
    },
};

/// A stream in memory that gives and takes at most `piece` bytes at a time.
pub struct Stream {
    pub(super) bytes: RefCell<Vec<u8>>,
    position: Cell<usize>,
    piece: usize,
}

impl Stream {
    pub(super) fn new(bytes: Vec<u8>, piece: usize) -> ComWrapper<Self> {
        ComWrapper::new(Self { bytes: RefCell::new(bytes), position: Cell::new(0), piece })
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, wanted: int32, got: *mut int32) -> tresult {
        door(kInternalError, || {
            let bytes = self.bytes.borrow();
            let rest = &bytes[self.position.get()..];
            let count = rest.len().min(wanted.max(0) as usize).min(self.piece);
            // SAFETY: the plugin's buffer has room for `wanted` bytes; its counter is a variable of its own.
            unsafe {
                std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), count);
                *got = count as int32;
            }
            self.position.set(self.position.get() + count);
            kResultOk
        })
    }

    unsafe fn write(&self, buffer: *mut c_void, wanted: int32, put: *mut int32) -> tresult {
        door(kInternalError, || {
            let count = (wanted.max(0) as usize).min(self.piece);
            // SAFETY: the plugin's buffer holds `wanted` bytes; its counter is a variable of its own.
            let fresh = unsafe {
                *put = count as int32;
                std::slice::from_raw_parts(buffer.cast::<u8>(), count)
            };
            self.bytes.borrow_mut().extend_from_slice(fresh);
            kResultOk
        })
    }

    unsafe fn seek(&self, _position: int64, _mode: int32, _result: *mut int64) -> tresult {
        kNotImplemented
    }

    unsafe fn tell(&self, _position: *mut int64) -> tresult {
        kNotImplemented
    }
}

/// One parameter's points in a block.
pub struct Queue {
    id: u32,
    points: RefCell<Vec<(i32, f64)>>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.borrow().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        let Some(point) = self.points.borrow().get(index as usize).copied() else { return kInvalidArgument };
        // SAFETY: the plugin gives two variables of its own.
        unsafe { (*offset, *value) = point };
        kResultOk
    }

    unsafe fn addPoint(&self, offset: int32, value: ParamValue, index: *mut int32) -> tresult {
        let mut points = self.points.borrow_mut();
        // SAFETY: the plugin gives a variable of its own.
        unsafe { *index = points.len() as int32 };
        // This host allocates here; that is not the plugin's fault.
        permit_alloc(|| points.push((offset, value)));
        kResultOk
    }
}

/// All queues of a block; made anew for each.
#[derive(Default)]
pub struct Changes(RefCell<Vec<ComPtr<IParamValueQueue>>>);

impl Changes {
    /// From (id, offset, value), the points of a parameter in order.
    pub(super) fn new(points: &[(u32, i32, f64)]) -> ComWrapper<Self> {
        let mut queues: Vec<Queue> = Vec::new();
        for &(id, offset, value) in points {
            match queues.iter_mut().find(|queue| queue.id == id) {
                Some(queue) => queue.points.borrow_mut().push((offset, value)),
                None => queues.push(Queue { id, points: RefCell::new(vec![(offset, value)]) }),
            }
        }
        let queues = queues.into_iter().filter_map(|queue| ComWrapper::new(queue).to_com_ptr()).collect();
        ComWrapper::new(Self(RefCell::new(queues)))
    }

    /// Last point of each queue.
    pub(super) fn last(&self) -> Vec<(u32, f64)> {
        let last = |queue: &ComPtr<IParamValueQueue>| {
            let (mut offset, mut value) = (0, 0.0);
            // SAFETY: a live object of ours; the answers are our own variables.
            unsafe {
                queue.getPoint(queue.getPointCount() - 1, &mut offset, &mut value);
                (queue.getParameterId(), value)
            }
        };
        self.0.borrow().iter().map(last).collect()
    }
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        self.0.borrow().get(index as usize).map_or(std::ptr::null_mut(), ComPtr::as_ptr)
    }

    unsafe fn addParameterData(&self, id: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        let mut queues = self.0.borrow_mut();
        // SAFETY: the plugin gives two variables of its own.
        let id = unsafe {
            *index = queues.len() as int32;
            *id
        };
        // This host allocates here; that is not the plugin's fault.
        permit_alloc(|| {
            let queue = ComWrapper::new(Queue { id, points: RefCell::default() }).to_com_ptr::<IParamValueQueue>();
            let pointer = queue.as_ref().map_or(std::ptr::null_mut(), ComPtr::as_ptr);
            queues.extend(queue);
            pointer
        })
    }
}

/// The events of a block.
pub struct Events(pub(super) Vec<Event>);

impl Class for Events {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Events {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let Some(found) = self.0.get(index as usize) else { return kInvalidArgument };
        // SAFETY: the plugin gives a variable of its own.
        unsafe { event.write(*found) };
        kResultOk
    }

    unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
        kOutOfMemory
    }
}

/// A message with numbers only.
#[derive(Default)]
pub struct Message {
    name: RefCell<CString>,
    numbers: RefCell<HashMap<CString, f64>>,
}

impl Class for Message {
    type Interfaces = (IMessage, IAttributeList);
}

impl IMessageTrait for Message {
    unsafe fn getMessageID(&self) -> FIDString {
        self.name.borrow().as_ptr()
    }

    unsafe fn setMessageID(&self, id: FIDString) {
        // SAFETY: the plugin lends a zero-terminated name.
        *self.name.borrow_mut() = unsafe { CStr::from_ptr(id) }.to_owned();
    }

    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        let this: *const Self = self;
        // SAFETY: messages live only inside their wrapper (see `Host::createInstance`), whose header starts with two
        // interface objects; the second one is the attribute list.
        unsafe { <ComWrapper<Self> as vst3::com_scrape_types::Wrapper<Self>>::header_from_data(this.cast_mut()) }
            .cast::<IAttributeList>()
            .wrapping_add(1)
    }
}

impl IAttributeListTrait for Message {
    unsafe fn setInt(&self, _: *const c_char, _: int64) -> tresult {
        kNotImplemented
    }

    unsafe fn getInt(&self, _: *const c_char, _: *mut int64) -> tresult {
        kNotImplemented
    }

    unsafe fn setFloat(&self, id: *const c_char, value: f64) -> tresult {
        // SAFETY: the plugin lends a zero-terminated name.
        self.numbers.borrow_mut().insert(unsafe { CStr::from_ptr(id) }.to_owned(), value);
        kResultOk
    }

    unsafe fn getFloat(&self, id: *const c_char, value: *mut f64) -> tresult {
        // SAFETY: the plugin lends a zero-terminated name.
        let Some(found) = self.numbers.borrow().get(unsafe { CStr::from_ptr(id) }).copied() else {
            return kResultFalse;
        };
        // SAFETY: the plugin gives a variable of its own.
        unsafe { *value = found };
        kResultOk
    }

    unsafe fn setString(&self, _: *const c_char, _: *const TChar) -> tresult {
        kNotImplemented
    }

    unsafe fn getString(&self, _: *const c_char, _: *mut TChar, _: uint32) -> tresult {
        kNotImplemented
    }

    unsafe fn setBinary(&self, _: *const c_char, _: *const c_void, _: uint32) -> tresult {
        kNotImplemented
    }

    unsafe fn getBinary(&self, _: *const c_char, _: *mut *const c_void, _: *mut uint32) -> tresult {
        kNotImplemented
    }
}

/// The host a plugin is initialized with, which is also its component handler.
#[derive(Default)]
pub struct Host {
    /// All flags of `restartComponent` so far.
    pub restarts: AtomicI32,
}

impl Class for Host {
    type Interfaces = (IHostApplication, IComponentHandler);
}

impl IHostApplicationTrait for Host {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        let mut text = [0; 128];
        wide::write16(&mut text, "plugin-kit rig");
        // SAFETY: the plugin gives room for a name.
        unsafe { name.write(text) };
        kResultOk
    }

    unsafe fn createInstance(&self, class: *mut TUID, _interface: *mut TUID, object: *mut *mut c_void) -> tresult {
        // SAFETY: the plugin lends an id.
        if unsafe { *class } != IMessage_iid {
            return kNoInterface;
        }
        let message = ComWrapper::new(Message::default()).to_com_ptr::<IMessage>();
        // SAFETY: the plugin gives a variable of its own.
        unsafe { *object = message.map_or(std::ptr::null_mut(), ComPtr::into_raw).cast() };
        kResultOk
    }
}

impl IComponentHandlerTrait for Host {
    unsafe fn beginEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _id: ParamID, _value: ParamValue) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        self.restarts.fetch_or(flags, Ordering::Relaxed);
        kResultOk
    }
}
