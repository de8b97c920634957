//! The same program started again as the least program that does the job, to be compared with `sonic-bridge`.

use crate::support::bare::{self, Bare};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first argument that means all this.
pub const ARGUMENT: &str = "bare";
/// Bytes read and written at once, as many as the bridge.
const PIECE: usize = 64 * 1024;

/// How the bare program treats its files.
#[derive(Clone, Copy, Debug)]
pub enum Files {
    /// Whole blocks of bytes, spread over the channels in a loop: hardly anything to save.
    Plain,
    /// The same, and waits until the output is on the disk. The bridge does; the work is the system's, and is only counted
    /// where somebody waits for it.
    Durable,
    /// Sample by sample through the library that everybody takes.
    Hound,
}

/// A bare program that opens the module, lists its classes and ends.
pub fn load(bundle: &Path) -> Command {
    command(&["load".into(), bundle.into()])
}

/// A bare program that plays a stereo 32-bit float WAV file through the first plugin of the bundle into another one.
pub fn render(bundle: &Path, input: &Path, output: &Path, block: usize, files: Files) -> Command {
    command(&[
        "render".into(),
        bundle.into(),
        input.into(),
        output.into(),
        block.to_string().into(),
        files.name().into(),
    ])
}

fn command(args: &[PathBuf]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(ARGUMENT).args(args);
    command
}

impl Files {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Durable => "durable",
            Self::Hound => "hound",
        }
    }
}

/// What happens in the new process.
pub fn main(args: &[String]) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["load", bundle] => assert!(!bare::audio_classes(&bare::factory(Path::new(bundle))).is_empty()),
        ["render", bundle, input, output, block, files] => {
            let reader = BufReader::with_capacity(PIECE, File::open(input).unwrap());
            let reader = hound::WavReader::new(reader).unwrap();
            let spec = reader.spec();
            assert_eq!((spec.channels, spec.sample_format), (2, hound::SampleFormat::Float));
            let block: usize = block.parse().unwrap();
            let plugin = Bare::open(Path::new(bundle), 2, f64::from(spec.sample_rate), block);
            let job = Job { plugin, reader, block, output: Path::new(output) };
            match files {
                "hound" => job.with_hound(),
                "durable" => job.plainly().sync_all().unwrap(),
                _ => drop(job.plainly()),
            }
        }
        _ => panic!("no such bare program: {args:?}"),
    }
}

struct Job<'a> {
    plugin: Bare,
    reader: hound::WavReader<BufReader<File>>,
    block: usize,
    output: &'a Path,
}

impl Job<'_> {
    fn plainly(self) -> File {
        let Self { mut plugin, reader, block, output } = self;
        let (spec, mut left) = (reader.spec(), reader.duration() as usize);
        // The reader has read the head and stands at the first sample.
        let mut file = reader.into_inner();
        let mut out = BufWriter::with_capacity(PIECE, File::create(output).unwrap());
        out.write_all(&head(spec.sample_rate, left as u32)).unwrap();
        let mut bytes = vec![0; block * 8];
        while left > 0 {
            let frames = left.min(block);
            let bytes = &mut bytes[..frames * 8];
            file.read_exact(bytes).unwrap();
            for channel in 0..2 {
                let samples = bytes.as_chunks::<4>().0.iter().skip(channel).step_by(2);
                for (to, sample) in plugin.input(channel)[..frames].iter_mut().zip(samples) {
                    *to = f32::from_le_bytes(*sample);
                }
            }
            assert_eq!(plugin.process(frames), 0);
            let both = plugin.output(0)[..frames].iter().zip(&plugin.output(1)[..frames]);
            for (pair, (left, right)) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(both) {
                pair[..4].copy_from_slice(&left.to_le_bytes());
                pair[4..].copy_from_slice(&right.to_le_bytes());
            }
            out.write_all(bytes).unwrap();
            left -= frames;
        }
        out.into_inner().unwrap()
    }

    fn with_hound(self) {
        let Self { mut plugin, mut reader, block, output } = self;
        let mut left = reader.duration() as usize;
        let mut writer = hound::WavWriter::create(output, reader.spec()).unwrap();
        let mut samples = reader.samples::<f32>();
        while left > 0 {
            let frames = left.min(block);
            for frame in 0..frames {
                for channel in 0..2 {
                    plugin.input(channel)[frame] = samples.next().unwrap().unwrap();
                }
            }
            assert_eq!(plugin.process(frames), 0);
            for frame in 0..frames {
                for channel in 0..2 {
                    writer.write_sample(plugin.output(channel)[frame]).unwrap();
                }
            }
            left -= frames;
        }
        writer.finalize().unwrap();
    }
}

/// Of a stereo 32-bit float WAV file.
fn head(rate: u32, frames: u32) -> Vec<u8> {
    let mut head = Vec::new();
    head.extend(b"RIFF");
    head.extend((36 + frames * 8).to_le_bytes());
    head.extend(b"WAVEfmt ");
    head.extend(16_u32.to_le_bytes());
    head.extend([3, 0, 2, 0]);
    head.extend(rate.to_le_bytes());
    head.extend((rate * 8).to_le_bytes());
    head.extend([8, 0, 32, 0]);
    head.extend(b"data");
    head.extend((frames * 8).to_le_bytes());
    head
}
