//! A file at the sample rate the plugins run at.
//!
//! Thread: any. Invariant: the reader's contract (short reads only at the end). Deliberately absent: mixing channels.

use super::{
    AudioReader, FileError, FileSpec,
    resample::{Converter, converted_frames},
};
use std::{ops::Range, path::Path};

/// An open file, converted to another sample rate where needed.
#[derive(Debug)]
pub struct Source {
    reader: AudioReader,
    converter: Option<Box<Converter>>,
    sample_rate: u32,
}

impl Source {
    /// `[any]` Opens a file; `sample_rate` asks for conversion, `None` keeps the file's own rate.
    pub fn open(path: &Path, sample_rate: Option<u32>) -> Result<Self, FileError> {
        Self::new(AudioReader::open(path)?, sample_rate, path)
    }

    /// `[any]` The same for a file that is open already, at its start.
    pub fn new(reader: AudioReader, sample_rate: Option<u32>, path: &Path) -> Result<Self, FileError> {
        let (from, to) = (reader.spec().sample_rate, sample_rate.unwrap_or(reader.spec().sample_rate));
        let converter = if from == to {
            None
        } else {
            let converter = Converter::new(from, to, reader.spec().channels);
            Some(Box::new(converter.ok_or_else(|| FileError::SampleRate { path: path.to_path_buf(), rate: to })?))
        };
        Ok(Self { reader, converter, sample_rate: to })
    }

    /// `[any]` What the file itself is.
    pub fn file(&self) -> &FileSpec {
        self.reader.spec()
    }

    /// `[any]` Hz after conversion.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// `[any]` Channels.
    pub fn channels(&self) -> usize {
        self.reader.spec().channels
    }

    /// `[any]` Length after conversion, where the file tells it.
    pub fn frames(&self) -> Option<u64> {
        let file = self.reader.spec();
        file.frames.map(|frames| converted_frames(frames, file.sample_rate, self.sample_rate))
    }

    /// `[any]` Samples of the file that were NaN or infinite and became zeros.
    pub fn repaired(&self) -> u64 {
        self.reader.repaired()
    }

    /// `[any]` Like [`AudioReader::read`], at the new rate.
    pub fn read<C: AsMut<[f32]>>(&mut self, planar: &mut [C], range: Range<usize>) -> Result<usize, FileError> {
        match &mut self.converter {
            None => self.reader.read(planar, range),
            Some(converter) => {
                let reader = &mut self.reader;
                converter.read(planar, range, |input, range| reader.read(input, range))
            }
        }
    }
}
