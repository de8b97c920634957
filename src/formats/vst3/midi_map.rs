//! L2 · which parameter a MIDI controller turns (`IMidiMapping2` where there is one, else `IMidiMapping`).
//!
//! Thread: written on main, read on the audio thread; each entry is one atomic number, so a table that is being rebuilt
//! is never torn, only partly new. VST3 components receive no raw controllers.
//! Deliberately absent: controllers of MIDI 2.0, which nothing in the model sends.
#![allow(unsafe_code)]

use super::{com::query, consts};
use crate::model::ParamId;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{
            BusDirections_, IEditController, IMidiMapping, IMidiMapping2, IMidiMapping2Trait, IMidiMappingTrait,
            Midi1ControllerParamIDAssignment, Midi1ControllerParamIDAssignmentList,
        },
        kResultOk,
    },
};

/// Controllers 0…127, channel pressure, pitch bend.
const CONTROLLERS: usize = 130;
const CHANNELS: usize = 16;
const BUSES: usize = 64;
const NONE: u64 = u64::MAX;

/// Table of bus × channel × controller → parameter.
pub struct MidiMap {
    entries: Box<[AtomicU64]>,
    /// Values changed in a way that the audio half did not see.
    stale: AtomicBool,
}

impl MidiMap {
    /// `[main]` A table for this many event input buses, empty.
    pub fn new(buses: usize) -> Self {
        let entries = (0..buses.min(BUSES) * CHANNELS * CONTROLLERS).map(|_| AtomicU64::new(NONE)).collect();
        Self { entries, stale: AtomicBool::new(false) }
    }

    /// `[main]` Asks the controller for every assignment.
    pub fn rebuild(&self, controller: Option<&ComPtr<IEditController>>) {
        let listed = controller.and_then(query::<IMidiMapping2>).and_then(|mapping| listed(&mapping));
        if let Some(list) = listed {
            let mut fresh = vec![NONE; self.entries.len()];
            for assignment in list {
                let place = usize::try_from(assignment.busIndex).ok().zip(usize::try_from(assignment.controller).ok());
                let at = place.and_then(|(bus, number)| index(bus, i16::from(assignment.channel), number));
                if let Some(entry) = at.and_then(|at| fresh.get_mut(at)) {
                    *entry = u64::from(assignment.pId);
                }
            }
            self.entries.iter().zip(fresh).for_each(|(entry, fresh)| entry.store(fresh, Relaxed));
            return;
        }
        let mapping = controller.and_then(query::<IMidiMapping>);
        for (at, entry) in self.entries.iter().enumerate() {
            let (bus, rest) = (at / (CHANNELS * CONTROLLERS), at % (CHANNELS * CONTROLLERS));
            let (channel, number) = (rest / CONTROLLERS, rest % CONTROLLERS);
            let mut param = 0;
            let found = mapping.as_ref().is_some_and(|mapping| {
                // SAFETY: a live interface, called on the main thread, with a pointer to a live local.
                let result = unsafe {
                    mapping.getMidiControllerAssignment(bus as i32, channel as i16, number as i16, &mut param)
                };
                result == kResultOk
            });
            entry.store(if found { u64::from(param) } else { NONE }, Relaxed);
        }
    }

    /// `[main]` What the audio half knows of values is old: a state was loaded, or the plugin says so.
    pub fn mark_stale(&self) {
        self.stale.store(true, Release);
    }

    /// `[audio]` Whether that was so since the last time.
    pub fn take_stale(&self) -> bool {
        self.stale.load(Relaxed) && self.stale.swap(false, Acquire)
    }

    /// `[main]` Whether no controller turns anything.
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| entry.load(Relaxed) == NONE)
    }

    /// `[audio]` The parameter behind a controller.
    #[inline]
    pub fn lookup(&self, bus: u16, channel: i16, number: u16) -> Option<ParamId> {
        let entry = self.entries.get(index(usize::from(bus), channel, usize::from(number))?)?.load(Relaxed);
        (entry != NONE).then_some(ParamId(entry as u32))
    }
}

/// Where a controller stands in the table.
#[inline]
fn index(bus: usize, channel: i16, number: usize) -> Option<usize> {
    let channel = usize::try_from(channel).ok()?;
    (bus < BUSES && channel < CHANNELS && number < CONTROLLERS)
        .then_some((bus * CHANNELS + channel) * CONTROLLERS + number)
}

/// The assignments a plugin lists; `None` when it lists none, for it may still answer one by one.
fn listed(mapping: &ComPtr<IMidiMapping2>) -> Option<Vec<Midi1ControllerParamIDAssignment>> {
    // SAFETY: a live interface on the main thread.
    let count = unsafe { mapping.getNumMidi1ControllerAssignments(BusDirections_::kInput) } as usize;
    if count == 0 || count > BUSES * CHANNELS * CONTROLLERS {
        return None;
    }
    let unset = Midi1ControllerParamIDAssignment { pId: 0, busIndex: -1, channel: 0, controller: -1 };
    let mut room = vec![unset; count];
    let list = Midi1ControllerParamIDAssignmentList { count: count as u32, map: room.as_mut_ptr() };
    // SAFETY: as above; the list speaks of a live buffer of that length.
    let result = unsafe { mapping.getMidi1ControllerAssignments(BusDirections_::kInput, &list) };
    (result == kResultOk).then_some(room)
}

const _: () = assert!(consts::CTRL_PITCH_BEND as usize == CONTROLLERS - 1);
