//! L4 · an audio frame as bytes, exactly as `docs/protocol.md` has it.
//!
//! Thread: any. Invariant: nothing is read beyond what was sent, whatever the header says; sizes are computed where they
//! cannot overflow. Deliberately absent: streams, sequences, credits; and any assumption about alignment.

use super::frame_events::{self, EVENT};
use crate::control::core::FrameEvent;
use bytes::{BufMut as _, BytesMut};

/// Bytes of the header.
pub const HEADER: usize = 32;
/// What came before is not what came before.
pub const DISCONTINUITY: u16 = 1;
/// It takes as long as it takes.
pub const OFFLINE: u16 = 2;
/// No samples follow.
pub const SILENT: u16 = 4;
/// Events follow.
pub const EVENTS: u16 = 8;
/// Result: the input, not processed.
pub const DRY: u16 = 16;
/// Asks for what the stream still holds back.
pub const END: u16 = 32;
/// Result: a plugin's output was silenced.
pub const GUARD: u16 = 64;

/// What a client may say.
const ALLOWED: u16 = DISCONTINUITY | OFFLINE | SILENT | EVENTS | END;

/// The kinds.
const PROCESS: u8 = 1;
const RESULT: u8 = 2;
const NACK: u8 = 3;

/// How large a frame may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Channels.
    pub channels: u16,
    /// Samples per channel.
    pub frames: u16,
}

/// Why a frame is refused; the number travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// Not as long as it says.
    Length = 1,
    /// Another version of the header.
    Version = 2,
    /// Not a frame to process.
    Kind = 3,
    /// A flag that a client may not set.
    Flags = 4,
    /// No such stream of this session.
    Stream = 5,
    /// Not the next one.
    Sequence = 6,
    /// Not the channels of the stream.
    Channels = 7,
    /// None, or too many.
    Frames = 8,
    /// Events that are none.
    Events = 9,
}

/// A refusal, with as much of the header as was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nack {
    /// Which stream.
    pub stream: u32,
    /// Which frame.
    pub sequence: u32,
    /// Comes back.
    pub opaque: u32,
    /// Why.
    pub reason: Reason,
}

/// A frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What a client may say.
    pub flags: u16,
    /// Which stream.
    pub stream: u32,
    /// Which frame of it.
    pub sequence: u32,
    /// Channels.
    pub channels: u16,
    /// Samples per channel.
    pub frames: u16,
    /// On the client's clock.
    pub position: u64,
    /// Comes back.
    pub opaque: u32,
    /// One channel after the other, 32-bit floating point, little-endian; empty when silent.
    pub samples: &'a [u8],
    events: &'a [u8],
    /// Bytes from the start of this frame to the next one.
    pub length: usize,
}

impl Frame<'_> {
    /// `[any]` Whether a flag is set.
    pub fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// `[any]` Its events, one by one.
    pub fn events(&self) -> impl Iterator<Item = FrameEvent> {
        frame_events::each(self.events)
    }

    /// `[any]` A refusal of this frame.
    pub fn nack(&self, reason: Reason) -> Nack {
        Nack { stream: self.stream, sequence: self.sequence, opaque: self.opaque, reason }
    }
}

/// `[any]` Reads the frame at the start of these bytes; others may follow it.
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Frame<'a>, Nack> {
    let short = |at| word(bytes, at).unwrap_or_default();
    let (stream, sequence, opaque) = (short(4), short(8), short(28));
    let refuse = |reason| Nack { stream, sequence, opaque, reason };
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Err(refuse(Reason::Length)) };
    if header[1] != 1 {
        return Err(refuse(Reason::Version));
    }
    if header[0] != PROCESS {
        return Err(refuse(Reason::Kind));
    }
    let flags = half(header, 2);
    if flags & !ALLOWED != 0 {
        return Err(refuse(Reason::Flags));
    }
    let (channels, frames) = (half(header, 12), half(header, 14));
    if channels == 0 || channels > limits.channels {
        return Err(refuse(Reason::Channels));
    }
    if frames == 0 || frames > limits.frames {
        return Err(refuse(Reason::Frames));
    }
    let event_bytes = u64::from(short(24));
    if event_bytes % EVENT as u64 != 0 || (flags & EVENTS == 0 && event_bytes != 0) {
        return Err(refuse(Reason::Events));
    }
    // 32 bits for the events and 34 for the samples: this cannot overflow.
    let sample_bytes = if flags & SILENT == 0 { 4 * u64::from(channels) * u64::from(frames) } else { 0 };
    let padded = (sample_bytes + event_bytes).next_multiple_of(8);
    let fits = usize::try_from(padded).ok().and_then(|padded| rest.get(..padded));
    let Some(body) = fits else { return Err(refuse(Reason::Length)) };
    // Both are parts of what was sent, so they fit.
    let (samples, after) = body.split_at(sample_bytes as usize);
    let (events, padding) = after.split_at(event_bytes as usize);
    if padding.iter().any(|byte| *byte != 0) {
        return Err(refuse(Reason::Length));
    }
    if !frame_events::good(events, frames) {
        return Err(refuse(Reason::Events));
    }
    let position = u64::from(short(16)) | u64::from(short(20)) << 32;
    let length = HEADER + body.len();
    Ok(Frame { flags, stream, sequence, channels, frames, position, opaque, samples, events, length })
}

/// `[any]` Stream and length of the frame at the start of these bytes, if the header could be right. For counting.
pub fn peek(bytes: &[u8], limits: &Limits) -> Option<(u32, usize)> {
    let header = bytes.first_chunk::<HEADER>()?;
    let (channels, frames) = (half(header, 12), half(header, 14));
    if channels > limits.channels || frames > limits.frames {
        return None;
    }
    let samples = if half(header, 2) & SILENT == 0 { 4 * u64::from(channels) * u64::from(frames) } else { 0 };
    let body = (samples + u64::from(word(header, 24)?)).next_multiple_of(8);
    let length = usize::try_from(body).ok()?.checked_add(HEADER)?;
    (length <= bytes.len()).then_some((word(header, 4)?, length))
}

/// `[any]` Bytes of a result with so many samples.
pub fn result_length(channels: usize, frames: usize) -> usize {
    HEADER + (4 * channels * frames).next_multiple_of(8)
}

/// `[any]` Writes the header of a result over the start of `room`.
pub fn put_result(room: &mut [u8], frame: &Frame<'_>, flags: u16, channels: u16, micros: u32) {
    let Some(mut room) = room.get_mut(..HEADER) else { return };
    room.put_u8(RESULT);
    room.put_u8(1);
    room.put_u16_le(flags);
    room.put_u32_le(frame.stream);
    room.put_u32_le(frame.sequence);
    room.put_u16_le(channels);
    room.put_u16_le(frame.frames);
    room.put_u64_le(frame.position);
    room.put_u32_le(micros);
    room.put_u32_le(frame.opaque);
}

/// `[any]` Adds a refusal.
pub fn put_nack(out: &mut BytesMut, nack: &Nack) {
    out.put_u8(NACK);
    out.put_u8(1);
    out.put_u16_le(0);
    out.put_u32_le(nack.stream);
    out.put_u32_le(nack.sequence);
    out.put_u32_le(0);
    out.put_u64_le(0);
    out.put_u32_le(nack.reason as u32);
    out.put_u32_le(nack.opaque);
}

fn half(header: &[u8; HEADER], at: usize) -> u16 {
    u16::from_le_bytes([header[at], header[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}
