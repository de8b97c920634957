//! Writes WAV, and RF64 when a file outgrows 4 GiB.
//!
//! Own code, because a library that can only write 32-bit sizes cannot turn a running file into RF64: that takes room
//! left free in the head from the start. Tests read the result with hound.
//! Thread: any. Invariant: the head is right after [`WaveWriter::finish`], whatever the length.
//! Deliberately absent: metadata, other sample formats than the three below.

use super::{Bits, quantize::Quantizer};
use std::{
    io::{self, Seek, SeekFrom, Write},
    ops::Range,
};

/// Bytes collected before they are handed to the system.
const PIECE_BYTES: usize = 64 * 1024;
/// Room for the 64-bit sizes: a chunk named JUNK until it is needed.
const WIDE_BYTES: u32 = 28;
/// What all of RF64's 32-bit sizes say.
const UNKNOWN: u32 = u32::MAX;

/// Writes the samples of one file.
#[derive(Debug)]
pub struct WaveWriter<W> {
    file: W,
    bits: Bits,
    sample_rate: u32,
    channels: usize,
    quantizers: Vec<Quantizer>,
    integers: Vec<i32>,
    bytes: Vec<u8>,
    data_bytes: u64,
    narrow_limit: u64,
}

impl<W: Write + Seek> WaveWriter<W> {
    /// `[any]` Starts at the file's present position, which must be its start.
    pub fn new(file: W, bits: Bits, sample_rate: u32, channels: usize, dither: bool) -> io::Result<Self> {
        let quantizers = match bits {
            Bits::Float32 => Vec::new(),
            _ => (0..channels).map(|channel| Quantizer::new(bits.count(), dither, channel)).collect(),
        };
        let mut writer = Self {
            file,
            bits,
            sample_rate,
            channels,
            quantizers,
            integers: Vec::new(),
            bytes: Vec::with_capacity(PIECE_BYTES),
            data_bytes: 0,
            narrow_limit: u64::from(UNKNOWN),
        };
        let head = writer.head();
        writer.file.write_all(&head)?;
        Ok(writer)
    }

    /// Makes files of this many bytes RF64 already.
    #[cfg(test)]
    pub fn with_narrow_limit(mut self, bytes: u64) -> Self {
        self.narrow_limit = bytes;
        self
    }

    /// `[any]` Writes the frames `range` of the channels.
    pub fn write<C: AsRef<[f32]>>(&mut self, planar: &[C], range: Range<usize>) -> io::Result<()> {
        let frame = self.channels * self.bits.bytes();
        let step = (PIECE_BYTES / frame).max(1);
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + step);
            self.bytes.resize((end - at) * frame, 0);
            match self.bits {
                Bits::Float32 => interleave(&mut self.bytes, planar, |channel: &C| {
                    channel.as_ref()[at..end].iter().map(|sample| sample.to_le_bytes())
                }),
                Bits::Int16 => self.write_integers(planar, at..end, |integer| (integer as i16).to_le_bytes()),
                Bits::Int24 => self.write_integers(planar, at..end, |integer| {
                    let [a, b, c, _] = integer.to_le_bytes();
                    [a, b, c]
                }),
            }
            self.file.write_all(&self.bytes)?;
            self.data_bytes += self.bytes.len() as u64;
            at = end;
        }
        Ok(())
    }

    /// `[any]` Completes the file. Samples that were clipped come back.
    pub fn finish(mut self) -> io::Result<u64> {
        if self.data_bytes % 2 == 1 {
            self.file.write_all(&[0])?;
        }
        self.file.seek(SeekFrom::Start(0))?;
        let head = self.head();
        self.file.write_all(&head)?;
        self.file.flush()?;
        Ok(self.quantizers.iter().map(Quantizer::clipped).sum())
    }

    /// `[any]` Bytes of samples so far.
    pub fn data_bytes(&self) -> u64 {
        self.data_bytes
    }

    fn write_integers<const N: usize, C: AsRef<[f32]>>(
        &mut self,
        planar: &[C],
        range: Range<usize>,
        encode: impl Fn(i32) -> [u8; N],
    ) {
        self.integers.resize(range.len(), 0);
        let frame = self.channels * N;
        for (index, (channel, quantizer)) in planar.iter().zip(&mut self.quantizers).enumerate() {
            quantizer.convert(&channel.as_ref()[range.clone()], &mut self.integers);
            for (out, integer) in self.bytes.chunks_exact_mut(frame).zip(&self.integers) {
                out[index * N..(index + 1) * N].copy_from_slice(&encode(*integer));
            }
        }
    }

    /// The head for the present length.
    fn head(&self) -> Vec<u8> {
        let frame = self.channels * self.bits.bytes();
        let frames = self.data_bytes / frame as u64;
        let float = self.bits == Bits::Float32;
        let tag: u16 = if float { 3 } else { 1 };

        let mut format = Vec::new();
        let extensible = self.channels > 2;
        format.extend(if extensible { 0xfffe } else { tag }.to_le_bytes());
        format.extend((self.channels as u16).to_le_bytes());
        format.extend(self.sample_rate.to_le_bytes());
        // A rate of bytes that does not fit is nobody's yardstick; the samples are what counts.
        format.extend((u64::from(self.sample_rate) * frame as u64).min(u64::from(UNKNOWN)).to_le_bytes()[..4].iter());
        format.extend((frame as u16).to_le_bytes());
        format.extend((self.bits.count() as u16).to_le_bytes());
        if extensible {
            format.extend(22_u16.to_le_bytes());
            format.extend((self.bits.count() as u16).to_le_bytes());
            format.extend(speakers(self.channels).to_le_bytes());
            format.extend(tag.to_le_bytes());
            format.extend(*b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71");
        } else if float {
            format.extend(0_u16.to_le_bytes());
        }

        let fact = if float { 12 } else { 0 };
        let riff_bytes = 4 + 8 + u64::from(WIDE_BYTES) + 8 + format.len() as u64 + fact + 8;
        let riff_bytes = riff_bytes + self.data_bytes + self.data_bytes % 2;
        let wide = riff_bytes + 8 > self.narrow_limit;
        let narrow = |size: u64| if wide { UNKNOWN } else { size as u32 };

        let mut head = Vec::with_capacity(128);
        head.extend(if wide { b"RF64" } else { b"RIFF" });
        head.extend(narrow(riff_bytes).to_le_bytes());
        head.extend(b"WAVE");
        head.extend(if wide { b"ds64" } else { b"JUNK" });
        head.extend(WIDE_BYTES.to_le_bytes());
        let sizes = if wide { [riff_bytes, self.data_bytes, frames] } else { [0; 3] };
        sizes.iter().for_each(|size| head.extend(size.to_le_bytes()));
        head.extend([0; 4]);
        head.extend(b"fmt ");
        head.extend((format.len() as u32).to_le_bytes());
        head.extend(format);
        if float {
            head.extend(b"fact");
            head.extend(4_u32.to_le_bytes());
            head.extend(narrow(frames).to_le_bytes());
        }
        head.extend(b"data");
        head.extend(narrow(self.data_bytes).to_le_bytes());
        head
    }
}

/// Writes each channel's encoded samples into its places.
fn interleave<'a, const N: usize, C: 'a, I: Iterator<Item = [u8; N]>>(
    bytes: &mut [u8],
    planar: &'a [C],
    samples: impl Fn(&'a C) -> I,
) {
    let (words, _) = bytes.as_chunks_mut::<N>();
    if let [left, right] = planar {
        // Stereo without strides, because that is what nearly all files are.
        let (pairs, _) = words.as_chunks_mut::<2>();
        for ((pair, l), r) in pairs.iter_mut().zip(samples(left)).zip(samples(right)) {
            *pair = [l, r];
        }
        return;
    }
    for (index, channel) in planar.iter().enumerate() {
        for (word, sample) in words[index..].iter_mut().step_by(planar.len()).zip(samples(channel)) {
            *word = sample;
        }
    }
}

/// The customary speakers, in the bits of the format; 0 where there is no custom.
fn speakers(channels: usize) -> u32 {
    match channels {
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3f,
        8 => 0x63f,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio_io::wave_header;
    use std::{io::Cursor, path::Path};

    fn written(bits: Bits, channels: usize, frames: usize, limit: u64) -> (Vec<u8>, Vec<Vec<f32>>) {
        let planar: Vec<Vec<f32>> = (0..channels)
            .map(|channel| (0..frames).map(|n| ((n * 7 + channel * 11) % 200) as f32 / 128.0 - 0.75).collect())
            .collect();
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WaveWriter::new(&mut bytes, bits, 48_000, channels, true).unwrap().with_narrow_limit(limit);
        for start in (0..frames).step_by(1000) {
            writer.write(&planar, start..frames.min(start + 1000)).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), 0);
        (bytes.into_inner(), planar)
    }

    #[test]
    fn hound_reads_every_format_bit_for_bit() {
        for channels in [1, 2, 3, 6, 64] {
            for (bits, count) in [(Bits::Int16, 16), (Bits::Int24, 24), (Bits::Float32, 32)] {
                let (bytes, planar) = written(bits, channels, 5_001, u64::MAX);
                let mut reader = hound::WavReader::new(Cursor::new(bytes)).unwrap();
                let spec = reader.spec();
                assert_eq!((usize::from(spec.channels), spec.bits_per_sample), (channels, count));
                assert_eq!(reader.duration(), 5_001);
                let scale = f64::from(1_u32 << (bits.count().min(24) - 1)) as f32;
                let samples: Vec<f32> = match bits {
                    Bits::Float32 => reader.samples::<f32>().map(Result::unwrap).collect(),
                    _ => reader.samples::<i32>().map(|sample| sample.unwrap() as f32 / scale).collect(),
                };
                for (index, channel) in planar.iter().enumerate() {
                    assert!(samples.iter().skip(index).step_by(channels).eq(channel.iter()), "{bits:?} {channels}");
                }
            }
        }
    }

    #[test]
    fn a_file_beyond_the_limit_becomes_rf64_with_true_sizes() {
        let (bytes, _) = written(Bits::Int24, 1, 5_001, 1000);
        assert_eq!(&bytes[..8], b"RF64\xff\xff\xff\xff");
        assert_eq!(&bytes[12..16], b"ds64");
        let wide = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        assert_eq!(wide(20), bytes.len() as u64 - 8, "size of the file");
        assert_eq!(wide(28), 15_003, "size of the samples");
        assert_eq!(wide(36), 5_001, "frames");
        assert_eq!(bytes.len() % 2, 0, "an odd length is padded");
        let header = wave_header::read(&mut Cursor::new(&bytes), bytes.len() as u64, Path::new("x")).unwrap().unwrap();
        assert_eq!((header.data_bytes, header.data_start), (15_003, bytes.len() as u64 - 15_004));
    }

    #[test]
    fn real_sizes_beyond_4_gib_do_not_wrap() {
        let mut writer = WaveWriter::new(Cursor::new(Vec::new()), Bits::Float32, 48_000, 2, false).unwrap();
        writer.data_bytes = 5 << 30;
        let head = writer.head();
        assert_eq!(&head[..4], b"RF64");
        assert_eq!(u64::from_le_bytes(head[28..36].try_into().unwrap()), 5 << 30);
        assert_eq!(&head[head.len() - 4..], b"\xff\xff\xff\xff");
        writer.data_bytes = u64::from(u32::MAX) - 200;
        assert_eq!(&writer.head()[..4], b"RIFF");
    }
}
