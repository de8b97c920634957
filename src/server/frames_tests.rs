//! Frames against a stand-in for a stream, which records what it is handed and doubles what it hears.

use super::{
    Limits,
    frame::{DISCONTINUITY, DRY, END, EVENTS, GUARD, HEADER, OFFLINE, SILENT},
    frames::Frames,
    sink::FrameSink,
};
use crate::control::core::{Frame, FrameEvent, FrameEventKind, Outcome};
use std::{
    cell::{Cell, RefCell},
    ops::Range,
    rc::Rc,
    time::{Duration, Instant},
};

/// A frame, its events, its input.
type Heard = (Frame, Vec<FrameEvent>, Vec<f32>);

/// What the stand-in saw, and how it is told to behave.
#[derive(Debug, Default)]
struct Seen {
    frames: RefCell<Vec<Heard>>,
    closed: Cell<bool>,
    guarded: Cell<bool>,
}

#[derive(Clone, Debug)]
struct Double {
    number: u32,
    channels: (usize, usize),
    seen: Rc<Seen>,
}

impl FrameSink for Double {
    fn number(&self) -> u32 {
        self.number
    }

    fn channels(&self) -> (usize, usize) {
        self.channels
    }

    fn is_closed(&self) -> bool {
        self.seen.closed.get()
    }

    fn process(
        &self,
        frame: &Frame,
        events: &[FrameEvent],
        mut fill: impl FnMut(usize, Range<usize>, &mut [f32]),
        mut emit: impl FnMut(usize, Range<usize>, &[f32]),
    ) -> Outcome {
        let (inputs, outputs) = self.channels;
        let mut input = vec![0.0; inputs * frame.frames];
        // In two pieces where there are two samples, as the core splits long frames.
        let half = frame.frames / 2;
        for range in [0..half, half..frame.frames] {
            for channel in (0..inputs).filter(|_| !frame.silent && !range.is_empty()) {
                let at = channel * frame.frames;
                fill(channel, range.clone(), &mut input[at + range.start..at + range.end]);
            }
            let gain = if frame.skip { 1.0 } else { 2.0 };
            for channel in (0..outputs).filter(|_| !range.is_empty() && !frame.silent) {
                let at = (channel % inputs.max(1)) * frame.frames;
                let out: Vec<f32> = input[at + range.start..at + range.end].iter().map(|x| x * gain).collect();
                emit(channel, range.clone(), &out);
            }
        }
        self.seen.frames.borrow_mut().push((*frame, events.to_vec(), input));
        let guarded = self.seen.guarded.get();
        Outcome { dry: frame.skip, guarded, silent: frame.silent, micros: 7, dropped: 0 }
    }
}

struct Rig {
    frames: Frames<Double>,
    seen: Rc<Seen>,
    now: Instant,
}

impl Rig {
    fn new(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        let (mut frames, seen) = (Frames::new(&limits), Rc::new(Seen::default()));
        frames.open(Double { number: 9, channels: (2, 2), seen: Rc::clone(&seen) });
        Self { frames, seen, now: Instant::now() }
    }

    fn ask(&mut self, message: &[u8]) -> (Vec<u8>, Option<u16>) {
        self.frames.seen(message);
        self.work(message)
    }

    fn work(&mut self, message: &[u8]) -> (Vec<u8>, Option<u16>) {
        let (answer, closing) = self.frames.work(message, self.now);
        (answer.to_vec(), closing.map(|closing| closing.code))
    }
}

/// A frame for stream 9 of two channels.
fn frame(sequence: u32, flags: u16, samples: &[f32], events: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 1];
    bytes.extend(flags.to_le_bytes());
    bytes.extend(9u32.to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.extend(2u16.to_le_bytes());
    bytes.extend((samples.len().max(2) as u16 / 2).to_le_bytes());
    bytes.extend((u64::from(sequence) * 1000).to_le_bytes());
    bytes.extend((events.len() as u32).to_le_bytes());
    bytes.extend(0xdead_beefu32.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes.extend_from_slice(events);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

fn plain(sequence: u32) -> Vec<u8> {
    frame(sequence, 0, &[0.5; 4], &[])
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn samples(answer: &[u8]) -> Vec<f32> {
    answer[HEADER..].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn a_frame_comes_back_processed_with_all_that_it_was_sent_with() {
    let mut rig = Rig::new(|_| {});
    let mut event = vec![1, 0, 2, 0, 77, 0, 0, 0];
    event.extend(0.25f64.to_le_bytes());
    let sent = [0.1, 0.2, 0.3, -0.1, -0.2, -0.3];
    // At an odd address, as messages stand.
    let message = [vec![0], frame(5, DISCONTINUITY | EVENTS, &sent, &event)].concat();
    let (answer, closing) = rig.ask(&message[1..]);
    assert_eq!((closing, answer[0], answer[1], half(&answer, 2)), (None, 2, 1, 0));
    assert_eq!((word(&answer, 4), word(&answer, 8), half(&answer, 12), half(&answer, 14)), (9, 5, 2, 3));
    assert_eq!((word(&answer, 16), word(&answer, 24), word(&answer, 28)), (5000, 7, 0xdead_beef));
    assert_eq!(samples(&answer), sent.map(|sample| sample * 2.0));
    let (core, events, heard) = rig.seen.frames.borrow()[0].clone();
    assert_eq!(
        (core.frames, core.position, core.discontinuity, core.offline, core.skip),
        (3, 5000, true, false, false)
    );
    assert_eq!(events, [FrameEvent { offset: 2, member: 0, kind: FrameEventKind::Param(77, 0.25) }]);
    assert_eq!(heard, sent);
}

#[test]
fn frames_of_one_message_are_answered_in_one_message() {
    let mut rig = Rig::new(|_| {});
    let message =
        [plain(1), frame(2, SILENT, &[], &[]), frame(3, 0, &[0.5; 2], &[]), frame(4, END, &[0.0; 2], &[])].concat();
    let (answer, _) = rig.ask(&message);
    let (mut at, mut found) = (0, Vec::new());
    while at < answer.len() {
        found.push((word(&answer, at + 8), half(&answer, at + 2)));
        let silent = half(&answer, at + 2) & SILENT != 0;
        at += if silent { HEADER } else { HEADER + 8 * usize::from(half(&answer, at + 14)) };
    }
    assert_eq!((at, found), (answer.len(), vec![(1, 0), (2, SILENT), (3, 0), (4, 0)]));
}

#[test]
fn a_result_has_the_channels_of_the_output_and_is_padded() {
    let mut rig = Rig::new(|_| {});
    rig.frames.open(Double { number: 9, channels: (2, 1), seen: Rc::clone(&rig.seen) });
    rig.seen.guarded.set(true);
    let (answer, _) = rig.ask(&frame(1, 0, &[1.0; 6], &[]));
    assert_eq!((answer.len(), half(&answer, 12), half(&answer, 2)), (HEADER + 16, 1, GUARD));
    assert_eq!(samples(&answer), [2.0, 2.0, 2.0, 0.0]);
}

#[test]
fn sequences_go_on_wrap_and_begin_anew_only_when_that_is_said() {
    let mut rig = Rig::new(|limits| limits.malformed = 100);
    let kind = |rig: &mut Rig, message: Vec<u8>| {
        let answer = rig.ask(&message).0;
        (answer[0], answer[24])
    };
    assert_eq!(kind(&mut rig, plain(u32::MAX)).0, 2);
    assert_eq!(kind(&mut rig, plain(0)).0, 2);
    for wrong in [0, 2, u32::MAX] {
        assert_eq!(kind(&mut rig, plain(wrong)), (3, 6), "{wrong}");
    }
    assert_eq!(kind(&mut rig, plain(1)).0, 2);
    assert_eq!(kind(&mut rig, frame(50, DISCONTINUITY, &[0.0; 2], &[])).0, 2);
    assert_eq!(kind(&mut rig, plain(51)).0, 2);
}

#[test]
fn what_follows_a_malformed_frame_is_not_read() {
    let mut rig = Rig::new(|_| {});
    let mut odd = plain(2);
    odd[1] = 9;
    let (answer, _) = rig.ask(&[plain(1), odd, plain(2)].concat());
    assert_eq!((answer.len(), answer[0], answer[HEADER + 16]), (2 * HEADER + 16, 2, 3));
    assert_eq!(rig.seen.frames.borrow().len(), 1);
    // The frames that were not read are not in flight for ever.
    rig.frames.agree(9, 1, true);
    assert_eq!(half(&rig.ask(&plain(2)).0, 2) & DRY, 0);
}

#[test]
fn frames_of_no_open_stream_and_of_other_channels_are_refused() {
    let mut rig = Rig::new(|limits| limits.malformed = 100);
    let mut foreign = plain(1);
    foreign[4] = 8;
    assert_eq!(rig.ask(&foreign).0[24], 5);
    let mut mono = frame(1, SILENT, &[], &[]);
    mono[12] = 1;
    assert_eq!(rig.ask(&mono).0[24], 7);
    rig.seen.closed.set(true);
    assert_eq!(rig.ask(&plain(1)).0[24], 5, "closed by the core");
    rig.seen.closed.set(false);
    rig.frames.close(9);
    assert_eq!(rig.ask(&plain(1)).0[24], 5, "closed by the script");
}

#[test]
fn three_malformed_frames_in_ten_seconds_are_the_end() {
    let mut rig = Rig::new(|_| {});
    let mut ask = |seconds| {
        rig.now += Duration::from_secs(seconds);
        rig.ask(&[0; 3])
    };
    let codes: Vec<Option<u16>> = [0, 6, 6, 1].map(|seconds| ask(seconds).1).into();
    assert_eq!(codes, [None, None, None, Some(4010)], "the first one is too long ago to count");
}

#[test]
fn frames_beyond_the_credits_come_back_dry_and_a_thousand_of_them_are_the_end() {
    let mut rig = Rig::new(|limits| limits.late_blocks = 10_000);
    rig.frames.agree(9, 2, true);
    let messages: Vec<Vec<u8>> = (1..=4).map(plain).collect();
    // All four are read before the first one is worked.
    messages.iter().for_each(|message| rig.frames.seen(message));
    let dry: Vec<bool> = messages.iter().map(|message| half(&rig.work(message).0, 2) & DRY != 0).collect();
    assert_eq!(dry, [false, false, true, true]);
    assert_eq!(half(&rig.ask(&plain(5)).0, 2) & DRY, 0, "the credits come back");
    let flood: Vec<Vec<u8>> = (6..1006).map(plain).collect();
    let mut codes = Vec::new();
    for round in 0..2 {
        flood.iter().for_each(|message| rig.frames.seen(message));
        for (at, _) in flood.iter().enumerate() {
            codes.extend(rig.work(&plain(6 + 1000 * round + at as u32)).1);
        }
    }
    assert!(codes.contains(&4012) && codes.iter().all(|code| *code == 4012));
    assert_eq!(rig.seen.frames.borrow().len(), 2005, "each one was answered");
}

#[test]
fn terms_may_come_before_their_stream() {
    let mut rig = Rig::new(|_| {});
    rig.frames.agree(11, 1, false);
    rig.frames.open(Double { number: 11, channels: (2, 2), seen: Rc::clone(&rig.seen) });
    let other = |sequence| {
        let mut message = plain(sequence);
        message[4] = 11;
        message
    };
    rig.frames.seen(&other(1));
    rig.frames.seen(&other(2));
    assert_eq!(half(&rig.work(&other(1)).0, 2) & DRY, 0);
    assert_eq!(half(&rig.work(&other(2)).0, 2) & DRY, DRY);
    assert!(rig.seen.frames.borrow().iter().all(|(core, ..)| core.offline), "the stream is not realtime");
}

#[test]
fn late_frames_come_back_dry_unless_they_take_as_long_as_they_take() {
    for (flags, expected) in [(0, [true, true, false, false, false]), (OFFLINE, [false; 5])] {
        let mut rig = Rig::new(|limits| limits.late_blocks = 2);
        let messages: Vec<Vec<u8>> = (1..=5).map(|sequence| frame(sequence, flags, &[0.5; 4], &[])).collect();
        messages.iter().for_each(|message| rig.frames.seen(message));
        let dry: Vec<bool> = messages.iter().map(|message| half(&rig.work(message).0, 2) & DRY != 0).collect();
        assert_eq!(dry, expected, "flags {flags}");
    }
}

#[test]
fn short_questions_have_no_endless_answers() {
    let mut rig = Rig::new(|limits| limits.answer = 1 << 20);
    rig.frames.open(Double { number: 9, channels: (2, 64), seen: Rc::clone(&rig.seen) });
    let mut long = frame(1, SILENT, &[], &[]);
    long[14..16].copy_from_slice(&u16::MAX.to_le_bytes());
    let (answer, _) = rig.ask(&long);
    assert_eq!((answer.len(), answer[0], answer[24]), (HEADER, 3, 8));
}

#[test]
fn the_buffer_is_used_again_and_again() {
    let mut rig = Rig::new(|_| {});
    let mut places = std::collections::HashSet::new();
    for sequence in 0..1000 {
        let message = frame(sequence, 0, &[0.5; 256], &[]);
        rig.frames.seen(&message);
        let (answer, _) = rig.frames.work(&message, rig.now);
        places.insert(answer.as_ptr() as usize);
        // Here the library has copied the answer into its own buffer.
        drop(answer);
    }
    assert!(places.len() <= 4, "{} buffers for 1000 frames", places.len());
}
