//! `IPluginFactory` 1 to 3: the classes of a module. Thread: main.
#![allow(unsafe_code)]

use crate::{
    door::door,
    object::{Object, kind, put},
    plugin::{Plugin, Uid, VENDOR},
    wide,
};
use std::ffi::{c_char, c_void};
use vst3::{
    Class, ComPtr, ComWrapper,
    Steinberg::{
        FIDString, FUnknown, IPluginFactory, IPluginFactory2Trait, IPluginFactory3, IPluginFactory3Trait,
        IPluginFactoryTrait, PClassInfo, PClassInfo_::ClassCardinality_, PClassInfo2, PClassInfoW, PFactoryInfo,
        PFactoryInfo_::FactoryFlags_, TUID, int32, kInternalError, kInvalidArgument, kNoInterface, kResultOk, tresult,
    },
};

pub(crate) const COMPONENT: &str = "Audio Module Class";
pub(crate) const CONTROLLER: &str = "Component Controller Class";
pub(crate) const SDK: &str = "VST 3.8.0";

struct Factory(&'static Plugin);

impl Class for Factory {
    type Interfaces = (IPluginFactory3,);
}

/// `[main]` A new reference to a factory for one plugin; null if that failed.
pub fn factory(plugin: fn() -> &'static Plugin) -> *mut IPluginFactory {
    door(std::ptr::null_mut(), || {
        let factory = ComWrapper::new(Factory(plugin()));
        factory.to_com_ptr::<IPluginFactory>().map_or(std::ptr::null_mut(), ComPtr::into_raw)
    })
}

struct Row {
    class: Uid,
    category: &'static str,
    name: String,
    sub: &'static str,
}

impl Factory {
    fn row(&self, index: int32) -> Option<Row> {
        let Self(plugin) = self;
        match (index, plugin.controller) {
            (0, _) => {
                Some(Row { class: plugin.class, category: COMPONENT, name: plugin.name.into(), sub: plugin.categories })
            }
            (1, Some(class)) => {
                Some(Row { class, category: CONTROLLER, name: format!("{} Controller", plugin.name), sub: "" })
            }
            _ => None,
        }
    }

    fn make(&self, class: TUID) -> Option<ComPtr<FUnknown>> {
        let Self(plugin) = self;
        let controller = plugin.controller.map(Uid::tuid);
        if Some(class) == controller {
            return ComWrapper::new(Object::<kind::Controller>::new(plugin)).to_com_ptr();
        }
        if class != plugin.class.tuid() {
            return None;
        }
        match (controller, plugin.instrument) {
            (Some(_), _) => ComWrapper::new(Object::<kind::Component>::new(plugin)).to_com_ptr(),
            (None, false) => ComWrapper::new(Object::<kind::Effect>::new(plugin)).to_com_ptr(),
            (None, true) => ComWrapper::new(Object::<kind::Instrument>::new(plugin)).to_com_ptr(),
        }
    }
}

#[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
const MANY: i32 = ClassCardinality_::kManyInstances as i32;
#[allow(clippy::unnecessary_cast)]
const UNICODE: i32 = FactoryFlags_::kUnicode as i32;

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        door(kInternalError, || {
            let mut answer = PFactoryInfo { vendor: [0; 64], url: [0; 256], email: [0; 128], flags: UNICODE };
            wide::write8(&mut answer.vendor, VENDOR);
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(info, answer) }
        })
    }

    unsafe fn countClasses(&self) -> int32 {
        1 + int32::from(self.0.controller.is_some())
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        door(kInternalError, || {
            let Some(row) = self.row(index) else { return kInvalidArgument };
            let mut answer = PClassInfo { cid: row.class.tuid(), cardinality: MANY, category: [0; 32], name: [0; 64] };
            wide::write8(&mut answer.category, row.category);
            wide::write8(&mut answer.name, &row.name);
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(info, answer) }
        })
    }

    unsafe fn createInstance(&self, class: FIDString, interface: FIDString, object: *mut *mut c_void) -> tresult {
        door(kInternalError, || {
            if class.is_null() || interface.is_null() || object.is_null() {
                return kInvalidArgument;
            }
            // SAFETY: not null; the host gives room for a pointer. Null stands for failure.
            unsafe { object.write(std::ptr::null_mut()) };
            // SAFETY: both "strings" are the 16 raw bytes of an id; an array of bytes has no alignment.
            let (class, interface) = unsafe { (*class.cast::<[c_char; 16]>(), interface.cast::<TUID>()) };
            let Some(made) = self.make(class) else { return kNoInterface };
            let unknown = made.as_ptr();
            // SAFETY: a live object; on success the host holds the new reference and ours goes.
            unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface, object) }
        })
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        door(kInternalError, || {
            let Some(row) = self.row(index) else { return kInvalidArgument };
            let mut answer = PClassInfo2 {
                cid: row.class.tuid(),
                cardinality: MANY,
                category: [0; 32],
                name: [0; 64],
                classFlags: 0,
                subCategories: [0; 128],
                vendor: [0; 64],
                version: [0; 64],
                sdkVersion: [0; 64],
            };
            wide::write8(&mut answer.category, row.category);
            wide::write8(&mut answer.name, &row.name);
            wide::write8(&mut answer.subCategories, row.sub);
            wide::write8(&mut answer.vendor, VENDOR);
            wide::write8(&mut answer.version, self.0.version);
            wide::write8(&mut answer.sdkVersion, SDK);
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(info, answer) }
        })
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        door(kInternalError, || {
            let Some(row) = self.row(index) else { return kInvalidArgument };
            let mut answer = PClassInfoW {
                cid: row.class.tuid(),
                cardinality: MANY,
                category: [0; 32],
                name: [0; 64],
                classFlags: 0,
                subCategories: [0; 128],
                vendor: [0; 64],
                version: [0; 64],
                sdkVersion: [0; 64],
            };
            wide::write8(&mut answer.category, row.category);
            wide::write16(&mut answer.name, &row.name);
            wide::write8(&mut answer.subCategories, row.sub);
            wide::write16(&mut answer.vendor, VENDOR);
            wide::write16(&mut answer.version, self.0.version);
            wide::write16(&mut answer.sdkVersion, SDK);
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(info, answer) }
        })
    }

    unsafe fn setHostContext(&self, _context: *mut FUnknown) -> tresult {
        kResultOk
    }
}
