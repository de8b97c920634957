//! Standard MIDI files, by midly: notes and controllers at samples, and the song's tempo map.
//!
//! Thread: any. Invariant: every note that goes on goes off, with the same id, at the latest at the song's end.
//! Deliberately absent: system exclusive, lyrics, files of independent sequences (format 2).

use super::{FileError, TempoMap, file_error};
use crate::model::{ErrorCode, EventBody};
use midly::{Format, MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};
use std::{
    collections::{HashMap, VecDeque},
    io::Read,
    path::{Path, PathBuf},
};

/// Larger files are surely no MIDI files.
const MAX_BYTES: u64 = 64 << 20;
/// VST3's numbers for what is not a control change.
const CHANNEL_PRESSURE: u16 = 128;
const PITCH_BEND: u16 = 129;
const PROGRAM: u16 = 130;

/// Something that happens at a sample of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimedEvent {
    /// Samples from the song's start.
    pub at: u64,
    /// What happens.
    pub body: EventBody,
}

/// A MIDI file at a sample rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Song {
    /// Sorted by time; at equal times in the file's order.
    pub events: Vec<TimedEvent>,
    /// Musical time.
    pub tempo: TempoMap,
    /// Samples until the last track ends.
    pub length: u64,
}

/// Why a MIDI file was not read.
#[derive(Debug, thiserror::Error)]
pub enum MidiError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a MIDI file.
    #[error("{} is not a MIDI file: {reason}", path.display())]
    NotMidi {
        /// Which file.
        path: PathBuf,
        /// Why, in a clause.
        reason: String,
    },
    /// Independent sequences have no common time.
    #[error("{} holds independent sequences (format 2); save it as format 0 or 1", path.display())]
    Sequences {
        /// Which file.
        path: PathBuf,
    },
}

impl MidiError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::File(error) => error.code(),
            Self::NotMidi { .. } | Self::Sequences { .. } => ErrorCode::BAD_FRAME,
        }
    }
}

impl Song {
    /// `[any]` Reads a file.
    pub fn open(path: &Path, sample_rate: f64) -> Result<Self, MidiError> {
        let (file, length) = file_error::open_ordinary(path)?;
        if length > MAX_BYTES {
            let reason = format!("it is larger than {} MiB", MAX_BYTES >> 20);
            return Err(MidiError::NotMidi { path: path.to_path_buf(), reason });
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| FileError::reading(path, error))?;
        Self::parse(&bytes, sample_rate, path)
    }

    /// `[any]` Reads bytes; `path` is for messages.
    pub fn parse(bytes: &[u8], sample_rate: f64, path: &Path) -> Result<Self, MidiError> {
        check_chunks(bytes, path)?;
        let not_midi = |reason: String| MidiError::NotMidi { path: path.to_path_buf(), reason };
        let smf = Smf::parse(bytes).map_err(|error| not_midi(error.to_string()))?;
        if smf.header.format == Format::Sequential && smf.tracks.len() > 1 {
            return Err(MidiError::Sequences { path: path.to_path_buf() });
        }
        let (mut tempo, ticks_per_unit) = match smf.header.timing {
            Timing::Metrical(ticks) if ticks.as_int() > 0 => (TempoMap::new(sample_rate), f64::from(ticks.as_int())),
            Timing::Timecode(fps, ticks) if ticks > 0 => {
                (TempoMap::without_music(sample_rate), f64::from(fps.as_f32()) * f64::from(ticks))
            }
            _ => return Err(not_midi("its resolution is zero".into())),
        };
        let musical = matches!(smf.header.timing, Timing::Metrical(_));

        // All tracks on one time line; the sort is stable, so that each track keeps its order.
        let mut line = Vec::new();
        let mut end = 0_u64;
        for track in &smf.tracks {
            let mut ticks = 0_u64;
            for event in track {
                ticks += u64::from(event.delta.as_int());
                line.push((ticks, event.kind));
            }
            end = end.max(ticks);
        }
        line.sort_by_key(|(ticks, _)| *ticks);

        let mut notes = Notes::default();
        let mut events = Vec::new();
        for (ticks, kind) in line {
            let units = ticks as f64 / ticks_per_unit;
            match kind {
                TrackEventKind::Meta(MetaMessage::Tempo(micros)) if musical && micros.as_int() > 0 => {
                    tempo.set_tempo(units, f64::from(micros.as_int()));
                }
                TrackEventKind::Meta(MetaMessage::TimeSignature(beats, power, ..)) if musical && power < 8 => {
                    tempo.set_signature(units, (u16::from(beats), 1 << power));
                }
                TrackEventKind::Midi { channel, message } => {
                    let at = tempo.samples_at(units).round() as u64;
                    notes.translate(i16::from(channel.as_int()), message, |body| events.push(TimedEvent { at, body }));
                }
                _ => {}
            }
        }
        let length = tempo.samples_at(end as f64 / ticks_per_unit).round() as u64;
        notes.close(|body| events.push(TimedEvent { at: length, body }));
        Ok(Self { events, tempo, length })
    }
}

/// The parser forgives a file that is cut; we do not. Every chunk must be there in full.
fn check_chunks(bytes: &[u8], path: &Path) -> Result<(), MidiError> {
    let not_midi = |reason: &str| MidiError::NotMidi { path: path.to_path_buf(), reason: reason.into() };
    // Some programs wrap the file into RIFF; that the parser knows.
    if bytes.starts_with(b"RIFF") {
        return Ok(());
    }
    if !bytes.starts_with(b"MThd") {
        return Err(not_midi("it does not start with MThd"));
    }
    let truncated =
        || FileError::Truncated { path: path.to_path_buf(), missing: "a part of its tracks is missing".into() };
    let mut rest = bytes;
    let (mut declared, mut found) = (0_u16, 0_u16);
    while rest.len() >= 8 {
        let length = u32::from_be_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
        let body = rest.get(8..8 + length).ok_or_else(truncated)?;
        match &rest[..4] {
            b"MThd" if length < 6 => return Err(not_midi("its header is too short")),
            b"MThd" => declared = u16::from_be_bytes([body[2], body[3]]),
            b"MTrk" => found += 1,
            _ => {}
        }
        rest = &rest[8 + length..];
    }
    if found < declared { Err(truncated().into()) } else { Ok(()) }
}

/// Sounding notes, and the ids given to them.
#[derive(Default)]
struct Notes {
    sounding: HashMap<(i16, i16), VecDeque<i32>>,
    last_id: i32,
}

impl Notes {
    fn translate(&mut self, channel: i16, message: MidiMessage, mut emit: impl FnMut(EventBody)) {
        let unit = |value: midly::num::u7| f32::from(value.as_int()) / 127.0;
        match message {
            MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                let key = i16::from(key.as_int());
                self.last_id = self.last_id.wrapping_add(1).max(1);
                self.sounding.entry((channel, key)).or_default().push_back(self.last_id);
                let note_id = self.last_id;
                emit(EventBody::NoteOn { channel, key, velocity: unit(vel), tuning: 0.0, note_id });
            }
            MidiMessage::NoteOn { key, vel } | MidiMessage::NoteOff { key, vel } => {
                let key = i16::from(key.as_int());
                // Of several notes on one key the oldest ends. An end without a note is nothing.
                if let Some(note_id) = self.sounding.get_mut(&(channel, key)).and_then(VecDeque::pop_front) {
                    emit(EventBody::NoteOff { channel, key, velocity: unit(vel), note_id });
                }
            }
            MidiMessage::Aftertouch { key, vel } => {
                let key = i16::from(key.as_int());
                let note_id = self.sounding.get(&(channel, key)).and_then(VecDeque::back).copied().unwrap_or(-1);
                emit(EventBody::PolyPressure { channel, key, pressure: unit(vel), note_id });
            }
            MidiMessage::Controller { controller, value } => {
                let number = u16::from(controller.as_int());
                emit(EventBody::Controller { channel, number, value: f64::from(value.as_int()) / 127.0 });
            }
            MidiMessage::ProgramChange { program } => {
                let value = f64::from(program.as_int()) / 127.0;
                emit(EventBody::Controller { channel, number: PROGRAM, value });
            }
            MidiMessage::ChannelAftertouch { vel } => {
                let value = f64::from(vel.as_int()) / 127.0;
                emit(EventBody::Controller { channel, number: CHANNEL_PRESSURE, value });
            }
            MidiMessage::PitchBend { bend } => {
                // Two slopes, so that the middle is exactly one half and both ends are reached.
                let raw = f64::from(bend.0.as_int());
                let value = if raw <= 8192.0 { raw / 16_384.0 } else { 0.5 + (raw - 8192.0) / 16_382.0 };
                emit(EventBody::Controller { channel, number: PITCH_BEND, value });
            }
        }
    }

    /// Ends what still sounds, in the order it began.
    fn close(self, mut emit: impl FnMut(EventBody)) {
        let mut hanging: Vec<_> =
            self.sounding.into_iter().flat_map(|(place, ids)| ids.into_iter().map(move |id| (id, place))).collect();
        hanging.sort_unstable();
        for (note_id, (channel, key)) in hanging {
            emit(EventBody::NoteOff { channel, key, velocity: 0.0, note_id });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(format: u16, division: u16, tracks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = b"MThd\0\0\0\x06".to_vec();
        bytes.extend(format.to_be_bytes());
        bytes.extend((tracks.len() as u16).to_be_bytes());
        bytes.extend(division.to_be_bytes());
        for track in tracks {
            let body = [track, b"\0\xff\x2f\0".as_slice()].concat();
            bytes.extend(b"MTrk");
            bytes.extend((body.len() as u32).to_be_bytes());
            bytes.extend(body);
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<Song, MidiError> {
        Song::parse(bytes, 48_000.0, Path::new("song.mid"))
    }

    #[test]
    fn tempo_changes_move_the_notes_of_all_tracks() {
        // 96 ticks per quarter; 120 bpm, after one quarter 60 bpm.
        let tempi = b"\0\xff\x58\x04\x03\x02\x18\x08\0\xff\x51\x03\x07\xa1\x20\x60\xff\x51\x03\x0f\x42\x40";
        let notes = b"\x60\x90\x3c\x7f\x60\x3c\0\x30\x91\x40\x40\x30\x81\x40\x40";
        let song = parse(&file(1, 96, &[tempi, notes])).unwrap();
        let times: Vec<u64> = song.events.iter().map(|event| event.at).collect();
        assert_eq!(times, [24_000, 72_000, 96_000, 120_000]);
        assert_eq!(song.length, 120_000);
        let on = EventBody::NoteOn { channel: 0, key: 60, velocity: 1.0, tuning: 0.0, note_id: 1 };
        assert_eq!(song.events[0].body, on);
        assert_eq!(song.events[1].body, EventBody::NoteOff { channel: 0, key: 60, velocity: 0.0, note_id: 1 });
        let transport = song.tempo.transport(72_000);
        assert_eq!((transport.tempo, transport.quarters), (Some(60.0), Some(2.0)));
        assert_eq!(transport.signature, Some((3, 4)));
    }

    #[test]
    fn controllers_reach_both_ends_and_the_middle() {
        let track = b"\0\xb0\x07\x7f\0\xe2\0\x40\0\xe2\x7f\x7f\0\xe2\0\0\0\xd3\x7f\0\xc4\0\0\xa5\x3c\x7f";
        let song = parse(&file(0, 96, &[track])).unwrap();
        let bodies: Vec<EventBody> = song.events.iter().map(|event| event.body).collect();
        let controller = |channel, number, value| EventBody::Controller { channel, number, value };
        assert_eq!(
            bodies,
            [
                controller(0, 7, 1.0),
                controller(2, 129, 0.5),
                controller(2, 129, 1.0),
                controller(2, 129, 0.0),
                controller(3, 128, 1.0),
                controller(4, 130, 0.0),
                EventBody::PolyPressure { channel: 5, key: 60, pressure: 1.0, note_id: -1 },
            ]
        );
    }

    #[test]
    fn hanging_and_overlapping_notes_all_end() {
        let track = b"\0\x90\x3c\x40\x10\x3c\x40\x10\x3c\0\x10\x80\x50\x40\x10\x90\x43\x40";
        let song = parse(&file(0, 96, &[track])).unwrap();
        let mut sounding = Vec::new();
        for event in &song.events {
            match event.body {
                EventBody::NoteOn { note_id, .. } => sounding.push(note_id),
                EventBody::NoteOff { note_id, .. } => {
                    let place = sounding.iter().position(|id| *id == note_id).expect("an end without a note");
                    sounding.remove(place);
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(sounding.is_empty());
        assert_eq!(song.events.len(), 6);
        assert!(song.events.is_sorted_by_key(|event| event.at));
        assert_eq!(song.events.last().unwrap().at, song.length);
    }

    #[test]
    fn clock_time_is_understood_and_no_tempo_invented() {
        // 25 frames per second with 40 ticks each: a tick is a millisecond.
        let division = u16::from_be_bytes([(-25_i8) as u8, 40]);
        let song = parse(&file(0, division, &[b"\x83\x74\x90\x3c\x40"])).unwrap();
        assert_eq!(song.events[0].at, 24_000);
        assert_eq!(song.tempo.transport(0).tempo, None);
    }

    #[test]
    fn bad_files_are_refused() {
        let whole = file(1, 96, &[b"\0\x90\x3c\x40\x60\x3c\0", b"\0\x91\x3c\x40"]);
        for keep in [whole.len() - 1, whole.len() - 10, 30] {
            let result = parse(&whole[..keep]);
            assert!(matches!(result, Err(MidiError::File(FileError::Truncated { .. }))), "{keep}: {result:?}");
        }
        assert!(matches!(parse(b"no"), Err(MidiError::NotMidi { .. })));
        assert!(matches!(parse(&file(0, 0, &[b""])), Err(MidiError::NotMidi { .. })));
        assert!(matches!(parse(&file(2, 96, &[b"", b""])), Err(MidiError::Sequences { .. })));
    }
}
