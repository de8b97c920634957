//! A factory with one class that cannot be created, for modules whose fault is elsewhere. Thread: main.

use crate::{AUDIO_EFFECT, VENDOR, call::answer, identity::class_id, text::put8};
use std::ffi::{c_char, c_void};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        IPluginFactory, IPluginFactoryTrait, PClassInfo, PFactoryInfo, kInvalidArgument, kNoInterface, kResultOk,
        tresult,
    },
};

struct Bare;

impl Class for Bare {
    type Interfaces = (IPluginFactory,);
}

/// `[main]` The factory, with a reference for the caller.
pub fn factory() -> *mut IPluginFactory {
    ComWrapper::new(Bare).to_com_ptr::<IPluginFactory>().expect("a factory is a factory").into_raw()
}

impl IPluginFactoryTrait for Bare {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        let Some(info) = (unsafe { info.as_mut() }) else { return kInvalidArgument };
        *info = PFactoryInfo { vendor: [0; 64], url: [0; 256], email: [0; 128], flags: 0 };
        put8(&mut info.vendor, VENDOR);
        kResultOk
    }

    unsafe fn countClasses(&self) -> i32 {
        1
    }

    unsafe fn getClassInfo(&self, index: i32, info: *mut PClassInfo) -> tresult {
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| index == 0) else { return kInvalidArgument };
        info.cid = class_id("Fault bare");
        info.cardinality = i32::MAX;
        put8(&mut info.category, AUDIO_EFFECT);
        put8(&mut info.name, "Fault bare");
        kResultOk
    }

    unsafe fn createInstance(&self, _: *const c_char, _: *const c_char, object: *mut *mut c_void) -> tresult {
        unsafe { answer(object, std::ptr::null_mut()) };
        kNoInterface
    }
}
