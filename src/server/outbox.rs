//! L4 · events on their way to one session: numbered as they leave, kept for a client that comes back.
//!
//! Thread: any, one at a time. Invariant: bounded; what may not be lost is either sent, kept, or said to be lost.
//! Deliberately absent: sockets.

use super::{Limits, envelope};
use crate::link::Event;
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};
use tokio::sync::Notify;

/// The longest event that is sent.
const LONGEST: usize = 1 << 20;

/// An event whose data is text already.
#[derive(Clone, Debug)]
pub(super) struct Written {
    kind: Arc<str>,
    class: Arc<str>,
    key: Option<Arc<str>>,
    data: Arc<str>,
}

impl Written {
    /// `[any]` Once for all sessions that hear of it.
    pub(super) fn new(event: &Event) -> Self {
        Self {
            kind: event.kind.as_str().into(),
            class: event.class.as_str().into(),
            key: event.key.as_deref().map(Into::into),
            data: event.data.to_string().into(),
        }
    }

    fn is_lossy(&self) -> bool {
        matches!(&*self.class, "meters" | "log")
    }
}

/// Events that replace each other while they wait.
#[derive(Debug, Default)]
struct Replacing {
    order: VecDeque<Written>,
    places: HashMap<(Arc<str>, Arc<str>), u64>,
    first: u64,
}

impl Replacing {
    /// The event that had to go for it, if there were too many.
    fn put(&mut self, event: Written, most: usize) -> Option<Written> {
        if let Some(key) = event.key.clone() {
            let place = (Arc::clone(&event.kind), key);
            let at = self.places.get(&place).and_then(|at| usize::try_from(at - self.first).ok());
            if let Some(waiting) = at.and_then(|at| self.order.get_mut(at)) {
                *waiting = event;
                return None;
            }
            self.places.insert(place, self.first + self.order.len() as u64);
        }
        self.order.push_back(event);
        if self.order.len() > most { self.take() } else { None }
    }

    fn take(&mut self) -> Option<Written> {
        let event = self.order.pop_front()?;
        if let Some(key) = event.key.clone() {
            self.places.remove(&(Arc::clone(&event.kind), key));
        }
        self.first += 1;
        Some(event)
    }
}

/// Events on their way to one session.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Classes that the client wants.
    pub classes: BTreeSet<String>,
    /// Told when there is something to take; another one for each socket.
    pub wake: Arc<Notify>,
    /// Which of the sockets of this session may take; 0 for none.
    turn: u64,
    seq: u64,
    lost: u64,
    waiting: VecDeque<Written>,
    params: Replacing,
    leaving: VecDeque<Written>,
    next_params: Option<Instant>,
    lossy: Replacing,
    ring: VecDeque<(u64, Arc<str>)>,
    ring_bytes: usize,
    /// The last event that may not be lost and is not kept any more.
    dropped: u64,
    limits: Limits,
}

/// What there is to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This.
    Send(Arc<str>),
    /// Nothing before this moment.
    At(Instant),
    /// Nothing.
    Nothing,
}

impl Outbox {
    pub(super) fn new(classes: BTreeSet<String>, limits: Limits) -> Self {
        Self {
            classes,
            wake: Arc::default(),
            turn: 0,
            seq: 0,
            lost: 0,
            waiting: VecDeque::new(),
            params: Replacing::default(),
            leaving: VecDeque::new(),
            next_params: None,
            lossy: Replacing::default(),
            ring: VecDeque::new(),
            ring_bytes: 0,
            dropped: 0,
            limits,
        }
    }

    /// `[any]` The number of the last event.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// `[any]` Something happened.
    pub(super) fn push(&mut self, event: Written) {
        if !self.classes.contains(&*event.class) {
            return;
        }
        let most = self.limits.waiting;
        if event.data.len() > LONGEST {
            tracing::warn!(kind = &*event.kind, "an event is too long to be sent");
            self.lost += u64::from(!event.is_lossy());
        } else if &*event.class == "params" {
            self.lost += u64::from(self.params.put(event, 4 * most).is_some());
        } else if event.is_lossy() {
            if self.turn != 0 {
                self.lossy.put(event, most);
            }
        } else if self.turn == 0 {
            self.keep(&event);
        } else {
            self.waiting.push_back(event);
            if self.waiting.len() > most {
                self.waiting.pop_front();
                self.lost += 1;
            }
        }
        self.wake.notify_one();
    }

    /// `[any]` A socket takes from now on, and no other one; what is new goes to its `wake`.
    pub(super) fn attach(&mut self, turn: u64) {
        (self.turn, self.wake) = (turn, Arc::default());
    }

    /// `[any]` Nobody takes any more; what may not be lost is kept.
    pub(super) fn park(&mut self) {
        self.turn = 0;
        self.say_lost();
        while let Some(event) = self.leaving.pop_front().or_else(|| self.waiting.pop_front()) {
            self.keep(&event);
        }
        self.lossy = Replacing::default();
    }

    /// `[any]` What a client that comes back missed since `last`.
    pub(super) fn missed(&self, last: u64) -> Vec<Arc<str>> {
        let mut texts = Vec::new();
        if last < self.dropped {
            texts.push(lost(last + 1, self.dropped).into());
        }
        texts.extend(self.ring.iter().filter(|(seq, _)| *seq > last).map(|(_, text)| Arc::clone(text)));
        texts
    }

    /// `[net]` The next event for the socket whose turn it is.
    pub(super) fn next(&mut self, turn: u64, now: Instant) -> Next {
        if turn != self.turn {
            return Next::Nothing;
        }
        if self.lost > 0 {
            return Next::Send(self.say_lost().unwrap_or_default());
        }
        if let Some(event) = self.waiting.pop_front() {
            return Next::Send(self.keep(&event));
        }
        let due = self.next_params.is_none_or(|next| now >= next);
        if self.leaving.is_empty() && due && !self.params.order.is_empty() {
            while let Some(event) = self.params.take() {
                self.leaving.push_back(event);
            }
            self.next_params = Some(now + self.limits.params_every);
        }
        if let Some(event) = self.leaving.pop_front() {
            return Next::Send(self.keep(&event));
        }
        if let Some(event) = self.lossy.take() {
            // Not kept: what is lossy is stale when a client comes back.
            self.seq += 1;
            return Next::Send(envelope::event(self.seq, &event.kind, &event.class, &event.data).into());
        }
        match self.next_params {
            Some(next) if !self.params.order.is_empty() => Next::At(next),
            _ => Next::Nothing,
        }
    }

    /// Numbers an event and keeps it.
    fn keep(&mut self, event: &Written) -> Arc<str> {
        self.seq += 1;
        let text: Arc<str> = envelope::event(self.seq, &event.kind, &event.class, &event.data).into();
        self.store(Arc::clone(&text));
        text
    }

    /// The event that stands for those that were lost; it has the number of the last of them.
    fn say_lost(&mut self) -> Option<Arc<str>> {
        let count = std::mem::take(&mut self.lost);
        if count == 0 {
            return None;
        }
        let from = self.seq + 1;
        self.seq += count;
        let text: Arc<str> = lost(from, self.seq).into();
        self.store(Arc::clone(&text));
        Some(text)
    }

    fn store(&mut self, text: Arc<str>) {
        self.ring_bytes += text.len();
        self.ring.push_back((self.seq, text));
        let (most, bytes) = self.limits.ring;
        while self.ring.len() > most || self.ring_bytes > bytes {
            let Some((seq, gone)) = self.ring.pop_front() else { break };
            self.ring_bytes -= gone.len();
            self.dropped = seq;
        }
    }
}

fn lost(from: u64, to: u64) -> String {
    envelope::event(to, "EVENTS_LOST", "lifecycle", &format!(r#"{{"from":{from},"to":{to}}}"#))
}
