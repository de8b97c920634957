//! Everything that can go wrong with an audio file, in whole sentences that say what to do.
//!
//! Thread: any. Invariant: each variant carries the path it is about.
//! Deliberately absent: errors of running a plugin (see `offline`).

use super::MAX_CHANNELS;
use crate::model::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Nothing there.
    #[error("{} does not exist; check the name", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// A folder, a device, a pipe.
    #[error("{} is not an ordinary file", path.display())]
    NotAFile {
        /// Which path.
        path: PathBuf,
    },
    /// No known audio format.
    #[error(
        "{} is not an audio file this program can read ({reason}); WAV, RF64, AIFF, FLAC, MP3 and Ogg Vorbis are",
        path.display()
    )]
    NotAudio {
        /// Which file.
        path: PathBuf,
        /// What was found, in a clause.
        reason: String,
    },
    /// The end is missing.
    #[error("{} is truncated: {missing}; copy or export it again", path.display())]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// What is missing, in a clause.
        missing: String,
    },
    /// Something inside contradicts itself.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What, in a clause.
        reason: String,
    },
    /// A header and no sound.
    #[error("{} contains no sound (0 frames)", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// Too many channels, or none.
    #[error("{} has {channels} channels; 1 to {MAX_CHANNELS} are supported", path.display())]
    Channels {
        /// Which file.
        path: PathBuf,
        /// How many.
        channels: usize,
    },
    /// A sample rate nobody can mean.
    #[error("{}: a sample rate of {rate} Hz is not supported (1 to 3072000 Hz are)", path.display())]
    SampleRate {
        /// Which file.
        path: PathBuf,
        /// What it says.
        rate: u32,
    },
    /// The operating system refused to read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error("{} cannot be written: {source}; nothing was changed", path.display())]
    Write {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The folder of the output is not there.
    #[error("the folder {} for the output does not exist; create it first", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// There already, and not to be overwritten.
    #[error("{} exists already; use --force to overwrite it", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Output and input are one file.
    #[error("the output {} is the same file as the input {}; choose another name", path.display(), input.display())]
    SameFile {
        /// The output.
        path: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// The container cannot hold this.
    #[error("{} cannot be written: {reason}", path.display())]
    Unsupported {
        /// The output.
        path: PathBuf,
        /// What does not fit and what does, in a clause.
        reason: String,
    },
}

impl FileError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotAudio { .. } | Self::Truncated { .. } | Self::Damaged { .. } | Self::Empty { .. } => {
                ErrorCode::BAD_FRAME
            }
            Self::Channels { .. } => ErrorCode::TOO_LARGE,
            Self::SampleRate { .. } | Self::Unsupported { .. } => ErrorCode::OUT_OF_RANGE,
            _ => ErrorCode::FILE,
        }
    }

    /// `[any]` What an I/O error while reading means.
    pub fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::IsADirectory => Self::NotAFile { path },
            _ => Self::Read { path, source },
        }
    }

    /// `[any]` What an I/O error while writing means.
    pub fn writing(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_path_buf(), source }
    }
}

/// `[any]` Opens an ordinary file for reading; devices and pipes, which could block for ever, are refused.
pub fn open_ordinary(path: &Path) -> Result<(std::fs::File, u64), FileError> {
    let about = std::fs::metadata(path).map_err(|error| FileError::reading(path, error))?;
    if !about.is_file() {
        return Err(FileError::NotAFile { path: path.to_path_buf() });
    }
    let file = std::fs::File::open(path).map_err(|error| FileError::reading(path, error))?;
    Ok((file, about.len()))
}
