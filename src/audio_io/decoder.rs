//! AIFF, FLAC, MP3, Ogg Vorbis and compressed WAV, by symphonia.
//!
//! Thread: any. Invariant: holds one decoded packet, never more.
//! Deliberately absent: seeking, metadata, tracks other than the first audio track, skipping over damage.

use super::{FileError, MAX_CHANNELS, file_error, ogg_end};
use std::{
    io::{Read, Seek},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};
use symphonia::core::{
    codecs::audio::{AudioDecoder, AudioDecoderOptions},
    errors::Error,
    formats::{
        FormatOptions, FormatReader, TrackType,
        probe::Hint,
        well_known::{FORMAT_ID_AIFF, FORMAT_ID_FLAC, FORMAT_ID_OGG, FORMAT_ID_WAVE},
    },
    io::MediaSourceStream,
    meta::MetadataOptions,
};

/// First bytes of files that surely are what they say: where these end too early, they are cut.
const MAGIC: &[&[u8; 4]] = &[b"FORM", b"fLaC", b"OggS", b"RIFF"];

/// Decodes a file packet by packet.
pub struct Decoder {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    sample_rate: u32,
    channels: usize,
    bits: Option<u32>,
    declared: Option<u64>,
    delivered: u64,
    packet: Vec<Vec<f32>>,
    used: usize,
    ended: bool,
    repaired: u64,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("path", &self.path).field("delivered", &self.delivered).finish_non_exhaustive()
    }
}

impl Decoder {
    /// `[any]` Finds out what the file is and decodes its first packet, so that files which only look like audio are
    /// noticed before any work is done.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        guarded(path, || Self::try_open(path))
    }

    fn try_open(path: &Path) -> Result<Self, FileError> {
        let not_audio = |reason: &str| FileError::NotAudio { path: path.to_path_buf(), reason: reason.into() };
        let (mut file, _) = file_error::open_ordinary(path)?;
        let mut magic = [0_u8; 4];
        let known = file.read_exact(&mut magic).is_ok() && MAGIC.contains(&&magic);
        file.rewind().map_err(|error| FileError::reading(path, error))?;
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|text| text.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| match error {
                Error::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                    FileError::reading(path, error)
                }
                Error::IoError(_) if known => {
                    FileError::Truncated { path: path.to_path_buf(), missing: "it ends before its sound does".into() }
                }
                Error::IoError(_) => not_audio("nothing in it looks like sound"),
                other => not_audio(&other.to_string()),
            })?;

        let kind = format.format_info().format;
        let track = format.default_track(TrackType::Audio).ok_or_else(|| not_audio("it has no audio track"))?;
        let params = track.codec_params.as_ref().and_then(|params| params.audio());
        let params = params.ok_or_else(|| not_audio("its codec is not known"))?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default())
            .map_err(|error| not_audio(&error.to_string()))?;
        let exact = [FORMAT_ID_AIFF, FORMAT_ID_FLAC, FORMAT_ID_WAVE].contains(&kind);
        let mut this = Self {
            path: path.to_path_buf(),
            track: track.id,
            sample_rate: params.sample_rate.unwrap_or(0),
            channels: params.channels.as_ref().map_or(0, |channels| channels.count()),
            bits: params.bits_per_sample,
            // Others only estimate their length, or are cut at the end of the last whole page without harm.
            declared: track.num_frames.filter(|frames| exact && *frames > 0),
            format,
            decoder,
            delivered: 0,
            packet: Vec::new(),
            used: 0,
            ended: false,
            repaired: 0,
        };
        if kind == FORMAT_ID_OGG {
            ogg_end::check(path)?;
        }
        this.ended = this.next_packet()?;
        if this.channels > MAX_CHANNELS {
            return Err(FileError::Channels { path: this.path, channels: this.channels });
        }
        Ok(this)
    }

    /// `[any]` Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// `[any]` Channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `[any]` Bits per sample, of codecs that have them.
    pub fn bits(&self) -> Option<u32> {
        self.bits
    }

    /// `[any]` The exact length, if the file tells.
    pub fn frames(&self) -> Option<u64> {
        self.declared
    }

    /// `[any]` Whether the first packet already was the end.
    pub fn is_empty(&self) -> bool {
        self.ended && self.packet.first().is_none_or(Vec::is_empty)
    }

    /// `[any]` Samples that were not numbers and became zeros.
    pub fn repaired(&self) -> u64 {
        self.repaired
    }

    /// `[any]` Fills the channels from `from` to `to` as far as the file goes, and says where it stopped.
    pub fn fill<C: AsMut<[f32]>>(&mut self, planar: &mut [C], from: usize, to: usize) -> Result<usize, FileError> {
        let mut at = from;
        while at < to {
            let ready = self.packet.first().map_or(0, Vec::len) - self.used;
            if ready == 0 {
                if self.ended {
                    break;
                }
                let path = self.path.clone();
                // What panicked once is not called again.
                self.ended = true;
                let more = guarded(&path, || self.next_packet());
                self.ended = more?;
                continue;
            }
            let frames = ready.min(to - at);
            for (channel, packet) in planar.iter_mut().zip(&self.packet) {
                channel.as_mut()[at..at + frames].copy_from_slice(&packet[self.used..self.used + frames]);
            }
            self.used += frames;
            at += frames;
        }
        Ok(at)
    }

    /// Decodes until there are samples or the end is reached; whether it is the end.
    fn next_packet(&mut self) -> Result<bool, FileError> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return self.end(),
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(self.truncated());
                }
                Err(error) => return Err(self.failed(error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            let decoded = match self.decoder.decode(&packet) {
                Ok(decoded) => decoded,
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(self.truncated());
                }
                // The first frames of an MP3 cut out of a longer one refer to bytes that are not there.
                Err(Error::DecodeError(_)) if self.delivered == 0 && self.declared.is_none() => continue,
                Err(error) => return Err(self.failed(error)),
            };
            let frames = decoded.frames();
            if frames == 0 {
                continue;
            }
            let channels = decoded.num_planes();
            if self.delivered > 0 && (channels != self.channels || decoded.spec().rate() != self.sample_rate) {
                let reason = "its channels or sample rate change in the middle".into();
                return Err(FileError::Damaged { path: self.path.clone(), reason });
            }
            (self.channels, self.sample_rate) = (channels, decoded.spec().rate());
            decoded.copy_to_vecs_planar::<f32>(&mut self.packet);
            for sample in self.packet.iter_mut().flatten() {
                if !sample.is_finite() {
                    *sample = 0.0;
                    self.repaired += 1;
                }
            }
            self.used = 0;
            self.delivered += frames as u64;
            return Ok(false);
        }
    }

    fn end(&mut self) -> Result<bool, FileError> {
        self.packet.iter_mut().for_each(Vec::clear);
        self.used = 0;
        match self.declared {
            Some(declared) if self.delivered < declared => Err(self.truncated()),
            _ => Ok(true),
        }
    }

    fn truncated(&self) -> FileError {
        let missing = match self.declared {
            Some(declared) => format!("only {} of {declared} frames could be read", self.delivered),
            None => format!("it breaks off after {} frames", self.delivered),
        };
        FileError::Truncated { path: self.path.clone(), missing }
    }

    fn failed(&self, error: Error) -> FileError {
        match error {
            Error::IoError(error) => FileError::reading(&self.path, error),
            other => FileError::Damaged { path: self.path.clone(), reason: other.to_string() },
        }
    }
}

/// Files come from anywhere, and what decodes them is large: where it panics, the file is to blame, not the program.
fn guarded<R>(path: &Path, work: impl FnOnce() -> Result<R, FileError>) -> Result<R, FileError> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let reason = "what decodes it cannot cope with it".into();
        Err(FileError::Damaged { path: path.to_path_buf(), reason })
    })
}
