//! L4 · the audio frames of one socket: checked, worked, answered, one message for each message.
//!
//! Thread: the connection's, which is the audio thread while it works. Invariant: every good frame is answered once, in
//! order; nothing is allocated for a frame once the buffers have grown. Deliberately absent: plugins, sockets.

use super::{
    Limits,
    closing::Closing,
    frame::{self, DISCONTINUITY, DRY, Frame, GUARD, HEADER, Nack, OFFLINE, Reason, SILENT, parse},
    sink::FrameSink,
};
use crate::control::core::{self, FrameEvent};
use bytes::{Bytes, BytesMut};
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// Faults are counted over so long.
const WINDOW: Duration = Duration::from_secs(10);

/// Terms of streams that are not there yet.
const EARLY: usize = 64;

/// A stream of this socket.
#[derive(Debug)]
struct Lane<S> {
    sink: S,
    next: Option<u32>,
    credits: usize,
    realtime: bool,
    /// Of each frame that was read and not answered: whether it was beyond the credits.
    unanswered: VecDeque<bool>,
}

/// All streams of one socket.
#[derive(Debug)]
pub(super) struct Frames<S> {
    limits: Limits,
    sizes: frame::Limits,
    lanes: HashMap<u32, Lane<S>>,
    early: HashMap<u32, (usize, bool)>,
    out: BytesMut,
    events: Vec<FrameEvent>,
    malformed: Count,
    beyond: Count,
}

impl<S: FrameSink> Frames<S> {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            sizes: frame::Limits { channels: limits.channels, frames: limits.frames },
            lanes: HashMap::new(),
            early: HashMap::new(),
            out: BytesMut::new(),
            events: Vec::new(),
            malformed: Count::default(),
            beyond: Count::default(),
        }
    }

    /// `[net]` Lets frames of a stream in.
    pub(super) fn open(&mut self, sink: S) {
        let number = sink.number();
        let (credits, realtime) = self.early.remove(&number).unwrap_or((self.limits.credits, true));
        self.lanes.retain(|_, lane| !lane.sink.is_closed());
        self.lanes.insert(number, Lane { sink, next: None, credits, realtime, unanswered: VecDeque::new() });
    }

    /// `[net]` What was agreed about a stream; may come before the stream.
    pub(super) fn agree(&mut self, stream: u32, credits: usize, realtime: bool) {
        let credits = credits.min(self.limits.credits);
        if let Some(lane) = self.lanes.get_mut(&stream) {
            (lane.credits, lane.realtime) = (credits, realtime);
        } else if self.early.len() < EARLY {
            self.early.insert(stream, (credits, realtime));
        }
    }

    /// `[net]` Its frames are foreign from now on.
    pub(super) fn close(&mut self, stream: u32) {
        self.lanes.remove(&stream);
        self.early.remove(&stream);
    }

    /// `[net]` A message was read and waits; its frames count as in flight.
    pub(super) fn seen(&mut self, message: &[u8]) {
        self.walk(message, |lane| {
            let beyond = lane.unanswered.len() >= lane.credits;
            lane.unanswered.push_back(beyond);
        });
    }

    /// `[audio]` Works a message that was seen. What to answer, and why the socket has to be closed, if it has.
    pub(super) fn work(&mut self, message: &[u8], now: Instant) -> (Bytes, Option<Closing>) {
        let (mut rest, mut closing) = (message, None);
        loop {
            match self.one(rest, now) {
                Ok(length) => rest = &rest[length..],
                Err(nack) => {
                    frame::put_nack(&mut self.out, &nack);
                    self.walk(rest, |lane| {
                        lane.unanswered.pop_front();
                    });
                    if self.malformed.add(now) >= self.limits.malformed {
                        closing = Some(Closing::bad_frames());
                    }
                    break;
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        if self.beyond.len(now) > self.limits.beyond {
            closing = closing.or_else(|| Some(Closing::slow()));
        }
        (self.out.split().freeze(), closing)
    }

    /// Works the first frame; its length.
    fn one(&mut self, bytes: &[u8], now: Instant) -> Result<usize, Nack> {
        let frame = parse(bytes, &self.sizes)?;
        let Some(lane) = self.lanes.get_mut(&frame.stream).filter(|lane| !lane.sink.is_closed()) else {
            return Err(frame.nack(Reason::Stream));
        };
        if !frame.has(DISCONTINUITY) && lane.next.is_some_and(|next| next != frame.sequence) {
            return Err(frame.nack(Reason::Sequence));
        }
        let (inputs, outputs) = lane.sink.channels();
        if inputs != usize::from(frame.channels) {
            return Err(frame.nack(Reason::Channels));
        }
        let start = self.out.len();
        let length = frame::result_length(outputs, frame.frames.into());
        // Silent frames are short; their answers need not be.
        if start + length > self.limits.answer {
            return Err(frame.nack(Reason::Frames));
        }
        lane.next = Some(frame.sequence.wrapping_add(1));
        let beyond = lane.unanswered.pop_front().unwrap_or_default();
        let offline = frame.has(OFFLINE) || !lane.realtime;
        let late = !offline && lane.unanswered.len() > self.limits.late_blocks;
        if beyond {
            self.beyond.add(now);
        }
        self.events.clear();
        self.events.extend(frame.events());
        self.out.resize(start + length, 0);
        let (header, room) = self.out[start..].split_at_mut(HEADER);
        let outcome = lane.sink.process(
            &core::Frame {
                frames: frame.frames.into(),
                position: frame.position,
                silent: frame.has(SILENT),
                discontinuity: frame.has(DISCONTINUITY),
                offline,
                skip: beyond || late,
            },
            &self.events,
            |channel, range, samples| read(&frame, channel, range.start, samples),
            |channel, range, samples| write(room, &frame, channel, range.start, samples),
        );
        let mut flags = 0;
        for (set, flag) in [(outcome.dry, DRY), (outcome.guarded, GUARD), (outcome.silent, SILENT)] {
            flags |= if set { flag } else { 0 };
        }
        frame::put_result(header, &frame, flags, u16::try_from(outputs).unwrap_or(u16::MAX), outcome.micros);
        if outcome.silent {
            self.out.truncate(start + HEADER);
        }
        Ok(frame.length)
    }

    /// Visits the lane of each frame of a message, as far as the headers could be right.
    fn walk(&mut self, message: &[u8], mut visit: impl FnMut(&mut Lane<S>)) {
        let mut rest = message;
        while let Some((stream, length)) = frame::peek(rest, &self.sizes) {
            if let Some(lane) = self.lanes.get_mut(&stream) {
                visit(lane);
            }
            rest = &rest[length..];
        }
    }
}

/// Where a channel's samples begin, in bytes.
fn place(frame: &Frame<'_>, channel: usize, start: usize, samples: usize) -> std::ops::Range<usize> {
    let first = 4 * (channel * usize::from(frame.frames) + start);
    first..first + 4 * samples
}

/// The bytes of a message stand at any address, so they are copied, not looked at in place.
fn read(frame: &Frame<'_>, channel: usize, start: usize, samples: &mut [f32]) {
    let Some(bytes) = frame.samples.get(place(frame, channel, start, samples.len())) else { return samples.fill(0.0) };
    if cfg!(target_endian = "little") {
        bytemuck::cast_slice_mut(samples).copy_from_slice(bytes);
    } else {
        for (sample, bytes) in samples.iter_mut().zip(bytes.as_chunks().0) {
            *sample = f32::from_le_bytes(*bytes);
        }
    }
}

fn write(room: &mut [u8], frame: &Frame<'_>, channel: usize, start: usize, samples: &[f32]) {
    let Some(bytes) = room.get_mut(place(frame, channel, start, samples.len())) else { return };
    if cfg!(target_endian = "little") {
        bytes.copy_from_slice(bytemuck::cast_slice(samples));
    } else {
        for (bytes, sample) in bytes.as_chunks_mut().0.iter_mut().zip(samples) {
            *bytes = sample.to_le_bytes();
        }
    }
}

/// How often something happened lately.
#[derive(Debug, Default)]
struct Count(VecDeque<Instant>);

impl Count {
    fn add(&mut self, now: Instant) -> usize {
        self.0.push_back(now);
        self.len(now)
    }

    fn len(&mut self, now: Instant) -> usize {
        while self.0.front().is_some_and(|then| now.duration_since(*then) >= WINDOW) {
            self.0.pop_front();
        }
        self.0.len()
    }
}
