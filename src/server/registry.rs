//! L4 · the sessions: who is there, who may come back.
//!
//! Thread: any. Invariant: the scripts hear of a session in the order in which things happen to it, because all of it
//! happens under one lock. Deliberately absent: sockets; a session knows only where to send orders.

use super::{
    Limits,
    closing::Closing,
    outbox::{Outbox, Written},
    shared::{Shared, locked, random_name},
};
use crate::{
    control::core::StreamId,
    link::{Audience, SessionId, SessionInfo, ToScript},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Instant,
};
use tokio::sync::mpsc;

/// For the socket of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Say goodbye.
    Close(Closing),
    /// Frames of this stream are foreign from now on.
    StreamClosed(StreamId),
    /// What was agreed about a stream.
    Terms { stream: StreamId, credits: usize, realtime: bool },
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub info: SessionInfo,
    /// Its name on the wire; nobody can guess it.
    pub name: String,
    pub key_id: String,
    pub outbox: Mutex<Outbox>,
}

/// A session and the turn of one of its sockets.
#[derive(Debug)]
pub(super) struct Attached {
    pub session: Arc<Session>,
    pub turn: u64,
    pub orders: mpsc::UnboundedReceiver<Order>,
    pub resumed: bool,
}

#[derive(Debug)]
struct Place {
    session: Arc<Session>,
    turn: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Attached(mpsc::UnboundedSender<Order>),
    Parked(Instant),
}

/// What a session that asks to be taken over answers.
#[derive(Debug)]
pub(super) enum Resume {
    /// There is no such session.
    Unknown,
    /// It is another's.
    Foreign,
    /// It is there, with the scopes it has.
    Known,
}

/// All sessions.
#[derive(Debug)]
pub(super) struct Registry {
    limits: Limits,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    last: u64,
    places: HashMap<SessionId, Place>,
}

impl Registry {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, all: Mutex::default() }
    }

    /// `[any]` How many there are.
    pub(super) fn count(&self) -> usize {
        locked(&self.all).places.len()
    }

    /// `[net]` A new one; `None` when this token has too many whose clients are there. One whose client is not makes room.
    pub(super) fn open(&self, shared: &Shared, key_id: &str, mut info: SessionInfo) -> Option<Attached> {
        let name = random_name().ok()?;
        let (sender, orders) = mpsc::unbounded_channel();
        let mut all = locked(&self.all);
        let own = |place: &&Place| place.session.key_id == key_id;
        if all.places.values().filter(own).count() >= self.limits.sessions {
            let parked = all.places.values().filter(own).filter_map(|place| match place.state {
                State::Parked(since) => Some((since, place.session.info.session)),
                State::Attached(_) => None,
            });
            let oldest = parked.min()?.1;
            all.places.remove(&oldest);
            shared.tell(ToScript::Closed(oldest));
        }
        all.last += 1;
        info.session = SessionId(all.last);
        let mut outbox = Outbox::new(info.classes.clone(), self.limits.clone());
        outbox.attach(1);
        let session =
            Arc::new(Session { info: info.clone(), name, key_id: key_id.to_owned(), outbox: Mutex::new(outbox) });
        let place = Place { session: Arc::clone(&session), turn: 1, state: State::Attached(sender) };
        all.places.insert(info.session, place);
        shared.tell(ToScript::Opened(info));
        Some(Attached { session, turn: 1, orders, resumed: false })
    }

    /// `[net]` Whether a session of this name is there, and this token's.
    pub(super) fn known(&self, name: &str, key_id: &str, protocol: &str) -> Resume {
        let all = locked(&self.all);
        match all.places.values().find(|place| place.session.name == name).map(|place| &place.session) {
            None => Resume::Unknown,
            Some(session) if session.key_id == key_id && &*session.info.protocol == protocol => Resume::Known,
            Some(_) => Resume::Foreign,
        }
    }

    /// `[net]` Takes a session over; the socket that had it says goodbye. `None` when it ended meanwhile.
    pub(super) fn take_over(&self, shared: &Shared, name: &str, classes: Option<BTreeSet<String>>) -> Option<Attached> {
        let (sender, orders) = mpsc::unbounded_channel();
        let mut all = locked(&self.all);
        let place = all.places.values_mut().find(|place| place.session.name == name)?;
        let id = place.session.info.session;
        if let State::Attached(before) = std::mem::replace(&mut place.state, State::Attached(sender)) {
            let _ = before.send(Order::Close(Closing::taken_over()));
            shared.tell(ToScript::Parked(id));
        }
        place.turn += 1;
        let mut outbox = locked(&place.session.outbox);
        outbox.park();
        outbox.attach(place.turn);
        if let Some(classes) = classes {
            outbox.classes = classes;
        }
        drop(outbox);
        shared.tell(ToScript::Resumed(id));
        Some(Attached { session: Arc::clone(&place.session), turn: place.turn, orders, resumed: true })
    }

    /// `[net]` A socket is gone. Nothing happens when it had lost its session before.
    pub(super) fn release(&self, shared: &Shared, id: SessionId, turn: u64) {
        let mut all = locked(&self.all);
        let Some(place) = all.places.get_mut(&id).filter(|place| place.turn == turn) else { return };
        place.state = State::Parked(Instant::now());
        locked(&place.session.outbox).park();
        shared.tell(ToScript::Parked(id));
    }

    /// `[net]` Ends sessions; their sockets say goodbye.
    pub(super) fn end(&self, shared: &Shared, closing: &Closing, which: impl Fn(&Session) -> bool) {
        let mut all = locked(&self.all);
        let ids: Vec<SessionId> = all.places.values().filter(|place| which(&place.session)).map(id).collect();
        for id in ids {
            if let Some(Place { state: State::Attached(orders), .. }) = all.places.remove(&id) {
                let _ = orders.send(Order::Close(closing.clone()));
            }
            shared.tell(ToScript::Closed(id));
        }
    }

    /// `[net]` Ends the sessions whose clients did not come back in time.
    pub(super) fn expire(&self, shared: &Shared, now: Instant) {
        let mut all = locked(&self.all);
        let grace = self.limits.grace;
        let over = |place: &&Place| matches!(place.state, State::Parked(since) if now.duration_since(since) >= grace);
        let ids: Vec<SessionId> = all.places.values().filter(over).map(id).collect();
        for id in ids {
            all.places.remove(&id);
            shared.tell(ToScript::Closed(id));
        }
    }

    /// `[net]` An order for the socket of a session, if it has one.
    pub(super) fn order(&self, id: SessionId, order: Order) {
        if let Some(Place { state: State::Attached(orders), .. }) = locked(&self.all).places.get(&id) {
            let _ = orders.send(order);
        }
    }

    /// `[net]` Which classes of events a session wants from now on.
    pub(super) fn subscribe(&self, id: SessionId, classes: BTreeSet<String>) {
        if let Some(place) = locked(&self.all).places.get(&id) {
            locked(&place.session.outbox).classes = classes;
        }
    }

    /// `[net]` Hands an event round.
    pub(super) fn emit(&self, to: &Audience, event: &Written) {
        let all = locked(&self.all);
        let hears = |place: &&Place| match to {
            Audience::Session(id) => place.session.info.session == *id,
            Audience::Protocol(name) => place.session.info.protocol == *name,
            Audience::All => true,
        };
        for place in all.places.values().filter(hears) {
            locked(&place.session.outbox).push(event.clone());
        }
    }
}

fn id(place: &Place) -> SessionId {
    place.session.info.session
}
