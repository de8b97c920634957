//! The audio buffers of a block. Thread: the test's.
#![allow(unsafe_code)]

use vst3::Steinberg::Vst::{AudioBusBuffers, AudioBusBuffers__type0};

/// Channels of a bus in the sample size agreed on, and the pointers to them.
pub(super) enum Buffers {
    Narrow(Vec<Vec<f32>>, Vec<*mut f32>),
    Wide(Vec<Vec<f64>>, Vec<*mut f64>),
}

impl Buffers {
    pub(super) fn new(channels: Vec<Vec<f64>>, wide: bool) -> Self {
        if wide {
            return Self::Wide(channels, vec![]);
        }
        Self::Narrow(channels.iter().map(|c| c.iter().map(|s| *s as f32).collect()).collect(), vec![])
    }

    pub(super) fn bus(&mut self) -> AudioBusBuffers {
        let (count, list) = match self {
            Self::Narrow(channels, list) => {
                *list = channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
                (list.len(), AudioBusBuffers__type0 { channelBuffers32: list.as_mut_ptr() })
            }
            Self::Wide(channels, list) => {
                *list = channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
                (list.len(), AudioBusBuffers__type0 { channelBuffers64: list.as_mut_ptr() })
            }
        };
        AudioBusBuffers { numChannels: count as i32, silenceFlags: 0, __field0: list }
    }

    /// The same memory as another bus: reading and writing in place. With `crossed`, the other way round.
    pub(super) fn share(&mut self, with: &AudioBusBuffers, crossed: bool) -> AudioBusBuffers {
        let mut bus = self.bus();
        let count = with.numChannels as usize;
        match self {
            Self::Narrow(_, list) => {
                // SAFETY: that bus was made by `bus` above from as many channels of the same size.
                *list = unsafe { std::slice::from_raw_parts(with.__field0.channelBuffers32, count) }.to_vec();
                if crossed {
                    list.reverse();
                }
                bus.__field0.channelBuffers32 = list.as_mut_ptr();
            }
            Self::Wide(_, list) => {
                // SAFETY: as above.
                *list = unsafe { std::slice::from_raw_parts(with.__field0.channelBuffers64, count) }.to_vec();
                if crossed {
                    list.reverse();
                }
                bus.__field0.channelBuffers64 = list.as_mut_ptr();
            }
        }
        bus
    }

    pub(super) fn samples(&self) -> Vec<Vec<f64>> {
        match self {
            Self::Narrow(channels, _) => channels.iter().map(|c| c.iter().map(|s| f64::from(*s)).collect()).collect(),
            Self::Wide(channels, _) => channels.clone(),
        }
    }
}
