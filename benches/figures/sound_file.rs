//! The files that are rendered.

use std::path::Path;

/// Hz of everything here.
pub const RATE: u32 = 48_000;

/// Writes stereo noise as 32-bit float WAV. Piece by piece, so that this process stays small: its size is the least that
/// can be seen of a child's.
pub fn write(path: &Path, frames: usize) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let mut state = 0x9e37_79b9_u32;
    for _ in 0..frames * 2 {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        writer.write_sample((state as f32 / u32::MAX as f32 - 0.5) * 0.5).unwrap();
    }
    writer.finalize().unwrap();
}
