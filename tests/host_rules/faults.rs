//! Plugins that answer nonsense, in this very process: whatever they say, the host describes them, plays them and parts
//! with them. Those that crash are met in children (see the stories of scanning and of bad input).

use crate::{
    rig::{Audio, Rig, on, point, setup},
    support::{fixtures, main_thread::on_main},
};
use sonic_bridge::{
    formats::vst3::Vst3,
    model::{Arrangement, ParamId},
    plugin::{Controller, Format, LayoutRequest, Notice, Precision, Setup},
};
use std::path::PathBuf;

fn bundle(mode: &str) -> PathBuf {
    fixtures::bundle(&fixtures::fault_plugins(), &format!("Fault {mode}"))
}

fn load(mode: &str) -> Box<dyn Controller> {
    let plugins = Vst3.probe(&bundle(mode)).unwrap_or_else(|error| panic!("{mode}: {error}"));
    Vst3.load(&plugins[0], true).unwrap_or_else(|error| panic!("{mode}: {error}"))
}

/// Asks for everything there is to know.
fn describe(controller: &dyn Controller, mode: &str) {
    let layout = controller.layout();
    for bus in layout.inputs.iter().chain(&layout.outputs) {
        assert!(bus.channels <= 256 && bus.name.chars().count() <= 128, "{mode}: {bus:?}");
    }
    for info in controller.params().iter().take(500) {
        assert!((0.0..=1.0).contains(&info.default), "{mode}: {info:?}");
        assert!(info.range.0.is_finite() && info.range.1.is_finite(), "{mode}: {info:?}");
        assert!(info.name.chars().count() <= 128 && info.unit.chars().count() <= 128, "{mode}: {info:?}");
        let value = controller.normalized(info.id).unwrap();
        assert!((0.0..=1.0).contains(&value), "{mode}: {value}");
        assert!(controller.to_plain(info.id, value).unwrap().is_finite(), "{mode}");
        assert!(controller.to_text(info.id, value).is_ok_and(|text| text.chars().count() <= 320), "{mode}");
        let _ = (controller.normalized_from_text(info.id, "0.5"), controller.normalized_from_plain(info.id, 0.5));
    }
    let _ = (controller.program_lists(), controller.units(), controller.interfaces(), controller.event_routing());
}

/// The whole life of a plugin; what is refused is refused with an error.
fn live(mode: &str) {
    let controller = load(mode);
    describe(&*controller, mode);
    let mut rig = Rig { controller, audio: None };
    for (arrangement, precision) in [(Arrangement::STEREO, Precision::F32), (Arrangement::MONO, Precision::F64)] {
        let wish = Some(arrangement);
        let _ = rig.controller.configure(&LayoutRequest { inputs: vec![wish; 2], outputs: vec![wish] });
        let setup = Setup { precision, ..setup() };
        let Ok(processor) = rig.controller.activate(&setup) else { continue };
        rig.audio = Some(Audio::new(processor, &*rig.controller, &setup));
        let params: Vec<ParamId> = rig.controller.params().iter().take(8).map(|info| info.id).collect();
        let points: Vec<_> = params.iter().map(|param| point(*param, 3, 0.5)).collect();
        for frames in [1, 64, 256, 7] {
            let _ = rig.audio().block(frames, 0.25, &points, &[on(0, 60, -1)]);
            assert!(rig.audio().pool.guards_intact(), "{mode}");
            for sent in rig.audio().out.params() {
                assert!(sent.offset < frames as u32 && (0.0..=1.0).contains(&sent.value), "{mode}: {sent:?}");
            }
            for sent in rig.audio().out.events() {
                assert!(sent.offset < frames as u32, "{mode}: {sent:?}");
            }
            let notices = rig.poll();
            let known = |param: &ParamId| rig.controller.params().iter().any(|info| info.id == *param);
            for notice in &notices {
                if let Notice::Output(param, _) | Notice::Edited(param, _) = notice {
                    assert!(known(param), "{mode}: {notice:?}");
                }
            }
            if notices.iter().any(|notice| matches!(notice, Notice::Restart(_))) {
                rig.restart(&setup);
            }
        }
        if let Ok(state) = rig.controller.state() {
            let _ = rig.controller.set_state(&state);
        }
        rig.audio().processor.reset();
        rig.stop();
    }
}

#[test]
fn wrong_counts_and_indices_are_survived() {
    on_main(|| ["counts-huge", "counts-negative", "bus-garbage", "params-100k"].into_iter().for_each(live));
}

#[test]
fn unterminated_and_invalid_texts_are_survived() {
    on_main(|| ["names-unterminated", "names-invalid-utf16", "text-fails"].into_iter().for_each(live));
}

#[test]
fn impossible_values_are_made_fit() {
    on_main(|| ["values-out-of-range", "step-count-negative", "points-wild", "events-wild"].into_iter().for_each(live));
}

#[test]
fn errors_from_every_call_are_survived() {
    on_main(|| {
        let modes = ["errors-after-init", "process-fails", "activate-fails", "state-fails", "output-unwritten"];
        modes.into_iter().for_each(live);
    });
}

#[test]
fn plugins_that_change_all_the_time_are_followed() {
    on_main(|| {
        let modes = ["latency-every-block", "buses-every-block", "params-every-block", "restart-in-process"];
        modes.into_iter().for_each(live);
        ["mono-only", "no-stereo-sidechain", "latency-by-param", "progress-left-open"].into_iter().for_each(live);
    });
}

#[test]
fn a_factory_that_answers_nonsense_yields_an_error_or_few_plugins() {
    on_main(|| {
        for mode in ["factory-null", "refuses-load"] {
            let error = Vst3.probe(&bundle(mode)).unwrap_err().to_string();
            assert!(error.contains(mode), "it names the file: {error}");
        }
        for mode in ["factory-negative-count", "factory-huge-count"] {
            let found = Vst3.probe(&bundle(mode)).map_or(0, |plugins| plugins.len());
            assert!(found < 100_000, "{mode}: {found}");
        }
        for mode in ["create-fails", "create-null", "init-fails", "errors-everywhere"] {
            let plugins = Vst3.probe(&bundle(mode)).unwrap();
            let error = Vst3.load(&plugins[0], true).err().expect(mode).to_string();
            assert!(error.contains("failed with"), "{mode} names the step: {error}");
        }
    });
}

#[test]
fn what_is_no_vst3_module_is_refused() {
    on_main(|| {
        for (name, symbol) in [("Fault no-entry", "Entry"), ("Fault no-exit", "Exit"), ("Fault no-factory", "Factory")]
        {
            let answer = Vst3.probe(&fixtures::bundle(&fixtures::fault_plugins(), name));
            // Entry and exit are optional on Windows.
            if cfg!(windows) && symbol != "Factory" {
                assert!(answer.is_ok(), "{name}: {answer:?}");
            } else {
                let error = answer.unwrap_err().to_string();
                assert!(error.contains(symbol), "{name}: {error}");
            }
        }
    });
}
