//! L3 · what all threads share of one loaded chain.
//!
//! Thread: any. Invariant: the audio side takes no lock in here; whoever has the [`Playable`] is the only one to touch the
//! plugins' audio halves. Deliberately absent: controllers, which never leave the main thread.

use super::{CoreError, InstanceId, Live, LiveMember, Owner, StreamId, TransportChange, playable::Playable};
use crate::{
    model::{Event, ParamId},
    rt::Slot,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
    time::{Duration, Instant},
};

/// Changes that can wait for one block.
pub(super) const COMMANDS: usize = 4096;
/// How long an offline frame waits for plugins that are away.
const OFFLINE_WAIT: Duration = Duration::from_secs(30);
/// How often somebody who may wait looks.
const LOOK: Duration = Duration::from_micros(200);

/// Something for the audio side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Command {
    /// A parameter of a plugin, in all its copies.
    Param { member: u8, param: ParamId, value: f64 },
    /// An event for one plugin or for all that take notes.
    Event { member: Option<u8>, event: Event },
    /// Musical time.
    Time(TransportChange),
    /// Notes end, nothing rings.
    Hush,
    /// Sound runs past.
    Bypass(bool),
}

/// Something from the audio side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// A frame changed this parameter (by position).
    Moved { member: u8, index: u32 },
    /// The guard acted.
    Guard { member: u8, bypassed: bool },
}

/// The shared side of one instance.
pub(super) struct Line {
    pub id: InstanceId,
    pub owner: Owner,
    slot: Slot<Playable>,
    wanted: AtomicBool,
    /// There are no plugins to come back.
    lost: AtomicBool,
    /// Notes are to end.
    hush: AtomicBool,
    members: RwLock<Arc<Vec<LiveMember>>>,
    fast: Mutex<rtrb::Producer<Command>>,
    touched: Mutex<Vec<(usize, usize)>>,
    wake: Arc<dyn Fn() + Send + Sync>,
    epoch: Instant,
    last_frame: AtomicU64,
    pub latency: AtomicU32,
    pub max_block: AtomicU32,
    /// Number of the open stream; 0 is none.
    stream: AtomicU32,
}

impl Line {
    /// `[main]` Without plugins yet.
    pub fn new(
        id: InstanceId,
        owner: Owner,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> (Arc<Self>, rtrb::Consumer<Command>) {
        let (fast, commands) = rtrb::RingBuffer::new(COMMANDS);
        let line = Self {
            id,
            owner,
            slot: Slot::empty(),
            wanted: AtomicBool::new(true),
            lost: AtomicBool::new(false),
            hush: AtomicBool::new(false),
            members: RwLock::default(),
            fast: Mutex::new(fast),
            touched: Mutex::default(),
            wake,
            epoch: Instant::now(),
            last_frame: AtomicU64::new(0),
            latency: AtomicU32::new(0),
            max_block: AtomicU32::new(0),
            stream: AtomicU32::new(0),
        };
        (Arc::new(line), commands)
    }

    // --- the plugins' audio halves -----------------------------------------------------------------------------------

    /// `[audio]` Takes the plugins for one frame. `None`: they are away.
    pub fn borrow(&self, offline: bool) -> Option<Box<Playable>> {
        let here = || if self.wanted.load(Acquire) { None } else { self.slot.take() };
        let first = here();
        if first.is_some() || !offline {
            return first;
        }
        let began = Instant::now();
        while began.elapsed() < OFFLINE_WAIT && !self.lost.load(Acquire) {
            std::thread::sleep(LOOK);
            if let Some(playable) = here() {
                return Some(playable);
            }
        }
        None
    }

    /// `[audio]` Gives them back.
    pub fn give_back(&self, playable: Box<Playable>) {
        self.last_frame.store(self.now(), Relaxed);
        // Only one exists of each line, so there is room; should there ever be two, the second one ends here.
        let _ = self.slot.put(playable);
    }

    /// `[main]` Takes them away from the stream until [`Self::hand_over`]. `None` when a frame does not end in time.
    pub fn claim(&self, within: Duration) -> Option<Box<Playable>> {
        self.wanted.store(true, Release);
        let began = Instant::now();
        loop {
            if let Some(playable) = self.slot.take() {
                return Some(playable);
            }
            if began.elapsed() >= within {
                self.wanted.store(false, Release);
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// `[main]` Takes them away if no frame has them; if one has, no other begins, and this is to be asked again soon.
    pub fn claim_soon(&self, within: Duration) -> Option<Box<Playable>> {
        let claimed = self.claim(within);
        if claimed.is_none() {
            self.wanted.store(true, Release);
        }
        claimed
    }

    /// `[main]` Takes them away if no frame has them, and asks nothing of anybody.
    pub fn claim_now(&self) -> Option<Box<Playable>> {
        self.claim(Duration::ZERO)
    }

    /// `[main]` Gives them to the stream.
    pub fn hand_over(&self, playable: Box<Playable>) {
        self.latency.store(playable.latency(), Relaxed);
        self.max_block.store(playable.max_block() as u32, Relaxed);
        let _ = self.slot.put(playable);
        self.wanted.store(false, Release);
    }

    /// `[main]` A frame is being played, or the plugins are elsewhere.
    pub fn is_away(&self) -> bool {
        self.slot.is_empty()
    }

    /// `[main]` They will not come back (or will again).
    pub fn set_lost(&self, lost: bool) {
        self.lost.store(lost, Release);
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64
    }

    /// `[main]` The stream that is open.
    pub fn stream(&self) -> Option<StreamId> {
        Some(self.stream.load(Acquire)).filter(|id| *id != 0).map(StreamId)
    }

    /// `[main]` A stream was opened or closed.
    pub fn set_stream(&self, stream: Option<StreamId>) {
        self.last_frame.store(self.now(), Relaxed);
        self.stream.store(stream.map_or(0, |id| id.0), Release);
    }

    /// `[main]` A stream is open and a frame came within this time.
    pub fn runs(&self, within: Duration) -> bool {
        self.stream().is_some() && self.now().saturating_sub(self.last_frame.load(Relaxed)) < within.as_micros() as u64
    }

    /// `[any]` Whoever has the plugins next ends all notes.
    pub fn ask_hush(&self) {
        self.hush.store(true, Release);
    }

    /// `[audio]` Whether that was asked for and is still to be done.
    #[inline]
    pub fn take_hush(&self) -> bool {
        self.hush.load(Relaxed) && self.hush.swap(false, AcqRel)
    }

    // --- changes -----------------------------------------------------------------------------------------------------

    /// `[any]` The plugins and their parameters as last read.
    pub fn members(&self) -> Arc<Vec<LiveMember>> {
        Arc::clone(&self.members.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// `[main]` They were read again.
    pub fn set_members(&self, members: Arc<Vec<LiveMember>>) {
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = members;
    }

    fn fast(&self) -> MutexGuard<'_, rtrb::Producer<Command>> {
        self.fast.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `[any]` All of them for the next block, or none. `then` runs before anybody else sends.
    pub fn send(&self, commands: impl ExactSizeIterator<Item = Command>, then: impl FnOnce()) -> Result<(), CoreError> {
        let mut fast = self.fast();
        if fast.slots() < commands.len() {
            return Err(CoreError::Busy(self.id));
        }
        for command in commands {
            // There is room, and no other sender.
            let _ = fast.push(command);
        }
        then();
        Ok(())
    }

    /// `[main]` Nothing is on its way to the audio side.
    pub fn is_drained(&self) -> bool {
        self.fast().slots() == COMMANDS
    }

    /// `[any]` The main thread should look at a parameter.
    pub fn touch(&self, member: usize, index: usize) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).push((member, index));
        (self.wake)();
    }

    /// `[main]` What it should look at.
    pub fn take_touched(&self) -> Vec<(usize, usize)> {
        std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `[any]` The side of it that is handed out.
    pub fn live(self: &Arc<Self>) -> Live {
        Live::new(Arc::clone(self))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("id", &self.id).field("slot", &self.slot).finish_non_exhaustive()
    }
}
