//! What every plugin of ours promises, checked through its interfaces. Thread: the test's.
#![allow(unsafe_code)]

use super::{MONO, Piece, Rig, STEREO, note_off, note_on};
use crate::{param::Role, plugin::Plugin};
use vst3::Steinberg::{
    IPlugView,
    Vst::{IAudioProcessorTrait, IComponentTrait, IEditControllerTrait, IUnitInfo, IUnitInfoTrait, ParameterInfo},
    kResultOk,
};

/// Noise that is the same every time, in ±0.5.
pub fn noise(frames: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Exact in 32 bit, so that both sample sizes hear the same.
        f64::from((state >> 40) as u32) / f64::from(1 << 24) - 0.5
    };
    (0..frames).map(|_| next()).collect()
}

/// A piece that moves many parameters and plays notes where there are keys.
fn busy(plugin: &Plugin, frames: usize) -> Piece {
    let mut piece = Piece { frames, tempo: Some(133.0), ..Piece::default() };
    piece.inputs =
        (0..plugin.inputs.len()).map(|bus| (0..2).map(|c| noise(frames, (bus * 2 + c + 1) as u64)).collect()).collect();
    for (place, param) in plugin.params.iter().enumerate().filter(|(_, param)| param.role == Role::Knob) {
        // Two neighbouring points are a jump, which means the same in blocks of any length.
        let mut value = param.default_normalized();
        for step in 0..4 {
            let at = 200 + place * 97 + step * frames / 5;
            if at >= frames {
                break;
            }
            let next = noise(8, (place * 31 + step + 7) as u64)[7] + 0.5;
            piece.points.extend([(param.id, at - 1, value), (param.id, at, next)]);
            value = next;
        }
    }
    if plugin.instrument {
        for note in 0..24 {
            let (key, at) = (40 + (note * 7 % 40) as i16, note * frames / 30);
            piece.events.push((at, note_on(key, 0.3 + 0.02 * note as f32, note as i32)));
            piece.events.push((at + frames / 9, note_off(key, note as i32)));
        }
        piece.events.retain(|(at, _)| *at < frames);
        piece.events.sort_by_key(|(at, _)| *at);
    }
    piece
}

fn fresh(plugin: fn() -> &'static Plugin, max_block: usize, wide: bool) -> Rig {
    let mut rig = Rig::new(plugin);
    rig.start(44_100.0, max_block, wide);
    rig
}

/// The same bytes whatever the block lengths, also while everything moves.
pub fn check_blocks(plugin: fn() -> &'static Plugin) {
    let piece = busy(plugin(), 30_000);
    for wide in [false, true] {
        let whole = fresh(plugin, 8192, wide).play(&piece, &[8192]);
        assert!(whole.iter().flatten().all(|sample| sample.is_finite()), "finite output");
        assert!(whole.iter().flatten().any(|sample| *sample != 0.0), "some sound");
        for blocks in [&[64][..], &[441], &[512], &[1, 17, 500, 3]] {
            let cut = fresh(plugin, 512, wide).play(&piece, blocks);
            for (channel, (a, b)) in whole.iter().zip(&cut).enumerate() {
                let first = a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits());
                assert_eq!(first, None, "blocks {blocks:?}, channel {channel}, wide {wide}: first other sample");
            }
        }
    }
}

/// The same bytes in place, also when left is written over right.
pub fn check_in_place(plugin: fn() -> &'static Plugin) {
    let piece = busy(plugin(), 5000);
    for wide in [false, true] {
        let apart = fresh(plugin, 512, wide).play(&piece, &[512]);
        for crossed in [false, true] {
            let mut rig = fresh(plugin, 512, wide);
            rig.in_place = Some(crossed);
            assert!(rig.play(&piece, &[512]) == apart, "in place, crossed {crossed}, wide {wide}");
        }
    }
}

/// 32-bit and 64-bit processing agree within the smaller one's precision.
pub fn check_precision(plugin: fn() -> &'static Plugin) {
    let piece = busy(plugin(), 20_000);
    let narrow = fresh(plugin, 512, false).play(&piece, &[512]);
    let wide = fresh(plugin, 512, true).play(&piece, &[512]);
    for (a, b) in narrow.iter().flatten().zip(wide.iter().flatten()) {
        assert!((a - b).abs() <= 1e-6 * (1.0 + b.abs()), "{a} and {b}");
    }
}

/// A state gives the same sound and the same values again; a foreign or cut one is refused and changes nothing.
pub fn check_state(plugin: fn() -> &'static Plugin) {
    let mut rig = fresh(plugin, 512, false);
    rig.play(&busy(plugin(), 30_000), &[512]);
    let state = rig.save();
    let again = {
        let mut calm = busy(plugin(), 20_000);
        calm.points.clear();
        calm
    };
    rig.stop();
    rig.start(44_100.0, 512, false);
    let sound = rig.play(&again, &[512]);
    assert_eq!(rig.save(), state, "playing without changes leaves the state alone");

    let mut other = Rig::new(plugin);
    assert!(other.load(&state));
    assert_eq!(other.save(), state, "a loaded state saves the same, also before any sound");
    for (index, param) in plugin().params.iter().enumerate().filter(|(_, param)| param.saved()) {
        let value = f64::from_le_bytes(value_in(&state, param.id));
        assert_eq!(other.knob(param.id), value, "knob {index} follows the state");
    }
    other.start(44_100.0, 512, false);
    assert!(other.play(&again, &[512]) == sound, "the restored plugin sounds the same");

    for broken in [&state[..state.len() - 1], &state[..10], b"RIFF1234567890123456789", &[]] {
        assert!(!other.load(broken), "a broken state is refused");
        assert_eq!(other.save(), state);
    }
    let mut foreign = state.clone();
    foreign[4] ^= 1;
    assert!(!other.load(&foreign), "another plugin's state is refused");
    assert!(other.load(&[&state[..], b"more"].concat()), "a longer state is taken");
    assert_eq!(other.save(), state);
}

fn value_in(state: &[u8], id: u32) -> [u8; 8] {
    let row = state[16..].chunks_exact(12).find(|row| row[..4] == id.to_le_bytes()).expect("the parameter is saved");
    row[4..].try_into().expect("eight bytes")
}

/// Names, ids and units are sound, and every text reads back.
pub fn check_texts(plugin: fn() -> &'static Plugin) {
    let rig = Rig::new(plugin);
    let params = &plugin().params;
    // SAFETY: a live object.
    assert_eq!(unsafe { rig.controller.getParameterCount() } as usize, params.len());
    let units = rig.controller.cast::<IUnitInfo>().expect("units");
    for (index, param) in params.iter().enumerate() {
        assert_eq!(plugin().index_of(param.id), Some(index), "ids are unique");
        // SAFETY: plain numbers; a live object; a variable of our own.
        let info = unsafe {
            let mut info: ParameterInfo = std::mem::zeroed();
            assert_eq!(rig.controller.getParameterInfo(index as i32, &mut info), kResultOk);
            info
        };
        assert_eq!(info.id, param.id);
        assert_eq!(rig.knob(param.id), info.defaultNormalizedValue);
        // SAFETY: a live object.
        assert!((0..unsafe { units.getUnitCount() }).contains(&info.unitId));
        for step in 0..=1000 {
            let value = f64::from(step) / 1000.0;
            let text = rig.format(param.id, value);
            let parsed = rig.parse(param.id, &text).unwrap_or_else(|| panic!("{}: “{text}” at {value}", param.name));
            assert_eq!(rig.format(param.id, parsed), text, "{} at {value}", param.name);
            if !param.unit.is_empty() {
                assert_eq!(rig.parse(param.id, &format!("{text} {}", param.unit)), Some(parsed), "with its unit");
            }
            // SAFETY: a live object.
            let back = unsafe {
                let plain = rig.controller.normalizedParamToPlain(param.id, value);
                rig.controller.plainParamToNormalized(param.id, plain)
            };
            if param.step_count() == 0 {
                assert!((back - value).abs() < 1e-9, "{}: {value} → {back}", param.name);
            }
        }
        assert_eq!(rig.parse(param.id, "certainly not"), None, "{}", param.name);
    }
}

/// Calls out of order and wrong arguments get an error code; arrangements are taken or refused as a whole.
pub fn check_edges(plugin: fn() -> &'static Plugin) {
    let mut rig = Rig::new(plugin);
    let side = vec![STEREO; plugin().inputs.len().saturating_sub(1)];
    let with = |main: Option<u64>| main.into_iter().chain(side.clone()).collect::<Vec<_>>();
    let source = plugin().instrument;
    let input = |mask| if source { None } else { Some(mask) };
    assert!(rig.arrange(&with(input(MONO)), &[MONO]));
    assert!(rig.arrange(&with(input(STEREO)), &[STEREO]));
    assert!(!rig.arrange(&with(input(STEREO)), &[0]), "no output channels");
    assert!(!rig.arrange(&with(input(STEREO)), &[STEREO, STEREO]), "a bus too many");
    assert!(!rig.arrange(&[], &[]), "no buses");
    // SAFETY: live objects; wrong arguments are what is tested.
    unsafe {
        let mut mask = 0;
        assert_eq!(rig.processor.getBusArrangement(1, 0, &mut mask), kResultOk);
        assert_eq!(mask, STEREO, "a refused arrangement changes nothing");
        assert_ne!(rig.processor.getBusArrangement(1, 9, &mut mask), kResultOk);
        assert_ne!(rig.component.setActive(1), kResultOk, "active before any setup");
        assert_ne!(rig.processor.process(std::ptr::null_mut()), kResultOk);
        assert_ne!(rig.processor.setupProcessing(std::ptr::null_mut()), kResultOk);
        assert_ne!(rig.component.getState(std::ptr::null_mut()), kResultOk);
        assert_ne!(rig.component.setState(std::ptr::null_mut()), kResultOk);
        assert_ne!(rig.controller.getParameterInfo(-1, std::ptr::null_mut()), kResultOk);
        assert_eq!(rig.controller.createView(c"editor".as_ptr()), std::ptr::null_mut::<IPlugView>());
        assert_ne!(rig.controller.setParamNormalized(0xDEAD_BEEF, 0.5), kResultOk);
        assert_eq!(rig.component.getBusCount(0, 0) as usize, plugin().inputs.len());
        assert_eq!(rig.component.getBusCount(1, 0), i32::from(source));
    }
    assert_ne!(rig.set_knob(plugin().params[0].id, f64::NAN), kResultOk);
    rig.start(48_000.0, 64, false);
    assert!(!rig.arrange(&with(input(MONO)), &[MONO]), "no new arrangement while active");
    let piece = Piece { frames: 65, ..busy(plugin(), 65) };
    assert_ne!(rig.block(&piece, 0, 65).0, kResultOk, "longer than prepared");
    // Null channels (inactive buses) are silence, not a crash.
    let silent = Piece { frames: 64, inputs: vec![], ..Piece::default() };
    assert!(rig.play(&silent, &[64]).iter().flatten().all(|sample| sample.is_finite()));
    rig.stop();
    assert_ne!(rig.block(&silent, 0, 64).0, kResultOk, "not active");
}
