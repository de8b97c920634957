//! Writes FLAC, by flac-codec.
//!
//! Thread: any. Invariant: a failure to write is reported by [`FlacWriter::finish`] at the latest, although the encoder
//! swallows those that happen while it is dropped. Deliberately absent: metadata.

use super::{Bits, quantize::Quantizer};
use flac_codec::encode::{FlacChannelWriter, Options};
use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Most channels FLAC can hold.
pub const MAX_CHANNELS: usize = 8;
/// Highest sample rate FLAC can hold.
pub const MAX_RATE: u32 = 655_350;

/// Writes the samples of one file.
pub struct FlacWriter {
    encoder: FlacChannelWriter<BufWriter<Watched>>,
    failed: Arc<OnceLock<io::ErrorKind>>,
    quantizers: Vec<Quantizer>,
    integers: Vec<Vec<i32>>,
}

impl std::fmt::Debug for FlacWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlacWriter").field("channels", &self.quantizers.len()).finish_non_exhaustive()
    }
}

impl FlacWriter {
    /// `[any]` Starts at the file's start.
    pub fn new(file: File, bits: Bits, sample_rate: u32, channels: usize, dither: bool) -> io::Result<Self> {
        let failed = Arc::new(OnceLock::new());
        let file = BufWriter::with_capacity(64 * 1024, Watched { file, failed: failed.clone() });
        let encoder = FlacChannelWriter::new(file, Options::default(), sample_rate, bits.count(), channels as u8, None)
            .map_err(into_io)?;
        let quantizers = (0..channels).map(|channel| Quantizer::new(bits.count(), dither, channel)).collect();
        Ok(Self { encoder, failed, quantizers, integers: vec![Vec::new(); channels] })
    }

    /// `[any]` Writes the frames `range` of the channels.
    pub fn write<C: AsRef<[f32]>>(&mut self, planar: &[C], range: Range<usize>) -> io::Result<()> {
        for ((channel, quantizer), integers) in planar.iter().zip(&mut self.quantizers).zip(&mut self.integers) {
            integers.resize(range.len(), 0);
            quantizer.convert(&channel.as_ref()[range.clone()], integers);
        }
        self.encoder.write(&self.integers).map_err(into_io)
    }

    /// `[any]` Completes the file. Samples that were clipped come back.
    pub fn finish(self) -> io::Result<u64> {
        let Self { encoder, failed, quantizers, .. } = self;
        encoder.finalize().map_err(into_io)?;
        match failed.get() {
            Some(kind) => Err((*kind).into()),
            None => Ok(quantizers.iter().map(Quantizer::clipped).sum()),
        }
    }
}

fn into_io(error: flac_codec::Error) -> io::Error {
    match error {
        flac_codec::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

/// A file that remembers its first failure.
struct Watched {
    file: File,
    failed: Arc<OnceLock<io::ErrorKind>>,
}

impl Watched {
    fn watch<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            let _ = self.failed.set(error.kind());
        }
        result
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.file.write(bytes);
        self.watch(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.file.flush();
        self.watch(result)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let result = self.file.seek(to);
        self.watch(result)
    }
}
