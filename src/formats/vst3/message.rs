//! L2 · messages between the two halves of a plugin.
//!
//! Thread: any. Invariant: the id pointer given out is valid until the id is set again; the attribute list lives as long as
//! the message. Deliberately absent: delivery, see [`super::proxy`].
#![allow(unsafe_code)]

use super::attributes::AttributeList;
use super::com::{door, lend, lock};
use super::strings::MAX_TEXT;
use std::{
    ffi::{CStr, CString},
    ptr::null,
    sync::Mutex,
};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        FIDString,
        Vst::{IAttributeList, IMessage, IMessageTrait},
    },
};

/// An id and named values.
pub struct Message {
    id: Mutex<Option<CString>>,
    attributes: ComWrapper<AttributeList>,
}

impl Message {
    /// `[any]` An empty message.
    pub fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self { id: Mutex::new(None), attributes: AttributeList::new() })
    }

    /// `[any]` The values.
    pub fn attributes(&self) -> &AttributeList {
        &self.attributes
    }
}

impl Class for Message {
    type Interfaces = (IMessage,);
}

impl IMessageTrait for Message {
    unsafe fn getMessageID(&self) -> FIDString {
        door("IMessage::getMessageID", null(), || lock(&self.id).as_ref().map_or(null(), |id| id.as_ptr()))
    }

    unsafe fn setMessageID(&self, id: FIDString) {
        door("IMessage::setMessageID", (), || {
            let copy = (!id.is_null()).then(|| {
                // SAFETY: not null; the interface obliges the plugin to pass terminated text.
                let text = unsafe { CStr::from_ptr(id) };
                let bytes = text.to_bytes();
                // Cannot fail: a CStr's bytes hold no zero.
                CString::new(&bytes[..bytes.len().min(MAX_TEXT)]).unwrap_or_default()
            });
            *lock(&self.id) = copy;
        });
    }

    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        // Lent, as the interface has it: the caller does not release it.
        lend(&self.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vst3::Steinberg::Vst::IAttributeListTrait;
    use vst3::{ComRef, Steinberg::kResultOk};

    #[test]
    fn a_message_carries_its_id_and_values_across_threads() {
        let message = Message::new().to_com_ptr::<IMessage>().unwrap();
        // SAFETY: live object, terminated id; the attributes live as long as the message.
        unsafe {
            assert!(message.getMessageID().is_null());
            message.setMessageID(c"hello".as_ptr());
            assert_eq!(ComRef::from_raw(message.getAttributes()).unwrap().setInt(c"n".as_ptr(), 5), kResultOk);
        }
        std::thread::spawn(move || {
            let mut n = 0;
            // SAFETY: live object, memory for the result.
            unsafe {
                assert_eq!(CStr::from_ptr(message.getMessageID()), c"hello");
                assert_eq!(ComRef::from_raw(message.getAttributes()).unwrap().getInt(c"n".as_ptr(), &mut n), kResultOk);
                message.setMessageID(null());
                assert!(message.getMessageID().is_null());
            }
            assert_eq!(n, 5);
        })
        .join()
        .unwrap();
    }
}
