//! `IComponent`: buses, activation, state of the sound. Thread: main.
#![allow(unsafe_code)]

use crate::{
    door::door,
    dsp::Config,
    object::{Object, ok, put},
    plugin::Bus,
    runner::Runner,
    state, wide,
};
use std::sync::atomic::Ordering;
use vst3::Steinberg::{
    IBStream, TBool, TUID,
    Vst::{
        BusDirection, BusDirections_, BusInfo, BusInfo_::BusFlags_, BusTypes_, IComponentTrait, IoMode, MediaType,
        MediaTypes_, RoutingInfo,
    },
    int32, kInternalError, kInvalidArgument, kNotImplemented, kNotInitialized, kResultFalse, kResultOk, tresult,
};

/// Kinds of bus, as numbers that mean the same on every system.
#[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
pub(crate) mod media {
    use super::{BusDirections_, MediaTypes_};
    pub(crate) const AUDIO: i32 = MediaTypes_::kAudio as i32;
    pub(crate) const EVENT: i32 = MediaTypes_::kEvent as i32;
    pub(crate) const INPUT: i32 = BusDirections_::kInput as i32;
    pub(crate) const OUTPUT: i32 = BusDirections_::kOutput as i32;
}

impl<K> Object<K> {
    fn audio_buses(&self, direction: BusDirection) -> &[Bus] {
        match direction {
            media::INPUT => &self.plugin.inputs,
            media::OUTPUT => &self.plugin.outputs,
            _ => &[],
        }
    }

    fn bus_count(&self, kind: MediaType, direction: BusDirection) -> usize {
        match (kind, direction) {
            (media::AUDIO, _) => self.audio_buses(direction).len(),
            (media::EVENT, media::INPUT) => usize::from(self.plugin.instrument),
            _ => 0,
        }
    }

    #[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
    fn bus_info(&self, kind: MediaType, direction: BusDirection, index: usize) -> Option<BusInfo> {
        let mut info = BusInfo {
            mediaType: kind,
            direction,
            channelCount: 16,
            name: [0; 128],
            busType: BusTypes_::kMain as i32,
            flags: BusFlags_::kDefaultActive as u32,
        };
        if index >= self.bus_count(kind, direction) {
            return None;
        }
        if kind == media::EVENT {
            wide::write16(&mut info.name, "Notes");
            return Some(info);
        }
        let bus = self.audio_buses(direction)[index];
        let main = self.main();
        let mask = if direction == media::INPUT { main.inputs[index] } else { main.outputs[index] };
        wide::write16(&mut info.name, bus.name);
        info.channelCount = mask.count_ones() as i32;
        if bus.aux {
            info.busType = BusTypes_::kAux as i32;
            info.flags = 0;
        }
        Some(info)
    }

    fn activate(&self) -> tresult {
        let main = self.main();
        let Some(setup) = main.setup else { return kNotInitialized };
        let channels = |masks: &[u64], index: usize| masks.get(index).map_or(0, |mask| mask.count_ones() as usize);
        let config = Config {
            rate: setup.rate,
            max_block: setup.max_block,
            channels: channels(&main.outputs, 0),
            side: channels(&main.inputs, 1),
        };
        let inputs = channels(&main.inputs, 0);
        drop(main);
        let prepared = self.runner.visit(|runner| {
            self.take_loaded(runner);
            runner.prepare(config, inputs);
            self.tail.store(runner.tail(), Ordering::Relaxed);
        });
        if prepared.is_none() {
            return kResultFalse;
        }
        self.wide.store(setup.wide, Ordering::Relaxed);
        self.active.store(true, Ordering::Release);
        self.say_prepared(config);
        kResultOk
    }

    /// `[audio]` Takes over a loaded state, if there is one.
    pub(crate) fn take_loaded(&self, runner: &mut Runner) {
        if self.loaded.swap(false, Ordering::Acquire) {
            runner.load(|index| f64::from_bits(self.values[index].load(Ordering::Relaxed)));
        }
    }
}

impl<K> IComponentTrait for Object<K> {
    unsafe fn getControllerClassId(&self, class: *mut TUID) -> tresult {
        match self.plugin.controller {
            // SAFETY: the host gives room for an id, or null.
            Some(controller) => unsafe { put(class, controller.tuid()) },
            None => kNotImplemented,
        }
    }

    unsafe fn setIoMode(&self, _mode: IoMode) -> tresult {
        kResultOk
    }

    unsafe fn getBusCount(&self, kind: MediaType, direction: BusDirection) -> int32 {
        self.bus_count(kind, direction) as int32
    }

    unsafe fn getBusInfo(&self, kind: MediaType, direction: BusDirection, index: int32, bus: *mut BusInfo) -> tresult {
        door(kInternalError, || {
            match usize::try_from(index).ok().and_then(|index| self.bus_info(kind, direction, index)) {
                // SAFETY: the host gives room for the answer, or null.
                Some(info) => unsafe { put(bus, info) },
                None => kInvalidArgument,
            }
        })
    }

    unsafe fn getRoutingInfo(&self, _from: *mut RoutingInfo, _to: *mut RoutingInfo) -> tresult {
        kNotImplemented
    }

    unsafe fn activateBus(&self, kind: MediaType, direction: BusDirection, index: int32, _state: TBool) -> tresult {
        // An inactive bus comes with null channels; nothing to remember.
        if (0..self.bus_count(kind, direction) as int32).contains(&index) { kResultOk } else { kInvalidArgument }
    }

    unsafe fn setActive(&self, state: TBool) -> tresult {
        door(kInternalError, || {
            if state != 0 {
                return self.activate();
            }
            self.active.store(false, Ordering::Release);
            ok(self.runner.visit(Runner::release).is_some())
        })
    }

    unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live stream or null.
            let Some(bytes) = (unsafe { state::stream::read(stream) }) else { return kInvalidArgument };
            let Some(values) = state::read(self.plugin, &bytes) else { return kResultFalse };
            for (index, (shared, value)) in self.values.iter().zip(values).enumerate() {
                if let Some(value) = value {
                    shared.store(value.to_bits(), Ordering::Relaxed);
                    // Where both halves are one object, nobody calls setComponentState.
                    self.set_knob(index, value);
                }
            }
            self.loaded.store(true, Ordering::Release);
            kResultOk
        })
    }

    unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
        door(kInternalError, || {
            let value = |index: usize| f64::from_bits(self.values[index].load(Ordering::Relaxed));
            // SAFETY: the host lends a live stream or null.
            ok(unsafe { state::stream::write(stream, &state::write(self.plugin, value)) })
        })
    }
}
