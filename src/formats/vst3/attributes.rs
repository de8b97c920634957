//! L2 · attribute lists: the named values of messages and streams.
//!
//! Thread: any (plugins fill messages wherever they like). Invariant: values are copies; a pointer given out by `getBinary`
//! is valid until that attribute is set again or the list dies. Deliberately absent: enumeration, VST3 has none.
#![allow(unsafe_code)]

use super::com::{door, lock, put};
use super::strings;
use std::{collections::HashMap, ffi::c_void, sync::Mutex};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        Vst::{IAttributeList, IAttributeList_::AttrID, IAttributeListTrait, TChar},
        int64, kInternalError, kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult, uint32,
    },
};

/// Largest binary attribute. Plugins send meter frames and sample data this way; a gigabyte is an error.
const MAX_BINARY: usize = 256 << 20;
/// Most attributes in one list.
const MAX_ATTRIBUTES: usize = 4096;

/// Named integers, floats, strings and binaries.
#[derive(Debug, Default)]
pub struct AttributeList {
    values: Mutex<HashMap<String, Value>>,
}

#[derive(Debug)]
enum Value {
    Int(int64),
    Float(f64),
    /// Terminated.
    Text(Box<[TChar]>),
    Binary(Box<[u8]>),
}

impl AttributeList {
    /// `[any]` An empty list.
    pub fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self::default())
    }

    /// `[any]` Sets a text from our side.
    pub fn set_text(&self, id: &str, text: &str) {
        self.insert(id.to_owned(), Value::Text(strings::utf16z(text).into()));
    }

    /// `[any]` Reads a text from our side.
    pub fn text(&self, id: &str) -> Option<String> {
        match lock(&self.values).get(id)? {
            Value::Text(text) => Some(strings::from_utf16(text)),
            _ => None,
        }
    }

    fn insert(&self, id: String, value: Value) -> tresult {
        let mut values = lock(&self.values);
        if values.len() >= MAX_ATTRIBUTES && !values.contains_key(&id) {
            return kOutOfMemory;
        }
        values.insert(id, value);
        kResultOk
    }

    fn set(&self, id: AttrID, value: impl FnOnce() -> Result<Value, tresult>) -> tresult {
        door("IAttributeList::set", kInternalError, || match (strings::from_char8_ptr(id), value()) {
            (None, _) => kInvalidArgument,
            (_, Err(refusal)) => refusal,
            (Some(id), Ok(value)) => self.insert(id, value),
        })
    }

    fn get(&self, id: AttrID, read: impl FnOnce(&Value) -> tresult) -> tresult {
        door("IAttributeList::get", kInternalError, || match strings::from_char8_ptr(id) {
            None => kInvalidArgument,
            Some(id) => lock(&self.values).get(&id).map_or(kResultFalse, read),
        })
    }
}

impl Class for AttributeList {
    type Interfaces = (IAttributeList,);
}

fn answered(written: bool) -> tresult {
    if written { kResultOk } else { kInvalidArgument }
}

impl IAttributeListTrait for AttributeList {
    unsafe fn setInt(&self, id: AttrID, value: int64) -> tresult {
        self.set(id, || Ok(Value::Int(value)))
    }

    unsafe fn getInt(&self, id: AttrID, value: *mut int64) -> tresult {
        self.get(id, |found| match found {
            Value::Int(int) => answered(put(value, *int)),
            _ => kResultFalse,
        })
    }

    unsafe fn setFloat(&self, id: AttrID, value: f64) -> tresult {
        self.set(id, || Ok(Value::Float(value)))
    }

    unsafe fn getFloat(&self, id: AttrID, value: *mut f64) -> tresult {
        self.get(id, |found| match found {
            Value::Float(float) => answered(put(value, *float)),
            _ => kResultFalse,
        })
    }

    unsafe fn setString(&self, id: AttrID, string: *const TChar) -> tresult {
        self.set(id, || {
            let text = strings::utf16_behind(string).ok_or(kInvalidArgument)?;
            Ok(Value::Text(text.into()))
        })
    }

    unsafe fn getString(&self, id: AttrID, string: *mut TChar, size_in_bytes: uint32) -> tresult {
        self.get(id, |found| {
            let room = size_in_bytes as usize / size_of::<TChar>();
            match found {
                Value::Text(_) if string.is_null() || room == 0 => kInvalidArgument,
                Value::Text(text) => {
                    // The stored text is terminated; a shorter buffer gets its beginning and a terminator.
                    for at in 0..room.min(text.len()) {
                        let unit = if at + 1 == room { 0 } else { text[at] };
                        // SAFETY: `at` is below the number of units the plugin says it has room for.
                        unsafe { string.add(at).write_unaligned(unit) };
                    }
                    kResultOk
                }
                _ => kResultFalse,
            }
        })
    }

    unsafe fn setBinary(&self, id: AttrID, data: *const c_void, size_in_bytes: uint32) -> tresult {
        self.set(id, || {
            let size = size_in_bytes as usize;
            if size > MAX_BINARY {
                return Err(kOutOfMemory);
            }
            if size == 0 {
                return Ok(Value::Binary(Box::default()));
            }
            if data.is_null() {
                return Err(kInvalidArgument);
            }
            // SAFETY: not null, and the plugin says that this many bytes follow; they are copied before we return.
            let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
            Ok(Value::Binary(bytes.into()))
        })
    }

    unsafe fn getBinary(&self, id: AttrID, data: *mut *const c_void, size_in_bytes: *mut uint32) -> tresult {
        self.get(id, |found| match found {
            // At most MAX_BINARY, so the size fits.
            Value::Binary(bytes) => {
                answered(put(data, bytes.as_ptr().cast()) && put(size_in_bytes, bytes.len() as uint32))
            }
            _ => kResultFalse,
        })
    }
}
