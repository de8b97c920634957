//! L2 · what a module can make: its classes, and objects of them.
//!
//! Thread: main. Invariant: every count and text from the module is capped and checked; a row that cannot be read is left
//! out, never guessed. Deliberately absent: what to do with an object.
#![allow(unsafe_code)]

use super::{
    com::{query, result_name},
    consts::{CATEGORY_AUDIO, CATEGORY_COMPATIBILITY, CLASS_DISTRIBUTABLE, CLASS_SIMPLE_MODE},
    module::Module,
    stream::{MemoryStream, StreamAttributes},
    strings::{from_char8, from_utf16},
    uid::Uid,
};
use crate::{
    model::{PluginFormat, PluginInfo, PluginKind},
    plugin::PluginError,
};
use std::{mem::zeroed, ptr::null_mut};
use vst3::{
    ComPtr, Interface,
    Steinberg::{
        IPluginCompatibility, IPluginCompatibilityTrait, IPluginFactory, IPluginFactory2, IPluginFactory2Trait,
        IPluginFactory3, IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo,
        kResultOk,
    },
};

/// More classes than any module has; a larger count is nonsense.
const MAX_CLASSES: i32 = 10_000;

/// One class of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassInfo {
    /// Class id.
    pub uid: Uid,
    /// `Audio Module Class` and the like.
    pub category: String,
    /// Name.
    pub name: String,
    /// Maker; the factory's when the class gives none.
    pub vendor: String,
    /// Version text.
    pub version: String,
    /// SDK text.
    pub sdk: String,
    /// Sub-categories in order.
    pub categories: Vec<String>,
    /// What it is for.
    pub kind: PluginKind,
    /// Component and controller may live in different processes.
    pub distributable: bool,
    /// Simple I/O mode may be asked for.
    pub simple_mode: bool,
}

/// `[main]` All classes of a module, of every category.
pub fn classes(module: &Module) -> Result<Vec<ClassInfo>, PluginError> {
    list(module.factory()).map_err(|reason| PluginError::Module { path: module.path().to_path_buf(), reason })
}

/// `[main]` The plugins among the classes, as the catalog keeps them.
pub fn plugins(module: &Module) -> Result<Vec<PluginInfo>, PluginError> {
    let audio = classes(module)?.into_iter().filter(|class| class.category == CATEGORY_AUDIO);
    let info = |class: ClassInfo| PluginInfo {
        id: class.uid.plugin_id(),
        name: class.name,
        vendor: class.vendor,
        version: class.version,
        format: PluginFormat::Vst3,
        kind: class.kind,
        categories: class.categories,
        sdk: class.sdk,
        path: module.path().to_path_buf(),
        distributable: class.distributable,
    };
    Ok(audio.map(info).collect())
}

/// `[main]` Creates an object of a class. `plugin` names it in errors.
pub fn create<I: Interface>(module: &Module, class: Uid, plugin: &str) -> Result<ComPtr<I>, PluginError> {
    make(module.factory(), class).map_err(|result| PluginError::Load {
        plugin: plugin.to_owned(),
        step: "createInstance",
        result,
    })
}

/// `[main]` The module's list of replaced class ids (JSON), if it has one.
pub fn compatibility(module: &Module) -> Option<String> {
    let class = classes(module).ok()?.into_iter().find(|class| class.category == CATEGORY_COMPATIBILITY)?;
    let object: ComPtr<IPluginCompatibility> = make(module.factory(), class.uid).ok()?;
    let stream = MemoryStream::writer_with_cap(&StreamAttributes::default(), 4 << 20);
    // SAFETY: a live object and a stream that outlives the call.
    let answer = unsafe { object.getCompatibilityJSON(MemoryStream::raw(&stream)) };
    (answer == kResultOk && !stream.overflowed()).then(|| String::from_utf8_lossy(&stream.take()).into_owned())
}

fn make<I: Interface>(factory: &ComPtr<IPluginFactory>, class: Uid) -> Result<ComPtr<I>, String> {
    let iid = Uid(I::IID);
    let mut object = null_mut();
    // SAFETY: a live factory; both ids are sixteen bytes, as the call wants them; memory for the result.
    let answer = unsafe { factory.createInstance(class.as_ptr(), iid.as_ptr(), &mut object) };
    if answer != kResultOk {
        return Err(result_name(answer));
    }
    // SAFETY: on success the factory hands over one reference to the interface asked for, or null.
    unsafe { ComPtr::from_raw(object.cast::<I>()) }.ok_or_else(|| "kResultOk, but without an object".to_owned())
}

/// The classes behind a factory; the error is a clause.
fn list(factory: &ComPtr<IPluginFactory>) -> Result<Vec<ClassInfo>, String> {
    // SAFETY: a live factory.
    let count = unsafe { factory.countClasses() };
    if !(0..=MAX_CLASSES).contains(&count) {
        return Err(format!("claims to have {count} classes"));
    }
    // SAFETY: a structure of integers, for which zero is a value.
    let mut info: PFactoryInfo = unsafe { zeroed() };
    // SAFETY: a live factory, memory for the result.
    let vendor = match unsafe { factory.getFactoryInfo(&mut info) } {
        answer if answer == kResultOk => clean(from_char8(&info.vendor)),
        _ => String::new(),
    };
    let second = query::<IPluginFactory2>(factory);
    let third = query::<IPluginFactory3>(factory);
    let mut classes: Vec<ClassInfo> = Vec::new();
    for index in 0..count {
        let row = third.as_ref().and_then(|factory| unicode_row(factory, index));
        let row = row.or_else(|| second.as_ref().and_then(|factory| second_row(factory, index)));
        let Some(mut class) = row.or_else(|| first_row(factory, index)) else {
            tracing::warn!(index, "a class of this module cannot be read; it is left out");
            continue;
        };
        if class.vendor.is_empty() {
            class.vendor.clone_from(&vendor);
        }
        if class.name.is_empty() {
            class.name = class.uid.to_string();
        }
        classes.push(class);
    }
    Ok(classes)
}

fn unicode_row(factory: &ComPtr<IPluginFactory3>, index: i32) -> Option<ClassInfo> {
    // SAFETY: a structure of integers, for which zero is a value.
    let mut info: PClassInfoW = unsafe { zeroed() };
    // SAFETY: a live factory, memory for the result.
    let answer = unsafe { factory.getClassInfoUnicode(index, &mut info) };
    let name = clean(from_utf16(&info.name));
    // Some answer with a row that has no name here, but has one in the older call.
    let class = row(answer, Uid::from_tuid(&info.cid), from_char8(&info.category), name.clone())?;
    (!name.is_empty()).then(|| ClassInfo {
        vendor: clean(from_utf16(&info.vendor)),
        version: clean(from_utf16(&info.version)),
        sdk: clean(from_utf16(&info.sdkVersion)),
        ..with_flags(class, &from_char8(&info.subCategories), info.classFlags)
    })
}

fn second_row(factory: &ComPtr<IPluginFactory2>, index: i32) -> Option<ClassInfo> {
    // SAFETY: a structure of integers, for which zero is a value.
    let mut info: PClassInfo2 = unsafe { zeroed() };
    // SAFETY: a live factory, memory for the result.
    let answer = unsafe { factory.getClassInfo2(index, &mut info) };
    let name = clean(from_char8(&info.name));
    let class = row(answer, Uid::from_tuid(&info.cid), from_char8(&info.category), name)?;
    Some(ClassInfo {
        vendor: clean(from_char8(&info.vendor)),
        version: clean(from_char8(&info.version)),
        sdk: clean(from_char8(&info.sdkVersion)),
        ..with_flags(class, &from_char8(&info.subCategories), info.classFlags)
    })
}

fn first_row(factory: &ComPtr<IPluginFactory>, index: i32) -> Option<ClassInfo> {
    // SAFETY: a structure of integers, for which zero is a value.
    let mut info: PClassInfo = unsafe { zeroed() };
    // SAFETY: a live factory, memory for the result.
    let answer = unsafe { factory.getClassInfo(index, &mut info) };
    row(answer, Uid::from_tuid(&info.cid), from_char8(&info.category), clean(from_char8(&info.name)))
}

/// What all three kinds of row have in common; `None` for a row that cannot be used.
fn row(answer: i32, uid: Uid, category: String, name: String) -> Option<ClassInfo> {
    (answer == kResultOk && !uid.is_zero() && !category.is_empty()).then(|| ClassInfo {
        uid,
        category,
        name,
        vendor: String::new(),
        version: String::new(),
        sdk: String::new(),
        categories: Vec::new(),
        kind: PluginKind::Other,
        distributable: false,
        simple_mode: false,
    })
}

fn with_flags(class: ClassInfo, sub_categories: &str, flags: u32) -> ClassInfo {
    let categories = words(sub_categories);
    ClassInfo {
        kind: kind_of(&categories),
        categories,
        distributable: flags & CLASS_DISTRIBUTABLE != 0,
        simple_mode: flags & CLASS_SIMPLE_MODE != 0,
        ..class
    }
}

/// `[any]` The words of a sub-category text such as `Fx|Reverb`.
pub fn words(sub_categories: &str) -> Vec<String> {
    sub_categories.split('|').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `[any]` What a plugin with these category words is for. The first word that means something decides, except that an
/// effect may turn out to be an analyzer or a generator.
pub fn kind_of(categories: &[String]) -> PluginKind {
    let meaning = |word: &String| match word.as_str() {
        "Instrument" => Some(PluginKind::Instrument),
        "Fx" | "Spatial Fx" => Some(PluginKind::Effect),
        "Analyzer" => Some(PluginKind::Analyzer),
        "Generator" => Some(PluginKind::Generator),
        _ => None,
    };
    let mut meanings = categories.iter().filter_map(meaning);
    match meanings.next() {
        Some(PluginKind::Effect) => meanings
            .find(|kind| matches!(kind, PluginKind::Analyzer | PluginKind::Generator))
            .unwrap_or(PluginKind::Effect),
        Some(kind) => kind,
        None => PluginKind::Other,
    }
}

fn clean(text: String) -> String {
    text.trim().to_owned()
}

#[cfg(test)]
mod tests;
