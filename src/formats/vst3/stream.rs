//! L2 · memory streams: how states travel.
//!
//! Thread: main by contract; locked, because offline hosts and careless plugins use them elsewhere.
//! Invariant: a stream never grows beyond its cap, and the position is never negative. Deliberately absent: files.
#![allow(unsafe_code)]

use super::attributes::AttributeList;
use super::com::{answer, door, lend, lock, put};
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
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { put(bytes_read, 0) };
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
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { put(bytes_read, count as int32) };
            // The end of the stream is a short read, not an error: the customary hosts answer likewise.
            kResultOk
        })
    }

    unsafe fn write(&self, buffer: *mut c_void, bytes: int32, bytes_written: *mut int32) -> tresult {
        door("IBStream::write", kInternalError, || {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { put(bytes_written, 0) };
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
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { put(bytes_written, bytes) };
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
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { put(result, inner.position as int64) };
            if target > last { kResultFalse } else { kResultOk }
        })
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        door("IBStream::tell", kInternalError, || {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { answer(position, lock(&self.inner).position as int64) }
        })
    }
}

impl ISizeableStreamTrait for MemoryStream {
    unsafe fn getStreamSize(&self, size: *mut int64) -> tresult {
        door("ISizeableStream::getStreamSize", kInternalError, || {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { answer(size, lock(&self.inner).bytes.len() as int64) }
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
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            Some(file) => unsafe { answer(name, strings::string128(file)) },
            None => kResultFalse,
        })
    }

    unsafe fn getAttributes(&self) -> *mut IAttributeList {
        // Lent, as the interface has it: the caller does not release it.
        lend(&self.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;
    use vst3::{ComPtr, ComRef, Steinberg::Vst::IAttributeListTrait};

    fn reader(bytes: &[u8]) -> ComPtr<IBStream> {
        MemoryStream::reader(bytes.to_vec(), &StreamAttributes::default()).to_com_ptr().unwrap()
    }

    fn read(stream: &ComPtr<IBStream>, count: i32) -> (tresult, Vec<u8>) {
        let mut buffer = vec![0; count.max(0) as usize];
        let mut done = -1;
        // SAFETY: live object, room for `count` bytes.
        let result = unsafe { stream.read(buffer.as_mut_ptr().cast(), count, &mut done) };
        buffer.truncate(done.max(0) as usize);
        (result, buffer)
    }

    fn write(stream: &ComPtr<IBStream>, bytes: &[u8]) -> (tresult, i32) {
        let mut done = -1;
        // SAFETY: live object, the bytes are there; the interface lacks a const.
        let result = unsafe { stream.write(bytes.as_ptr().cast_mut().cast(), bytes.len() as i32, &mut done) };
        (result, done)
    }

    fn seek(stream: &ComPtr<IBStream>, position: i64, mode: i32) -> (tresult, i64) {
        let mut at = -1;
        // SAFETY: live object, memory for the result.
        let result = unsafe { stream.seek(position, mode, &mut at) };
        (result, at)
    }

    #[test]
    fn reads_are_short_at_the_end_and_never_wrong() {
        let stream = reader(b"abcde");
        assert_eq!(read(&stream, 3), (kResultOk, b"abc".to_vec()));
        assert_eq!(read(&stream, 3), (kResultOk, b"de".to_vec()));
        assert_eq!(read(&stream, 3), (kResultOk, vec![]));
        assert_eq!(read(&stream, -1).0, kInvalidArgument);
        // SAFETY: live object; null is what is being tested.
        assert_eq!(unsafe { stream.read(null_mut(), 1, null_mut()) }, kInvalidArgument);
    }

    #[test]
    fn seeks_are_relative_to_the_right_place_and_negative_ones_refused() {
        let stream = reader(b"abcde");
        assert_eq!(seek(&stream, 2, SEEK_SET), (kResultOk, 2));
        assert_eq!(seek(&stream, 1, SEEK_CUR), (kResultOk, 3));
        assert_eq!(seek(&stream, -1, SEEK_END), (kResultOk, 4));
        assert_eq!(read(&stream, 9).1, b"e");
        assert_eq!(seek(&stream, -6, SEEK_END).0, kInvalidArgument);
        assert_eq!(seek(&stream, i64::MIN, SEEK_CUR).0, kInvalidArgument);
        assert_eq!(seek(&stream, i64::MAX, SEEK_CUR).0, kInvalidArgument);
        assert_eq!(seek(&stream, 0, 3).0, kInvalidArgument);
        let mut at = 0;
        // SAFETY: live object, memory for the result.
        assert_eq!((unsafe { stream.tell(&mut at) }, at), (kResultOk, 5), "refused seeks do not move");
    }

    #[test]
    fn a_reader_is_not_written_to() {
        assert_eq!(write(&reader(b"abc"), b"x"), (kResultFalse, 0));
    }

    #[test]
    fn writing_overwrites_extends_and_fills_gaps_with_zeros() {
        let stream = MemoryStream::writer(&StreamAttributes::default());
        let com = stream.to_com_ptr::<IBStream>().unwrap();
        assert_eq!(write(&com, b"abc"), (kResultOk, 3));
        seek(&com, 1, SEEK_SET);
        assert_eq!(write(&com, b"XYZ"), (kResultOk, 3));
        seek(&com, 6, SEEK_SET);
        assert_eq!(write(&com, b"!"), (kResultOk, 1));
        assert_eq!(stream.take(), b"aXYZ\0\0!");
        assert!(stream.take().is_empty());
    }

    #[test]
    fn an_endless_writer_is_stopped_at_the_cap() {
        let stream = MemoryStream::writer_with_cap(&StreamAttributes::default(), 1000);
        let com = stream.to_com_ptr::<IBStream>().unwrap();
        let written = (0..).take_while(|_| write(&com, &[7; 300]).0 == kResultOk).count();
        assert_eq!(written, 3);
        assert!(stream.overflowed());
        let sizeable = com.cast::<ISizeableStream>().unwrap();
        // SAFETY: live object.
        assert_eq!(unsafe { sizeable.setStreamSize(i64::MAX) }, kOutOfMemory);
        // SAFETY: live object.
        assert_eq!(unsafe { sizeable.setStreamSize(-1) }, kInvalidArgument);
        // SAFETY: live object.
        assert_eq!(unsafe { sizeable.setStreamSize(10) }, kResultOk);
        assert_eq!(stream.take(), [7; 10]);
    }

    #[test]
    fn a_stream_says_what_it_is_for() {
        let about = StreamAttributes { state: StateType::Project, file: Some("/presets/Warm.vstpreset".into()) };
        let stream = MemoryStream::reader(vec![], &about).to_com_ptr::<IStreamAttributes>().unwrap();
        let mut name = [0; 128];
        let mut state = [0; 32];
        // SAFETY: live objects, memory for the results of the sizes given.
        unsafe {
            assert_eq!(stream.getFileName(&mut name), kResultOk);
            let list = ComRef::from_raw(stream.getAttributes()).unwrap();
            assert_eq!(list.getString(c"StateType".as_ptr(), state.as_mut_ptr(), 64), kResultOk);
        }
        assert_eq!(strings::from_utf16(&name), "Warm.vstpreset");
        assert_eq!(strings::from_utf16(&state), "Project");
        let anonymous = reader(b"").cast::<IStreamAttributes>().unwrap();
        // SAFETY: live object, memory for the result.
        assert_eq!(unsafe { anonymous.getFileName(&mut name) }, kResultFalse);
    }
}
