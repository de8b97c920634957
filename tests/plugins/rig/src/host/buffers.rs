//! The memory of one process call. Thread: whichever calls process. Invariant: each channel is followed by [`MARGIN`] marks.

use std::sync::Mutex;
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        Vst::{
            Event, IEventList, IEventListTrait, IParamValueQueue, IParamValueQueueTrait, IParameterChanges,
            IParameterChangesTrait, ParamID, ParamValue,
        },
        int32, kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

/// Samples behind each channel that a plugin must not touch.
pub const MARGIN: usize = 16;
/// What those samples, and outputs before the call, hold: no arithmetic makes this NaN.
pub const MARK: u32 = 0x7fa5_5a5a;

/// Channels for one direction of one block, grouped by bus.
pub struct Block {
    /// Samples by bus and channel, `frames` long plus the margin.
    pub buses: Vec<Vec<Vec<f32>>>,
    /// Length without the margin.
    pub frames: usize,
}

impl Block {
    /// `[any]` Marked channels: as many per bus as `channels` says.
    pub fn new(channels: &[usize], frames: usize) -> Self {
        let channel = vec![f32::from_bits(MARK); frames + MARGIN];
        Self { buses: channels.iter().map(|count| vec![channel.clone(); *count]).collect(), frames }
    }

    /// `[any]` Sets every sample in front of the margin.
    pub fn fill(&mut self, mut sample: impl FnMut(usize) -> f32) {
        for channel in self.buses.iter_mut().flatten() {
            for (index, place) in channel[..self.frames].iter_mut().enumerate() {
                *place = sample(index);
            }
        }
    }

    /// `[any]` One channel without its margin.
    pub fn channel(&self, bus: usize, channel: usize) -> &[f32] {
        &self.buses[bus][channel][..self.frames]
    }

    /// `[any]` Whether nothing behind the channels was touched.
    pub fn margins_intact(&self) -> bool {
        self.buses.iter().flatten().all(|channel| channel[self.frames..].iter().all(|sample| sample.to_bits() == MARK))
    }
}

/// Points of one parameter. As a list of queues it is also what the plugin writes its answers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Which.
    pub id: ParamID,
    /// Offset and value.
    pub points: Vec<(int32, ParamValue)>,
}

pub(super) struct PointQueue {
    id: ParamID,
    points: Mutex<Vec<(int32, ParamValue)>>,
}

impl Class for PointQueue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for PointQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.lock().unwrap().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        let points = self.points.lock().unwrap();
        let Some(point) = usize::try_from(index).ok().and_then(|index| points.get(index)) else {
            return kInvalidArgument;
        };
        unsafe {
            *offset = point.0;
            *value = point.1;
        }
        kResultOk
    }

    unsafe fn addPoint(&self, offset: int32, value: ParamValue, index: *mut int32) -> tresult {
        let mut points = self.points.lock().unwrap();
        points.push((offset, value));
        unsafe { crate::call::answer(index, points.len() as int32 - 1) };
        kResultOk
    }
}

pub(super) struct Changes {
    queues: Mutex<Vec<ComWrapper<PointQueue>>>,
    open: bool,
}

impl Changes {
    pub(super) fn new(queues: &[Queue], open: bool) -> ComWrapper<Self> {
        let queues = queues
            .iter()
            .map(|queue| ComWrapper::new(PointQueue { id: queue.id, points: Mutex::new(queue.points.clone()) }))
            .collect();
        ComWrapper::new(Self { queues: Mutex::new(queues), open })
    }

    pub(super) fn queues(&self) -> Vec<Queue> {
        let queues = self.queues.lock().unwrap();
        queues.iter().map(|queue| Queue { id: queue.id, points: queue.points.lock().unwrap().clone() }).collect()
    }
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.queues.lock().unwrap().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.queues.lock().unwrap();
        match usize::try_from(index).ok().and_then(|index| queues.get(index)) {
            Some(queue) => queue.as_com_ref().expect("a queue is a queue").as_ptr(),
            None => std::ptr::null_mut(),
        }
    }

    unsafe fn addParameterData(&self, id: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        if !self.open || id.is_null() {
            return std::ptr::null_mut();
        }
        let mut queues = self.queues.lock().unwrap();
        queues.push(ComWrapper::new(PointQueue { id: unsafe { *id }, points: Mutex::default() }));
        unsafe { crate::call::answer(index, queues.len() as int32 - 1) };
        queues.last().and_then(|queue| queue.as_com_ref()).expect("just pushed").as_ptr()
    }
}

pub(super) struct Events {
    events: Mutex<Vec<Event>>,
}

impl Events {
    pub(super) fn new(events: &[Event]) -> ComWrapper<Self> {
        ComWrapper::new(Self { events: Mutex::new(events.to_vec()) })
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

impl Class for Events {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Events {
    unsafe fn getEventCount(&self) -> int32 {
        self.events.lock().unwrap().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let events = self.events.lock().unwrap();
        match usize::try_from(index).ok().and_then(|index| events.get(index)) {
            Some(found) => {
                unsafe { *event = *found };
                kResultOk
            }
            None => kInvalidArgument,
        }
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        if event.is_null() {
            return kResultFalse;
        }
        self.events.lock().unwrap().push(unsafe { *event });
        kResultOk
    }
}
