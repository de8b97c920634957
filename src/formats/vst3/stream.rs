//! L2 · memory streams: how states travel.
//!
//! Thread: main by contract; locked, because offline hosts and careless plugins use them elsewhere.
//! Invariant: a stream never grows beyond its cap, and the position is never negative. Deliberately absent: files.
#![allow(unsafe_code)]

use super::attributes::AttributeList;
use super::com::{door, lend, lock, put};
use super::consts::{SEEK_CUR, SEEK_END, SEEK_SET};
use super::strings;
use std::{ffi::c_void, path::PathBuf, sync::Mutex};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        IBStream, IBStreamTrait, ISizeableStream, ISizeableStreamTrait,
        Vst::{IAttributeList, IStreamAttributes, IStreamAttributesTrait, String128},
        int32, int64, kInternalError, kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult,
    },
};

/// A state larger than this is refused: a plugin that writes for ever must not take the machine's memory.
pub const MAX_STREAM: usize = 256 << 20;

/// Why a state is saved or restored, which some plugins want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StateType {
    /// A project (session) is saved or opened.
    #[default]
    Project,
    /// A preset that is the default of its plugin.
    Default,
    /// A preset of a whole track.
    TrackPreset,
    /// A preset; VST3 has no name for it, so the attribute is left out.
    Preset,
}

/// What a stream says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StreamAttributes {
    /// Occasion.
    pub state: StateType,
    /// The preset file, if the bytes are one's.
    pub file: Option<PathBuf>,
}

/// Bytes with a position.
pub struct MemoryStream {
    inner: Mutex<Inner>,
    file_name: Option<String>,
    attributes: ComWrapper<AttributeList>,
    cap: usize,
    writable: bool,
}

struct Inner {
    bytes: Vec<u8>,
    position: usize,
    overflowed: bool,
}

impl MemoryStream {
    /// `[any]` A stream a plugin reads `bytes` from; writing is refused.
    pub fn reader(bytes: Vec<u8>, about: &StreamAttributes) -> ComWrapper<Self> {
        Self::new(bytes, about, MAX_STREAM, false)
    }

    /// `[any]` An empty stream a plugin writes to, up to [`MAX_STREAM`] bytes.
    pub fn writer(about: &StreamAttributes) -> ComWrapper<Self> {
        Self::new(Vec::new(), about, MAX_STREAM, true)
    }

    /// `[any]` A writer with another cap.
    pub fn writer_with_cap(about: &StreamAttributes, cap: usize) -> ComWrapper<Self> {
        Self::new(Vec::new(), about, cap, true)
    }

    fn new(bytes: Vec<u8>, about: &StreamAttributes, cap: usize, writable: bool) -> ComWrapper<Self> {
        let attributes = AttributeList::new();
        match about.state {
            StateType::Project => attributes.set_text("StateType", "Project"),
            StateType::Default => attributes.set_text("StateType", "Default"),
            StateType::TrackPreset => attributes.set_text("StateType", "TrackPreset"),
            StateType::Preset => {}
        }
        if let Some(file) = &about.file {
            attributes.set_text("FilePathString", &file.to_string_lossy());
        }
        let file_name = about.file.as_ref().and_then(|file| file.file_name()).map(|name| name.to_string_lossy().into());
        let inner = Mutex::new(Inner { bytes, position: 0, overflowed: false });
        ComWrapper::new(Self { inner, file_name, attributes, cap, writable })
    }

    /// `[any]` The pointer a call takes; lent for the call.
    pub fn raw(stream: &ComWrapper<Self>) -> *mut IBStream {
        lend(stream)
    }

    /// `[any]` Back to the beginning, to hand the same bytes to somebody else.
    pub fn rewind(&self) {
        lock(&self.inner).position = 0;
    }

    /// `[any]` The bytes; the stream is empty afterwards.
    pub fn take(&self) -> Vec<u8> {
        let mut inner = lock(&self.inner);
        inner.position = 0;
        std::mem::take(&mut inner.bytes)
    }

    /// `[any]` The plugin tried to write more than allowed: what is here is not its whole state.
    pub fn overflowed(&self) -> bool {
        lock(&self.inner).overflowed
    }
}

impl Class for MemoryStream {
    type Interfaces = (IBStream, ISizeableStream, IStreamAttributes);
}

impl Inner {
    /// Makes room up to `end`; false when that is beyond the cap or the machine's memory.
    fn grow(&mut self, end: usize, cap: usize) -> bool {
        let more = end.saturating_sub(self.bytes.len());
        if end > cap || self.bytes.try_reserve(more).is_err() {
            self.overflowed = true;
            return false;
        }
        if more > 0 {
            self.bytes.resize(end, 0);
        }
        true
    }
}

impl IBStreamTrait for MemoryStream {
    unsafe fn read(&self, buffer: *mut c_void, bytes: int32, bytes_read: *mut int32) -> tresult {
        door("IBStream::read", kInternalError, || {
            put(bytes_read, 0);
            let Ok(wanted) = usize::try_from(bytes) else { return kInvalidArgument };
            if buffer.is_null() && wanted > 0 {
                return kInvalidArgument;
            }
            let mut inner = lock(&self.inner);
            let from = inner.position.min(inner.bytes.len());
            let count = wanted.min(inner.bytes.len() - from);
            if count > 0 {
                let source = &inner.bytes[from..from + count];
                // SAFETY: `count` ≤ the bytes the plugin has room for; our memory and the plugin's cannot overlap.
                unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(source.as_ptr(), count) };
                inner.position = from + count;
            }
            // `count` ≤ `bytes`, so it fits.
            put(bytes_read, count as int32);
            // The end of the stream is a short read, not an error: the customary hosts answer likewise.
            kResultOk
        })
    }

    unsafe fn write(&self, buffer: *mut c_void, bytes: int32, bytes_written: *mut int32) -> tresult {
        door("IBStream::write", kInternalError, || {
            put(bytes_written, 0);
            let Ok(count) = usize::try_from(bytes) else { return kInvalidArgument };
            if !self.writable {
                return kResultFalse;
            }
            if count == 0 {
                return kResultOk;
            }
            if buffer.is_null() {
                return kInvalidArgument;
            }
            let mut inner = lock(&self.inner);
            let from = inner.position;
            let end = from.saturating_add(count);
            if !inner.grow(end, self.cap) {
                return kOutOfMemory;
            }
            // SAFETY: not null, and the plugin says that this many bytes follow; our memory and its cannot overlap.
            let source = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
            inner.bytes[from..end].copy_from_slice(source);
            inner.position = end;
            put(bytes_written, bytes);
            kResultOk
        })
    }

    unsafe fn seek(&self, position: int64, mode: int32, result: *mut int64) -> tresult {
        door("IBStream::seek", kInternalError, || {
            let mut inner = lock(&self.inner);
            let base = match mode {
                SEEK_SET => 0,
                SEEK_CUR => inner.position as int64,
                SEEK_END => inner.bytes.len() as int64,
                _ => return kInvalidArgument,
            };
            let Some(target) = base.checked_add(position) else { return kInvalidArgument };
            let Ok(target) = usize::try_from(target) else { return kInvalidArgument };
            // Beyond the end is legal for a writer, which fills the gap with zeros; a reader stops at the end.
            let last = if self.writable { self.cap } else { inner.bytes.len() };
            inner.position = target.min(last);
            put(result, inner.position as int64);
            if target > last { kResultFalse } else { kResultOk }
        })
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        door("IBStream::tell", kInternalError, || {
            if put(position, lock(&self.inner).position as int64) { kResultOk } else { kInvalidArgument }
        })
    }
}

impl ISizeableStreamTrait for MemoryStream {
    unsafe fn getStreamSize(&self, size: *mut int64) -> tresult {
        door("ISizeableStream::getStreamSize", kInternalError, || {
            if put(size, lock(&self.inner).bytes.len() as int64) { kResultOk } else { kInvalidArgument }
        })
    }

    unsafe fn setStreamSize(&self, size: int64) -> tresult {
        door("ISizeableStream::setStreamSize", kInternalError, || {
            let Ok(size) = usize::try_from(size) else { return kInvalidArgument };
            if !self.writable {
                return kResultFalse;
            }
            let mut inner = lock(&self.inner);
            if !inner.grow(size, self.cap) {
                return kOutOfMemory;
            }
            inner.bytes.truncate(size);
            inner.position = inner.position.min(size);
            kResultOk
        })
    }
}

impl IStreamAttributesTrait for MemoryStream {
    unsafe fn getFileName(&self, name: *mut String128) -> tresult {
        door("IStreamAttributes::getFileName", kInternalError, || match &self.file_name {
            Some(file) => {
                if put(name, strings::string128(file)) {
                    kResultOk
                } else {
                    kInvalidArgument
                }
            }
            None => kResultFalse,
        })
    }

    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        // Lent, as the interface has it: the caller does not release it.
        lend(&self.attributes)
    }
}
