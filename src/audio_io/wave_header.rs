//! The head of a WAV, RF64 or BW64 file: what the samples are and where they lie.
//!
//! Thread: any. Invariant: the data range returned lies inside the file.
//! Deliberately absent: compressed WAV formats – [`read`] answers `None` and the general decoder takes over.

use super::{FileError, SampleFormat};
use std::{
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

/// Size fields with this value mean "see the ds64 chunk", or "not known" from a program that wrote into a pipe.
const UNKNOWN: u32 = u32::MAX;
/// A format chunk is 16, 18 or 40 bytes long; what is longer is skipped.
const FORMAT_BYTES: usize = 40;
/// No real file has as many chunks before its samples.
const MAX_CHUNKS: usize = 4096;

/// What the head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaveHeader {
    /// Hz.
    pub sample_rate: u32,
    /// Channels, not yet checked against a limit.
    pub channels: u16,
    /// How a sample is stored.
    pub format: SampleFormat,
    /// First byte of the samples.
    pub data_start: u64,
    /// Length of the samples in bytes.
    pub data_bytes: u64,
}

/// Format chunk as found.
struct Format {
    tag: u16,
    channels: u16,
    sample_rate: u32,
    block: u16,
    bits: u16,
}

/// `[any]` Reads the head from the start of a file of `length` bytes. `None` when it is not a WAV file of a plain format.
pub fn read(file: &mut (impl Read + Seek), length: u64, path: &Path) -> Result<Option<WaveHeader>, FileError> {
    let failed = |error: io::Error| FileError::reading(path, error);
    let mut riff = [0_u8; 12];
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    if length < 12 || file.read_exact(&mut riff).is_err() {
        return Ok(None);
    }
    let wide = matches!(&riff[..4], b"RF64" | b"BW64");
    if !(wide || &riff[..4] == b"RIFF") || &riff[8..] != b"WAVE" {
        return Ok(None);
    }

    let mut position = 12_u64;
    let mut wide_bytes = None;
    let mut format: Option<Format> = None;
    for _ in 0..MAX_CHUNKS {
        if position + 8 > length {
            break;
        }
        let mut head = [0_u8; 8];
        file.seek(SeekFrom::Start(position)).map_err(failed)?;
        file.read_exact(&mut head).map_err(failed)?;
        let size = le_u32(&head, 4);
        let start = position + 8;
        match &head[..4] {
            b"ds64" => {
                let mut body = [0_u8; 28];
                read_chunk(file, &mut body, size, length - start, path)?;
                wide_bytes = Some(le_u64(&body, 8));
            }
            b"fmt " => {
                let mut body = [0_u8; FORMAT_BYTES];
                let got = read_chunk(file, &mut body, size, length - start, path)?;
                if got < 16 {
                    return Err(damaged(path, "its format chunk is too short"));
                }
                let tag = match le_u16(&body, 0) {
                    0xfffe if got >= 26 => le_u16(&body, 24),
                    tag => tag,
                };
                format = Some(Format {
                    tag,
                    channels: le_u16(&body, 2),
                    sample_rate: le_u32(&body, 4),
                    block: le_u16(&body, 12),
                    bits: le_u16(&body, 14),
                });
            }
            b"data" => {
                let Some(format) = format else { return Err(damaged(path, "its samples come before their format")) };
                let declared = match (size, wide_bytes) {
                    (UNKNOWN, Some(bytes)) if wide => bytes,
                    (UNKNOWN, _) => length - start,
                    (bytes, _) => u64::from(bytes),
                };
                return finish(&format, start, declared, length, path);
            }
            _ => {}
        }
        // Chunks are padded to even lengths.
        position = start + u64::from(size) + u64::from(size & 1);
    }
    if position > length {
        return Err(FileError::Truncated { path: path.to_path_buf(), missing: "it ends before its samples".into() });
    }
    Err(damaged(path, "it has no samples (no data chunk)"))
}

fn finish(
    format: &Format,
    start: u64,
    declared: u64,
    length: u64,
    path: &Path,
) -> Result<Option<WaveHeader>, FileError> {
    if format.channels == 0 {
        return Err(FileError::Channels { path: path.to_path_buf(), channels: 0 });
    }
    let container = usize::from(format.block) / usize::from(format.channels) * 8;
    let format_of = match (format.tag, container, format.bits) {
        (1, 8, 1..=8) => SampleFormat::U8,
        (1, 16, 9..=16) => SampleFormat::I16,
        (1, 24, 17..=24) => SampleFormat::I24,
        (1, 32, 17..=32) => SampleFormat::I32,
        (3, 32, 32) => SampleFormat::F32,
        (3, 64, 64) => SampleFormat::F64,
        (1 | 3, ..) => {
            let (bits, channels, block) = (format.bits, format.channels, format.block);
            return Err(damaged(path, &format!("{bits} bits do not fit {channels} channels in {block} bytes")));
        }
        _ => return Ok(None),
    };
    if declared > length - start {
        let missing = declared - (length - start);
        let missing = format!("{missing} of {declared} bytes of samples are missing");
        return Err(FileError::Truncated { path: path.to_path_buf(), missing });
    }
    let frame = u64::from(format.channels) * format_of.bytes() as u64;
    Ok(Some(WaveHeader {
        sample_rate: format.sample_rate,
        channels: format.channels,
        format: format_of,
        data_start: start,
        data_bytes: declared / frame * frame,
    }))
}

/// Fills as much of `body` as the chunk has, and says how much that was.
fn read_chunk(file: &mut impl Read, body: &mut [u8], size: u32, rest: u64, path: &Path) -> Result<usize, FileError> {
    let wanted = body.len().min(size as usize);
    if wanted as u64 > rest {
        return Err(FileError::Truncated { path: path.to_path_buf(), missing: "it ends inside its header".into() });
    }
    file.read_exact(&mut body[..wanted]).map_err(|error| FileError::reading(path, error))?;
    Ok(wanted)
}

fn damaged(path: &Path, reason: &str) -> FileError {
    FileError::Damaged { path: path.to_path_buf(), reason: reason.into() }
}

fn le_u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn le_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from(le_u16(bytes, at)) | u32::from(le_u16(bytes, at + 2)) << 16
}

fn le_u64(bytes: &[u8], at: usize) -> u64 {
    u64::from(le_u32(bytes, at)) | u64::from(le_u32(bytes, at + 4)) << 32
}
