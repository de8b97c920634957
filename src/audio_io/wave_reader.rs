//! Samples of a WAV, RF64 or BW64 file, a piece at a time.
//!
//! Own code beside the general decoder because that one knows neither RF64 nor truncation, and because uncompressed
//! files should cost next to nothing.
//! Thread: any. Invariant: reads at most [`PIECE_BYTES`] ahead. Deliberately absent: seeking, metadata.

use super::{FileError, SampleFormat, file_error, wave_header::WaveHeader};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Bytes read from the file at once; a whole number of frames of any format below this.
pub const PIECE_BYTES: usize = 64 * 1024;

/// Reads plain samples.
#[derive(Debug)]
pub struct WaveReader {
    path: PathBuf,
    file: File,
    header: WaveHeader,
    bytes: Vec<u8>,
    used: usize,
    unread: u64,
    repaired: u64,
}

impl WaveReader {
    /// `[any]` Starts at the first sample.
    pub fn new(path: &Path, mut file: File, header: WaveHeader) -> Result<Self, FileError> {
        file.seek(SeekFrom::Start(header.data_start)).map_err(|error| FileError::reading(path, error))?;
        let unread = header.data_bytes;
        let bytes = Vec::with_capacity(PIECE_BYTES);
        Ok(Self { path: path.to_path_buf(), file, header, bytes, used: 0, unread, repaired: 0 })
    }

    /// `[any]` Samples that were not numbers and became zeros.
    pub fn repaired(&self) -> u64 {
        self.repaired
    }

    /// `[any]` Fills the channels from `from` to `to` as far as the file goes, and says where it stopped.
    pub fn fill<C: AsMut<[f32]>>(&mut self, planar: &mut [C], from: usize, to: usize) -> Result<usize, FileError> {
        let frame = usize::from(self.header.channels) * self.header.format.bytes();
        let mut at = from;
        while at < to {
            if self.used == self.bytes.len() && !self.refill(frame)? {
                break;
            }
            let rest = &self.bytes[self.used..];
            let frames = (rest.len() / frame).min(to - at);
            let piece = &rest[..frames * frame];
            self.repaired += self.header.format.spread(piece, planar, at, frames);
            self.used += piece.len();
            at += frames;
        }
        Ok(at)
    }

    fn refill(&mut self, frame: usize) -> Result<bool, FileError> {
        let wanted = ((PIECE_BYTES / frame).max(1) * frame) as u64;
        let wanted = wanted.min(self.unread) as usize;
        self.bytes.resize(wanted, 0);
        self.used = 0;
        self.file.read_exact(&mut self.bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                FileError::Truncated { path: self.path.clone(), missing: "it became shorter while being read".into() }
            }
            _ => FileError::reading(&self.path, error),
        })?;
        self.unread -= wanted as u64;
        Ok(wanted > 0)
    }
}

impl SampleFormat {
    /// Spreads interleaved samples over the channels; the number of samples that were not numbers comes back.
    fn spread<C: AsMut<[f32]>>(self, bytes: &[u8], planar: &mut [C], at: usize, frames: usize) -> u64 {
        // One match per piece, so that each loop below is compiled for one format.
        match self {
            Self::U8 => spread(bytes, planar, at, frames, |[byte]: [u8; 1]| (f32::from(byte) - 128.0) / 128.0),
            Self::I16 => spread(bytes, planar, at, frames, |b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
            Self::I24 => spread(bytes, planar, at, frames, |[a, b, c]: [u8; 3]| {
                (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0
            }),
            Self::I32 => spread(bytes, planar, at, frames, |b| i32::from_le_bytes(b) as f32 / 2_147_483_648.0),
            Self::F32 => spread(bytes, planar, at, frames, f32::from_le_bytes),
            Self::F64 => spread(bytes, planar, at, frames, |b| f64::from_le_bytes(b) as f32),
            Self::Coded => 0,
        }
    }
}

fn spread<const N: usize, C: AsMut<[f32]>>(
    bytes: &[u8],
    planar: &mut [C],
    at: usize,
    frames: usize,
    convert: impl Fn([u8; N]) -> f32,
) -> u64 {
    let (samples, _) = bytes.as_chunks::<N>();
    let mut repaired = 0;
    let mut checked = |sample: [u8; N]| {
        let value = convert(sample);
        let good = value.is_finite();
        repaired += u32::from(!good);
        if good { value } else { 0.0 }
    };
    // Mono and stereo without strides, because that is what nearly all files are.
    match planar {
        [mono] => {
            for (out, sample) in mono.as_mut()[at..at + frames].iter_mut().zip(samples) {
                *out = checked(*sample);
            }
        }
        [left, right] => {
            let (pairs, _) = samples.as_chunks::<2>();
            let outs = left.as_mut()[at..at + frames].iter_mut().zip(&mut right.as_mut()[at..at + frames]);
            for ((l, r), pair) in outs.zip(pairs) {
                (*l, *r) = (checked(pair[0]), checked(pair[1]));
            }
        }
        many => {
            let channels = many.len();
            for (index, channel) in many.iter_mut().enumerate() {
                let column = samples.iter().skip(index).step_by(channels);
                for (out, sample) in channel.as_mut()[at..at + frames].iter_mut().zip(column) {
                    *out = checked(*sample);
                }
            }
        }
    }
    u64::from(repaired)
}

/// `[any]` Opens a file when it is a plain WAV; `None` leaves it to the general decoder.
pub fn open(path: &Path) -> Result<Option<(WaveHeader, WaveReader)>, FileError> {
    let (mut file, length) = file_error::open_ordinary(path)?;
    let Some(header) = super::wave_header::read(&mut file, length, path)? else { return Ok(None) };
    Ok(Some((header, WaveReader::new(path, file, header)?)))
}
