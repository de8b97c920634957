//! Saved values. Thread: main.
//!
//! Layout, little endian: `SNIC`, plugin code (4), version (u32), count (u32), then count × (id u32, normalized f64).
//! Invariant: written values read back bit for bit. Unknown parameters are skipped, missing ones take their default, what
//! follows is ignored; a foreign or cut state is refused as a whole.

use crate::plugin::Plugin;

const MAGIC: &[u8; 4] = b"SNIC";
const VERSION: u32 = 1;

/// `[main]` The bytes for these normalized values (in table order).
pub(crate) fn write(plugin: &Plugin, value: impl Fn(usize) -> f64) -> Vec<u8> {
    let saved = || plugin.params.iter().enumerate().filter(|(_, param)| param.saved());
    let mut bytes = Vec::new();
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&plugin.code);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(saved().count() as u32).to_le_bytes());
    for (index, param) in saved() {
        bytes.extend_from_slice(&param.id.to_le_bytes());
        bytes.extend_from_slice(&value(index).to_le_bytes());
    }
    bytes
}

/// `[main]` Normalized values in table order; `None` where a parameter is not part of the state. The whole is `None` for
/// what is not a state of this plugin.
pub(crate) fn read(plugin: &Plugin, bytes: &[u8]) -> Option<Vec<Option<f64>>> {
    let head = bytes.get(..16)?;
    if &head[..4] != MAGIC || head[4..8] != plugin.code {
        return None;
    }
    let count = u32::from_le_bytes(head[12..16].try_into().ok()?) as usize;
    let rows = bytes[16..].get(..count.checked_mul(12)?)?;
    let mut values: Vec<_> = plugin.params.iter().map(|p| p.saved().then(|| p.default_normalized())).collect();
    for row in rows.chunks_exact(12) {
        let id = u32::from_le_bytes(row[..4].try_into().ok()?);
        let value = f64::from_le_bytes(row[4..].try_into().ok()?);
        if let Some(index) = plugin.index_of(id)
            && let Some(known) = &mut values[index]
            && value.is_finite()
        {
            *known = value.clamp(0.0, 1.0);
        }
    }
    Some(values)
}

pub(crate) mod stream {
    //! A host's stream, read and written whole. Thread: main.
    #![allow(unsafe_code)]

    use vst3::{
        ComRef,
        Steinberg::{IBStream, IBStreamTrait, kResultOk},
    };

    /// Nothing of ours is larger; a stream that never ends is not read for ever.
    const MOST: usize = 1 << 20;

    /// `[main]` Everything from here to the end.
    ///
    /// # Safety
    /// `stream` is null or a live stream.
    pub(crate) unsafe fn read(stream: *mut IBStream) -> Option<Vec<u8>> {
        // SAFETY: as promised by the caller.
        let stream = unsafe { ComRef::from_raw(stream) }?;
        let mut bytes = Vec::new();
        let mut piece = [0u8; 4096];
        while bytes.len() < MOST {
            let mut got = 0;
            // SAFETY: `piece` has room for as many bytes as are asked for.
            let result = unsafe { stream.read(piece.as_mut_ptr().cast(), piece.len() as i32, &mut got) };
            if result != kResultOk || got <= 0 {
                break;
            }
            bytes.extend_from_slice(&piece[..(got as usize).min(piece.len())]);
        }
        Some(bytes)
    }

    /// `[main]` Writes all bytes, in several pieces if the stream wants it so.
    ///
    /// # Safety
    /// `stream` is null or a live stream.
    pub(crate) unsafe fn write(stream: *mut IBStream, bytes: &[u8]) -> bool {
        // SAFETY: as promised by the caller.
        let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return false };
        let mut done = 0;
        while done < bytes.len() {
            let rest = &bytes[done..];
            let mut put = 0;
            // SAFETY: the stream only reads from the buffer, whatever its type says.
            let result = unsafe { stream.write(rest.as_ptr().cast_mut().cast(), rest.len() as i32, &mut put) };
            if result != kResultOk || put <= 0 {
                return false;
            }
            done += put as usize;
        }
        true
    }
}
