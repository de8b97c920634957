//! Any audio file as planar `f32`, a piece at a time.
//!
//! Thread: any. Invariant: every sample delivered is finite, and a file that is shorter than it says is an error.
//! Deliberately absent: sample rate conversion (`resample`), mixing channels.

use super::{FileError, MAX_CHANNELS, decoder::Decoder, wave_reader, wave_reader::WaveReader};
use std::{ops::Range, path::Path};

/// How samples are stored in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Unsigned bytes.
    U8,
    /// 16-bit integers.
    I16,
    /// 24-bit integers.
    I24,
    /// 32-bit integers.
    I32,
    /// 32-bit floats.
    F32,
    /// 64-bit floats.
    F64,
    /// Compressed; decoded by the general decoder.
    Coded,
}

impl SampleFormat {
    /// `[any]` Bytes per sample, 0 when compressed.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
            Self::Coded => 0,
        }
    }
}

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// Hz.
    pub sample_rate: u32,
    /// 1 … [`MAX_CHANNELS`].
    pub channels: usize,
    /// Exact length, where the format tells it.
    pub frames: Option<u64>,
    /// Bits per sample, where the format has them.
    pub bits: Option<u32>,
    /// How samples are stored.
    pub format: SampleFormat,
}

/// An open audio file.
#[derive(Debug)]
pub struct AudioReader {
    spec: FileSpec,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Wave(WaveReader),
    Decoder(Box<Decoder>),
}

impl AudioReader {
    /// `[any]` Opens a WAV, RF64, AIFF, FLAC, MP3 or Ogg Vorbis file by its content, whatever its name.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let this = match wave_reader::open(path)? {
            Some((header, reader)) => {
                let frame = u64::from(header.channels) * header.format.bytes() as u64;
                let spec = FileSpec {
                    sample_rate: header.sample_rate,
                    channels: usize::from(header.channels),
                    frames: Some(header.data_bytes / frame),
                    bits: Some(header.format.bytes() as u32 * 8),
                    format: header.format,
                };
                Self { spec, body: Body::Wave(reader) }
            }
            None => {
                let decoder = Decoder::open(path)?;
                let spec = FileSpec {
                    sample_rate: decoder.sample_rate(),
                    channels: decoder.channels(),
                    frames: if decoder.is_empty() { Some(0) } else { decoder.frames() },
                    bits: decoder.bits(),
                    format: SampleFormat::Coded,
                };
                Self { spec, body: Body::Decoder(Box::new(decoder)) }
            }
        };
        let path = path.to_path_buf();
        match this.spec {
            FileSpec { channels, .. } if channels > MAX_CHANNELS => Err(FileError::Channels { path, channels }),
            FileSpec { frames: Some(0), .. } => Err(FileError::Empty { path }),
            FileSpec { channels: 0, .. } => Err(FileError::Channels { path, channels: 0 }),
            FileSpec { sample_rate: rate, .. } if rate == 0 || rate > 3_072_000 => {
                Err(FileError::SampleRate { path, rate })
            }
            _ => Ok(this),
        }
    }

    /// `[any]` What the file says of itself.
    pub fn spec(&self) -> &FileSpec {
        &self.spec
    }

    /// `[any]` Samples so far that were NaN or infinite and became zeros.
    pub fn repaired(&self) -> u64 {
        match &self.body {
            Body::Wave(reader) => reader.repaired(),
            Body::Decoder(decoder) => decoder.repaired(),
        }
    }

    /// `[any]` Fills the frames `range` of the channels, of which there is one per channel of the file. Fewer frames than
    /// asked for come back only at the end of the file, and 0 after it; the rest of the range is then untouched.
    pub fn read<C: AsMut<[f32]>>(&mut self, planar: &mut [C], range: Range<usize>) -> Result<usize, FileError> {
        assert_eq!(planar.len(), self.spec.channels, "one slice per channel");
        let end = match &mut self.body {
            Body::Wave(reader) => reader.fill(planar, range.start, range.end),
            Body::Decoder(decoder) => decoder.fill(planar, range.start, range.end),
        };
        Ok(end? - range.start)
    }
}
