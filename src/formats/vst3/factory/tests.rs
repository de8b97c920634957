//! A factory with good, old and broken rows.

use super::*;
use crate::formats::vst3::strings::to_utf16;
use std::ffi::c_void;
use vst3::{
    Class, ComWrapper,
    Steinberg::{FIDString, FUnknown, int32, kInternalError, kNoInterface, kResultFalse, tresult},
};

const ID: Uid = Uid::from_groups(1, 2, 3, 4);

/// A module's factory. Rows: 0 complete, 1 with its name only in the older call, 2 broken everywhere, 3 without an id.
struct Fake {
    count: i32,
}

impl Class for Fake {
    type Interfaces = (IPluginFactory3,);
}

fn chars<const N: usize>(text: &str) -> [std::ffi::c_char; N] {
    let mut array = [0; N];
    for (place, byte) in array.iter_mut().zip(text.bytes()) {
        *place = byte as std::ffi::c_char;
    }
    array
}

impl IPluginFactoryTrait for Fake {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the host passes memory for the result.
        unsafe { (*info).vendor = chars("Factory Maker") };
        kResultOk
    }

    unsafe fn countClasses(&self) -> int32 {
        self.count
    }

    unsafe fn getClassInfo(&self, _index: int32, _info: *mut PClassInfo) -> tresult {
        kInternalError
    }

    unsafe fn createInstance(&self, cid: FIDString, _iid: FIDString, object: *mut *mut c_void) -> tresult {
        // SAFETY: the host passes sixteen bytes and memory for the result.
        let cid = unsafe {
            *object = null_mut();
            cid.cast::<[u8; 16]>().read()
        };
        if Uid(cid) == ID { kResultOk } else { kNoInterface }
    }
}

impl IPluginFactory2Trait for Fake {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        if index != 1 {
            return kResultFalse;
        }
        // SAFETY: the host passes memory for the result.
        let info = unsafe { &mut *info };
        info.cid = ID.to_tuid();
        info.category = chars(CATEGORY_AUDIO);
        info.name = chars("Old Name");
        info.subCategories = chars("Instrument|Synth");
        info.vendor = chars("Own Maker");
        kResultOk
    }
}

impl IPluginFactory3Trait for Fake {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        // SAFETY: the host passes memory for the result.
        let info = unsafe { &mut *info };
        info.category = chars(CATEGORY_AUDIO);
        match index {
            0 => {
                info.cid = ID.to_tuid();
                to_utf16(" Größe ", &mut info.name);
                to_utf16("1.2.3", &mut info.version);
                // All 128 bytes used, no terminator.
                info.subCategories = chars(&format!("Fx||Reverb |{}", "x".repeat(200)));
                info.classFlags = CLASS_DISTRIBUTABLE;
                kResultOk
            }
            1 => {
                info.cid = ID.to_tuid();
                kResultOk
            }
            2 => kInternalError,
            _ => {
                to_utf16("No id", &mut info.name);
                kResultOk
            }
        }
    }

    unsafe fn setHostContext(&self, _context: *mut FUnknown) -> tresult {
        kResultOk
    }
}

fn factory(count: i32) -> ComPtr<IPluginFactory> {
    ComWrapper::new(Fake { count }).to_com_ptr().unwrap()
}

#[test]
fn each_class_is_read_by_the_newest_call_that_works_and_broken_rows_are_left_out() {
    let classes = list(&factory(4)).unwrap();
    assert_eq!(classes.len(), 2, "{classes:?}");
    let (new, old) = (&classes[0], &classes[1]);
    assert_eq!((new.name.as_str(), new.version.as_str()), ("Größe", "1.2.3"));
    assert_eq!((new.vendor.as_str(), new.distributable), ("Factory Maker", true));
    assert_eq!((&new.categories[..2], new.kind), (&["Fx".to_owned(), "Reverb".to_owned()][..], PluginKind::Effect));
    assert_eq!((old.name.as_str(), old.vendor.as_str()), ("Old Name", "Own Maker"));
    assert_eq!((old.uid, old.kind), (ID, PluginKind::Instrument));
}

#[test]
fn nonsense_counts_are_refused() {
    for count in [-1, MAX_CLASSES + 1, i32::MAX, i32::MIN] {
        assert!(list(&factory(count)).unwrap_err().contains(&count.to_string()));
    }
    assert_eq!(list(&factory(0)), Ok(vec![]));
}

#[test]
fn success_without_an_object_is_a_failure() {
    let refusal = make::<IPluginFactory>(&factory(1), ID).err().expect("refused");
    assert!(refusal.contains("without an object"), "{refusal}");
    assert_eq!(make::<IPluginFactory>(&factory(1), Uid([0; 16])).err().as_deref(), Some("kNoInterface"));
}

#[test]
fn kinds_follow_the_categories() {
    for (text, kind) in [
        ("Fx|Reverb|Stereo", PluginKind::Effect),
        ("Fx", PluginKind::Effect),
        ("Fx|Analyzer", PluginKind::Analyzer),
        ("Fx|Generator", PluginKind::Generator),
        ("Fx|Instrument", PluginKind::Effect),
        ("Instrument|Synth", PluginKind::Instrument),
        ("Spatial|Fx", PluginKind::Effect),
        ("Analyzer", PluginKind::Analyzer),
        ("Reverb", PluginKind::Other),
        ("", PluginKind::Other),
    ] {
        assert_eq!(kind_of(&words(text)), kind, "{text}");
    }
}
