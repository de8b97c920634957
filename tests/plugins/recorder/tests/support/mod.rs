//! A loaded copy of the recorder and its log.

#![allow(dead_code, reason = "not every test file uses all of it")]

use plugin_rig::host::{Context, Module, install};
use serde_json::Value;
use std::ffi::CString;
use vst3::{
    ComPtr, Interface,
    Steinberg::{FUnknown, IPluginBaseTrait, IPluginFactoryTrait, Vst::IComponent},
};

/// A copy of the recorder with a log and switches of its own.
pub struct Recorder {
    /// The module.
    pub module: Module,
    /// Where the copy lies.
    pub folder: tempfile::TempDir,
}

impl Recorder {
    /// Loads a fresh copy.
    pub fn load() -> Self {
        let folder = tempfile::tempdir().expect("a folder for a copy");
        let library = install("recorder", folder.path(), "Recorder");
        Self { module: Module::load(&library).expect("the recorder loads"), folder }
    }

    /// Gives a command; what it answers.
    pub fn command(&self, json: &str) -> i32 {
        let take: unsafe extern "C" fn(*const std::ffi::c_char) -> i32 =
            self.module.function("recorder_command").expect("it is exported");
        let json = CString::new(json).expect("no zero inside");
        unsafe { take(json.as_ptr()) }
    }

    /// Everything logged since the last time.
    pub fn log(&self) -> Vec<Value> {
        let drain: unsafe extern "C" fn(*mut u8, usize) -> usize =
            self.module.function("recorder_drain").expect("it is exported");
        let mut text = Vec::new();
        let mut buffer = vec![0_u8; 1 << 14];
        loop {
            let length = unsafe { drain(buffer.as_mut_ptr(), buffer.len()) };
            if length == 0 {
                break;
            }
            text.extend_from_slice(&buffer[..length]);
        }
        let text = String::from_utf8(text).expect("the log is text");
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The complaints of everything logged since the last time, as `call: complaint`.
    pub fn complaints(&self) -> Vec<String> {
        complaints(&self.log())
    }

    /// A number the recorder exports.
    pub fn live(&self) -> i32 {
        let live: unsafe extern "C" fn() -> i32 = self.module.function("recorder_live").expect("it is exported");
        unsafe { live() }
    }
}

/// The complaints in a log, as `call: complaint`.
pub fn complaints(log: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for line in log {
        for complaint in line["violations"].as_array().into_iter().flatten() {
            all.push(format!("{}: {}", line["call"].as_str().unwrap_or("?"), complaint.as_str().unwrap_or("?")));
        }
    }
    all
}

/// The lines of one call.
pub fn calls<'a>(log: &'a [Value], call: &str) -> Vec<&'a Value> {
    log.iter().filter(|line| line["call"] == call).collect()
}

/// An object that nobody will terminate.
pub fn initialized(module: &Module, class: usize) -> ComPtr<IComponent> {
    let factory = module.factory().expect("a factory");
    let class = module.classes()[class].cid;
    let mut object = std::ptr::null_mut();
    let result = unsafe { factory.createInstance(class.as_ptr(), IComponent::IID.as_ptr().cast(), &mut object) };
    assert_eq!(result, 0);
    let component = unsafe { ComPtr::from_raw(object.cast::<IComponent>()) }.expect("an object");
    let context = Context::new();
    let unknown = context.as_com_ref::<FUnknown>().expect("a context").as_ptr();
    assert_eq!(unsafe { component.initialize(unknown) }, 0);
    component
}
