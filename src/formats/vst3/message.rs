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
