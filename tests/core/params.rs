//! Parameters: set at once, heard exactly, told in order.

use crate::rig::{ME, Rig, frame, level, play, request, through, wait};
use sonic_bridge::{
    control::core::{FrameEvent, FrameEventKind, LoadRequest, ParamInput, ParamRef, StreamRequest, What},
    model::{ErrorCode, ParamId},
    plugin::ProcessMode,
};
use std::time::{Duration, Instant};

fn named(name: &str) -> ParamRef {
    ParamRef::Name(name.to_owned())
}

#[test]
fn a_value_is_heard_from_the_first_sample_of_the_next_frame_on() {
    let rig = Rig::new();
    // Its gain has no smoothing: 0.5 leaves the sound as it is.
    let record = rig.load(&["Fault none"]);
    let stream = rig.open(record.id);
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 0, "Gain");
    let input = level(100, 0.25);
    let heard = |at: u64| play(&stream, &frame(100, at), &[], &input).0;
    assert_eq!(heard(0), level(100, 0.25));
    let applied = live.set_normalized(0, gain, 0.25).unwrap();
    assert_eq!((applied.normalized, applied.snapped, live.normalized(0, gain).unwrap()), (0.25, false, 0.25));
    assert_eq!(heard(100), level(100, 0.125));
    rig.end();
}

#[test]
fn a_frame_event_is_heard_at_its_sample() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Gain"]);
    let (invert, smoothing) = (rig.param(record.id, 0, "Invert Polarity"), rig.param(record.id, 0, "Smoothing"));
    let live = rig.core.live(ME, record.id).unwrap();
    live.set_normalized(0, smoothing, 0.0).unwrap();
    let stream = rig.open(record.id);
    let event = |offset, value| FrameEvent { offset, member: 0, kind: FrameEventKind::Param(invert.0, value) };
    // Longer than the prepared block: the later event lies in another part. Not sorted, and one behind the end.
    let events = [event(700, 0.0), event(100, 1.0), event(60_000, 1.0)];
    let (heard, outcome) = play(&stream, &frame(1200, 0), &events, &level(1200, 0.25));
    assert_eq!((outcome.dropped, outcome.dry), (0, false));
    for (at, sample) in heard[0].iter().enumerate() {
        let expected = if (100..700).contains(&at) || at == 1199 { -0.25 } else { 0.25 };
        assert!((*sample - expected).abs() < 1e-6, "{sample} at {at}");
    }
    assert_eq!(live.normalized(0, invert).unwrap(), 1.0);
    let wrong = [
        FrameEvent { offset: 0, member: 9, kind: FrameEventKind::Param(invert.0, 0.0) },
        FrameEvent { offset: 0, member: 0, kind: FrameEventKind::Param(12345, 0.0) },
        FrameEvent { offset: 0, member: 0, kind: FrameEventKind::Param(invert.0, f64::NAN) },
        FrameEvent { offset: 0, member: 255, kind: FrameEventKind::Param(invert.0, 0.0) },
    ];
    let (heard, outcome) = play(&stream, &frame(100, 1200), &wrong, &level(100, 0.25));
    assert_eq!(outcome.dropped, 4);
    assert!(heard[0].iter().all(|sample| *sample < -0.2), "nothing was changed");
    rig.end();
}

#[test]
fn what_cannot_be_set_is_refused_and_nothing_changes() {
    let rig = Rig::new();
    let record = rig.load(&["Recorder"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let code = |param: u32, value| live.set_normalized(0, ParamId(param), value).unwrap_err().code();
    let before = live.normalized(0, ParamId(100)).unwrap();
    for value in [f64::NAN, f64::INFINITY, -0.1, 1.1, 1e300] {
        assert_eq!(code(100, value), ErrorCode::OUT_OF_RANGE, "{value}");
    }
    // A meter, what is hidden, and what there is not.
    assert_eq!(code(33, 0.5), ErrorCode::OUT_OF_RANGE);
    assert_eq!(code(555, 0.5), ErrorCode::OUT_OF_RANGE);
    assert_eq!(code(4711, 0.5), ErrorCode::PARAM_NOT_FOUND);
    assert_eq!(live.set_normalized(3, ParamId(100), 0.5).unwrap_err().code(), ErrorCode::INSTANCE_NOT_FOUND);
    assert_eq!(live.normalized(0, ParamId(100)).unwrap(), before);
    rig.end();
}

#[test]
fn a_parameter_with_steps_takes_the_nearest() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Gain"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let invert = rig.param(record.id, 0, "Invert Polarity");
    for (value, step) in [(0.4, 0.0), (0.6, 1.0), (1.0, 1.0)] {
        let applied = live.set_normalized(0, invert, value).unwrap();
        assert_eq!((applied.normalized, applied.snapped), (step, step != value), "{value}");
        assert_eq!(live.normalized(0, invert).unwrap(), step);
    }
    rig.end();
}

#[test]
fn texts_and_plain_values_are_understood_and_shown() {
    let mut rig = Rig::new();
    let record = rig.load(&["Sonic Gain", "Sonic Reverb"]);
    let set = |input| wait(rig.core.set_param(ME, record.id, 0, named("gain"), input));
    let (value, snapped) = set(ParamInput::Text("-6 dB".to_owned())).unwrap();
    assert!((value.plain + 6.0).abs() < 0.05 && value.text.contains("-6") && !snapped, "{value:?}");
    let (value, _) = set(ParamInput::Plain(-12.0)).unwrap();
    assert!((value.plain + 12.0).abs() < 1e-9, "{value:?}");
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 0, "Gain");
    assert_eq!(live.normalized(0, gain).unwrap(), value.normalized);
    assert_eq!(wait(rig.core.param_value(ME, record.id, 0, named("Gain"), None)).unwrap(), value);
    for wrong in [ParamInput::Text("loud".to_owned()), ParamInput::Plain(1e9), ParamInput::Normalized(2.0)] {
        assert!(set(wrong.clone()).is_err(), "{wrong:?}");
    }
    assert_eq!(live.normalized(0, gain).unwrap(), value.normalized, "nothing was changed");
    // Asking sets nothing.
    let asked = wait(rig.core.param_value(ME, record.id, 0, named("Gain"), Some(ParamInput::Normalized(1.0)))).unwrap();
    assert_eq!(asked.normalized, 1.0);
    assert_eq!(live.normalized(0, gain).unwrap(), value.normalized);
    let told =
        rig.expect("PARAM_CHANGED", |what| matches!(what, What::ParamChanged { value: told, .. } if *told == value));
    assert_eq!((told.owner, told.instance), (Some(ME), Some(record.id)));
    rig.end();
}

#[test]
fn parameters_are_listed_in_parts_without_the_hidden_ones() {
    let rig = Rig::new();
    let record = rig.load(&["Recorder"]);
    let (all, total) = wait(rig.core.params(ME, record.id, 0, 0, 1000)).unwrap();
    assert_eq!((all.len(), record.members[0].params), (total, total));
    assert!(all.iter().all(|param| !param.info.flags.hidden), "{all:?}");
    let choice = all.iter().find(|param| param.info.id == ParamId(4)).unwrap();
    assert_eq!(choice.labels.len(), choice.info.steps as usize + 1);
    let mut parts = Vec::new();
    while parts.len() < total {
        let (part, again) = wait(rig.core.params(ME, record.id, 0, parts.len(), 3)).unwrap();
        assert!(again == total && !part.is_empty());
        parts.extend(part);
    }
    assert_eq!(parts, all);
    assert!(wait(rig.core.params(ME, record.id, 1, 0, 10)).is_err());
    rig.end();
}

#[test]
fn a_thousand_changes_are_told_seldom_and_the_last_one_certainly() {
    let mut rig = Rig::new();
    let record = rig.load(&["Sonic Gain"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 0, "Gain");
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < Duration::from_millis(500) {
        // A full queue is an answer, too.
        let _ = live.set_normalized(0, gain, f64::from(sent % 100) / 128.0);
        sent += 1;
        std::thread::sleep(Duration::from_micros(300));
    }
    let last = loop {
        match live.set_normalized(0, gain, 0.9) {
            Ok(applied) => break applied.normalized,
            Err(error) => assert_eq!(error.code(), ErrorCode::BUSY),
        }
    };
    let mut told = 0;
    rig.expect("the last value", |what| {
        told += usize::from(matches!(what, What::ParamChanged { .. }));
        matches!(what, What::ParamChanged { value, by_plugin: false, .. } if value.normalized == last)
    });
    let limit = began.elapsed().as_secs_f64() * 60.0 + 2.0;
    assert!(sent > 300 && told > 3 && f64::from(told as u32) <= limit, "{told} of {sent}");
    rig.end();
}

#[test]
fn a_full_queue_is_said_and_empties_when_no_stream_runs() {
    let rig = Rig::new();
    let (record, stream) = rig.offline(&["Fault sleep-50ms"]);
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 0, "Gain");
    // While a frame of this plugin is played, nobody empties the queue.
    let playing = std::thread::spawn(move || play(&stream, &frame(5000, 0), &[], &level(5000, 0.25)).1);
    std::thread::sleep(Duration::from_millis(20));
    let mut busy = None;
    for at in 0..10_000 {
        if let Err(error) = live.set_normalized(0, gain, f64::from(at % 2)) {
            let kept = live.normalized(0, gain).unwrap();
            busy = Some((error.code(), kept, f64::from((at + 1) % 2)));
            break;
        }
    }
    let (code, kept, before) = busy.expect("it is full at some time");
    assert_eq!((code, kept), (ErrorCode::BUSY, before));
    assert!(!playing.join().unwrap().dry);
    let began = Instant::now();
    while live.set_normalized(0, gain, 0.5).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "it is emptied");
        std::thread::sleep(Duration::from_millis(5));
    }
    rig.end();
}

#[test]
fn a_plugin_that_loads_slowly_delays_neither_values_nor_a_stream() {
    let rig = Rig::new();
    let record = rig.load(&["Fault none"]);
    let stream = rig.open(record.id);
    let live = rig.core.live(ME, record.id).unwrap();
    let gain = rig.param(record.id, 0, "Gain");
    let core = rig.core.clone();
    let loading = std::thread::spawn(move || {
        let began = Instant::now();
        let record = wait(core.load(request(&["Fault sleep-in-init"]))).unwrap();
        (began.elapsed(), record.id)
    });
    let (mut worst, mut blocks, mut most_busy) = (Duration::ZERO, 0_u64, Duration::ZERO);
    while !loading.is_finished() {
        let value = if blocks.is_multiple_of(2) { 0.25 } else { 0.5 };
        let began = Instant::now();
        live.set_normalized(0, gain, value).unwrap();
        let (heard, outcome) = play(&stream, &frame(128, blocks * 128), &[], &level(128, 0.25));
        worst = worst.max(began.elapsed());
        assert!(!outcome.dry);
        assert_eq!(heard, level(128, 0.5 * value as f32));
        blocks += 1;
        most_busy = most_busy.max(rig.core.main_busy());
        std::thread::sleep(Duration::from_millis(2));
    }
    let (took, id) = loading.join().unwrap();
    assert!(took >= Duration::from_secs(2) && blocks > 100, "{took:?} {blocks}");
    assert!(worst < Duration::from_millis(500), "{worst:?}");
    assert!(most_busy > Duration::from_secs(1), "{most_busy:?}");
    wait(rig.core.unload(ME, id)).unwrap();
    assert!(rig.core.main_busy() < Duration::from_millis(500));
    rig.end();
}

#[test]
fn who_gave_up_waiting_gets_nothing_begun() {
    let rig = Rig::new();
    let core = rig.core.clone();
    let slow = std::thread::spawn(move || wait(core.load(request(&["Fault sleep-in-init"]))).unwrap().id);
    std::thread::sleep(Duration::from_millis(300));
    // Queued behind the slow one, and given up.
    let given_up = wait(async {
        let load = rig.core.load(LoadRequest { mode: ProcessMode::Offline, ..request(&["Sonic Gain"]) });
        tokio::select! { biased; _ = load => false, () = std::future::ready(()) => true }
    });
    assert!(given_up);
    let id = slow.join().unwrap();
    let all = wait(rig.core.instances(ME)).unwrap();
    assert_eq!(all.iter().map(|record| record.id).collect::<Vec<_>>(), [id]);
    assert!(wait(rig.core.open_stream(StreamRequest { channels: 2, ..through(id) })).is_ok());
    rig.end();
}
