//! L2 · who calls the engine: files and the offline clock; later sound cards and streams.
//!
//! Threads: everything here may run on any one thread at a time; nothing is for a real-time thread, because files block.
//! Invariant: memory is bounded by channels and block length, never by the length of a file.
//! Deliberately absent: loading plugins and compiling graphs (control does both and hands over a schedule).

pub mod atomic_file;
pub mod automation;
pub mod decoder;
pub mod feed;
pub mod file_error;
pub mod flac_writer;
pub mod levels;
pub mod midi_file;
pub mod offline;
pub mod ogg_end;
pub mod quantize;
pub mod ramp;
pub mod reader;
pub mod resample;
pub mod source;
pub mod tail;
pub mod tempo_map;
pub mod wave_header;
pub mod wave_reader;
pub mod wave_writer;
pub mod writer;

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod offline_tests;

pub use automation::{Automation, AutomationError, AutomationTrack, AutomationValue, Curve, Target};
pub use feed::InputFeed;
pub use file_error::FileError;
pub use levels::Levels;
pub use midi_file::{MidiError, Song, TimedEvent};
pub use offline::{BlockRunner, OfflineJob, OfflineRun, Realigned, RenderSummary, SongFeed, Step};
pub use reader::{AudioReader, FileSpec, SampleFormat};
pub use source::Source;
pub use tail::TailRule;
pub use tempo_map::TempoMap;
pub use writer::{AudioWriter, Bits, Container, OutputSpec, Written};

/// Most channels a file may have.
pub const MAX_CHANNELS: usize = 64;
