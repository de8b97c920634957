//! Buses: one in, one out, a side-chain in two modes. Thread: main.

use crate::{factory::fill16, modes::Fault, which};
use vst3::Steinberg::{
    Vst::{BusInfo, SpeakerArr::kMono, SpeakerArr::kStereo, SpeakerArrangement},
    kInvalidArgument, kResultFalse, kResultOk, tresult,
};

const DEFAULT_ACTIVE: u32 = 1;
const CONTROL_VOLTAGE: u32 = 2;

/// Arrangements as they stand: input, output, side-chain.
#[derive(Clone, Copy, Debug)]
pub struct Buses {
    main: SpeakerArrangement,
    sidechain: bool,
}

impl Default for Buses {
    fn default() -> Self {
        let main = if which::is(Fault::MonoOnly) { kMono } else { kStereo };
        Self { main, sidechain: which::is(Fault::NoSidechain) }
    }
}

impl Buses {
    /// `[any]` Takes the side-chain away, or puts it back.
    pub fn toggle_sidechain(&mut self) {
        self.sidechain = !self.sidechain;
    }

    fn real_count(&self, media: i32, direction: i32) -> i32 {
        match (media, direction) {
            (0, 0) => 1 + i32::from(self.sidechain) + i32::from(which::is(Fault::ControlVoltage)),
            (0, 1) => 1 + i32::from(which::is(Fault::ControlVoltage)),
            _ => 0,
        }
    }

    /// `[main]` Number of buses.
    pub fn count(&self, media: i32, direction: i32) -> i32 {
        match which::mode().fault {
            Fault::CountsHuge => i32::MAX,
            Fault::CountsNegative => -1,
            Fault::BusGarbage if media == 0 => 3,
            _ => self.real_count(media, direction),
        }
    }

    /// `[main]` Describes one.
    pub fn describe(&self, media: i32, direction: i32, index: i32, info: &mut BusInfo) -> tresult {
        let lies = matches!(which::mode().fault, Fault::BusGarbage | Fault::CountsHuge);
        if !lies && (index < 0 || index >= self.real_count(media, direction)) {
            return kInvalidArgument;
        }
        info.mediaType = media;
        info.direction = direction;
        info.channelCount = if index == 1 { 1 } else { self.main.count_ones() as i32 };
        fill16(&mut info.name, if index == 0 { "Main" } else { "Side-chain" });
        info.busType = i32::from(index != 0);
        info.flags = u32::from(index == 0);
        match which::mode().fault {
            Fault::ControlVoltage if index == 1 => info.flags = DEFAULT_ACTIVE | CONTROL_VOLTAGE,
            Fault::ControlOnly if direction == 1 => info.flags = DEFAULT_ACTIVE | CONTROL_VOLTAGE,
            _ => {}
        }
        if which::is(Fault::BusGarbage) {
            (info.mediaType, info.direction) = (direction + 40, media - 7);
            info.channelCount = [-5, 100_000, i32::MAX][index.rem_euclid(3) as usize];
            info.busType = 77;
            info.flags = u32::MAX;
        }
        kResultOk
    }

    /// `[main]` The arrangement of one.
    pub fn arrangement(&self, direction: i32, index: i32) -> Option<SpeakerArrangement> {
        match (direction, index) {
            _ if which::is(Fault::BusGarbage) && index != 0 => Some(u64::MAX),
            (0 | 1, 0) => Some(self.main),
            (0, 1) if self.sidechain => Some(kMono),
            (_, 1) if which::is(Fault::ControlVoltage) => Some(kMono),
            _ => None,
        }
    }

    /// `[main]` Takes a wish, or refuses it.
    pub fn arrange(&mut self, inputs: &[SpeakerArrangement], outputs: &[SpeakerArrangement]) -> tresult {
        if inputs.len() as i32 != self.real_count(0, 0) || outputs.len() as i32 != self.real_count(0, 1) {
            return kResultFalse;
        }
        let wanted = inputs[0];
        let possible =
            if which::is(Fault::MonoOnly) { wanted == kMono } else { (1..=8).contains(&wanted.count_ones()) };
        if !possible || outputs[0] != wanted || inputs.get(1).is_some_and(|sidechain| *sidechain != kMono) {
            return kResultFalse;
        }
        self.main = wanted;
        kResultOk
    }
}
