//! L4 · a socket of a session: reads, works frames, passes requests on, sends answers and events.
//!
//! Thread: the connection's. Invariant: sound goes first; between two messages of it at most a handful of events are
//! written. Whatever ends this, the session is parked at once. Deliberately absent: verbs, plugins.

use super::{
    closing::Closing,
    control::Prompt,
    envelope::{self, Request},
    frames::Frames,
    outbox::{Next, Written},
    pipe::{Gone, Pipe},
    priority,
    registry::{Attached, Order, Session},
    requests::{Answered, Requests},
    shared::{Shared, locked},
    websocket::payload,
};
use crate::{
    control::core::Stream,
    link::{Call, Event, ToScript},
};
use futures_util::FutureExt as _;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, broadcast, mpsc},
    time::{Interval, MissedTickBehavior},
};
use tokio_tungstenite::tungstenite::Message;

/// Events that are written at a time.
const EVENTS: usize = 16;

/// Between looks at a client that takes nothing.
const LOOK: Duration = Duration::from_millis(100);

/// Pings that may be without an answer.
const PINGS: u32 = 2;

/// `None` when the client left by itself, else why it is sent away.
type End = Option<Closing>;

/// `[net]` Until the socket ends.
pub(super) async fn run(pipe: &mut Pipe, shared: &Arc<Shared>, attached: Attached) -> End {
    let Attached { session, turn, orders, .. } = attached;
    let _parks = Parks { shared: Arc::clone(shared), session: Arc::clone(&session), turn };
    let limits = &shared.config.limits;
    let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + limits.heartbeat, limits.heartbeat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let own = session.info.origin.as_deref().is_some_and(|origin| shared.is_own(origin));
    let wake = Arc::clone(&locked(&session.outbox).wake);
    let mut socket = Socket {
        pipe,
        shared,
        session: &session,
        turn,
        orders,
        wake,
        requests: Requests::new(limits.in_flight, limits.answer),
        frames: Frames::new(limits),
        raised: false,
        beat,
        unanswered: 0,
        pongs: 0,
        prompts: own.then(|| shared.desk.watch()),
        next_event: None,
    };
    if let Some(asking) = shared.desk.shown().filter(|_| own) {
        socket.show(&Prompt::Asked(asking));
    }
    loop {
        if let Err(end) = socket.turn().await {
            return end;
        }
    }
}

/// Parks the session when the socket ends, however that happens.
struct Parks {
    shared: Arc<Shared>,
    session: Arc<Session>,
    turn: u64,
}

impl Drop for Parks {
    fn drop(&mut self) {
        self.shared.sessions.release(&self.shared, self.session.info.session, self.turn);
    }
}

struct Socket<'a> {
    pipe: &'a mut Pipe,
    shared: &'a Shared,
    session: &'a Session,
    turn: u64,
    orders: mpsc::UnboundedReceiver<Order>,
    wake: Arc<Notify>,
    requests: Requests,
    frames: Frames<Stream>,
    raised: bool,
    beat: Interval,
    unanswered: u32,
    pongs: u64,
    prompts: Option<broadcast::Receiver<Prompt>>,
    next_event: Option<Instant>,
}

impl Socket<'_> {
    /// One round: what can be done at once, then a wait if nothing more can.
    async fn turn(&mut self) -> Result<(), End> {
        let frames = &mut self.frames;
        self.pipe.pump(|message| seen(frames, message)).await;
        if let Some(message) = self.pipe.pop() {
            self.take(&message)?;
        }
        while let Ok(order) = self.orders.try_recv() {
            self.obey(order)?;
        }
        while let Some(Some(answered)) = self.requests.next().now_or_never() {
            self.answer(answered);
        }
        self.events();
        if self.pipe.slow() {
            return Err(Some(Closing::slow()));
        }
        match self.pipe.gone() {
            Some(Gone::Left) => return Err(None),
            Some(Gone::Rules(closing)) => return Err(Some(closing)),
            None => {}
        }
        if self.pipe.has_read() {
            // Lets the runtime look at sockets and clocks, and others at theirs.
            tokio::task::yield_now().await;
            return self.beat.tick().now_or_never().map_or(Ok(()), |_| self.ping());
        }
        self.wait().await
    }

    async fn wait(&mut self) -> Result<(), End> {
        let frames = &mut self.frames;
        let next_event = self.next_event.map(tokio::time::Instant::from_std);
        let asked = async {
            match &mut self.prompts {
                Some(prompts) => prompts.recv().await,
                None => std::future::pending().await,
            }
        };
        let waits = self.pipe.waits();
        tokio::select! {
            biased;
            () = self.pipe.wait(|message| seen(frames, message)) => Ok(()),
            order = self.orders.recv() => order.map_or(Ok(()), |order| self.obey(order)),
            answered = self.requests.next(), if !self.requests.is_empty() => {
                answered.into_iter().for_each(|answered| self.answer(answered));
                Ok(())
            }
            () = self.wake.notified() => Ok(()),
            () = sleep_until(next_event), if next_event.is_some() => Ok(()),
            prompt = asked => {
                prompt.iter().for_each(|prompt| self.show(prompt));
                Ok(())
            }
            _ = self.beat.tick() => self.ping(),
            () = tokio::time::sleep(LOOK), if waits => Ok(()),
            () = self.shared.ending.cancelled() => Err(Some(Closing::going_away())),
        }
    }

    fn take(&mut self, message: &Message) -> Result<(), End> {
        match message {
            Message::Text(text) => self.request(text),
            _ => {
                let (answer, closing) = self.frames.work(payload(message), Instant::now());
                self.pipe.send(Message::binary(answer));
                closing.map_or(Ok(()), |closing| Err(Some(closing)))
            }
        }
    }

    fn request(&mut self, text: &str) -> Result<(), End> {
        let limits = &self.shared.config.limits;
        if text.len() > limits.text {
            return Err(Some(Closing::too_big()));
        }
        let Request { id, method, params } = match envelope::parse(text, limits.depth, limits.values) {
            Ok(request) => request,
            Err(refused) => {
                self.pipe.text(envelope::error(refused.id.as_ref(), &refused.fault));
                return if refused.undecodable { Err(Some(Closing::bad_json())) } else { Ok(()) };
            }
        };
        match method.as_str() {
            "IDENTIFY" | "PAIR" | "PAIR_CODE" => return Err(Some(Closing::identified_already())),
            "PAIRING_ANSWER" if self.prompts.is_some() => {
                let done = self.person(&params);
                self.pipe.text(envelope::result(&id, &json!({ "done": done })));
                return Ok(());
            }
            _ => {}
        }
        let session = self.session.info.session;
        match self.requests.begin(&id) {
            // When the scripts are gone, the place for the answer goes with the question, and the client is told.
            Ok(reply) => drop(self.shared.tell(ToScript::Call(Call { session, id, method, params, reply }))),
            Err(fault) => self.pipe.text(envelope::error(Some(&id), &fault)),
        }
        Ok(())
    }

    /// What the person says on the bridge's own page about the page that asks to be let in.
    fn person(&self, params: &serde_json::Value) -> bool {
        if params.get("refuse").and_then(serde_json::Value::as_bool) == Some(true) {
            return self.shared.desk.refuse();
        }
        let scripts = params.get("scripts").and_then(serde_json::Value::as_bool);
        scripts.is_some_and(|allow| self.shared.desk.allow_scripts(allow))
    }

    fn obey(&mut self, order: Order) -> Result<(), End> {
        match order {
            Order::Close(closing) => return Err(Some(closing)),
            Order::StreamClosed(stream) => self.frames.close(stream.0),
            Order::Terms { stream, credits, realtime } => self.frames.agree(stream.0, credits, realtime),
        }
        Ok(())
    }

    fn answer(&mut self, answered: Answered) {
        for stream in answered.streams {
            self.frames.open(stream);
            if !self.raised {
                self.raised = true;
                priority::raise();
            }
        }
        self.pipe.text(answered.text);
    }

    fn events(&mut self) {
        self.next_event = None;
        for _ in 0..EVENTS {
            if self.pipe.is_full() {
                return;
            }
            match locked(&self.session.outbox).next(self.turn, Instant::now()) {
                Next::Send(text) => self.pipe.text(text.to_string()),
                Next::At(moment) => {
                    self.next_event = Some(moment);
                    return;
                }
                Next::Nothing => return,
            }
        }
        // There may be more.
        self.wake.notify_one();
    }

    fn show(&mut self, prompt: &Prompt) {
        let (kind, data) = match prompt {
            Prompt::Asked(asking) => (
                "PAIRING_ASKED",
                json!({
                    "origin": asking.origin,
                    "scopes": asking.scopes,
                    "code": asking.code,
                    "warning": asking.warning,
                    "expires_s": asking.expires_s,
                }),
            ),
            Prompt::Ended { origin, paired } => ("PAIRING_ENDED", json!({ "origin": origin, "paired": paired })),
        };
        let event = Event { kind: kind.to_owned(), class: "lifecycle".to_owned(), key: None, data };
        locked(&self.session.outbox).push(Written::new(&event));
    }

    fn ping(&mut self) -> Result<(), End> {
        if self.pipe.pongs() > self.pongs {
            (self.pongs, self.unanswered) = (self.pipe.pongs(), 0);
        }
        // An answer may lie behind what is not read yet.
        let judged = !self.pipe.has_read() && !self.pipe.is_full();
        if judged && self.unanswered >= PINGS {
            return Err(Some(Closing::no_heartbeat()));
        }
        self.unanswered += 1;
        self.pipe.send(Message::Ping(bytes::Bytes::new()));
        Ok(())
    }
}

fn seen(frames: &mut Frames<Stream>, message: &Message) {
    if message.is_binary() {
        frames.seen(payload(message));
    }
}

async fn sleep_until(moment: Option<tokio::time::Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
