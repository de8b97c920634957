//! A sound file.

use crate::{disk, memory};
use sonic_bridge::audio_io::{AudioReader, MAX_CHANNELS, SampleFormat};

/// Frames read at once.
const BLOCK: usize = 1024;
/// Frames after which a file that decodes to far more than it has bytes is left alone.
const ENOUGH: u64 = 1 << 20;
/// One packet of the largest codec, its tables and the pieces that are read ahead.
const MEMORY: usize = 64 << 20;

/// Whatever the file says: no panic, bounded memory, finite samples, and as many of them as were promised.
pub fn check(data: &[u8]) {
    let path = disk::file("sound", data);
    memory::within(MEMORY, || {
        let Ok(mut reader) = AudioReader::open(&path) else { return };
        let spec = *reader.spec();
        assert!((1..=MAX_CHANNELS).contains(&spec.channels), "{spec:?}");
        assert!((1..=3_072_000).contains(&spec.sample_rate), "{spec:?}");
        let plain = spec.format != SampleFormat::Coded;
        if plain {
            let bytes = spec.frames.unwrap() * (spec.channels * spec.format.bytes()) as u64;
            assert!(bytes <= data.len() as u64, "{spec:?} in {} bytes", data.len());
        }
        let mut block = vec![vec![0.0_f32; BLOCK]; spec.channels];
        let mut total = 0;
        loop {
            match reader.read(&mut block, 0..BLOCK) {
                Ok(frames) => {
                    assert!(block.iter().all(|channel| channel[..frames].iter().all(|sample| sample.is_finite())));
                    total += frames as u64;
                    if frames < BLOCK {
                        assert!(!plain || Some(total) == spec.frames, "{total} of {spec:?}");
                        assert_eq!(reader.read(&mut block, 0..BLOCK).ok(), Some(0), "the end is the end");
                        break;
                    }
                }
                Err(error) => {
                    assert!(!plain, "an unchanged file of plain samples was promised whole: {error}");
                    break;
                }
            }
            if total > ENOUGH {
                break;
            }
        }
    });
}
