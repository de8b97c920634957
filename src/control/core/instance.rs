//! L3 · one loaded chain as the main thread has it: controllers, and the power to take the audio halves away.
//!
//! Thread: main. Invariant: the audio halves are in the line's slot, or lent to a frame, or here in the middle of one method;
//! a chain that could not be put together again is said to be lost, and its stream answers dry.

use super::{
    CoreError, InstanceId, InstanceRecord, LiveMember, MemberRecord, Owner, Stream, What,
    assembly::{self, Settle, Shape},
    line::{COMMANDS, Command, Line, Report},
    news::News,
    playable::{Desk, Playable, Ports},
    shared::Shared,
};
use crate::{
    control::{chain::Chain, last_words},
    engine::{LoadedNode, Schedule},
    plugin::{Controller, Format, State, Tail},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Longest a frame may keep the plugins before they are said to be stuck.
const CLAIM: Duration = Duration::from_secs(2);
/// A stream without a frame for so long stands still.
const STANDS: Duration = Duration::from_millis(150);
/// How long a running stream may take to hear of changes.
const HEARS: Duration = Duration::from_millis(200);

/// One loaded chain.
pub(super) struct Instance {
    pub id: InstanceId,
    pub owner: Owner,
    pub line: Arc<Line>,
    pub shape: Shape,
    pub stream: Option<Stream>,
    pub bypassed: bool,
    pub news: News,
    pub(super) shared: Arc<Shared>,
    pub(super) slow: rtrb::Producer<Command>,
    pub(super) reports: rtrb::Consumer<Report>,
    pub(super) chain: Option<Chain>,
    /// While the chain is lost.
    pub(super) desk: Option<Desk>,
    pub(super) why_lost: String,
    pub(super) tail: Tail,
}

impl Instance {
    /// `[main]` Loads.
    pub fn open(
        (id, owner): (InstanceId, Owner),
        format: &dyn Format,
        shape: Shape,
        settle: &mut Settle<'_>,
        shared: &Arc<Shared>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self, CoreError> {
        let (chain, schedule) = assembly::build(format, &shape, settle)?;
        let (line, fast) = Line::new(id, owner, wake);
        let (slow, slow_end) = rtrb::RingBuffer::new(COMMANDS);
        let (reports_end, reports) = rtrb::RingBuffer::new(COMMANDS);
        let desk = Desk::new(Ports { fast, slow: slow_end, reports: reports_end });
        let mut instance = Self {
            id,
            owner,
            line,
            shape,
            stream: None,
            bypassed: false,
            news: News::default(),
            shared: Arc::clone(shared),
            slow,
            reports,
            chain: None,
            desk: None,
            why_lost: String::new(),
            tail: Tail::None,
        };
        instance.install(chain, schedule, desk);
        Ok(instance)
    }

    pub(super) fn install(&mut self, chain: Chain, schedule: Schedule, desk: Desk) {
        let members = assembly::members(&chain);
        self.line.set_members(Arc::clone(&members));
        self.put_together(chain, schedule, desk, members);
    }

    pub(super) fn put_together(&mut self, chain: Chain, schedule: Schedule, desk: Desk, members: Arc<Vec<LiveMember>>) {
        self.tail = schedule.tail();
        let wiring = assembly::wiring(&chain, self.shape.channels);
        self.line.set_lost(false);
        self.line.hand_over(Box::new(desk.with(schedule, wiring, members)));
        self.chain = Some(chain);
    }

    /// `[main]` Something happened here.
    pub fn tell(&self, what: What) {
        self.shared.tell(Some(self.owner), Some(self.id), what);
    }

    /// `[main]` The controllers, if there are any.
    pub fn chain(&self) -> Result<&Chain, CoreError> {
        self.chain.as_ref().ok_or_else(|| self.lost())
    }

    /// `[main]` The controllers, if there are any.
    pub fn chain_mut(&mut self) -> Result<&mut Chain, CoreError> {
        let lost = self.lost();
        self.chain.as_mut().ok_or(lost)
    }

    pub(super) fn lost(&self) -> CoreError {
        CoreError::Lost { instance: self.id, why: self.why_lost.clone() }
    }

    /// `[main]` The controller of a plugin; of its first copy.
    pub fn controller(&self, member: usize) -> Result<&dyn Controller, CoreError> {
        let chain = self.chain()?;
        if member >= chain.lanes.len() {
            return Err(CoreError::NoMember { member, plugins: chain.lanes.len() });
        }
        Ok(chain.first_of(member))
    }

    /// `[main]` All copies of a plugin.
    pub fn copies(&mut self, member: usize) -> Result<impl Iterator<Item = &mut Box<dyn Controller>>, CoreError> {
        self.controller(member)?;
        let members = self.chain_mut()?.members.iter_mut();
        Ok(members.filter(move |copy| copy.plugin == member).map(|copy| &mut copy.controller))
    }

    /// `[main]` Takes the audio halves away for a moment.
    pub fn claim(&self) -> Result<Box<Playable>, CoreError> {
        self.chain()?;
        self.line.claim(CLAIM).ok_or(CoreError::Stuck(self.id))
    }

    /// `[main]` With the audio halves, between two frames.
    pub fn between_frames<T>(&self, work: impl FnOnce(&mut Playable) -> T) -> Result<T, CoreError> {
        let mut playable = self.claim()?;
        let answer = work(&mut playable);
        self.line.hand_over(playable);
        Ok(answer)
    }

    /// `[main]` No block takes changes over at the moment.
    pub fn stands(&self) -> bool {
        !self.line.runs(STANDS)
    }

    fn is_drained(&self) -> bool {
        self.line.is_drained() && self.slow.slots() == COMMANDS
    }

    /// `[main]` Everything that was set has reached controllers and audio halves.
    pub fn settle(&mut self) -> Result<(), CoreError> {
        self.follow();
        let began = Instant::now();
        while !self.stands() && began.elapsed() < HEARS {
            // A frame that takes changes over has the plugins while it does.
            if self.is_drained() && !self.line.is_away() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.between_frames(Playable::settle)
    }

    /// `[main]` The same without waiting, where no stream runs.
    pub fn settle_if_standing(&mut self) {
        if self.chain.is_some()
            && self.stands()
            && !self.is_drained()
            && let Some(mut playable) = self.line.claim_now()
        {
            playable.settle();
            self.line.hand_over(playable);
        }
    }

    /// `[main]` A command of our own for the next block.
    pub fn command(&mut self, command: Command) -> Result<(), CoreError> {
        self.slow.push(command).map_err(|_| CoreError::Busy(self.id))
    }

    // --- describing --------------------------------------------------------------------------------------------------

    /// `[main]` What is known of it.
    pub fn record(&self) -> InstanceRecord {
        let chain = self.chain.as_ref();
        let members = chain.map_or_else(Vec::new, |chain| {
            (0..chain.lanes.len())
                .map(|at| {
                    let controller = chain.first_of(at);
                    MemberRecord {
                        plugin: controller.plugin().clone(),
                        lanes: chain.lanes[at],
                        layout: controller.layout().clone(),
                        latency: controller.latency(),
                        tail: controller.tail(),
                        params: controller.params().iter().filter(|info| !info.flags.hidden).count(),
                        interfaces: controller.interfaces(),
                    }
                })
                .collect()
        });
        let mut warnings = chain.map_or_else(Vec::new, |chain| chain.warnings.clone());
        if chain.is_none() {
            warnings.push(self.lost().to_string());
        }
        InstanceRecord {
            id: self.id,
            members,
            sample_rate: self.shape.setup.sample_rate,
            max_block: self.shape.setup.max_block,
            inputs: self.shape.channels,
            outputs: chain.map_or(0, |chain| chain.output_channels),
            latency: self.line.latency.load(std::sync::atomic::Ordering::Relaxed),
            tail: self.tail,
            bypassed: self.bypassed,
            stream: self.stream.as_ref().map(Stream::id),
            warnings,
        }
    }

    /// `[main]` States of the plugins, in order.
    pub fn states(&mut self) -> Result<Vec<State>, CoreError> {
        self.settle()?;
        let _words = self.words("its state was saved");
        let count = self.chain()?.lanes.len();
        let mut states = Vec::with_capacity(count);
        for member in 0..count {
            if let Some(copy) = self.copies(member)?.next() {
                states.push(copy.state()?);
            }
        }
        Ok(states)
    }

    /// `[main]` What a crash during this work is explained by.
    pub fn words(&self, work: &str) -> last_words::Doing {
        last_words::during(&format!("{}: a plugin crashed while {work}", self.shape.names()))
    }

    pub(super) fn unload_chain(&mut self, nodes: Option<Vec<Option<LoadedNode>>>) {
        let _words = self.words("it was put away");
        if let Some(mut chain) = self.chain.take() {
            chain.take_back(nodes.unwrap_or_default());
        }
    }

    // --- ends --------------------------------------------------------------------------------------------------------

    /// `[main]` The stream ends: nothing rings on.
    pub fn close_stream(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        stream.close();
        self.shared.tables_mut().streams.remove(&stream.id());
        if self.between_frames(Playable::end).is_err() && self.chain.is_some() {
            tracing::warn!(instance = self.id.0, "a plugin does not come back from its last frame");
        }
        self.line.set_stream(None);
    }

    /// `[main]` Everything goes.
    pub fn unload(mut self) {
        self.close_stream();
        self.shared.tables_mut().lives.remove(&self.id);
        let nodes = self.claim().ok().map(|playable| playable.apart().0.into_nodes());
        // Halves that do not come back stop their plugins when they are dropped, wherever that is.
        self.unload_chain(nodes);
        self.line.set_lost(true);
        self.tell(What::Unloaded);
    }
}
