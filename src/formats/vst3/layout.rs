//! L2 · buses: read them, negotiate arrangements, switch them.
//!
//! Thread: main. Invariant: what is returned was read back from the plugin after the last change, never assumed.
#![allow(unsafe_code)]

use super::{consts, objects::Objects, strings};
use crate::{
    model::{Arrangement, BusInfo, BusKind, Direction, Media},
    plugin::{Layout, LayoutRequest},
};
use vst3::Steinberg::{
    Vst::{BusInfo as Vst3BusInfo, IAudioProcessorTrait, IComponentTrait, RoutingInfo},
    kResultOk,
};

/// No plugin has more buses or channels than this; larger answers are nonsense.
const MAX_BUSES: i32 = 256;
const MAX_CHANNELS: i32 = 256;

/// `[any]` VST3's number for a media type.
pub(super) fn media_type(media: Media) -> i32 {
    match media {
        Media::Audio => consts::MEDIA_AUDIO,
        Media::Event => consts::MEDIA_EVENT,
    }
}

/// `[any]` VST3's number for a direction.
pub(super) fn bus_direction(direction: Direction) -> i32 {
    match direction {
        Direction::Input => consts::INPUT,
        Direction::Output => consts::OUTPUT,
    }
}

/// `[main]` Reads all buses. Activity is the host's knowledge: all off.
pub(super) fn read(objects: &Objects) -> Layout {
    let read = |media, direction| read_side(objects, media, direction);
    Layout {
        inputs: read(Media::Audio, Direction::Input),
        outputs: read(Media::Audio, Direction::Output),
        event_inputs: read(Media::Event, Direction::Input),
        event_outputs: read(Media::Event, Direction::Output),
    }
}

fn read_side(objects: &Objects, media: Media, direction: Direction) -> Vec<BusInfo> {
    let (raw_media, raw_direction) = (media_type(media), bus_direction(direction));
    // SAFETY: a live interface on the main thread.
    let count = unsafe { objects.component.getBusCount(raw_media, raw_direction) };
    (0..count.clamp(0, MAX_BUSES))
        .map(|index| {
            // SAFETY: plain data; all zeros is a value.
            let mut info: Vst3BusInfo = unsafe { std::mem::zeroed() };
            // SAFETY: a live interface on the main thread, and a live local to write to.
            let result = unsafe { objects.component.getBusInfo(raw_media, raw_direction, index, &mut info) };
            let mut channels = if result == kResultOk { info.channelCount.clamp(0, MAX_CHANNELS) as u32 } else { 0 };
            let mut arrangement = Arrangement::EMPTY;
            if media == Media::Audio {
                let mut speakers = 0;
                // SAFETY: as above.
                let known = unsafe { objects.processor.getBusArrangement(raw_direction, index, &mut speakers) };
                arrangement = if known == kResultOk && Arrangement(speakers).channels() == channels as usize {
                    Arrangement(speakers)
                } else if known == kResultOk && channels == 0 {
                    // A plugin that forgets the channel count but knows its speakers.
                    channels = Arrangement(speakers).channels() as u32;
                    Arrangement(speakers)
                } else {
                    Arrangement::for_channels(channels as usize).unwrap_or(Arrangement::EMPTY)
                };
            }
            BusInfo {
                index: index as u32,
                name: strings::from_utf16(&info.name),
                media,
                direction,
                kind: if info.busType == consts::BUS_AUX { BusKind::Aux } else { BusKind::Main },
                channels,
                arrangement,
                default_active: info.flags & consts::BUS_DEFAULT_ACTIVE != 0,
                control_voltage: info.flags & consts::BUS_CONTROL_VOLTAGE != 0,
                active: false,
            }
        })
        .collect()
}

/// `[main]` Asks for arrangements, inactive only. Exact bus counts, whatever the request names; the answer of the plugin
/// is not trusted either way, the caller reads back.
pub(super) fn negotiate(objects: &Objects, present: &Layout, request: &LayoutRequest) {
    let wanted = |buses: &[BusInfo], wishes: &[Option<Arrangement>]| -> Vec<u64> {
        buses
            .iter()
            .enumerate()
            .map(|(index, bus)| wishes.get(index).copied().flatten().unwrap_or(bus.arrangement).0)
            .collect()
    };
    let mut inputs = wanted(&present.inputs, &request.inputs);
    let mut outputs = wanted(&present.outputs, &request.outputs);
    if inputs.is_empty() && outputs.is_empty() {
        return;
    }
    // SAFETY: a live interface on the main thread, inactive; both arrays have as many entries as said.
    unsafe {
        objects.processor.setBusArrangements(
            inputs.as_mut_ptr(),
            inputs.len() as i32,
            outputs.as_mut_ptr(),
            outputs.len() as i32,
        )
    };
}

/// `[main]` Marks buses on or off as requested: a bus is on when the request names it and the plugin has it.
pub(super) fn apply_wishes(layout: &mut Layout, request: &LayoutRequest) {
    for (buses, wishes) in [(&mut layout.inputs, &request.inputs), (&mut layout.outputs, &request.outputs)] {
        for (index, bus) in buses.iter_mut().enumerate() {
            bus.active = wishes.get(index).is_some_and(Option::is_some) && bus.channels > 0;
        }
    }
    for bus in layout.event_inputs.iter_mut().chain(&mut layout.event_outputs) {
        bus.active = true;
    }
}

/// `[main]` Tells the plugin which buses are on. A bus the plugin refuses to switch on stays off, except that "not
/// implemented" is taken as consent.
pub(super) fn activate(objects: &Objects, layout: &mut Layout) {
    let buses = [&mut layout.inputs, &mut layout.outputs, &mut layout.event_inputs, &mut layout.event_outputs];
    for bus in buses.into_iter().flatten() {
        // SAFETY: a live interface on the main thread, inactive.
        let result = unsafe {
            objects.component.activateBus(
                media_type(bus.media),
                bus_direction(bus.direction),
                bus.index as i32,
                u8::from(bus.active),
            )
        };
        let consent = result == kResultOk || result == vst3::Steinberg::kNotImplemented;
        bus.active &= consent;
    }
}

/// `[main]` Which audio output bus an event input bus plays to, as the plugin says.
pub(super) fn routing(objects: &Objects, layout: &Layout) -> Vec<(u32, u32)> {
    layout.event_inputs.iter().filter_map(|bus| Some((bus.index, route(objects, bus.index)?))).collect()
}

fn route(objects: &Objects, event_bus: u32) -> Option<u32> {
    // Channel −1 stands for all channels of the bus.
    let mut from = RoutingInfo { mediaType: consts::MEDIA_EVENT, busIndex: event_bus as i32, channel: -1 };
    let mut to = RoutingInfo { mediaType: consts::MEDIA_AUDIO, busIndex: 0, channel: -1 };
    // SAFETY: a live interface on the main thread, and two live locals.
    let result = unsafe { objects.component.getRoutingInfo(&mut from, &mut to) };
    (result == kResultOk && to.busIndex >= 0).then_some(to.busIndex as u32)
}
