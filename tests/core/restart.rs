//! Plugins that change in the middle, break, and go on.

use crate::rig::{ME, Rig, frame, level, play, play_all, through, wait};
use sonic_bridge::{
    control::core::{Outcome, StreamRequest, What},
    model::ErrorCode,
};
use std::time::{Duration, Instant};

#[test]
fn another_latency_in_the_middle_of_a_stream_is_told_and_known() {
    let mut rig = Rig::new();
    let record = rig.load(&["Sonic Gain", "Fault latency-by-param"]);
    let stream = rig.open(record.id);
    assert_eq!((record.latency, stream.latency()), (0, 0));
    play(&stream, &frame(128, 0), &[], &level(128, 0.25));
    let lookahead = rig.param(record.id, 1, "Lookahead");
    rig.core.live(ME, record.id).unwrap().set_normalized(1, lookahead, 0.3).unwrap();
    let mut position = 128;
    let told = loop {
        // The plugin says so when its audio half hears of it.
        play(&stream, &frame(128, position), &[], &level(128, 0.25));
        position += 128;
        let latency = |what: &What| match what {
            What::LatencyChanged { latency, .. } => Some(*latency),
            _ => None,
        };
        if let Some(told) = rig.happened().iter().find_map(|event| latency(&event.what)) {
            break told;
        }
        assert!(position < 48_000 * 20, "it is told");
        std::thread::sleep(Duration::from_millis(1));
    };
    assert_eq!((told, stream.latency()), (300, 300));
    let now = wait(rig.core.instance(ME, record.id)).unwrap();
    assert_eq!((now.latency, now.members[1].latency, now.stream), (300, 300, Some(stream.id())));
    // It still plays, that much later.
    let mut input = level(1000, 0.0);
    input[0][0] = 0.5;
    // What it holds back from before comes out first.
    play(&stream, &frame(1000, position), &[], &level(1000, 0.0));
    let (heard, outcome) = play(&stream, &frame(1000, position + 1000), &[], &input);
    assert!(!outcome.dry);
    assert_eq!(heard[0].iter().position(|sample| *sample != 0.0), Some(300));
    rig.end();
}

#[test]
fn a_plugin_that_wants_restarts_without_end_gets_some_and_the_rest_goes_on() {
    let rig = Rig::new();
    for name in ["Fault latency-every-block", "Fault params-every-block", "Fault restart-in-process"] {
        let record = rig.load(&[name]);
        let stream = rig.open(record.id);
        let (began, mut frames, mut wet) = (Instant::now(), 0_u64, 0);
        while began.elapsed() < Duration::from_millis(1500) {
            let outcome = play(&stream, &frame(128, frames * 128), &[], &level(128, 0.25)).1;
            frames += 1;
            wet += u64::from(!outcome.dry);
            std::thread::sleep(Duration::from_micros(500));
        }
        assert!(wet * 10 > frames * 8, "{name}: {wet} of {frames} were processed");
        let asked = Instant::now();
        let record = wait(rig.core.instance(ME, record.id)).unwrap();
        assert!(asked.elapsed() < Duration::from_millis(500), "{name}: the main thread is free");
        assert_eq!(
            record.warnings.iter().any(|text| text.contains("again and again")),
            name.contains("latency"),
            "{name}"
        );
        wait(rig.core.unload(ME, record.id)).unwrap();
    }
    rig.end();
}

#[test]
fn a_restart_by_hand_under_a_running_stream_loses_no_offline_frame() {
    let rig = Rig::new();
    let (record, stream) = rig.offline(&["Fault none", "Sonic Gain"]);
    let core = rig.core.clone();
    let restarting = std::thread::spawn(move || {
        for _ in 0..5 {
            wait(core.restart(ME, record.id)).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let mut rounds = 0;
    while !restarting.is_finished() {
        // Asserts that none is dry.
        play_all(&stream, 128, &level(4800, 0.25), &[]);
        rounds += 1;
    }
    restarting.join().unwrap();
    assert!(rounds > 0 && !stream.is_closed());
    assert_eq!(stream.timings().dry, 0);
    rig.end();
}

#[test]
fn a_plugin_that_outputs_no_numbers_is_silenced_and_told() {
    let mut rig = Rig::new();
    let record = rig.load(&["Sonic Gain", "Fault output-nan"]);
    let stream = rig.open(record.id);
    let mut guarded = 0;
    for block in 0..8 {
        let (heard, outcome) = play(&stream, &frame(128, block * 128), &[], &level(128, 0.25));
        assert!(heard.iter().flatten().all(|sample| sample.is_finite()));
        guarded += u64::from(outcome.guarded);
    }
    assert!(guarded >= 2, "{guarded}");
    assert_eq!(stream.timings().guarded, guarded);
    let told = rig.expect("GUARD_TRIPPED", |what| matches!(what, What::GuardTripped { member: 1, .. }));
    assert_eq!(told.instance, Some(record.id));
    rig.end();
}

#[test]
fn a_plugin_that_fails_to_process_is_silent_and_the_stream_goes_on() {
    let rig = Rig::new();
    let record = rig.load(&["Fault process-fails"]);
    let stream = rig.open(record.id);
    let Outcome { dry, guarded, silent, .. } = play(&stream, &frame(128, 0), &[], &level(128, 0.25)).1;
    assert_eq!((dry, guarded, silent), (false, true, true));
    rig.end();
}

#[test]
fn a_plugin_that_hangs_in_a_frame_holds_nobody_but_that_frame() {
    let rig = Rig::new();
    let other = rig.load(&["Sonic Gain"]);
    let record = rig.load(&["Fault hang-in-process"]);
    let stream = rig.open(record.id);
    let hanging = stream.clone();
    // Never comes back; the thread is left behind.
    std::thread::spawn(move || {
        for block in 0..10 {
            play(&hanging, &frame(128, block * 128), &[], &level(128, 0.25));
        }
    });
    std::thread::sleep(Duration::from_millis(400));
    rig.core.live(ME, record.id).unwrap().set_normalized(0, rig.param(record.id, 0, "Gain"), 0.1).unwrap();
    for _ in 0..20 {
        let asked = Instant::now();
        wait(rig.core.instance(ME, other.id)).unwrap();
        assert!(asked.elapsed() < Duration::from_millis(500), "the main thread is free");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (heard, outcome) = play(&stream, &frame(128, 0), &[], &level(128, 0.25));
    assert_eq!((outcome.dry, heard), (true, level(128, 0.25)));
    assert_eq!(wait(rig.core.states(ME, record.id)).unwrap_err().code(), ErrorCode::BUSY);
    wait(rig.core.unload(ME, record.id)).unwrap();
    assert!(stream.is_closed());
    assert_eq!(wait(rig.core.instances(ME)).unwrap(), [other]);
    rig.end();
}

#[test]
fn a_slow_offline_frame_holds_nobody_else() {
    let rig = Rig::new();
    let (record, stream) = rig.offline(&["Fault sleep-200ms"]);
    let playing = std::thread::spawn(move || play(&stream, &frame(5000, 0), &[], &level(5000, 0.25)).1);
    while !playing.is_finished() {
        let asked = Instant::now();
        wait(rig.core.instance(ME, record.id)).unwrap();
        assert!(asked.elapsed() < Duration::from_millis(500), "the main thread is free");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!playing.join().unwrap().dry);
    rig.end();
}

#[test]
fn a_plugin_that_saves_no_state_is_refused_a_restart_and_goes_on() {
    let rig = Rig::new();
    let record = rig.load(&["Fault state-fails"]);
    let stream = rig.open(record.id);
    assert_eq!(wait(rig.core.restart(ME, record.id)).unwrap_err().code(), ErrorCode::STATE_REJECTED);
    let (heard, outcome) = play(&stream, &frame(128, 0), &[], &level(128, 0.25));
    assert_eq!((outcome.dry, heard), (false, level(128, 0.25)));
    // Another rate needs no state.
    wait(rig.core.close_stream(ME, stream.id())).unwrap();
    let other = StreamRequest { sample_rate: 96_000.0, ..through(record.id) };
    assert!(wait(rig.core.open_stream(other)).is_ok());
    rig.end();
}
