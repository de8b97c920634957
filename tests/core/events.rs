//! Notes and what ends them.

use crate::rig::{ME, Rig, frame, level, play, request, wait};
use sonic_bridge::{
    control::core::{EventBatch, Frame, FrameEvent, FrameEventKind, Stream},
    model::{ErrorCode, Event, EventBody},
};

fn on(key: i16) -> EventBody {
    EventBody::NoteOn { channel: 0, key, velocity: 1.0, tuning: 0.0, note_id: -1 }
}

fn off(key: i16) -> EventBody {
    EventBody::NoteOff { channel: 0, key, velocity: 0.0, note_id: -1 }
}

fn now(offset: u32, body: EventBody) -> FrameEvent {
    FrameEvent { offset, member: 255, kind: FrameEventKind::Event(body) }
}

/// Whether it sounds within a second and a half, and at which sample it begins.
fn sounds(stream: &Stream, at: u64, events: &[FrameEvent]) -> Option<usize> {
    let (heard, _) = play(stream, &frame(60_000, at), events, &level(60_000, 0.0));
    heard[0].iter().position(|sample| sample.abs() > 1e-6)
}

#[test]
fn a_note_of_a_frame_begins_at_its_sample_and_ends() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Synth", "Sonic Gain"]);
    let stream = rig.open(record.id);
    let begins = sounds(&stream, 0, &[now(1000, on(69))]).expect("it sounds");
    assert!((1000..1100).contains(&begins), "{begins}");
    assert!(sounds(&stream, 60_000, &[]).is_some(), "it is held");
    sounds(&stream, 120_000, &[now(0, off(69))]);
    sounds(&stream, 180_000, &[]);
    assert_eq!(sounds(&stream, 240_000, &[]), None, "it has ended");
    rig.end();
}

#[test]
fn notes_that_are_sent_come_with_the_next_block() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Synth"]);
    let batch = |member, body| EventBatch { member, events: vec![Event { offset: 10, bus: 0, body }] };
    let refused = rig.core.send_events(ME, record.id, batch(None, on(60))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NOT_ACTIVE, "without a stream there is no next block");
    let stream = rig.open(record.id);
    assert_eq!(sounds(&stream, 0, &[]), None);
    rig.core.send_events(ME, record.id, batch(Some(0), on(60))).unwrap();
    assert!(sounds(&stream, 60_000, &[]).is_some_and(|begins| begins >= 10));
    let error = rig.core.send_events(ME, record.id, batch(Some(5), off(60))).unwrap_err();
    assert_eq!(error.code(), ErrorCode::INSTANCE_NOT_FOUND, "{error}");
    let many = EventBatch { member: None, events: vec![Event { offset: 0, bus: 0, body: off(1) }; 100_000] };
    assert_eq!(rig.core.send_events(ME, record.id, many).unwrap_err().code(), ErrorCode::BUSY);
    rig.end();
}

#[test]
fn panic_a_gap_a_reset_and_the_end_of_a_stream_end_every_note() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Synth"]);
    let mut stream = rig.open(record.id);
    for way in ["panic", "gap", "reset", "close", "stop"] {
        let notes: Vec<FrameEvent> = (60..70).map(|key| now(0, on(key))).collect();
        assert!(sounds(&stream, 0, &notes).is_some(), "before {way}");
        let mut gap = false;
        match way {
            "panic" => wait(rig.core.panic(ME)).unwrap(),
            "reset" => wait(rig.core.reset(ME, record.id)).unwrap(),
            "gap" => gap = true,
            "close" => wait(rig.core.close_stream(ME, stream.id())).unwrap(),
            _ => rig.core.stop_streams(ME),
        }
        if matches!(way, "close" | "stop") {
            // Answered behind it, so it is done.
            wait(rig.core.instance(ME, record.id)).unwrap();
            assert!(stream.is_closed(), "{way}");
            stream = rig.open(record.id);
        }
        let next = Frame { discontinuity: gap, ..frame(48_000, 60_000) };
        let (heard, outcome) = play(&stream, &next, &[], &level(48_000, 0.0));
        assert!(outcome.silent, "after {way}: {:?}", heard[0].iter().position(|sample| *sample != 0.0));
    }
    rig.end();
}

#[test]
fn notes_for_plugins_that_take_none_are_counted_as_dropped() {
    let rig = Rig::new();
    let record = wait(rig.core.load(request(&["Sonic Gain"]))).unwrap();
    let stream = rig.open(record.id);
    let (_, outcome) = play(&stream, &frame(128, 0), &[now(0, on(60)), now(0, off(60))], &level(128, 0.1));
    assert_eq!(outcome.dropped, 2);
    rig.end();
}

#[test]
fn panic_and_a_stop_do_not_wait_for_a_busy_main_thread() {
    let rig = Rig::new();
    let record = rig.load(&["Sonic Synth"]);
    let stream = rig.open(record.id);
    let core = rig.core.clone();
    let loading = std::thread::spawn(move || wait(core.load(request(&["Fault sleep-in-init"]))).unwrap());
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(sounds(&stream, 0, &[now(0, on(60))]).is_some());
    // Asked, and not waited for.
    wait(async {
        tokio::select! { biased; _ = rig.core.panic(ME) => (), () = std::future::ready(()) => () }
    });
    assert_eq!(sounds(&stream, 60_000, &[]), None);
    assert!(sounds(&stream, 120_000, &[now(0, on(60))]).is_some());
    rig.core.stop_streams(ME);
    assert!(stream.is_closed() && !loading.is_finished());
    loading.join().unwrap();
    rig.end();
}
