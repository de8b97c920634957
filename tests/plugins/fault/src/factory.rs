//! The factory: one class, unless the mode says otherwise. Thread: main.

use crate::{
    acts,
    modes::Fault,
    plugin::Plugin,
    which::{is, plugin_name},
};
use plugin_rig::{
    AUDIO_EFFECT, SDK_VERSION, VENDOR,
    identity::{class_id, class_id_at, guid},
    text::{put8, put16},
};
use std::ffi::{c_char, c_void};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        FUnknown, IPluginFactory, IPluginFactory2Trait, IPluginFactory3, IPluginFactory3Trait, IPluginFactoryTrait,
        PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo, TUID, Vst::IComponent, kInternalError, kInvalidArgument,
        kNoInterface, kResultOk, tresult,
    },
};

/// The factory.
pub struct Factory;

/// `[main]` The factory with a reference for the caller, or what the mode gives instead.
pub fn get() -> *mut IPluginFactory {
    match crate::which::mode().fault {
        Fault::CrashInFactory => acts::crash(),
        Fault::FactoryNull => return std::ptr::null_mut(),
        _ => {}
    }
    ComWrapper::new(Factory).to_com_ptr::<IPluginFactory>().expect("a factory is a factory").into_raw()
}

/// `[any]` The id of the only class.
pub fn own_id() -> TUID {
    class_id(plugin_name())
}

/// `[main]` Fills a text field, or overfills it when that is the mode.
pub fn fill8(field: &mut [c_char], text: &str) {
    if is(Fault::NamesUnterminated) {
        field.fill(b'A' as c_char);
    } else {
        put8(field, text);
    }
}

/// `[main]` Fills a UTF-16 field, or overfills it or breaks its coding when that is the mode.
pub fn fill16(field: &mut [u16], text: &str) {
    if is(Fault::NamesUnterminated) {
        field.fill(u16::from(b'A'));
        return;
    }
    put16(field, text);
    if is(Fault::NamesUtf16) {
        // A low surrogate first, a high one last: wrong in both places.
        field[0] = 0xdc00;
        let end = field.iter().position(|unit| *unit == 0).unwrap_or(1).min(field.len() - 2);
        field[end] = 0xd800;
        field[end + 1] = 0;
    }
}

impl Class for Factory {
    type Interfaces = (IPluginFactory3,);
}

fn known(index: i32) -> bool {
    match crate::which::mode().fault {
        Fault::FactoryHuge => true,
        Fault::EqualIds => (0..2).contains(&index),
        _ => index == 0,
    }
}

fn name(index: i32) -> String {
    if index == 0 { plugin_name().to_owned() } else { format!("{} {}", plugin_name(), index + 1) }
}

fn id(index: i32) -> TUID {
    if is(Fault::FactoryHuge) { class_id(&name(index)) } else { own_id() }
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        if is(Fault::ErrorsEverywhere) {
            return kInternalError;
        }
        let Some(info) = (unsafe { info.as_mut() }) else { return kInvalidArgument };
        fill8(&mut info.vendor, VENDOR);
        fill8(&mut info.url, "");
        fill8(&mut info.email, "");
        info.flags = 16;
        kResultOk
    }

    unsafe fn countClasses(&self) -> i32 {
        match crate::which::mode().fault {
            Fault::FactoryHuge => i32::MAX,
            Fault::FactoryNegative => -1,
            Fault::EqualIds => 2,
            _ => 1,
        }
    }

    unsafe fn getClassInfo(&self, index: i32, info: *mut PClassInfo) -> tresult {
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| known(index)) else { return kInvalidArgument };
        info.cid = id(index);
        info.cardinality = i32::MAX;
        put8(&mut info.category, AUDIO_EFFECT);
        fill8(&mut info.name, &name(index));
        kResultOk
    }

    unsafe fn createInstance(&self, cid: *const c_char, iid: *const c_char, object: *mut *mut c_void) -> tresult {
        match crate::which::mode().fault {
            Fault::CrashInCreate => acts::crash(),
            Fault::CreateFails => return kNoInterface,
            Fault::CreateNull => {
                unsafe { plugin_rig::call::answer(object, std::ptr::null_mut()) };
                return kResultOk;
            }
            _ => {}
        }
        let (Some(cid), Some(iid)) = (unsafe { class_id_at(cid) }, unsafe { class_id_at(iid) }) else {
            return kInvalidArgument;
        };
        if object.is_null() || cid != own_id() {
            return kInvalidArgument;
        }
        let plugin = ComWrapper::new(Plugin::new()).to_com_ptr::<IComponent>().expect("a plugin is a component");
        let unknown = plugin.as_ptr().cast::<c_void>();
        let found =
            unsafe { <FUnknown as vst3::com_scrape_types::Unknown>::query_interface(unknown.cast(), &guid(&iid)) };
        unsafe { *object = found.unwrap_or(std::ptr::null_mut()) };
        if found.is_some() { kResultOk } else { kNoInterface }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: i32, info: *mut PClassInfo2) -> tresult {
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| known(index)) else { return kInvalidArgument };
        info.cid = id(index);
        info.cardinality = i32::MAX;
        put8(&mut info.category, AUDIO_EFFECT);
        fill8(&mut info.name, &name(index));
        info.classFlags = 0;
        fill8(&mut info.subCategories, "Fx");
        fill8(&mut info.vendor, VENDOR);
        fill8(&mut info.version, "1.0.0");
        fill8(&mut info.sdkVersion, SDK_VERSION);
        kResultOk
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: i32, info: *mut PClassInfoW) -> tresult {
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| known(index)) else { return kInvalidArgument };
        info.cid = id(index);
        info.cardinality = i32::MAX;
        put8(&mut info.category, AUDIO_EFFECT);
        fill16(&mut info.name, &name(index));
        info.classFlags = 0;
        fill8(&mut info.subCategories, "Fx");
        fill16(&mut info.vendor, VENDOR);
        fill16(&mut info.version, "1.0.0");
        fill16(&mut info.sdkVersion, SDK_VERSION);
        kResultOk
    }

    unsafe fn setHostContext(&self, _context: *mut FUnknown) -> tresult {
        kResultOk
    }
}
