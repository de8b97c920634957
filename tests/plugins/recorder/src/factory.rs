//! The factory: the plugin in two parts, its controller, the plugin in one part, a component without any controller, and the
//! list of predecessors. Thread: main.

use crate::{
    editor::Editor,
    life::{Call, LIVE},
    links::{Links, judge_context},
    objects::{Component, Controller, Single},
    params::Values,
    processor::Processor,
};
use plugin_rig::{
    AUDIO_EFFECT, COMPATIBILITY, CONTROLLER, SDK_VERSION, VENDOR,
    call::guarded,
    identity::{class_id, class_id_at, guid},
    stream::write_all,
    text::{put8, put16},
};
use std::{
    ffi::{c_char, c_void},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};
use vst3::{
    Class, ComRef, ComWrapper,
    Steinberg::{
        FUnknown, IBStream, IPluginCompatibility, IPluginCompatibilityTrait, IPluginFactory, IPluginFactory2Trait,
        IPluginFactory3, IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo,
        TUID,
        Vst::{IAudioProcessor, IConnectionPoint},
        kInternalError, kInvalidArgument, kNoInterface, kResultFalse, kResultOk, tresult,
    },
};

/// The names of the classes, in order; the ids are made from them.
const NAMES: [&str; 5] =
    ["Recorder", "Recorder Controller", "Recorder Single", "Recorder Compatibility", "Recorder Headless"];

/// Whether the factory was given a host context.
static HAS_CONTEXT: AtomicBool = AtomicBool::new(false);

struct Factory;

impl Class for Factory {
    type Interfaces = (IPluginFactory3,);
}

/// Tells of predecessors.
struct Predecessors;

impl Class for Predecessors {
    type Interfaces = (IPluginCompatibility,);
}

/// `[main]` The factory, with a reference for the caller.
pub fn get() -> *mut IPluginFactory {
    let mut call = call("GetPluginFactory");
    call.rule(crate::ENTERED.load(SeqCst) > 0, (1, "GetPluginFactory before the entry function")).done();
    ComWrapper::new(Factory).to_com_ptr::<IPluginFactory>().expect("a factory is a factory").into_raw()
}

/// `[any]` The class this plugin replaces.
pub fn predecessor() -> TUID {
    class_id("Recorder 0.9")
}

/// `[main]` A class id as 32 hexadecimal digits, the same on every system.
pub fn hex(name: &str) -> String {
    let id = guid(&class_id(name));
    // On Windows the first three groups lie in memory in the order of the machine.
    let order: [usize; 16] = if cfg!(windows) {
        [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    } else {
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    };
    order.iter().map(|index| format!("{:02X}", id[*index])).collect()
}

fn call(name: &'static str) -> Call {
    Call::new("factory", 0, name, if LIVE.load(SeqCst) == 0 { "idle" } else { "in use" })
}

fn category(index: usize) -> &'static str {
    match index {
        1 => CONTROLLER,
        3 => COMPATIBILITY,
        _ => AUDIO_EFFECT,
    }
}

fn sub_categories(index: usize) -> &'static str {
    if index == 1 || index == 3 { "" } else { "Fx|Tools" }
}

/// The class index a host asks about, judged.
fn asked(name: &'static str, index: i32) -> Option<usize> {
    let known = usize::try_from(index).ok().filter(|index| *index < NAMES.len());
    let mut call = call(name);
    call.arg("index", index).rule(known.is_some(), (7, "a class index out of range")).done();
    known
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        call("getFactoryInfo").done();
        let Some(info) = (unsafe { info.as_mut() }) else { return kInvalidArgument };
        put8(&mut info.vendor, VENDOR);
        put8(&mut info.url, "");
        put8(&mut info.email, "");
        info.flags = 16;
        kResultOk
    }

    unsafe fn countClasses(&self) -> i32 {
        call("countClasses").done();
        NAMES.len() as i32
    }

    unsafe fn getClassInfo(&self, index: i32, info: *mut PClassInfo) -> tresult {
        let (Some(index), Some(info)) = (asked("getClassInfo", index), unsafe { info.as_mut() }) else {
            return kInvalidArgument;
        };
        info.cid = class_id(NAMES[index]);
        info.cardinality = i32::MAX;
        put8(&mut info.category, category(index));
        put8(&mut info.name, NAMES[index]);
        kResultOk
    }

    unsafe fn createInstance(&self, cid: *const c_char, iid: *const c_char, object: *mut *mut c_void) -> tresult {
        guarded(kInternalError, || {
            let (Some(cid), Some(iid)) = (unsafe { class_id_at(cid) }, unsafe { class_id_at(iid) }) else {
                return kInvalidArgument;
            };
            let index = NAMES.iter().position(|name| class_id(name) == cid);
            let mut call = call("createInstance");
            call.arg("class", index.map_or("unknown", |index| NAMES[index]));
            call.rule(index.is_some(), (7, "an unknown class"));
            call.habit(HAS_CONTEXT.load(SeqCst), (5, "the factory was not given a host context"));
            call.done();
            let Some(index) = index.filter(|_| !object.is_null()) else { return kInvalidArgument };
            let found = create(index, &guid(&iid));
            unsafe { *object = found.unwrap_or(std::ptr::null_mut()) };
            if found.is_some() { kResultOk } else { kNoInterface }
        })
    }
}

fn create(index: usize, iid: &[u8; 16]) -> Option<*mut c_void> {
    match index {
        0 => {
            let links = Links::new("component");
            let processor = Processor::new(links.clone(), Arc::default(), Some(class_id(NAMES[1])));
            finish(ComWrapper::new(Component { processor }), &links, iid)
        }
        1 => {
            let links = Links::new("controller");
            let editor = Editor::new(links.clone(), Arc::default());
            finish(ComWrapper::new(Controller { editor }), &links, iid)
        }
        2 => {
            let links = Links::new("single");
            let values: Arc<Values> = Arc::default();
            let processor = Processor::new(links.clone(), values.clone(), None);
            let editor = Editor::new(links.clone(), values);
            finish(ComWrapper::new(Single { processor, editor }), &links, iid)
        }
        4 => {
            let links = Links::new("component");
            let processor = Processor::new(links.clone(), Arc::default(), None);
            finish(ComWrapper::new(Component { processor }), &links, iid)
        }
        _ => ask(&ComWrapper::new(Predecessors), iid),
    }
}

fn finish<C: Class>(object: ComWrapper<C>, links: &Links, iid: &[u8; 16]) -> Option<*mut c_void> {
    let point = object.as_com_ref::<IConnectionPoint>().map_or(0, |point| point.as_ptr() as usize);
    links.own_point.store(point, SeqCst);
    let processor = object.as_com_ref::<IAudioProcessor>().map_or(0, |processor| processor.as_ptr() as usize);
    links.processor.store(processor, SeqCst);
    ask(&object, iid)
}

/// The interface of an object, with a reference for the caller.
fn ask<C: Class>(object: &ComWrapper<C>, iid: &[u8; 16]) -> Option<*mut c_void> {
    let unknown = object.as_com_ref::<FUnknown>()?.as_ptr();
    unsafe { <FUnknown as vst3::com_scrape_types::Unknown>::query_interface(unknown, iid) }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: i32, info: *mut PClassInfo2) -> tresult {
        let (Some(index), Some(info)) = (asked("getClassInfo2", index), unsafe { info.as_mut() }) else {
            return kInvalidArgument;
        };
        info.cid = class_id(NAMES[index]);
        info.cardinality = i32::MAX;
        put8(&mut info.category, category(index));
        put8(&mut info.name, NAMES[index]);
        info.classFlags = u32::from(index == 0);
        put8(&mut info.subCategories, sub_categories(index));
        put8(&mut info.vendor, VENDOR);
        put8(&mut info.version, "1.0.0");
        put8(&mut info.sdkVersion, SDK_VERSION);
        kResultOk
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: i32, info: *mut PClassInfoW) -> tresult {
        let (Some(index), Some(info)) = (asked("getClassInfoUnicode", index), unsafe { info.as_mut() }) else {
            return kInvalidArgument;
        };
        info.cid = class_id(NAMES[index]);
        info.cardinality = i32::MAX;
        put8(&mut info.category, category(index));
        put16(&mut info.name, NAMES[index]);
        info.classFlags = u32::from(index == 0);
        put8(&mut info.subCategories, sub_categories(index));
        put16(&mut info.vendor, VENDOR);
        put16(&mut info.version, "1.0.0");
        put16(&mut info.sdkVersion, SDK_VERSION);
        kResultOk
    }

    unsafe fn setHostContext(&self, context: *mut FUnknown) -> tresult {
        guarded(kInternalError, || {
            let mut call = call("setHostContext");
            let context = unsafe { ComRef::from_raw(context) };
            call.arg("context", context.is_some());
            if let Some(context) = context {
                judge_context(&mut call, context);
            }
            call.done();
            HAS_CONTEXT.store(context.is_some(), SeqCst);
            kResultOk
        })
    }
}

impl IPluginCompatibilityTrait for Predecessors {
    unsafe fn getCompatibilityJSON(&self, stream: *mut IBStream) -> tresult {
        guarded(kInternalError, || {
            call("getCompatibilityJSON").done();
            let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return kInvalidArgument };
            let json = format!("[{{\"New\":\"{}\",\"Old\":[\"{}\"]}}]", hex(NAMES[0]), hex("Recorder 0.9"));
            if write_all(stream, json.as_bytes()) { kResultOk } else { kResultFalse }
        })
    }
}
