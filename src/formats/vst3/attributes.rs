//! L2 · attribute lists: the named values of messages and streams.
//!
//! Thread: any (plugins fill messages wherever they like). Invariant: values are copies; a pointer given out by `getBinary`
//! is valid until that attribute is set again or the list dies. Deliberately absent: enumeration, VST3 has none.
#![allow(unsafe_code)]

use super::com::{answer, door, lock};
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
        door("IAttributeList::set", kInternalError, || match (name(id), value()) {
            (None, _) => kInvalidArgument,
            (_, Err(refusal)) => refusal,
            (Some(id), Ok(value)) => self.insert(id, value),
        })
    }

    fn get(&self, id: AttrID, read: impl FnOnce(&Value) -> tresult) -> tresult {
        door("IAttributeList::get", kInternalError, || match name(id) {
            None => kInvalidArgument,
            Some(id) => lock(&self.values).get(&id).map_or(kResultFalse, read),
        })
    }
}

/// An attribute's name; called with what a plugin passed in.
fn name(id: AttrID) -> Option<String> {
    // SAFETY: null, or terminated text, as the interface obliges the plugin.
    unsafe { strings::from_char8_ptr(id) }
}

impl Class for AttributeList {
    type Interfaces = (IAttributeList,);
}

impl IAttributeListTrait for AttributeList {
    unsafe fn setInt(&self, id: AttrID, value: int64) -> tresult {
        self.set(id, || Ok(Value::Int(value)))
    }

    unsafe fn getInt(&self, id: AttrID, value: *mut int64) -> tresult {
        self.get(id, |found| match found {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            Value::Int(int) => unsafe { answer(value, *int) },
            _ => kResultFalse,
        })
    }

    unsafe fn setFloat(&self, id: AttrID, value: f64) -> tresult {
        self.set(id, || Ok(Value::Float(value)))
    }

    unsafe fn getFloat(&self, id: AttrID, value: *mut f64) -> tresult {
        self.get(id, |found| match found {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            Value::Float(float) => unsafe { answer(value, *float) },
            _ => kResultFalse,
        })
    }

    unsafe fn setString(&self, id: AttrID, string: *const TChar) -> tresult {
        self.set(id, || {
            // SAFETY: null, or terminated text, as the interface obliges the plugin.
            let text = unsafe { strings::utf16_behind(string) }.ok_or(kInvalidArgument)?;
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
            Value::Binary(bytes) => {
                // SAFETY: null, or memory for the result, as the interface obliges the plugin.
                let told = unsafe { answer(data, bytes.as_ptr().cast()) };
                if told != kResultOk {
                    return told;
                }
                // At most MAX_BINARY, so the size fits.
                // SAFETY: as above.
                unsafe { answer(size_in_bytes, bytes.len() as uint32) }
            }
            _ => kResultFalse,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null;

    const ID: AttrID = c"id".as_ptr();

    #[test]
    fn values_come_back_and_keep_their_type() {
        let list = AttributeList::new().to_com_ptr::<IAttributeList>().unwrap();
        let (mut int, mut float) = (0, 0.0);
        // SAFETY: live object, terminated id, memory for the results.
        unsafe {
            assert_eq!(list.getInt(ID, &mut int), kResultFalse);
            assert_eq!(list.setInt(ID, -7), kResultOk);
            assert_eq!((list.getInt(ID, &mut int), int), (kResultOk, -7));
            assert_eq!(list.getFloat(ID, &mut float), kResultFalse);
            assert_eq!(list.setFloat(ID, 0.5), kResultOk);
            assert_eq!((list.getFloat(ID, &mut float), float), (kResultOk, 0.5));
            assert_eq!(list.getInt(ID, &mut int), kResultFalse);
        }
    }

    #[test]
    fn text_is_cut_and_terminated_and_half_surrogates_survive() {
        let list = AttributeList::new().to_com_ptr::<IAttributeList>().unwrap();
        let text = [0x41, 0xD800, 0x42, 0];
        let mut large = [9; 8];
        let mut small = [9; 3];
        // SAFETY: live object, terminated texts, sizes in bytes as given.
        unsafe {
            assert_eq!(list.setString(ID, text.as_ptr()), kResultOk);
            assert_eq!(list.getString(ID, large.as_mut_ptr(), 16), kResultOk);
            assert_eq!(list.getString(ID, small.as_mut_ptr(), 5), kResultOk);
            assert_eq!(list.getString(ID, small.as_mut_ptr(), 1), kInvalidArgument);
        }
        assert_eq!(large, [0x41, 0xD800, 0x42, 0, 9, 9, 9, 9]);
        assert_eq!(small, [0x41, 0, 9], "five bytes hold two units");
    }

    #[test]
    fn binaries_are_copied() {
        let list = AttributeList::new().to_com_ptr::<IAttributeList>().unwrap();
        let mut source = [1_u8, 2, 3];
        let (mut data, mut size) = (null(), 0);
        // SAFETY: live object, terminated id, three bytes behind the pointer, memory for the results.
        unsafe {
            assert_eq!(list.setBinary(ID, source.as_ptr().cast(), 3), kResultOk);
            source.fill(9);
            assert_eq!((list.getBinary(ID, &mut data, &mut size), size), (kResultOk, 3));
            assert_eq!(std::slice::from_raw_parts(data.cast::<u8>(), 3), [1, 2, 3]);
            assert_eq!(list.setBinary(ID, null(), 0), kResultOk);
            assert_eq!((list.getBinary(ID, &mut data, &mut size), size), (kResultOk, 0));
        }
    }

    #[test]
    fn null_and_greed_are_refused() {
        let list = AttributeList::new().to_com_ptr::<IAttributeList>().unwrap();
        // SAFETY: live object; null is what is being tested, and nothing is read for refused sizes.
        unsafe {
            assert_eq!(list.setInt(null(), 1), kInvalidArgument);
            assert_eq!(list.setString(ID, null()), kInvalidArgument);
            assert_eq!(list.setBinary(ID, null(), 3), kInvalidArgument);
            assert_eq!(list.setBinary(ID, [0_u8].as_ptr().cast(), u32::MAX), kOutOfMemory);
            assert_eq!(list.setInt(ID, 1), kResultOk);
            assert_eq!(list.getInt(ID, std::ptr::null_mut()), kInvalidArgument);
        }
    }
}
