//! Buses: main and side-chain in, main and aux out, one event bus each way. Thread: any; changed on main while at rest.

use crate::behaviour::EXTRA_OUTPUTS;
use plugin_rig::text::put16;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use vst3::Steinberg::Vst::{BusInfo, SpeakerArr, SpeakerArrangement};

/// Most buses of one kind.
pub const MOST: usize = 8;

/// Arrangements and activity.
#[derive(Debug)]
pub struct Buses {
    main: AtomicU64,
    active: [[[AtomicBool; MOST]; 2]; 2],
}

impl Default for Buses {
    fn default() -> Self {
        Self {
            main: AtomicU64::new(SpeakerArr::kStereo),
            active: std::array::from_fn(|_| std::array::from_fn(|_| std::array::from_fn(|_| AtomicBool::new(false)))),
        }
    }
}

impl Buses {
    /// `[any]` Number of buses (media 0 audio, 1 events; direction 0 in, 1 out).
    pub fn count(media: i32, direction: i32) -> i32 {
        match (media, direction) {
            (0, 0) => 2,
            (0, 1) => 2 + (EXTRA_OUTPUTS.load(Relaxed) as usize).min(MOST - 2) as i32,
            (1, 0 | 1) => 1,
            _ => 0,
        }
    }

    /// `[any]` Whether there is such a bus.
    pub fn exists(media: i32, direction: i32, index: i32) -> bool {
        (0..Self::count(media, direction)).contains(&index)
    }

    /// `[any]` The arrangement of an audio bus.
    pub fn arrangement(&self, direction: i32, index: i32) -> SpeakerArrangement {
        match index {
            0 => self.main.load(Relaxed),
            _ if Self::exists(0, direction, index) => SpeakerArr::kStereo,
            _ => SpeakerArr::kEmpty,
        }
    }

    /// `[any]` Channels of an audio bus.
    pub fn channels(&self, direction: i32, index: i32) -> i32 {
        self.arrangement(direction, index).count_ones() as i32
    }

    /// `[main]` Describes a bus that exists.
    pub fn describe(&self, media: i32, direction: i32, index: i32, info: &mut BusInfo) {
        info.mediaType = media;
        info.direction = direction;
        info.channelCount = if media == 0 { self.channels(direction, index) } else { 16 };
        let name = match (media, direction, index) {
            (0, 0, 0) => "Input",
            (0, 0, _) => "Side-chain",
            (0, _, 0) => "Output",
            (0, _, 1) => "Aux",
            (0, ..) => "Extra",
            (_, 0, _) => "Notes in",
            _ => "Notes out",
        };
        put16(&mut info.name, name);
        info.busType = i32::from(index != 0);
        info.flags = u32::from(index == 0);
    }

    /// `[main]` Takes a wish: main in and out alike and mono, stereo or quad, everything else stereo.
    pub fn arrange(&self, inputs: &[SpeakerArrangement], outputs: &[SpeakerArrangement]) -> bool {
        let main = inputs.first().copied().unwrap_or_default();
        let known = [SpeakerArr::kMono, SpeakerArr::kStereo, SpeakerArr::k40Music, SpeakerArr::k40Cine].contains(&main);
        let others = inputs.iter().skip(1).chain(outputs.iter().skip(1));
        let possible =
            known && outputs.first() == Some(&main) && others.into_iter().all(|other| *other == SpeakerArr::kStereo);
        if possible {
            self.main.store(main, Relaxed);
        }
        possible
    }

    /// `[any]` Whether a bus is active.
    pub fn is_active(&self, media: i32, direction: i32, index: i32) -> bool {
        Self::exists(media, direction, index)
            && self.active[media as usize][direction as usize][index as usize].load(Relaxed)
    }

    /// `[main]` Switches a bus that exists.
    pub fn activate(&self, media: i32, direction: i32, index: i32, on: bool) {
        if Self::exists(media, direction, index) {
            self.active[media as usize][direction as usize][index as usize].store(on, Relaxed);
        }
    }
}
