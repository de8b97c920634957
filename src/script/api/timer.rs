//! L4 · timers.

use super::spec::{Entry, Form, Topic, handle};
use crate::script::{
    fault::{Problem, at_once, waiting},
    world::{Handler, MAX_TIMERS, MIN_PAUSE, Timer, World},
};
use mlua::{Function, Lua};
use std::{cell::Cell, rc::Rc, time::Duration};

/// The longest pause: a day.
const MAX_PAUSE: f64 = 86_400.0;

/// A timer in Lua.
#[derive(Clone)]
pub(super) struct TimerHandle(Rc<Timer>);

handle!(TimerHandle, TOPIC);

pub(super) static TOPIC: Topic = Topic {
    name: "Timer",
    form: Form::Class,
    doc: "Made by bridge.every and bridge.after. Timers end when another text of the script begins.",
    functions: &[Entry {
        name: "stop",
        params: &[],
        returns: &[],
        doc: "Ends it; a call that runs is finished.",
        waits: false,
        make: |lua| {
            at_once(lua, |lua, timer: TimerHandle| {
                timer.0.stopped.set(true);
                World::of(lua)?.timers.borrow_mut().retain(|other| !other.stopped.get());
                Ok(())
            })
        },
    }],
};

/// `bridge.every(seconds, run)` and `bridge.after(seconds, run)`
pub(super) fn declare(lua: &Lua, seconds: f64, run: Function, again: bool) -> Result<TimerHandle, Problem> {
    let world = World::of(lua)?;
    if !(MIN_PAUSE.as_secs_f64()..=MAX_PAUSE).contains(&seconds) {
        let least = MIN_PAUSE.as_secs_f64();
        return Err(Problem::Misuse(format!("a timer's pause is from {least} to {MAX_PAUSE} seconds, not {seconds}")));
    }
    if world.timers.borrow().len() >= MAX_TIMERS {
        return Err(Problem::Misuse(format!("there are {MAX_TIMERS} timers already, which is the most")));
    }
    let name = format!("a timer of {seconds} s");
    let timer = Rc::new(Timer {
        pause: Duration::from_secs_f64(seconds),
        again,
        stopped: Cell::new(false),
        run: Handler::new(name, run),
    });
    world.timers.borrow_mut().push(Rc::clone(&timer));
    let program = world.program.borrow().upgrade();
    if let (false, Some(program)) = (world.loading.get(), program) {
        program.start(Rc::clone(&timer));
    }
    Ok(TimerHandle(timer))
}

/// `bridge.sleep(seconds)`
pub(super) fn sleep(lua: &Lua) -> mlua::Result<Function> {
    waiting(lua, |_, seconds: f64| async move {
        if !(0.0..=60.0).contains(&seconds) {
            return Err(Problem::Misuse(format!("a handler sleeps from 0 to 60 seconds, not {seconds}")));
        }
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        Ok(())
    })
}
