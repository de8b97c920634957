//! Commands from a test: JSON objects that make the plugin act. Thread: taken anywhere, done where `when` says.
//! Invariant: what waits for process was resolved and allocated beforehand, and is freed elsewhere.
//!
//! `{"do": NAME, "when": WHEN, …}`. WHEN is `main` (default: at the end of the next call on the main thread, or a timer's tick),
//! `now` (on the calling thread, at once), `process` (in the next block) or `thread` (on a new thread, waited for).
//! `"instance": N` chooses the object by its number in the log; without it the newest that can do it acts.
//!
//! | do | and |
//! |---|---|
//! | `restart` | `flags` |
//! | `beginEdit`, `performEdit`, `endEdit` | `id`, `value` |
//! | `edit` | `id`, `values`: begin, one perform for each, end |
//! | `setDirty` | `on` |
//! | `openEditor`, `startGroup`, `finishGroup`, `systemTime`, `unitByBus` | |
//! | `requestBus` | `media`, `direction`, `index`, `on` |
//! | `contextMenu` | `id` |
//! | `progressStart`, `progressUpdate`, `progressFinish` | `kind`, `value` |
//! | `selectUnit` | `unit` |
//! | `programList` | `list`, `index` |
//! | `message` | `from` (`component` or `controller`), `id`, `value`, `text` |
//! | `exchangeOpen` | `size`, `count`, `user`; while inactive |
//! | `exchangeSend`, `exchangeLock`, `exchangeFree`, `exchangeClose` | `value` of the first word, `on` to send |
//! | `point` | `id`, `index` (offset), `value`: an output point; only in process |
//! | `note` | `id` (pitch), `index` (offset), `on`: an output event; only in process |
//! | `supports` | `text`: the name of an interface to ask IPlugInterfaceSupport about |
//! | `timer`, `untimer` | `value` in milliseconds; ticks are logged |
//! | `descriptor`, `wake`, `undescriptor` | a pipe at the run loop; unix only |
//! | `set` | switches of [`crate::behaviour`] by name; at once |
//! | `titles` | every title changes; at once |
//!
//! What is asked of the host is logged as object `host`, state `asks` before and `answers` (with `result`) after.

use crate::{
    ask::{Act, Job, Words, answered, perform},
    behaviour,
    links::{self, Links},
    params::TITLES,
    run_loop, thread,
};
use std::{
    collections::VecDeque,
    ffi::CString,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool, AtomicPtr, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
};
use vst3::{
    ComPtr, Interface,
    Steinberg::{Vst::ProcessData, kNotImplemented},
};

/// Commands that can wait for process.
const WAITING: usize = 32;

static MAIN: Mutex<VecDeque<(Act, Words)>> = Mutex::new(VecDeque::new());
static MAIN_COUNT: AtomicUsize = AtomicUsize::new(0);
static RUNNING: AtomicBool = AtomicBool::new(false);

static QUEUE: [AtomicPtr<Job>; WAITING] = [const { AtomicPtr::new(std::ptr::null_mut()) }; WAITING];
static DONE: [AtomicPtr<Job>; WAITING] = [const { AtomicPtr::new(std::ptr::null_mut()) }; WAITING];
static HEAD: AtomicUsize = AtomicUsize::new(0);
static TAIL: Mutex<usize> = Mutex::new(0);
static TAIL_SEEN: AtomicUsize = AtomicUsize::new(0);

/// `[any, not audio]` Takes a command; the result is that of `recorder_command`.
pub fn take(json: &str) -> i32 {
    sweep();
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str::<serde_json::Value>(json) else { return -1 };
    let text = |key: &str| object.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    match text("do") {
        "set" => {
            let switches = object.iter().filter(|(key, _)| *key != "do");
            let mut known = true;
            for (key, value) in switches {
                let number = value.as_u64().map(|value| value as u32).or(value.as_bool().map(u32::from));
                known &= number.is_some_and(|number| behaviour::set(key, number));
            }
            return if known { 0 } else { -2 };
        }
        "titles" => {
            TITLES.fetch_add(1, SeqCst);
            return 0;
        }
        _ => {}
    }
    let Some(act) = Act::named(text("do")) else { return -2 };
    let words = words(&object);
    match object.get("when").and_then(|when| when.as_str()).unwrap_or("main") {
        "main" => {
            let Ok(mut queue) = MAIN.lock() else { return -1 };
            queue.push_back((act, words));
            MAIN_COUNT.store(queue.len(), SeqCst);
            0
        }
        "now" => resolve(act, words).map_or(-3, |job| {
            perform(&job, None);
            0
        }),
        "thread" => resolve(act, words).map_or(-3, |job| {
            let done = std::thread::spawn(move || perform(&job, None)).join();
            if done.is_ok() { 0 } else { -1 }
        }),
        "process" => resolve(act, words).map_or(-3, enqueue),
        _ => -1,
    }
}

fn words(object: &serde_json::Map<String, serde_json::Value>) -> Words {
    let number = |key: &str| object.get(key).and_then(|value| value.as_f64()).unwrap_or_default();
    let text = |key: &str| object.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let values = object.get("values").and_then(|list| list.as_array());
    Words {
        id: number("id") as u32,
        value: number("value"),
        values: values.map(|list| list.iter().filter_map(|value| value.as_f64()).collect()).unwrap_or_default(),
        flags: number("flags") as i32,
        media: number("media") as i32,
        direction: number("direction") as i32,
        index: number("index") as i32,
        on: object.get("on").and_then(|on| on.as_bool()).unwrap_or(true),
        kind: number("kind") as u32,
        unit: number("unit") as i32,
        list: number("list") as i32,
        size: number("size") as u32,
        count: number("count") as u32,
        user: number("user") as u32,
        message: CString::new(text("id")).unwrap_or_default(),
        text: text("text").encode_utf16().chain([0]).collect(),
        from_controller: text("from") == "controller",
        instance: object.get("instance").and_then(|instance| instance.as_u64()).map(|instance| instance as u32),
    }
}

fn held<T: Interface>(place: &Mutex<Option<ComPtr<T>>>) -> Option<ComPtr<T>> {
    place.lock().ok()?.clone()
}

/// Finds what a command needs; nothing when it is not there.
fn resolve(act: Act, words: Words) -> Option<Job> {
    let chosen = |links: &Links| words.instance.is_none_or(|instance| links.life.instance == instance);
    let component = act.of_component(&words);
    let object: Arc<Links> = links::newest(|links| {
        let able = if component { links.processor.load(SeqCst) != 0 } else { links.life.object != "component" };
        able && chosen(links) && held(&links.host).is_some()
    })?;
    let handler = held(&object.handler);
    let host = held(&object.host);
    let exchange = host.as_ref().and_then(|host| host.cast());
    let progress = handler.as_ref().and_then(|handler| handler.cast());
    let (peer, processor) = (held(&object.peer), object.processor.load(SeqCst));
    Some(Job { act, words, handler, host, peer, exchange, progress, processor })
}

/// Hands a job to process.
fn enqueue(job: Job) -> i32 {
    let Ok(mut tail) = TAIL.lock() else { return -1 };
    if *tail - HEAD.load(SeqCst) >= WAITING {
        return -3;
    }
    let slot = *tail % WAITING;
    free(&DONE[slot]);
    QUEUE[slot].store(Box::into_raw(Box::new(job)), SeqCst);
    *tail += 1;
    TAIL_SEEN.store(*tail, SeqCst);
    0
}

fn free(place: &AtomicPtr<Job>) {
    let job = place.swap(std::ptr::null_mut(), SeqCst);
    if !job.is_null() {
        drop(unsafe { Box::from_raw(job) });
    }
}

/// Frees jobs that process is done with.
fn sweep() {
    DONE.iter().for_each(free);
}

/// `[main]` Forgets whatever waits, and everything that is held for it.
pub fn forget_all() {
    if let Ok(mut queue) = MAIN.lock() {
        queue.clear();
        MAIN_COUNT.store(0, SeqCst);
    }
    QUEUE.iter().for_each(free);
    sweep();
    run_loop::forget();
}

/// `[audio]` Does what waits for a block.
pub fn run_in_process(data: &ProcessData) {
    loop {
        let head = HEAD.load(SeqCst);
        if head == TAIL_SEEN.load(SeqCst) {
            return;
        }
        if HEAD.compare_exchange(head, head + 1, SeqCst, SeqCst).is_err() {
            continue;
        }
        let slot = head % WAITING;
        let job = QUEUE[slot].swap(std::ptr::null_mut(), SeqCst);
        if let Some(job) = unsafe { job.as_ref() } {
            perform(job, Some(data));
            DONE[slot].store(std::ptr::from_ref(job).cast_mut(), SeqCst);
        }
    }
}

/// `[main]` Does what waits for the main thread. Does nothing elsewhere, and nothing inside itself.
pub fn run_pending() {
    if MAIN_COUNT.load(Relaxed) == 0 || thread::current() != thread::entered() || RUNNING.swap(true, SeqCst) {
        return;
    }
    sweep();
    loop {
        let next = MAIN.lock().ok().and_then(|mut queue| {
            let next = queue.pop_front();
            MAIN_COUNT.store(queue.len(), SeqCst);
            next
        });
        let Some((act, words)) = next else { break };
        match resolve(act, words) {
            Some(job) => perform(&job, None),
            None => answered(act.name(), kNotImplemented),
        }
    }
    RUNNING.store(false, SeqCst);
}
