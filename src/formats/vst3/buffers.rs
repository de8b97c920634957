//! L2 · the buses of one direction as `ProcessData` wants them.
//!
//! Thread: owned by the processor. Invariant: every channel pointer of every bus leads to memory for a whole block – a
//! channel of the pool during `process()`, else the idle buffer, or a conversion buffer in 64 bits.

use crate::model::BusInfo;
use vst3::Steinberg::Vst::{AudioBusBuffers, AudioBusBuffers__type0};

/// One direction.
pub(super) struct Side {
    pub buses: Box<[AudioBusBuffers]>,
    /// Channel pointers of all buses, one after the other; the buses point into it.
    pub pointers: Box<[*mut f32]>,
    /// Positions in `pointers` of the active buses' channels, in the order of a block's channels, with bus and bit.
    pub slots: Box<[Slot]>,
    /// Silence for inactive inputs, or a bin for inactive outputs; the pointers of inactive buses lead here for ever.
    idle: Box<[f64]>,
}

/// One channel of an active bus.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub pointer: u32,
    pub bus: u16,
    pub bit: u16,
}

/// Conversion buffers when the plugin runs in 64 bits.
pub(super) struct Double {
    pub inputs: Box<[f64]>,
    pub outputs: Box<[f64]>,
    pub stride: usize,
}

impl Side {
    /// `[main]` All channels rest.
    pub fn new(infos: &[BusInfo], max_block: usize) -> Self {
        let total: usize = infos.iter().map(|bus| bus.channels as usize).sum();
        let mut idle = vec![0.0_f64; max_block.max(1)].into_boxed_slice();
        let idle_start = idle.as_mut_ptr().cast::<f32>();
        let mut pointers = vec![idle_start; total].into_boxed_slice();
        let (mut buses, mut slots, mut first) = (Vec::new(), Vec::new(), 0);
        for (bus, info) in infos.iter().enumerate() {
            let channels = info.channels as usize;
            // A bus without channels gets a valid address all the same.
            let start = pointers[first.min(total)..].as_mut_ptr();
            buses.push(AudioBusBuffers {
                numChannels: info.channels as i32,
                silenceFlags: 0,
                __field0: AudioBusBuffers__type0 { channelBuffers32: start },
            });
            if info.active {
                slots.extend((0..channels).map(|channel| Slot {
                    pointer: (first + channel) as u32,
                    bus: bus as u16,
                    bit: channel as u16,
                }));
            }
            first += channels;
        }
        Self { buses: buses.into(), pointers, slots: slots.into(), idle }
    }

    /// `[any]` Points every channel at the idle buffer, emptied.
    pub fn rest(&mut self) {
        self.idle.fill(0.0);
        let idle = self.idle.as_mut_ptr().cast::<f32>();
        self.pointers.fill(idle);
    }

    /// `[audio]` No channel is said to be silent.
    #[inline]
    pub fn clear_flags(&mut self) {
        for bus in &mut self.buses {
            bus.silenceFlags = 0;
        }
    }

    /// `[main]` What goes into `ProcessData`.
    pub fn start(&mut self) -> *mut AudioBusBuffers {
        if self.buses.is_empty() { std::ptr::null_mut() } else { self.buses.as_mut_ptr() }
    }
}

impl Double {
    /// `[main]` Buffers for the active channels of both sides, which point to them from now on: samples are converted into
    /// these buffers and out of them, so the pointers never change.
    pub fn new(inputs: &mut Side, outputs: &mut Side, max_block: usize) -> Self {
        let stride = max_block.next_multiple_of(8);
        let mut double = Self {
            inputs: vec![0.0; stride * inputs.slots.len()].into(),
            outputs: vec![0.0; stride * outputs.slots.len()].into(),
            stride,
        };
        for (side, memory) in [(inputs, &mut double.inputs), (outputs, &mut double.outputs)] {
            for (at, slot) in side.slots.iter().enumerate() {
                side.pointers[slot.pointer as usize] = memory[at * stride..].as_mut_ptr().cast();
            }
        }
        double
    }
}
