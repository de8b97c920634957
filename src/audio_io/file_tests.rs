//! What files promise: round trips to the bit, and every bad file refused with nothing left behind.

use super::*;
use std::path::{Path, PathBuf};

/// Odd, so that no block length divides it.
const FRAMES: usize = 10_007;

fn signal(channels: usize, frames: usize) -> Vec<Vec<f32>> {
    let sample = |channel: usize, n: usize| (((n * 37 + channel * 101) % 4001) as f32 - 1800.0) / 4096.0;
    (0..channels).map(|channel| (0..frames).map(|n| sample(channel, n)).collect()).collect()
}

fn spec(path: &Path, bits: Bits, channels: usize) -> OutputSpec {
    OutputSpec {
        path: path.to_path_buf(),
        force: false,
        container: Container::of(path).unwrap(),
        bits,
        dither: true,
        sample_rate: 44_100,
        channels,
    }
}

fn write(path: &Path, bits: Bits, planar: &[Vec<f32>]) -> Written {
    let mut writer = AudioWriter::create(&spec(path, bits, planar.len())).unwrap();
    let frames = planar[0].len();
    for start in (0..frames).step_by(999) {
        writer.write(planar, start..frames.min(start + 999)).unwrap();
    }
    writer.finish().unwrap()
}

fn read(path: &Path) -> Result<Vec<Vec<f32>>, FileError> {
    let mut reader = AudioReader::open(path)?;
    let mut all = vec![Vec::new(); reader.spec().channels];
    let mut block = vec![vec![0.0_f32; 441]; all.len()];
    loop {
        let got = reader.read(&mut block, 0..441)?;
        for (all, block) in all.iter_mut().zip(&block) {
            all.extend_from_slice(&block[..got]);
        }
        if got < 441 {
            return Ok(all);
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn bytes_written(bits: Bits, name: &str) -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join(name);
    write(&path, bits, &signal(2, FRAMES));
    std::fs::read(path).unwrap()
}

/// What opening and reading to the end makes of these bytes.
fn outcome(name: &str, bytes: &[u8]) -> Result<Vec<Vec<f32>>, FileError> {
    let folder = folder();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

#[test]
fn every_container_and_format_returns_the_same_samples() {
    let folder = folder();
    for channels in [1, 2, 6, 8, 64] {
        for (name, bits) in [
            ("a.wav", Bits::Int16),
            ("b.wav", Bits::Int24),
            ("c.wav", Bits::Float32),
            ("d.flac", Bits::Int16),
            ("e.flac", Bits::Int24),
        ] {
            let path = folder.path().join(format!("{channels}{name}"));
            if channels > 8 && path.extension().unwrap() == "flac" {
                continue;
            }
            let planar = signal(channels, FRAMES);
            let written = write(&path, bits, &planar);
            assert_eq!((written.frames, written.clipped), (FRAMES as u64, 0));
            assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
            let about = *AudioReader::open(&path).unwrap().spec();
            assert_eq!((about.sample_rate, about.channels), (44_100, channels));
            assert_eq!((about.frames, about.bits), (Some(FRAMES as u64), Some(bits.count())), "{path:?}");
            assert!(read(&path).unwrap() == planar, "{path:?}");
        }
    }
}

#[test]
fn flac_of_any_length_is_readable() {
    let folder = folder();
    for frames in [1, 15, 16, 4095, 4096, 4097, 8192, 20_000] {
        let path = folder.path().join(format!("{frames}.flac"));
        let planar = signal(1, frames);
        write(&path, Bits::Int16, &planar);
        assert!(read(&path).unwrap() == planar, "{frames} frames");
    }
}

#[test]
fn floats_survive_to_the_last_bit_and_what_is_no_number_is_repaired_and_counted() {
    let folder = folder();
    let path = folder.path().join("x.wav");
    let odd = vec![f32::MIN_POSITIVE / 4.0, -1e30, 1.0 + f32::EPSILON, -0.0, 3.3, f32::MAX];
    write(&path, Bits::Float32, std::slice::from_ref(&odd));
    let back = read(&path).unwrap();
    assert!(back[0].iter().zip(&odd).all(|(a, b)| a.to_bits() == b.to_bits()), "{back:?}");

    let bad = folder.path().join("bad.wav");
    write(&bad, Bits::Float32, &[vec![0.5, f32::NAN, f32::INFINITY, 0.25]]);
    let mut reader = AudioReader::open(&bad).unwrap();
    let mut block = [[9.0_f32; 4]];
    assert_eq!(reader.read(&mut block, 0..4).unwrap(), 4);
    assert_eq!((block[0], reader.repaired()), ([0.5, 0.0, 0.0, 0.25], 2));
}

#[test]
fn integers_of_other_programs_are_scaled_exactly() {
    let folder = folder();
    let path = folder.path().join("x.wav");
    for (bits, values) in [
        (8, vec![-128, -1, 0, 127]),
        (16, vec![-32_768, -1, 0, 32_767]),
        (24, vec![-8_388_608, -1, 1, 8_388_607]),
        (32, vec![i32::MIN, -256, 0, 1 << 30]),
    ] {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: bits,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        values.iter().for_each(|value| writer.write_sample(*value).unwrap());
        writer.finalize().unwrap();
        let scale = 2_f64.powi(i32::from(bits) - 1);
        let expected: Vec<f32> = values.iter().map(|value| (f64::from(*value) / scale) as f32).collect();
        assert_eq!(read(&path).unwrap(), [expected], "{bits} bits");
    }
}

#[test]
fn a_file_of_unknown_length_from_a_pipe_is_read_to_its_end() {
    let mut bytes = bytes_written(Bits::Int16, "x.wav");
    let data = bytes.windows(4).position(|word| word == b"data").unwrap();
    bytes[4..8].fill(0xff);
    bytes[data + 4..data + 8].fill(0xff);
    assert!(outcome("x.wav", &bytes).unwrap() == signal(2, FRAMES));
}

#[test]
fn aiff_is_read_to_the_bit_and_truncation_noticed() {
    let samples: Vec<i16> = (0..3000).map(|n: i16| n * 10 - 15_000).collect();
    let mut body = b"AIFFCOMM\0\0\0\x12\0\x01".to_vec();
    body.extend(3000_u32.to_be_bytes());
    body.extend(16_u16.to_be_bytes());
    // 44100 as an 80-bit float.
    body.extend([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]);
    body.extend(b"SSND");
    body.extend(6008_u32.to_be_bytes());
    body.extend([0; 8]);
    body.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    let mut file = b"FORM".to_vec();
    file.extend((body.len() as u32).to_be_bytes());
    file.extend(body);
    let expected: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    assert_eq!(outcome("x.aiff", &file).unwrap(), [expected]);
    for keep in [file.len() - 1, file.len() - 2000, 20] {
        let cut = outcome("x.aiff", &file[..keep]);
        assert!(matches!(cut, Err(FileError::Truncated { .. })), "{keep}: {:?}", cut.err());
    }
}

#[test]
fn mp3_is_read() {
    // Frames of 128 kbit/s at 44.1 kHz without any content decode to silence.
    let mut frame = vec![0xff, 0xfb, 0x90, 0x00];
    frame.resize(417, 0);
    let planar = outcome("x.mp3", &frame.repeat(50)).unwrap();
    assert_eq!(planar.len(), 2);
    assert!(
        planar[0].len() >= 49 * 1152 && planar.iter().flatten().all(|sample| *sample == 0.0),
        "{}",
        planar[0].len()
    );
}

#[test]
fn truncated_files_are_errors_wherever_they_are_cut() {
    for (name, bits) in [("x.wav", Bits::Int16), ("x.wav", Bits::Float32), ("x.flac", Bits::Int24)] {
        let whole = bytes_written(bits, name);
        for keep in [whole.len() - 1, whole.len() - 2, whole.len() / 2, 4200, 100, 60, 30, 13] {
            let cut = outcome(name, &whole[..keep]);
            let error = cut.err().unwrap_or_else(|| panic!("{name} {bits:?} cut to {keep} bytes was accepted"));
            let expected = match error {
                FileError::Truncated { .. } => true,
                FileError::Damaged { .. } | FileError::NotAudio { .. } | FileError::Empty { .. } => keep <= 4200,
                _ => false,
            };
            assert!(expected, "{name} {bits:?} cut to {keep}: {error}");
        }
    }
}

#[test]
fn damage_inside_flac_is_an_error() {
    let mut bytes = bytes_written(Bits::Int24, "x.flac");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 50].fill(0x55);
    let result = outcome("x.flac", &bytes);
    assert!(matches!(result, Err(FileError::Damaged { .. } | FileError::Truncated { .. })), "{:?}", result.is_ok());
}

#[test]
fn things_that_are_no_audio_are_refused() {
    let noise: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes) in [
        ("text.wav", b"This is a letter, not a sound. ".repeat(100)),
        ("empty.wav", Vec::new()),
        ("noise.mp3", noise),
        ("riff.wav", b"RIFF\x04\0\0\0AVI ".to_vec()),
    ] {
        let result = outcome(name, &bytes);
        assert!(matches!(result, Err(FileError::NotAudio { .. })), "{name}: {:?}", result.err());
    }
}

#[test]
fn no_frames_too_many_channels_and_odd_rates_are_refused() {
    let wave = |channels: u16, rate: u32, data: usize| {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend((channels * 2).to_le_bytes());
        bytes.extend(16_u16.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend((data as u32).to_le_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    };
    assert!(outcome("x.wav", &wave(64, 48_000, 1280)).is_ok());
    assert!(matches!(outcome("x.wav", &wave(97, 48_000, 19_400)), Err(FileError::Channels { channels: 97, .. })));
    assert!(matches!(outcome("x.wav", &wave(0, 48_000, 100)), Err(FileError::Channels { channels: 0, .. })));
    assert!(matches!(outcome("x.wav", &wave(2, 48_000, 0)), Err(FileError::Empty { .. })));
    assert!(matches!(outcome("x.wav", &wave(2, 48_000, 3)), Err(FileError::Empty { .. })), "not one whole frame");
    assert!(matches!(outcome("x.wav", &wave(2, 0, 100)), Err(FileError::SampleRate { rate: 0, .. })));
}

#[test]
fn missing_files_folders_and_pipes_are_refused() {
    let folder = folder();
    assert!(matches!(read(&folder.path().join("none.wav")), Err(FileError::Missing { .. })));
    assert!(matches!(read(folder.path()), Err(FileError::NotAFile { .. })));
    #[cfg(target_os = "linux")]
    assert!(matches!(read(Path::new("/dev/zero")), Err(FileError::NotAFile { .. })));
}

#[test]
fn outputs_that_cannot_be_are_refused_before_any_work() {
    let folder = folder();
    let flac = folder.path().join("x.flac");
    for (path, bits, channels, rate) in [
        (&flac, Bits::Float32, 2, 48_000),
        (&flac, Bits::Int24, 9, 48_000),
        (&flac, Bits::Int24, 2, 768_000),
        (&folder.path().join("x.wav"), Bits::Int16, 65, 48_000),
    ] {
        let spec = OutputSpec { sample_rate: rate, ..spec(path, bits, channels) };
        assert!(matches!(AudioWriter::create(&spec), Err(FileError::Unsupported { .. })), "{spec:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_by_both_writers() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let planar = signal(2, 100_000);
    let wave = wave_writer::WaveWriter::new(full(), Bits::Int16, 44_100, 2, false).and_then(|mut writer| {
        writer.write(&planar, 0..100_000)?;
        writer.finish()
    });
    assert_eq!(wave.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    for frames in [10, 100_000] {
        let flac = flac_writer::FlacWriter::new(full(), Bits::Int16, 44_100, 2, false).and_then(|mut writer| {
            writer.write(&planar, 0..frames)?;
            writer.finish()
        });
        assert_eq!(flac.unwrap_err().kind(), std::io::ErrorKind::StorageFull, "{frames} frames");
    }
}

#[test]
fn a_converted_file_has_the_exact_length_and_place() {
    let folder = folder();
    let path = folder.path().join("x.wav");
    let mut planar = signal(2, FRAMES);
    planar[0].fill(0.0);
    planar[0][5000] = 1.0;
    write(&path, Bits::Float32, &planar);
    let mut source = Source::open(&path, Some(88_200)).unwrap();
    assert_eq!(source.frames(), Some(2 * FRAMES as u64));
    let mut block = vec![vec![0.0_f32; 30_000]; 2];
    assert_eq!(source.read(&mut block, 0..30_000).unwrap(), 2 * FRAMES);
    let peak = (0..2 * FRAMES).max_by(|a, b| block[0][*a].total_cmp(&block[0][*b])).unwrap();
    assert_eq!(peak, 10_000);
}

#[test]
fn readers_and_writers_may_move_to_another_thread() {
    fn movable<T: Send>() {}
    movable::<AudioReader>();
    movable::<AudioWriter>();
    movable::<Source>();
}

#[test]
fn names_choose_the_container() {
    let of = |name: &str| Container::of(&PathBuf::from(name));
    assert_eq!(of("a/b.WAV"), Some(Container::Wav));
    assert_eq!(of("b.flac"), Some(Container::Flac));
    assert_eq!((of("b.mp3"), of("b")), (None, None));
}
