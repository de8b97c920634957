//! What the offline clock promises, on a small machine that stands in for a schedule: input 0 plus input 1, delayed, with an
//! echo.

use super::{offline::OfflineRun, *};
use crate::{
    engine::{BlockReport, CompileSetup, LoadedNode, compile},
    model::{Edge, Event, EventBody, GraphSpec, NodeKind, NodeSpec, ParamId, ParamPoint, Port, Transport},
    plugin::{Block, ProcessError, Processor, Tail},
};
use std::{
    any::Any,
    path::{Path, PathBuf},
};

const RATE: u32 = 8000;
const OUTPUT: usize = 9;

/// Two inputs, one output, all with two channels.
struct Machine {
    inputs: [Vec<Vec<f32>>; 2],
    output: Vec<Vec<f32>>,
    line: Vec<[f32; 2]>,
    latency: u32,
    echo: Option<usize>,
    tail: Tail,
    at: u64,
    points: Vec<(u64, f64)>,
    events: Vec<(u64, EventBody)>,
    transports: Vec<Transport>,
    pending: (Vec<ParamPoint>, Vec<Event>),
    room: usize,
}

impl Machine {
    fn new(latency: u32, echo: Option<usize>, tail: Tail) -> Self {
        let channels = || vec![vec![0.0; 512]; 2];
        Self {
            inputs: [channels(), channels()],
            output: channels(),
            line: Vec::new(),
            latency,
            echo,
            tail,
            at: 0,
            points: Vec::new(),
            events: Vec::new(),
            transports: Vec::new(),
            pending: Default::default(),
            room: usize::MAX,
        }
    }
}

impl BlockRunner for Machine {
    fn max_block(&self) -> usize {
        512
    }
    fn latency(&self) -> u32 {
        self.latency
    }
    fn tail(&self) -> Tail {
        self.tail
    }
    fn input_mut(&mut self, node: usize, channel: usize, frames: usize) -> &mut [f32] {
        &mut self.inputs[node][channel][..frames]
    }
    fn output(&self, node: usize, channel: usize, frames: usize) -> &[f32] {
        assert_eq!(node, OUTPUT);
        &self.output[channel][..frames]
    }
    fn queue_param(&mut self, _node: usize, point: ParamPoint) -> bool {
        self.pending.0.push(point);
        self.pending.0.len() <= self.room
    }
    fn queue_event(&mut self, _node: usize, event: Event) -> bool {
        self.pending.1.push(event);
        self.pending.1.len() <= self.room
    }
    fn process(&mut self, frames: usize, transport: &Transport) -> BlockReport {
        assert!(frames > 0 && frames <= 512);
        self.transports.push(*transport);
        self.points.extend(self.pending.0.drain(..).map(|point| (self.at + u64::from(point.offset), point.value)));
        self.events.extend(self.pending.1.drain(..).map(|event| (self.at + u64::from(event.offset), event.body)));
        for n in 0..frames {
            let sample = [0, 1].map(|channel| self.inputs[0][channel][n] + self.inputs[1][channel][n]);
            self.line.push(sample);
            let past = |back: usize| self.line.len().checked_sub(1 + back).map_or([0.0; 2], |place| self.line[place]);
            let dry = past(self.latency as usize);
            let wet = self.echo.map_or([0.0; 2], |echo| past(self.latency as usize + echo));
            for channel in 0..2 {
                self.output[channel][n] = dry[channel] + wet[channel] * 0.5;
            }
        }
        self.at += frames as u64;
        BlockReport::default()
    }
}

struct Bench {
    folder: tempfile::TempDir,
    job: Option<OfflineJob>,
}

impl Bench {
    fn new(input: Option<&[Vec<f32>]>, block: usize, tail: TailRule) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let writer = AudioWriter::create(&spec(&folder.path().join("out.wav"))).unwrap();
        let input = input.map(|planar| {
            let path = folder.path().join("in.wav");
            InputFeed { node: 0, source: source(&path, planar), mean: false }
        });
        let job = OfflineJob {
            input,
            sidechains: Vec::new(),
            song: None,
            automation: Vec::new(),
            output_node: OUTPUT,
            writer,
            sample_rate: RATE,
            tempo: 120.0,
            block,
            tail,
        };
        Self { folder, job: Some(job) }
    }

    fn job(&mut self) -> &mut OfflineJob {
        self.job.as_mut().unwrap()
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("out.wav")
    }

    fn run(&mut self, machine: &mut Machine) -> (RenderSummary, Vec<Vec<f32>>) {
        let mut run = OfflineRun::new(self.job.take().unwrap(), machine);
        while run.step(machine).unwrap() != Step::Finished {}
        let summary = run.finish().unwrap();
        let mut reader = AudioReader::open(&self.output()).unwrap();
        let frames = summary.written.frames as usize;
        let mut planar = vec![vec![0.0; frames]; 2];
        assert_eq!(reader.read(&mut planar, 0..frames).unwrap(), frames);
        assert_eq!(reader.spec().frames, Some(frames as u64));
        (summary, planar)
    }
}

fn spec(path: &Path) -> OutputSpec {
    OutputSpec {
        path: path.to_path_buf(),
        force: false,
        container: Container::Wav,
        bits: Bits::Float32,
        dither: true,
        sample_rate: RATE,
        channels: 2,
    }
}

fn source(path: &Path, planar: &[Vec<f32>]) -> Source {
    let mut writer = AudioWriter::create(&spec(path)).unwrap();
    writer.write(planar, 0..planar[0].len()).unwrap();
    writer.finish().unwrap();
    Source::open(path, None).unwrap()
}

fn signal(frames: usize) -> Vec<Vec<f32>> {
    [3, 5].map(|step| (0..frames).map(|n| ((n * step) % 100) as f32 / 128.0 + 0.01).collect()).to_vec()
}

#[test]
fn latency_is_trimmed_to_the_sample_for_every_block_length() {
    for latency in [0, 1, 100, 511, 512, 513, 5000] {
        for block in [1, 64, 441, 8192] {
            let planar = signal(3001);
            let mut bench = Bench::new(Some(&planar), block, TailRule::Seconds(0.0));
            let (summary, result) = bench.run(&mut Machine::new(latency, None, Tail::None));
            assert!(result == planar, "latency {latency}, block {block}");
            assert_eq!((summary.latency, summary.length, summary.tail), (latency, 3001, 0));
            assert_eq!(summary.processed, 3001 + u64::from(latency), "not a sample too many");
        }
    }
}

#[test]
fn the_tail_ends_with_the_echo_for_every_block_length() {
    for latency in [0, 700] {
        for block in [1, 64, 441, 512] {
            for declared in [Tail::None, Tail::Samples(16_000), Tail::Infinite] {
                let planar = signal(1000);
                let mut bench = Bench::new(Some(&planar), block, TailRule::Auto);
                let echo = if declared == Tail::None { 300 } else { 9000 };
                let (summary, result) = bench.run(&mut Machine::new(latency, Some(echo), declared));
                assert_eq!(result[0].len(), 1000 + echo, "{latency} {block} {declared:?}");
                assert_eq!((summary.tail, summary.tail_cut), (echo as u64, false));
                let wet: Vec<f32> = planar[1].iter().map(|sample| sample * 0.5).collect();
                assert!(result[1][echo.max(1000)..] == wet[(1000_usize).saturating_sub(echo)..]);
            }
        }
    }
}

#[test]
fn without_a_tail_the_output_is_as_long_as_the_input() {
    for declared in [Tail::None, Tail::Samples(0), Tail::Samples(5000), Tail::Infinite] {
        let planar = signal(1000);
        let mut bench = Bench::new(Some(&planar), 441, TailRule::Auto);
        let (summary, result) = bench.run(&mut Machine::new(33, None, declared));
        assert!(result == planar && summary.tail == 0, "{declared:?}");
    }
}

#[test]
fn a_tail_that_has_to_be_cut_is_reported_and_seconds_are_exact() {
    let planar = signal(1000);
    let mut bench = Bench::new(Some(&planar), 64, TailRule::Auto);
    let (summary, _) = bench.run(&mut Machine::new(0, Some(2000), Tail::Samples(2500)));
    assert_eq!((summary.written.frames, summary.tail_cut), (3000, false));
    let mut bench = Bench::new(Some(&planar), 64, TailRule::Auto);
    let (summary, _) = bench.run(&mut Machine::new(0, Some(2000), Tail::Samples(1500)));
    assert_eq!((summary.written.frames, summary.tail_cut), (2500, true));
    let mut bench = Bench::new(Some(&planar), 441, TailRule::Seconds(0.25));
    let (summary, _) = bench.run(&mut Machine::new(77, None, Tail::None));
    assert_eq!((summary.written.frames, summary.tail), (3000, 2000));
}

#[test]
fn a_shorter_side_chain_is_padded_and_a_longer_one_does_not_lengthen() {
    for frames in [100, 1000, 5000] {
        let (planar, side) = (signal(1000), vec![vec![0.125; frames], vec![0.25; frames]]);
        let mut bench = Bench::new(Some(&planar), 64, TailRule::Seconds(0.0));
        let feed = InputFeed { node: 1, source: source(&bench.folder.path().join("side.wav"), &side), mean: false };
        bench.job().sidechains.push(feed);
        let (_, result) = bench.run(&mut Machine::new(10, None, Tail::None));
        for channel in 0..2 {
            let side = |n: usize| side[channel].get(n).copied().unwrap_or(0.0);
            let expected: Vec<f32> = (0..1000).map(|n| planar[channel][n] + side(n)).collect();
            assert!(result[channel] == expected, "{frames} frames of side-chain");
        }
    }
}

fn song(bytes: &[u8]) -> Song {
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    file.extend((bytes.len() as u32).to_be_bytes());
    file.extend(bytes);
    Song::parse(&file, f64::from(RATE), Path::new("song.mid")).unwrap()
}

#[test]
fn a_song_gives_instruments_their_length_and_notes_at_their_samples() {
    // A note of one quarter (4000 samples), a new tempo in the middle, the end another quarter later.
    let bytes = b"\0\x90\x3c\x40\x30\xff\x51\x03\x03\xd0\x90\x30\x90\x3c\0\x60\xff\x2f\0";
    let song = song(bytes);
    assert_eq!(song.length, 2000 + 1000 + 2000);
    for block in [64, 441, 512] {
        let mut machine = Machine::new(0, None, Tail::None);
        let mut bench = Bench::new(None, block, TailRule::Auto);
        bench.job().song = Some(SongFeed { song: song.clone(), nodes: vec![(0, 0), (1, 25)] });
        let (summary, _) = bench.run(&mut machine);
        assert_eq!((summary.written.frames, summary.length), (5000, 5000));
        let mut times: Vec<u64> = machine.events.iter().map(|(at, _)| *at).collect();
        times.sort_unstable();
        assert_eq!(times, [0, 25, 3000, 3025]);
        let change = machine.transports.iter().find(|transport| transport.tempo != Some(120.0)).unwrap();
        assert_eq!((change.position, change.tempo, change.quarters), (2000, Some(240.0), Some(0.5)));
    }
}

#[test]
fn automation_reaches_the_plugin_and_what_finds_no_room_is_counted() {
    let planar = signal(4000);
    let automation = Automation::parse("0.1,Wet,0.5\n0.3,Wet,1,linear", Path::new("moves.csv")).unwrap();
    let target = Target { node: 0, param: ParamId(1), initial: 0.0, delay: 0 };
    let tracks = automation.resolve(f64::from(RATE), |_| Ok::<_, ()>(vec![target]), |_, _| Err(())).unwrap();
    let mut bench = Bench::new(Some(&planar), 500, TailRule::Seconds(0.0));
    bench.job().automation = tracks.clone();
    let mut machine = Machine::new(0, None, Tail::None);
    assert_eq!(bench.run(&mut machine).0.dropped, 0);
    let ramp = |at: u64| (at, 0.5 + 0.5 * (at as f64 - 800.0) / 1600.0);
    assert_eq!(machine.points, [(799, 0.0), (800, 0.5), ramp(999), ramp(1499), ramp(1999), (2400, 1.0)]);

    let mut bench = Bench::new(Some(&planar), 500, TailRule::Seconds(0.0));
    bench.job().automation = tracks;
    let mut full = Machine::new(0, None, Tail::None);
    full.room = 0;
    assert_eq!(bench.run(&mut full).0.dropped, 6);
}

#[test]
fn a_file_that_does_not_tell_its_length_is_rendered_to_its_end() {
    let mut frame = vec![0xff, 0xfb, 0x90, 0x00];
    frame.resize(417, 0);
    let mut bench = Bench::new(None, 100, TailRule::Auto);
    let path = bench.folder.path().join("in.mp3");
    std::fs::write(&path, frame.repeat(20)).unwrap();
    let source = Source::open(&path, Some(RATE)).unwrap();
    assert_eq!(source.frames(), None);
    bench.job().input = Some(InputFeed { node: 0, source, mean: false });
    let (summary, planar) = bench.run(&mut Machine::new(150, None, Tail::None));
    assert_eq!((summary.written.frames, summary.length), (planar[0].len() as u64, planar[0].len() as u64));
    assert!((3970..4190).contains(&planar[0].len()), "19 or 20 frames of 1152 at 44100 Hz: {}", planar[0].len());
}

#[test]
fn an_abandoned_or_failed_run_leaves_nothing_behind() {
    let mut bench = Bench::new(Some(&signal(50_000)), 64, TailRule::Auto);
    let mut machine = Machine::new(0, None, Tail::None);
    let mut run = OfflineRun::new(bench.job.take().unwrap(), &machine);
    for _ in 0..100 {
        run.step(&mut machine).unwrap();
    }
    // The input is cut while it is being read.
    let input = std::fs::OpenOptions::new().write(true).open(bench.folder.path().join("in.wav")).unwrap();
    input.set_len(200_000).unwrap();
    let error = loop {
        match run.step(&mut machine) {
            Ok(step) => assert_ne!(step, Step::Finished),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, FileError::Truncated { .. }), "{error}");
    drop(run);
    assert_eq!(std::fs::read_dir(bench.folder.path()).unwrap().count(), 1, "only the input");
}

/// A plugin: half as loud, so many samples late, in stereo.
struct LateHalf(usize, [Vec<f32>; 2]);

impl Processor for LateHalf {
    fn process(&mut self, block: &mut Block<'_>) -> Result<(), ProcessError> {
        for channel in 0..2 {
            let (from, to) = block.pool.pair_mut(block.inputs[channel], block.outputs[channel], block.frames);
            for (out, sample) in to.iter_mut().zip(from) {
                self.1[channel].push(*sample);
                let late = self.1[channel].len().checked_sub(1 + self.0);
                *out = late.map_or(0.0, |place| self.1[channel][place] * 0.5);
            }
        }
        Ok(())
    }
    fn flush(&mut self, _params: &[ParamPoint]) {}
    fn reset(&mut self) {}
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

#[test]
fn a_compiled_schedule_runs_under_this_clock() {
    let node = |key: &str, kind| NodeSpec { key: key.into(), kind };
    let mut graph = GraphSpec::default();
    graph.nodes.push(node("in", NodeKind::Input { channels: 2 }));
    (1..OUTPUT).for_each(|n| graph.nodes.push(node(&n.to_string(), NodeKind::Plugin)));
    graph.nodes.push(node("out", NodeKind::Output { channels: 2 }));
    let port = |node| Port { node, channels: 0..2 };
    graph.edges = (0..OUTPUT).map(|n| Edge { from: port(n), to: port(n + 1) }).collect();
    let loaded = |n: usize| LoadedNode {
        processor: Box::new(LateHalf(n * 10, Default::default())),
        name: n.to_string(),
        inputs: 2,
        outputs: 2,
        latency: n as u32 * 10,
        tail: Tail::None,
        sleeps: false,
    };
    for block in [64, 441, 512] {
        let nodes = (0..=OUTPUT).map(|n| (1..OUTPUT).contains(&n).then(|| loaded(n))).collect();
        let setup = CompileSetup { sample_rate: f64::from(RATE), max_block: 512 };
        let mut schedule = compile(&graph, nodes, &setup).unwrap();
        let planar = signal(3001);
        let mut bench = Bench::new(Some(&planar), block, TailRule::Auto);
        let mut run = OfflineRun::new(bench.job.take().unwrap(), &schedule);
        while run.step(&mut schedule).unwrap() != Step::Finished {}
        let summary = run.finish().unwrap();
        assert_eq!((summary.latency, summary.length, summary.tail, summary.unclean), (360, 3001, 0, 0));
        let mut result = vec![vec![0.0_f32; 3001]; 2];
        AudioReader::open(&bench.output()).unwrap().read(&mut result, 0..3001).unwrap();
        for (result, planar) in result.iter().zip(&planar) {
            assert!(result.iter().zip(planar).all(|(out, sample)| *out == sample / 256.0), "block {block}");
        }
    }
}

#[test]
fn a_run_may_move_to_the_audio_thread() {
    fn movable<T: Send>() {}
    movable::<OfflineRun>();
}
