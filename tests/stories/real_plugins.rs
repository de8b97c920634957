//! Plugins other people made, all of two Debian packages: they load, say what they are, keep their state, and sound the
//! same through the bridge as in a bare loop.
//!
//! Linux only: that is where these packages are (`xtask/src/real_plugins.rs`).

use crate::support::bare::Bare;
use crate::support::fixtures;
use crate::support::main_thread::on_main;
use crate::support::player::{Player, load, noise, offline, same_bits};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Every bundle, by name.
fn bundles() -> Vec<PathBuf> {
    let mut bundles: Vec<PathBuf> = std::fs::read_dir(fixtures::real_plugins())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "vst3"))
        .collect();
    bundles.sort();
    assert!(bundles.len() >= 20, "only {} bundles", bundles.len());
    bundles
}

/// One draws random numbers, the other keeps what it heard in global memory.
const RANDOM: &[&str] = &["DragonflyRoomReverb", "ZamHeadX2"];

/// A plugin that draws random numbers sounds different each time: two bare loops over the same sound prove it.
fn is_random(bundle: &std::path::Path, input: &[Vec<f32>]) -> bool {
    let bare = |input: &[Vec<f32>]| Bare::open(bundle, 2, 48_000.0, 8192).play(input, 512);
    let first = bare(input);
    bare(&noise(4, 8192)[2..]);
    let random = !same_bits(&first, &bare(input));
    assert!(!random || RANDOM.contains(&&*name(bundle)), "{} became random", name(bundle));
    random
}

fn name(bundle: &std::path::Path) -> String {
    bundle.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_real_plugin_loads_and_describes_itself() {
    on_main(|| {
        for bundle in bundles() {
            let controller = load(&bundle);
            let info = controller.plugin();
            assert!(!info.name.is_empty() && !info.vendor.is_empty(), "{info:?}");
            assert!(info.id.0.starts_with("vst3:") && info.id.0.len() == 37, "{info:?}");
            assert!(!controller.params().is_empty(), "{}", info.name);
            assert!(controller.layout().outputs.iter().any(|bus| bus.channels > 0), "{}", info.name);
            for param in controller.params() {
                let value = controller.normalized(param.id).unwrap();
                assert!((0.0..=1.0).contains(&value), "{}: {} is {value}", info.name, param.name);
            }
        }
    });
}

#[test]
fn every_text_a_plugin_shows_is_read_back_as_far_as_the_plugin_reads() {
    on_main(|| {
        let (mut shown, mut read) = (0, 0);
        let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
        for bundle in bundles() {
            let controller = load(&bundle);
            for param in controller.params().iter().filter(|param| !param.flags.read_only) {
                let points: Vec<f64> = match param.steps {
                    0 => (0..=8).map(|step| f64::from(step) / 8.0).collect(),
                    steps => (0..=steps.min(64)).map(|step| param.normalized_of_step(step)).collect(),
                };
                for value in points {
                    let text = controller.to_text(param.id, value).unwrap();
                    shown += 1;
                    let Ok(back) = controller.normalized_from_text(param.id, &text) else { continue };
                    read += 1;
                    if controller.to_text(param.id, back).unwrap() != text {
                        *wrong.entry(format!("{}: {}", name(&bundle), param.name)).or_default() += 1;
                    }
                }
            }
        }
        println!("{shown} texts shown, {read} read back, {} parameters differ: {wrong:?}", wrong.len());
        assert!(shown > 1000 && read * 10 >= shown * 9, "{read} of {shown} texts were read");
        // These plugins show fewer digits than they need, or read another scale than they show; a bare call does the same.
        for param in wrong.keys() {
            let plugin = param.split(':').next().unwrap();
            assert!(TEXTS_DIFFER.contains(&plugin), "{param} does not read its own text: {wrong:?}");
        }
    });
}

/// Plugins that do not read their own texts exactly.
const TEXTS_DIFFER: &[&str] = &["ZamGate", "ZamGateX2", "ZamGrains", "ZamTube"];

#[test]
fn a_restored_state_sounds_the_same() {
    on_main(|| {
        let input = noise(2, 20_000);
        for bundle in bundles() {
            let mut first = load(&bundle);
            let params: Vec<_> = first
                .params()
                .iter()
                .filter(|param| !param.flags.read_only && !param.flags.hidden && !param.flags.bypass)
                .map(|param| (param.id, param.default))
                .collect();
            for (at, (id, default)) in params.iter().enumerate() {
                // Away from the default, by a different amount each, but nowhere near an extreme.
                let value = (default * 0.8 + 0.02 * (at % 7) as f64).clamp(0.0, 1.0);
                first.set_normalized(*id, value).unwrap();
            }
            let state = first.state().unwrap();
            assert!(!state.component.is_empty(), "{} has no state", name(&bundle));
            let play = || {
                let mut controller = load(&bundle);
                controller.set_state(&state).unwrap();
                let values: Vec<f64> = params.iter().map(|(id, _)| controller.normalized(*id).unwrap()).collect();
                let mut player = Player::start(controller, 2, offline(512));
                let sound = player.play(&input, 512);
                let again = player.stop().state().unwrap();
                (values, sound, again)
            };
            let (values, sound, again) = play();
            let (same_values, same_sound, _) = play();
            assert_eq!(values, same_values, "{}", name(&bundle));
            let same = same_bits(&sound, &same_sound) || is_random(&bundle, &input);
            assert!(same, "{} sounds different from the same state", name(&bundle));
            assert_eq!(state.component, again.component, "{} saves another state than it was given", name(&bundle));
        }
    });
}

#[test]
fn block_sizes_change_no_byte_unless_a_bare_loop_changes_it_too() {
    on_main(|| {
        let input = noise(2, 24_000);
        let sizes = [64, 441, 512, 8192];
        let mut exceptions = Vec::new();
        for bundle in bundles() {
            if is_random(&bundle, &input) {
                exceptions.push(format!("{} (two bare loops differ)", name(&bundle)));
                continue;
            }
            let mut ours = Vec::new();
            let mut bare = Vec::new();
            for size in sizes {
                let mut player = Player::start(load(&bundle), 2, offline(8192));
                ours.push(player.play(&input, size));
                player.stop();
                bare.push(Bare::open(&bundle, 2, 48_000.0, 8192).play(&input, size));
            }
            for at in 0..sizes.len() {
                assert!(
                    same_bits(&ours[at], &bare[at]),
                    "{} sounds different from the bare loop at {} frames",
                    name(&bundle),
                    sizes[at]
                );
                let (own, theirs) = (same_bits(&ours[0], &ours[at]), same_bits(&bare[0], &bare[at]));
                assert!(own || !theirs, "{} differs at {} frames only through us", name(&bundle), sizes[at]);
                if !own {
                    exceptions.push(format!("{} at {}", name(&bundle), sizes[at]));
                }
            }
        }
        println!("plugins whose sound depends on the block size, in a bare loop as well: {exceptions:?}");
    });
}

/// Its instances share global memory: in a fresh process a second bare instance of it answers the same sound differently
/// from the first, so it cannot be used to show that we keep instances apart.
const SHARES_MEMORY: &str = "ZamHeadX2";

#[test]
fn two_instances_side_by_side_do_not_disturb_each_other() {
    on_main(|| {
        let (a, b) = (noise(2, 8192), noise(4, 8192).split_off(2));
        for bundle in bundles() {
            if name(&bundle) == SHARES_MEMORY || is_random(&bundle, &a) {
                continue;
            }
            let alone = |input: &[Vec<f32>]| {
                let mut player = Player::start(load(&bundle), 2, offline(512));
                player.play(input, 512)
            };
            let expected = (alone(&a), alone(&b));
            let mut players = [0, 1].map(|_| Player::start(load(&bundle), 2, offline(512)));
            let mut heard = [Vec::new(), Vec::new()];
            for at in (0..8192).step_by(512) {
                for ((player, input), heard) in players.iter_mut().zip([&a, &b]).zip(&mut heard) {
                    let slices: Vec<&[f32]> = input.iter().map(|channel| &channel[at..at + 512]).collect();
                    let part = player.block(&slices, 512, &[], &[]);
                    heard.resize(part.len(), Vec::new());
                    for (all, part) in heard.iter_mut().zip(part) {
                        all.extend(part);
                    }
                }
            }
            let [first, second] = heard;
            let same = same_bits(&expected.0, &first) && same_bits(&expected.1, &second);
            assert!(same, "{} is disturbed by a second instance", name(&bundle));
        }
    });
}
