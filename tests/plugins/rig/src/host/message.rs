//! Messages between the halves of a plugin. Thread: main. Deliberately absent: attributes other than numbers and texts.

use crate::text::text16_at;
use std::{
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_void},
    sync::Mutex,
};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        Vst::{IAttributeList, IAttributeListTrait, IMessage, IMessageTrait},
        kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult,
    },
};

/// What a value can be.
enum Value {
    Number(i64),
    Text(Vec<u16>),
}

#[derive(Default)]
struct Attributes(Mutex<HashMap<CString, Value>>);

/// A message and its attributes.
pub(super) struct Message {
    id: Mutex<CString>,
    attributes: ComWrapper<Attributes>,
}

impl Message {
    pub(super) fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self { id: Mutex::default(), attributes: ComWrapper::new(Attributes::default()) })
    }
}

impl Class for Message {
    type Interfaces = (IMessage,);
}

impl IMessageTrait for Message {
    unsafe fn getMessageID(&self) -> *const c_char {
        // Valid until the next setMessageID, as the contract says.
        self.id.lock().unwrap().as_ptr()
    }

    unsafe fn setMessageID(&self, id: *const c_char) {
        *self.id.lock().unwrap() = unsafe { CStr::from_ptr(id) }.to_owned();
    }

    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        self.attributes.as_com_ref().expect("attributes are a list").as_ptr()
    }
}

impl Class for Attributes {
    type Interfaces = (IAttributeList,);
}

impl Attributes {
    fn put(&self, id: *const c_char, value: Value) -> tresult {
        self.0.lock().unwrap().insert(unsafe { CStr::from_ptr(id) }.to_owned(), value);
        kResultOk
    }
}

impl IAttributeListTrait for Attributes {
    unsafe fn setInt(&self, id: *const c_char, value: i64) -> tresult {
        self.put(id, Value::Number(value))
    }

    unsafe fn getInt(&self, id: *const c_char, value: *mut i64) -> tresult {
        match self.0.lock().unwrap().get(unsafe { CStr::from_ptr(id) }) {
            Some(Value::Number(number)) => {
                unsafe { *value = *number };
                kResultOk
            }
            _ => kResultFalse,
        }
    }

    unsafe fn setFloat(&self, _: *const c_char, _: f64) -> tresult {
        kNotImplemented
    }

    unsafe fn getFloat(&self, _: *const c_char, _: *mut f64) -> tresult {
        kNotImplemented
    }

    unsafe fn setString(&self, id: *const c_char, text: *const u16) -> tresult {
        let text = unsafe { text16_at(text, 4096) };
        self.put(id, Value::Text(text.encode_utf16().chain([0]).collect()))
    }

    unsafe fn getString(&self, id: *const c_char, place: *mut u16, bytes: u32) -> tresult {
        let values = self.0.lock().unwrap();
        let Some(Value::Text(text)) = values.get(unsafe { CStr::from_ptr(id) }) else { return kResultFalse };
        if text.len() * 2 > bytes as usize {
            return kInvalidArgument;
        }
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), place, text.len()) };
        kResultOk
    }

    unsafe fn setBinary(&self, _: *const c_char, _: *const c_void, _: u32) -> tresult {
        kNotImplemented
    }

    unsafe fn getBinary(&self, _: *const c_char, _: *mut *const c_void, _: *mut u32) -> tresult {
        kNotImplemented
    }
}
