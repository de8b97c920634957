//! Parameter points and events: in order, in time, bounded.

use super::*;
use crate::{
    engine::fakes::*,
    model::{Event, EventBody, ParamId, ParamPoint},
};
use std::sync::{Arc, Mutex};

fn point(param: u32, offset: u32, value: f64) -> ParamPoint {
    ParamPoint { param: ParamId(param), offset, value }
}

fn event(offset: u32, number: u16) -> Event {
    Event { offset, bus: 0, body: EventBody::Controller { channel: 0, number, value: 0.5 } }
}

fn listener() -> (Schedule, usize, Arc<Mutex<Diary>>) {
    let mut sketch = Sketch::default();
    let (loaded, diary) = watched(0, 0, |_| Ok(()));
    let plugin = sketch.plugin(loaded);
    (sketch.compile(64).unwrap(), plugin, diary)
}

#[test]
fn points_and_events_arrive_sorted_once_and_in_the_order_they_were_given() {
    let (mut schedule, plugin, diary) = listener();
    for queued in [point(1, 9, 0.1), point(2, 3, 0.2), point(1, 9, 0.3), point(1, 0, 0.4), point(2, 3, 0.5)] {
        assert!(schedule.queue_param(plugin, queued));
    }
    for queued in [event(5, 1), event(2, 2), event(5, 3), event(2, 4)] {
        assert!(schedule.queue_event(plugin, queued));
    }
    tick(&mut schedule, 64);
    tick(&mut schedule, 64);
    let diary = diary.lock().unwrap();
    let expected = [point(1, 0, 0.4), point(2, 3, 0.2), point(2, 3, 0.5), point(1, 9, 0.1), point(1, 9, 0.3)];
    assert_eq!(diary.params, expected);
    assert_eq!(diary.events, [event(2, 2), event(2, 4), event(5, 1), event(5, 3)]);
}

#[test]
fn what_lies_behind_the_end_of_a_block_comes_at_its_end() {
    let (mut schedule, plugin, diary) = listener();
    for offset in [3, 10, 63] {
        schedule.queue_param(plugin, point(1, offset, 0.0));
        schedule.queue_event(plugin, event(offset, 0));
    }
    tick(&mut schedule, 8);
    let diary = diary.lock().unwrap();
    assert_eq!(diary.params.iter().map(|point| point.offset).collect::<Vec<_>>(), [3, 7, 7]);
    assert_eq!(diary.events.iter().map(|event| event.offset).collect::<Vec<_>>(), [3, 7, 7]);
}

#[test]
fn a_full_queue_says_so_and_values_are_kept_in_range() {
    let (mut schedule, plugin, diary) = listener();
    let room = (0..100_000).take_while(|_| schedule.queue_param(plugin, point(1, 0, 7.0))).count();
    assert!((1000..100_000).contains(&room), "{room}");
    assert_eq!(schedule.node_stats(plugin).dropped, 1);
    tick(&mut schedule, 8);
    assert!(diary.lock().unwrap().params.iter().all(|point| point.value == 1.0));
    assert!(!schedule.queue_param(plugin, point(1, 0, f64::NAN)));
    let room = (0..100_000).take_while(|_| schedule.queue_event(plugin, event(0, 0))).count();
    assert!((1000..100_000).contains(&room), "{room}");
}

#[test]
fn a_clock_that_stands_still_can_hand_points_over() {
    let (mut schedule, plugin, diary) = listener();
    schedule.queue_param(plugin, point(1, 5, 0.5));
    schedule.flush();
    tick(&mut schedule, 8);
    let diary = diary.lock().unwrap();
    assert_eq!((diary.flushed.as_slice(), diary.params.len()), (&[point(1, 5, 0.5)][..], 0));
}

#[test]
fn what_a_plugin_says_can_be_read_after_the_block() {
    let mut sketch = Sketch::default();
    let mut first = true;
    let plugin = sketch.plugin(node(0, 0, move |block| {
        if std::mem::take(&mut first) {
            block.out.push_param(point(9, 1, 0.9));
            block.out.push_event(event(2, 64));
        }
        Ok(())
    }));
    let input = sketch.input(1);
    let mut schedule = sketch.compile(8).unwrap();
    assert_eq!(tick(&mut schedule, 8).spoke, 1);
    let said = schedule.said(plugin).unwrap();
    assert_eq!((said.params(), said.events()), (&[point(9, 1, 0.9)][..], &[event(2, 64)][..]));
    assert_eq!(tick(&mut schedule, 8).spoke, 0);
    assert!(schedule.said(plugin).unwrap().params().is_empty());
    assert!(schedule.said(input).is_none());
    assert!(!schedule.queue_param(input, point(1, 0, 0.0)) && !schedule.queue_event(99, event(0, 0)));
}
