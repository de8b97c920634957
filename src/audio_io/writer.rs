//! The output file: container, sample format, levels, and appearing only when complete.
//!
//! Thread: any. Invariant: dropping a writer before [`AudioWriter::finish`] succeeds leaves no file behind.
//! Deliberately absent: sample rate conversion, mixing channels.

use super::{
    FileError, Levels, MAX_CHANNELS,
    atomic_file::{self, AtomicFile},
    flac_writer::{self, FlacWriter},
    wave_writer::WaveWriter,
};
use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
};

/// Kind of output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// WAV, or RF64 when it grows beyond 4 GiB.
    Wav,
    /// FLAC.
    Flac,
}

impl Container {
    /// `[any]` By the name's extension; `None` when it is neither.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "wav" | "wave" | "rf64" => Some(Self::Wav),
            "flac" => Some(Self::Flac),
            _ => None,
        }
    }

    /// `[any]` What is written when nobody says: 32-bit float for WAV, 24 bits for FLAC.
    pub const fn default_bits(self) -> Bits {
        match self {
            Self::Wav => Bits::Float32,
            Self::Flac => Bits::Int24,
        }
    }
}

/// Sample format of an output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
    /// 32-bit floats.
    Float32,
}

impl Bits {
    /// `[any]` Bits per sample.
    pub const fn count(self) -> u32 {
        match self {
            Self::Int16 => 16,
            Self::Int24 => 24,
            Self::Float32 => 32,
        }
    }

    /// `[any]` Bytes per sample.
    pub const fn bytes(self) -> usize {
        self.count() as usize / 8
    }
}

/// What is to be written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// Target.
    pub path: PathBuf,
    /// Overwrite an existing file.
    pub force: bool,
    /// Container.
    pub container: Container,
    /// Sample format.
    pub bits: Bits,
    /// Triangular dither for integer formats.
    pub dither: bool,
    /// Hz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: usize,
}

impl OutputSpec {
    /// `[any]` Everything that can be refused before any work: existing file, missing folder, output = input, formats that
    /// the container cannot hold.
    pub fn check(&self, inputs: &[&Path]) -> Result<(), FileError> {
        let unsupported = |reason: String| Err(FileError::Unsupported { path: self.path.clone(), reason });
        atomic_file::check_distinct(&self.path, inputs)?;
        atomic_file::check_target(&self.path, self.force)?;
        if self.channels == 0 || self.channels > MAX_CHANNELS {
            return unsupported(format!("{} channels were asked for; 1 to {MAX_CHANNELS} fit", self.channels));
        }
        if self.container == Container::Flac {
            if self.bits == Bits::Float32 {
                return unsupported("FLAC holds no 32-bit floats; use 16 or 24 bits, or a .wav file".into());
            }
            if self.channels > flac_writer::MAX_CHANNELS {
                let channels = self.channels;
                return unsupported(format!("FLAC holds at most 8 channels, not {channels}; use a .wav file"));
            }
            if self.sample_rate > flac_writer::MAX_RATE {
                let rate = self.sample_rate;
                return unsupported(format!("FLAC holds at most 655350 Hz, not {rate} Hz; use a .wav file"));
            }
        }
        Ok(())
    }
}

/// A finished file.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// Length.
    pub frames: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Levels of each channel, before rounding to integers.
    pub levels: Vec<Levels>,
    /// Samples beyond full scale in an integer file.
    pub clipped: u64,
}

/// A file being written.
#[derive(Debug)]
pub struct AudioWriter {
    target: AtomicFile,
    body: Body,
    frames: u64,
    levels: Vec<Levels>,
}

#[derive(Debug)]
enum Body {
    Wave(Box<WaveWriter<File>>),
    Flac(Box<FlacWriter>),
}

impl AudioWriter {
    /// `[any]` Checks the target (see [`OutputSpec::check`]) and starts.
    pub fn create(spec: &OutputSpec) -> Result<Self, FileError> {
        spec.check(&[])?;
        let failed = |error| FileError::writing(&spec.path, error);
        let target = AtomicFile::create(&spec.path, spec.force)?;
        let file = target.file().try_clone().map_err(failed)?;
        let (bits, rate, channels, dither) = (spec.bits, spec.sample_rate, spec.channels, spec.dither);
        let body = match spec.container {
            Container::Wav => {
                Body::Wave(Box::new(WaveWriter::new(file, bits, rate, channels, dither).map_err(failed)?))
            }
            Container::Flac => {
                Body::Flac(Box::new(FlacWriter::new(file, bits, rate, channels, dither).map_err(failed)?))
            }
        };
        Ok(Self { target, body, frames: 0, levels: vec![Levels::default(); channels] })
    }

    /// `[any]` The name of the file until it is complete, where it has one: to be removed if the program crashes.
    pub fn temporary(&self) -> Option<&Path> {
        self.target.temporary()
    }

    /// `[any]` Channels.
    pub fn channels(&self) -> usize {
        self.levels.len()
    }

    /// `[any]` Frames written so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// `[any]` Writes the frames `range` of the channels, of which there is one per channel of the file.
    pub fn write<C: AsRef<[f32]>>(&mut self, planar: &[C], range: Range<usize>) -> Result<(), FileError> {
        assert_eq!(planar.len(), self.levels.len(), "one slice per channel");
        for (levels, channel) in self.levels.iter_mut().zip(planar) {
            levels.add(&channel.as_ref()[range.clone()]);
        }
        self.frames += range.len() as u64;
        let result = match &mut self.body {
            Body::Wave(writer) => writer.write(planar, range),
            Body::Flac(writer) => writer.write(planar, range),
        };
        result.map_err(|error| self.failed(error))
    }

    /// `[any]` Completes the file and lets it appear under its name.
    pub fn finish(self) -> Result<Written, FileError> {
        let Self { target, body, frames, levels } = self;
        let path = target.target().to_path_buf();
        let failed = |error| FileError::writing(&path, error);
        let clipped = match body {
            Body::Wave(writer) => writer.finish(),
            Body::Flac(writer) => writer.finish(),
        };
        let clipped = clipped.map_err(failed)?;
        let bytes = target.file().metadata().map_err(failed)?.len();
        target.commit()?;
        Ok(Written { path, frames, bytes, levels, clipped })
    }

    fn failed(&self, error: io::Error) -> FileError {
        FileError::writing(self.target.target(), error)
    }
}
