//! L2 · which parameter a MIDI controller turns (`IMidiMapping`).
//!
//! Thread: written on main, read on the audio thread; each entry is one atomic number, so a table that is being rebuilt
//! is never torn, only partly new. VST3 components receive no raw controllers.
#![allow(unsafe_code)]

use super::consts;
use crate::model::ParamId;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{IMidiMapping, IMidiMappingTrait},
        kResultOk,
    },
};

/// Controllers 0…127, channel pressure, pitch bend.
const CONTROLLERS: usize = 130;
const CHANNELS: usize = 16;
const NONE: u64 = u64::MAX;

/// Table of bus × channel × controller → parameter.
pub struct MidiMap {
    entries: Box<[AtomicU64]>,
}

impl MidiMap {
    /// `[main]` A table for this many event input buses, empty.
    pub fn new(buses: usize) -> Self {
        Self { entries: (0..buses.min(64) * CHANNELS * CONTROLLERS).map(|_| AtomicU64::new(NONE)).collect() }
    }

    /// `[main]` Asks the controller for every assignment.
    pub fn rebuild(&self, mapping: Option<&ComPtr<IMidiMapping>>) {
        for (at, entry) in self.entries.iter().enumerate() {
            let (bus, rest) = (at / (CHANNELS * CONTROLLERS), at % (CHANNELS * CONTROLLERS));
            let (channel, number) = (rest / CONTROLLERS, rest % CONTROLLERS);
            let mut param = 0;
            let found = mapping.is_some_and(|mapping| {
                // SAFETY: a live interface, called on the main thread, with a pointer to a live local.
                let result = unsafe {
                    mapping.getMidiControllerAssignment(bus as i32, channel as i16, number as i16, &mut param)
                };
                result == kResultOk
            });
            entry.store(if found { u64::from(param) } else { NONE }, Relaxed);
        }
    }

    /// `[audio]` The parameter behind a controller.
    #[inline]
    pub fn lookup(&self, bus: u16, channel: i16, number: u16) -> Option<ParamId> {
        let (channel, number) = (usize::try_from(channel).ok()?, usize::from(number));
        if channel >= CHANNELS || number >= CONTROLLERS {
            return None;
        }
        let entry = self.entries.get((usize::from(bus) * CHANNELS + channel) * CONTROLLERS + number)?.load(Relaxed);
        (entry != NONE).then_some(ParamId(entry as u32))
    }
}

const _: () = assert!(consts::CTRL_PITCH_BEND as usize == CONTROLLERS - 1);
