//! The least `IParameterChanges`: one parameter with one point.

use std::cell::Cell;
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
};
use vst3::Steinberg::{int32, kResultFalse, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

struct Queue {
    param: u32,
    point: Cell<(int32, ParamValue)>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.param
    }

    unsafe fn getPointCount(&self) -> int32 {
        1
    }

    unsafe fn getPoint(&self, _: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        let point = self.point.get();
        // SAFETY: a plugin passes pointers to its own variables.
        unsafe { offset.write(point.0) };
        // SAFETY: as above.
        unsafe { value.write(point.1) };
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: ParamValue, _: *mut int32) -> tresult {
        kResultFalse
    }
}

struct Changes {
    queue: *mut IParamValueQueue,
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        1
    }

    unsafe fn getParameterData(&self, _: int32) -> *mut IParamValueQueue {
        self.queue
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }
}

/// One point for one parameter.
pub struct OnePoint {
    queue: ComWrapper<Queue>,
    changes: ComPtr<IParameterChanges>,
}

impl OnePoint {
    /// For this parameter.
    pub fn new(param: u32) -> Self {
        let queue = ComWrapper::new(Queue { param, point: Cell::new((0, 0.0)) });
        let pointer = queue.as_com_ref::<IParamValueQueue>().unwrap().as_ptr();
        let changes = ComWrapper::new(Changes { queue: pointer }).to_com_ptr::<IParameterChanges>().unwrap();
        Self { queue, changes }
    }

    /// Moves the point.
    #[inline]
    pub fn set(&self, offset: u32, value: f64) {
        self.queue.point.set((offset as int32, value));
    }

    /// What goes into `ProcessData`.
    pub fn pointer(&self) -> *mut IParameterChanges {
        self.changes.as_ptr()
    }
}
