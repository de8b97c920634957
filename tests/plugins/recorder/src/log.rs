//! The log: a fixed ring of calls in the order they were made. Thread: any, also audio.
//! Invariant: recording neither allocates nor locks nor waits; when the ring is full, calls are counted instead of kept.

use crate::line::Line;
use std::{
    cell::UnsafeCell,
    fmt::Write,
    mem::MaybeUninit,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Calls that fit.
const SLOTS: usize = 1 << 15;
/// Complaints about one call that are kept.
pub const COMPLAINTS: usize = 12;

/// A rule that a call broke: number in the host checklist and what was wrong.
pub type Complaint = (u8, &'static str);

/// One call, or one answer of the host to a call of ours.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Operating system's number of the calling thread.
    pub thread: u64,
    /// Whether that thread entered the module.
    pub entered: bool,
    /// Kind of object.
    pub object: &'static str,
    /// Number of the object; 0 where there is only one.
    pub instance: u32,
    /// Function.
    pub call: &'static str,
    /// State of the object before the call.
    pub state: &'static str,
    /// Arguments that matter.
    pub args: Line,
    /// Rules broken.
    pub violations: [Option<Complaint>; COMPLAINTS],
    /// Allowed, but not what a good host does.
    pub remarks: [Option<Complaint>; COMPLAINTS],
}

impl Entry {
    /// `[any]` Adds a complaint; those that find no room are dropped, the call is marked already.
    pub fn complain(list: &mut [Option<Complaint>; COMPLAINTS], complaint: Complaint) {
        if list.contains(&Some(complaint)) {
            return;
        }
        if let Some(place) = list.iter_mut().find(|place| place.is_none()) {
            *place = Some(complaint);
        }
    }

    fn json(&self, sequence: u64) -> String {
        let mut text = String::with_capacity(512);
        let _ = write!(
            text,
            "{{\"seq\":{sequence},\"thread\":{},\"entered\":{},\"object\":\"{}\",\"instance\":{},\"call\":\"{}\",\
             \"state\":\"{}\",\"legal\":{},\"args\":{{{}}}",
            self.thread,
            self.entered,
            self.object,
            self.instance,
            self.call,
            self.state,
            self.violations[0].is_none(),
            self.args.text(),
        );
        for (name, list) in [("violations", &self.violations), ("remarks", &self.remarks)] {
            if list[0].is_some() {
                let all: Vec<String> = list.iter().flatten().map(|(item, why)| format!("\"{item}: {why}\"")).collect();
                let _ = write!(text, ",\"{name}\":[{}]", all.join(","));
            }
        }
        if self.args.cut() {
            text.push_str(",\"cut\":true");
        }
        text.push_str("}\n");
        text
    }
}

struct Slot {
    /// Sequence number + 1 once the entry is complete.
    ready: AtomicU64,
    entry: UnsafeCell<MaybeUninit<Entry>>,
}

struct Log {
    slots: [Slot; SLOTS],
    written: AtomicU64,
    read: AtomicU64,
    dropped: AtomicU64,
    violations: AtomicU64,
    reader: Mutex<String>,
}

// A slot is written by the one thread that claimed its number, and read only after `ready` says so and before `read` passes it.
unsafe impl Sync for Log {}

static LOG: Log = Log {
    slots: [const { Slot { ready: AtomicU64::new(0), entry: UnsafeCell::new(MaybeUninit::uninit()) } }; SLOTS],
    written: AtomicU64::new(0),
    read: AtomicU64::new(0),
    dropped: AtomicU64::new(0),
    violations: AtomicU64::new(0),
    reader: Mutex::new(String::new()),
};

/// `[any]` Keeps a call.
pub fn record(entry: &Entry) {
    if entry.violations[0].is_some() {
        LOG.violations.fetch_add(1, Ordering::Relaxed);
    }
    let mut sequence = LOG.written.load(Ordering::Relaxed);
    loop {
        if sequence - LOG.read.load(Ordering::Acquire) >= SLOTS as u64 {
            LOG.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        match LOG.written.compare_exchange_weak(sequence, sequence + 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => sequence = now.max(sequence),
        }
    }
    let slot = &LOG.slots[sequence as usize % SLOTS];
    unsafe { (*slot.entry.get()).write(*entry) };
    slot.ready.store(sequence + 1, Ordering::Release);
}

/// `[any, not audio]` Moves as many whole lines as fit into `buffer`; the number of bytes. A line is one JSON object.
pub fn drain(buffer: &mut [u8]) -> usize {
    // Behind the lock is the line that did not fit last time.
    let Ok(mut waiting) = LOG.reader.lock() else { return 0 };
    let mut length = 0;
    loop {
        if waiting.is_empty() {
            match next() {
                Some(line) => *waiting = line,
                None => return length,
            }
        }
        let end = length + waiting.len();
        if end > buffer.len() {
            return length;
        }
        buffer[length..end].copy_from_slice(waiting.as_bytes());
        length = end;
        waiting.clear();
    }
}

/// One line, or nothing when all complete ones were read. Only under the reader's lock.
fn next() -> Option<String> {
    let sequence = LOG.read.load(Ordering::Relaxed);
    let slot = &LOG.slots[sequence as usize % SLOTS];
    if slot.ready.load(Ordering::Acquire) != sequence + 1 {
        return None;
    }
    let entry = unsafe { (*slot.entry.get()).assume_init_read() };
    LOG.read.store(sequence + 1, Ordering::Release);
    Some(entry.json(sequence))
}

/// `[any]` Illegal calls so far.
pub fn violations() -> u64 {
    LOG.violations.load(Ordering::Relaxed)
}

/// `[any]` Calls that found no room.
pub fn dropped() -> u64 {
    LOG.dropped.load(Ordering::Relaxed)
}

/// `[any, not audio]` Forgets everything.
pub fn reset() {
    if let Ok(mut waiting) = LOG.reader.lock() {
        waiting.clear();
        while next().is_some() {}
        LOG.violations.store(0, Ordering::Relaxed);
        LOG.dropped.store(0, Ordering::Relaxed);
    }
}

/// `[main]` Appends what has not been read to the file named by the variable `SONIC_RECORDER_LOG`, if there is one.
pub fn flush_to_file() {
    let Some(path) = std::env::var_os("SONIC_RECORDER_LOG") else { return };
    let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) else { return };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = drain(&mut buffer);
        if length == 0 || std::io::Write::write_all(&mut file, &buffer[..length]).is_err() {
            return;
        }
    }
}
