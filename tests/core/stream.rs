//! Streams: they sound like a render, they answer every frame, and they end.

use crate::{
    rig::{ME, Rig, frame, level, play, play_all, request, through, wait},
    support::{
        fixtures,
        player::noise,
        sandbox::Sandbox,
        sound::{read_wav, write_wav},
    },
};
use sonic_bridge::{
    control::core::{Frame, FrameEvent, FrameEventKind, LoadRequest, StreamRequest, TransportChange},
    model::ErrorCode,
    plugin::ProcessMode,
};
use std::time::{Duration, Instant};

/// What `render` makes of a sound. Options are those of the program.
fn rendered(options: &[&str], automation: Option<&str>, input: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let sandbox = Sandbox::new();
    let (from, to) = (sandbox.file("in.wav"), sandbox.file("out.wav"));
    write_wav(&from, 48_000, input);
    let mut folders = vec![fixtures::demo_plugins(), fixtures::recorder()];
    #[cfg(target_os = "linux")]
    folders.push(fixtures::bundle(&fixtures::real_plugins(), "DragonflyPlateReverb"));
    #[cfg(target_os = "linux")]
    folders.push(fixtures::bundle(&fixtures::real_plugins(), "DragonflyHallReverb"));
    folders.push(fixtures::bundle(&fixtures::fault_plugins(), "Fault latency-by-param"));
    folders.push(fixtures::bundle(&fixtures::fault_plugins(), "Fault mono-only"));
    let mut command = sandbox.sonic_bridge(&folders);
    command.args(["render", "--no-standard-folders", "--tail", "0", "--block", "512"]).args(options);
    if let Some(automation) = automation {
        std::fs::write(sandbox.file("moves.json"), automation).unwrap();
        command.arg("--automation").arg(sandbox.file("moves.json"));
    }
    let output = command.arg(&from).arg("-o").arg(&to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read_wav(&to).1
}

/// The output of a stream as it lies in the file: latency taken away.
fn streamed(rig: &Rig, names: &[&str], before: &[(usize, &str, f64)], input: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mode = ProcessMode::Offline;
    let loaded = wait(rig.core.load(LoadRequest { mode, ..request(names) })).unwrap();
    let live = rig.core.live(ME, loaded.id).unwrap();
    for (member, name, value) in before {
        live.set_normalized(*member, rig.param(loaded.id, *member, name), *value).unwrap();
    }
    // A latency that follows from a value is known only after the plugin was restarted.
    std::thread::sleep(Duration::from_millis(200));
    let (stream, _) = wait(rig.core.open_stream(StreamRequest { mode, ..through(loaded.id) })).unwrap();
    let latency = stream.latency() as usize;
    let fed: Vec<Vec<f32>> = input.iter().map(|channel| [&channel[..], &vec![0.0; latency]].concat()).collect();
    let heard = play_all(&stream, 128, &fed, &[]);
    wait(rig.core.unload(ME, loaded.id)).unwrap();
    heard.into_iter().map(|channel| channel[latency..].to_vec()).collect()
}

fn assert_same(heard: &[Vec<f32>], file: &[Vec<f32>], what: &str) {
    assert_eq!((heard.len(), heard[0].len()), (file.len(), file[0].len()), "{what}");
    assert!(file.iter().flatten().any(|sample| *sample != 0.0), "{what} is silent");
    for (channel, (heard, file)) in heard.iter().zip(file).enumerate() {
        let differ = heard.iter().zip(file).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differ, None, "{what}: channel {channel} differs; {:?}", differ.map(|at| (heard[at], file[at])));
    }
}

#[test]
fn a_stream_sounds_like_a_render_bit_for_bit() {
    let rig = Rig::new();
    let input = noise(2, 30_000);
    for names in [
        &["Sonic Gain", "Sonic EQ"][..],
        &["Sonic Delay", "Sonic Reverb"],
        &["Sonic Reverb", "Sonic Gain"],
        &["Fault mono-only", "Sonic EQ"],
        #[cfg(target_os = "linux")]
        &["Dragonfly Plate Reverb"],
        #[cfg(target_os = "linux")]
        &["Dragonfly Hall Reverb", "Sonic Delay"],
    ] {
        let options: Vec<&str> = names.iter().flat_map(|name| ["--plugin", name]).collect();
        assert_same(&streamed(&rig, names, &[], &input), &rendered(&options, None, &input), &format!("{names:?}"));
    }
    rig.end();
}

#[test]
fn values_that_were_set_before_sound_as_in_a_render_from_the_first_sample_on() {
    let rig = Rig::new();
    let input = noise(2, 12_000);
    let heard =
        streamed(&rig, &["Sonic Gain", "Sonic Delay"], &[(0, "Gain", 0.25), (0, "Invert Polarity", 1.0)], &input);
    let options = ["--plugin", "Sonic Gain", "--param", "Gain=norm:0.25", "--param", "Invert Polarity=norm:1"];
    let options = [&options[..], &["--plugin", "Sonic Delay"]].concat();
    assert_same(&heard, &rendered(&options, None, &input), "values");
    rig.end();
}

#[test]
fn latency_in_the_middle_of_a_chain_is_known() {
    let rig = Rig::new();
    let input = noise(2, 12_000);
    let names = ["Fault latency-by-param", "Sonic EQ"];
    let heard = streamed(&rig, &names, &[(0, "Lookahead", 0.5)], &input);
    let options = ["--plugin", names[0], "--param", "Lookahead=norm:0.5", "--plugin", names[1]];
    assert_same(&heard, &rendered(&options, None, &input), "lookahead");
    rig.end();
}

#[test]
fn an_event_of_a_frame_sounds_like_automation_behind_a_late_plugin_too() {
    let rig = Rig::new();
    let input = noise(2, 20_000);
    let mode = ProcessMode::Offline;
    let names = ["Fault latency-by-param", "Sonic Gain"];
    let loaded = wait(rig.core.load(LoadRequest { mode, ..request(&names) })).unwrap();
    let live = rig.core.live(ME, loaded.id).unwrap();
    live.set_normalized(0, rig.param(loaded.id, 0, "Lookahead"), 0.5).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let (stream, _) = wait(rig.core.open_stream(StreamRequest { mode, ..through(loaded.id) })).unwrap();
    let latency = stream.latency() as usize;
    assert!(latency > 100);
    let gain = rig.param(loaded.id, 1, "Gain").0;
    let event = |value| FrameEvent { offset: 0, member: 1, kind: FrameEventKind::Param(gain, value) };
    let moves = [(4800, event(0.3)), (7200, event(0.9)), (7201, event(0.1)), (9600, event(0.4)), (9600, event(0.7))];
    let fed: Vec<Vec<f32>> = input.iter().map(|channel| [&channel[..], &vec![0.0; latency]].concat()).collect();
    let heard = play_all(&stream, 128, &fed, &moves);
    let heard: Vec<Vec<f32>> = heard.into_iter().map(|channel| channel[latency..].to_vec()).collect();
    let options = ["--plugin", names[0], "--param", "Lookahead=norm:0.5", "--plugin", names[1]];
    let seconds = |sample: f64| sample / 48_000.0;
    let automation = format!(
        r#"{{"2.Gain": [[{}, 0.3], [{}, 0.9], [{}, 0.1], [{}, 0.4], [{}, 0.7]]}}"#,
        seconds(4800.0),
        seconds(7200.0),
        seconds(7201.0),
        seconds(9600.0),
        seconds(9600.0)
    );
    assert_same(&heard, &rendered(&options, Some(&automation), &input), "automation");
    assert_eq!(live.normalized(1, sonic_bridge::model::ParamId(gain)).unwrap(), 0.7);
    rig.end();
}

#[test]
fn frames_of_any_length_are_answered_whole() {
    let rig = Rig::new();
    let (_, stream) = rig.offline(&["Sonic Delay"]);
    let input = noise(2, 65_535);
    let whole = play(&stream, &frame(65_535, 0), &[], &input).0;
    let (_, again) = rig.offline(&["Sonic Delay"]);
    assert_same(&play_all(&again, 77, &input, &[]), &whole, "parts");
    rig.end();
}

#[test]
fn samples_that_are_no_numbers_count_as_zero() {
    let rig = Rig::new();
    let record = rig.load(&["Fault none"]);
    let stream = rig.open(record.id);
    let mut input = level(128, 0.25);
    (input[0][3], input[0][4], input[1][127]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let mut expected = level(128, 0.25);
    (expected[0][3], expected[0][4], expected[1][127]) = (0.0, 0.0, 0.0);
    let (heard, outcome) = play(&stream, &frame(128, 0), &[], &input);
    assert_eq!((heard, outcome.guarded, outcome.dry), (expected.clone(), false, false));
    // Also where nothing is processed.
    let late = Frame { skip: true, ..frame(128, 128) };
    let (heard, outcome) = play(&stream, &late, &[], &input);
    assert_eq!((heard, outcome.dry), (expected, true));
    rig.end();
}

#[test]
fn silence_is_said_and_sound_after_it_is_where_it_belongs() {
    let rig = Rig::new();
    let record = rig.load(&["Fault none"]);
    let stream = rig.open(record.id);
    let silent = Frame { silent: true, ..frame(300, 0) };
    let outcome = stream.process(&silent, &[], |_, _, _| panic!("nothing to fill"), |_, _, _| panic!("nothing to say"));
    assert!(outcome.silent && !outcome.dry, "{outcome:?}");
    // Zeros of the first part are said when the second one has sound.
    let mut input = level(1000, 0.0);
    input[1][999] = 0.5;
    let mut parts = Vec::new();
    let outcome = stream.process(
        &frame(1000, 300),
        &[],
        |channel, range, room| room.copy_from_slice(&input[channel][range]),
        |channel, range, samples| parts.push((channel, range, samples.to_vec())),
    );
    assert!(!outcome.silent);
    let mut heard = level(1000, 9.0);
    for (channel, range, samples) in parts {
        heard[channel][range].copy_from_slice(&samples);
    }
    assert_eq!(heard, input);
    rig.end();
}

#[test]
fn two_callers_at_once_are_safe_and_every_frame_is_answered() {
    let rig = Rig::new();
    let record = rig.load(&["Fault none"]);
    let stream = rig.open(record.id);
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let stream = stream.clone();
            std::thread::spawn(move || {
                let input = level(128, 0.25);
                (0..500)
                    .filter(|at| {
                        let (heard, outcome) = play(&stream, &frame(128, at * 128), &[], &input);
                        assert_eq!(heard, input, "dry or not, a gain of one changes nothing");
                        !outcome.dry
                    })
                    .count()
            })
        })
        .collect();
    let wet: usize = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
    let timings = stream.timings();
    assert_eq!((timings.blocks, timings.dry), (2000, 2000 - wet as u64));
    assert!(wet > 0, "{wet}");
    rig.end();
}

#[test]
fn what_rings_is_forgotten_at_a_gap_and_at_the_end_of_a_stream() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Delay"]);
    let stream = rig.open(record.id);
    let silence = level(4800, 0.0);
    let rings = |stream: &sonic_bridge::control::core::Stream, discontinuity| {
        play(stream, &frame(48_000, 0), &[], &noise(2, 48_000));
        let mut after = false;
        for block in 0..20_u64 {
            let now = Frame { discontinuity: discontinuity && block == 0, ..frame(4800, 48_000 + block * 4800) };
            after |= !play(stream, &now, &[], &silence).1.silent;
        }
        after
    };
    assert!(rings(&stream, false), "an echo comes");
    assert!(!rings(&stream, true), "none comes behind a gap");
    play(&stream, &frame(48_000, 0), &[], &noise(2, 48_000));
    wait(rig.core.close_stream(ME, stream.id())).unwrap();
    assert!(stream.is_closed());
    let (heard, outcome) = play(&stream, &frame(128, 0), &[], &level(128, 0.5));
    assert_eq!((outcome.dry, heard), (true, level(128, 0.5)));
    let again = rig.open(record.id);
    assert!(again.id() != stream.id());
    for block in 0..20 {
        assert!(play(&again, &frame(4800, block * 4800), &[], &silence).1.silent, "block {block}");
    }
    rig.end();
}

#[test]
fn an_instance_has_one_stream_and_is_prepared_anew_for_another_rate_or_more_channels() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic EQ"]);
    rig.core.live(ME, record.id).unwrap().set_normalized(0, rig.param(record.id, 0, "Band 3 Gain"), 0.9).unwrap();
    let stream = rig.open(record.id);
    let error = wait(rig.core.open_stream(through(record.id))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ALREADY_OPEN);
    wait(rig.core.close_stream(ME, stream.id())).unwrap();
    let other = StreamRequest { sample_rate: 96_000.0, block: 2048, mode: ProcessMode::Offline, ..through(record.id) };
    let (stream, now) = wait(rig.core.open_stream(other)).unwrap();
    assert_eq!((stream.sample_rate(), stream.max_block(), now.max_block), (96_000.0, 2048, 2048));
    assert_eq!((now.id, now.stream), (record.id, Some(stream.id())));
    wait(rig.core.close_stream(ME, stream.id())).unwrap();
    let mono = StreamRequest { channels: 1, ..through(record.id) };
    let (stream, now) = wait(rig.core.open_stream(mono)).unwrap();
    assert_eq!((stream.channels(), now.inputs, now.sample_rate), ((1, 1), 1, 48_000.0));
    let gain = rig.param(record.id, 0, "Band 3 Gain");
    assert_eq!(rig.core.live(ME, record.id).unwrap().normalized(0, gain).unwrap(), 0.9, "values stay");
    let heard = play(&stream, &frame(512, 0), &[], &noise(1, 512)).0;
    assert!(heard[0].iter().any(|sample| *sample != 0.0));
    for wrong in [
        StreamRequest { sample_rate: f64::NAN, ..through(record.id) },
        StreamRequest { block: 0, ..through(record.id) },
        StreamRequest { channels: 65, ..through(record.id) },
    ] {
        assert_eq!(wait(rig.core.open_stream(wrong)).unwrap_err().code(), ErrorCode::OUT_OF_RANGE);
    }
    rig.end();
}

#[test]
fn sound_runs_past_a_chain_as_late_as_through_it() {
    let rig = Rig::new();
    for names in [&["Fault latency-by-param", "Sonic Delay"][..], &["Sonic EQ", "Sonic Gain"]] {
        let (record, stream) = rig.offline(names);
        if names.len() == 2 && names[0].starts_with("Fault") {
            let lookahead = rig.param(record.id, 0, "Lookahead");
            rig.core.live(ME, record.id).unwrap().set_normalized(0, lookahead, 0.4).unwrap();
            std::thread::sleep(Duration::from_millis(600));
        }
        let latency = stream.latency() as usize;
        wait(rig.core.set_bypass(ME, record.id, true)).unwrap();
        assert!(wait(rig.core.instance(ME, record.id)).unwrap().bypassed);
        let input = noise(2, 20_000);
        // A plugin's own bypass may fade.
        let heard = play_all(&stream, 128, &input, &[]);
        for (from, to) in input.iter().zip(&heard) {
            let late = (10_000..20_000).filter(|at| (to[*at] - from[*at - latency]).abs() > 1e-6).count();
            assert_eq!(late, 0, "{names:?} {latency}");
        }
        wait(rig.core.set_bypass(ME, record.id, false)).unwrap();
        assert!(!wait(rig.core.instance(ME, record.id)).unwrap().bypassed);
        let back = play_all(&stream, 128, &input, &[]);
        assert!(names[0] != "Fault latency-by-param" || back != heard, "{names:?} works again");
    }
    rig.end();
}

#[test]
fn transport_reaches_the_plugins_and_nonsense_does_not() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Delay"]);
    let change = TransportChange { tempo: Some(90.0), playing: Some(false), ..TransportChange::default() };
    rig.core.set_transport(ME, record.id, change).unwrap();
    for wrong in [
        TransportChange { tempo: Some(f64::NAN), ..TransportChange::default() },
        TransportChange { tempo: Some(0.0), ..TransportChange::default() },
        TransportChange { signature: Some((0, 4)), ..TransportChange::default() },
        TransportChange { signature: Some((3, 5)), ..TransportChange::default() },
        TransportChange { cycle: Some((4.0, 2.0)), ..TransportChange::default() },
        TransportChange { position: Some(i64::MIN), ..TransportChange::default() },
    ] {
        assert_eq!(rig.core.set_transport(ME, record.id, wrong).unwrap_err().code(), ErrorCode::OUT_OF_RANGE);
    }
    rig.end();
}

#[test]
fn a_tempo_that_was_said_before_the_stream_holds_in_it() {
    let rig = Rig::new();
    let input = noise(2, 48_000);
    let play = |tempo: Option<f64>| {
        let mode = ProcessMode::Offline;
        let loaded = wait(rig.core.load(LoadRequest { mode, ..request(&["Sonic Delay"]) })).unwrap();
        let live = rig.core.live(ME, loaded.id).unwrap();
        live.set_normalized(0, rig.param(loaded.id, 0, "Sync"), 1.0).unwrap();
        rig.core.set_transport(ME, loaded.id, TransportChange { tempo, ..TransportChange::default() }).unwrap();
        // Handed over while no stream is open.
        std::thread::sleep(Duration::from_millis(100));
        let (stream, _) = wait(rig.core.open_stream(StreamRequest { mode, ..through(loaded.id) })).unwrap();
        play_all(&stream, 128, &input, &[])
    };
    assert_same(&play(None), &play(Some(120.0)), "120 is what is meant when nothing is said");
    assert_ne!(play(Some(90.0)), play(None));
    rig.end();
}

#[test]
fn frames_that_take_longer_than_they_last_are_counted_and_told() {
    let mut rig = Rig::new();
    let record = rig.load(&["Fault sleep-50ms"]);
    let stream = rig.open(record.id);
    for block in 0..4 {
        let outcome = play(&stream, &frame(128, block * 128), &[], &level(128, 0.1)).1;
        assert!(outcome.micros >= 50_000, "{outcome:?}");
    }
    let timings = rig.core.timings(ME);
    assert_eq!((timings.len(), timings[0].0, timings[0].1.overruns, timings[0].1.blocks), (1, stream.id(), 4, 4));
    assert!(timings[0].1.shortest >= 50_000.0 && timings[0].1.average <= timings[0].1.longest);
    let mut told = 0;
    let until = Instant::now() + Duration::from_secs(5);
    while told < 4 && Instant::now() < until {
        rig.expect("XRUN", |what| match what {
            sonic_bridge::control::core::What::Xrun { frames, .. } => {
                told += frames;
                true
            }
            _ => false,
        });
    }
    assert_eq!(told, 4);
    stream.reset_timings();
    assert_eq!(stream.timings().blocks, 0);
    rig.end();
}
