//! L2 · the component handler: what a plugin tells its host outside of sound.
//!
//! Thread: main by contract, any in practice. Invariant: a call becomes an event in a queue and returns; nothing is done in
//! place, and values are sanitised before they are queued. Deliberately absent: reactions, which are the instance's.
#![allow(unsafe_code)]

use super::{
    com::{answer, door, lend, lock},
    context_menu::ContextMenu,
    main_cell::ThreadToken,
    run_loop::Waker,
    strings,
};
use std::{
    collections::HashMap,
    ptr::null_mut,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};
use vst3::{
    Class, ComWrapper,
    Steinberg::{
        FIDString, IPlugView, TBool,
        Vst::{
            BusDirection, IComponentHandler, IComponentHandler2, IComponentHandler2Trait, IComponentHandler3,
            IComponentHandler3Trait, IComponentHandlerBusActivation, IComponentHandlerBusActivationTrait,
            IComponentHandlerSystemTime, IComponentHandlerSystemTimeTrait, IComponentHandlerTrait, IContextMenu,
            IProgress, IProgress_, IProgressTrait, IUnitHandler, IUnitHandler2, IUnitHandler2Trait, IUnitHandlerTrait,
            MediaType, ParamID, ParamValue, ProgramListID, UnitID,
        },
        int32, int64, kInternalError, kInvalidArgument, kOutOfMemory, kResultOk, tchar, tresult,
    },
};

/// Events waiting for the main thread; a plugin that floods us loses the rest.
const MAX_EVENTS: usize = 65_536;
/// Pieces of work going on at one time.
const MAX_PROGRESS: usize = 1024;

/// What a plugin told its handler.
#[derive(Clone, Debug, PartialEq)]
pub enum HandlerEvent {
    /// A knob is grasped.
    BeginEdit(u32),
    /// A knob is turned; the value is 0…1.
    PerformEdit(u32, f64),
    /// A knob is let go.
    EndEdit(u32),
    /// `restartComponent` flags, as given.
    Restart(i32),
    /// Unsaved changes, or none any more.
    Dirty(bool),
    /// The plugin wants a view shown ("editor").
    OpenEditor(String),
    /// Edits until the end of the group belong together.
    GroupBegan,
    /// End of the group.
    GroupEnded,
    /// A bus shall be switched.
    BusActivation {
        /// Media type (see [`super::consts`]).
        media: i32,
        /// Direction.
        direction: i32,
        /// Which bus.
        index: i32,
        /// On or off.
        active: bool,
    },
    /// The plugin selected a unit.
    UnitSelected(i32),
    /// A program list changed; program −1 is all of it.
    ProgramListChanged {
        /// List.
        list: i32,
        /// Program or −1.
        program: i32,
    },
    /// Which unit belongs to which bus changed.
    UnitByBusChanged,
    /// Long work.
    Progress {
        /// Names the work.
        id: u64,
        /// Share done 0…1; `None` when finished.
        share: Option<f64>,
        /// What is being done; empty if unknown.
        text: String,
    },
    /// Something forbidden was refused; for the log.
    Refused(&'static str),
}

/// An event and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// What.
    pub event: HandlerEvent,
    /// It was not called on the main thread.
    pub off_main: bool,
}

/// The handler of one instance.
pub struct ComponentHandler {
    main: ThreadToken,
    waker: Waker,
    queue: Mutex<Vec<Received>>,
    progress: Mutex<HashMap<u64, String>>,
    /// A restart waits in the queue.
    restart: Arc<AtomicBool>,
    off_main: AtomicU64,
    dropped: AtomicU64,
}

impl Class for ComponentHandler {
    type Interfaces = (
        IComponentHandler,
        IComponentHandler2,
        IComponentHandler3,
        IComponentHandlerBusActivation,
        IComponentHandlerSystemTime,
        IUnitHandler,
        IUnitHandler2,
        IProgress,
    );
}

impl ComponentHandler {
    /// `[main]` A handler with an empty queue; the calling thread is its main thread.
    #[allow(clippy::new_ret_no_self)]
    pub fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self {
            main: ThreadToken::here(),
            waker: Waker::for_this_thread(),
            queue: Mutex::default(),
            progress: Mutex::default(),
            restart: Arc::default(),
            off_main: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    /// `[any]` What `setComponentHandler` takes; lent, so keep the wrapper until the controller is gone.
    pub fn raw(this: &ComWrapper<Self>) -> *mut IComponentHandler {
        lend(this)
    }

    /// `[main]` Everything since the last call, in order.
    pub fn drain(&self) -> Vec<Received> {
        self.restart.store(false, Ordering::Relaxed);
        std::mem::take(&mut *lock(&self.queue))
    }

    /// `[main]` Set from the moment a restart is asked for until the queue is emptied.
    pub fn restart_asked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.restart)
    }

    /// `[main]` Work that goes on, as (id, text): it is over for us, and later words about it are refused.
    pub fn end_progress(&self) -> Vec<(u64, String)> {
        lock(&self.progress).drain().collect()
    }

    /// `[any]` Calls that arrived off the main thread so far.
    pub fn off_main(&self) -> u64 {
        self.off_main.load(Ordering::Relaxed)
    }

    /// `[any]` Events that found the queue full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn push(&self, event: HandlerEvent) -> tresult {
        let off_main = !self.main.is_here();
        let mut queue = lock(&self.queue);
        let full = queue.len() >= MAX_EVENTS;
        let restarts = matches!(event, HandlerEvent::Restart(_));
        if !full {
            queue.push(Received { event, off_main });
        }
        drop(queue);
        if restarts && !full {
            self.restart.store(true, Ordering::Relaxed);
        }
        if off_main {
            self.off_main.fetch_add(1, Ordering::Relaxed);
            self.waker.wake();
        }
        if full {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return kOutOfMemory;
        }
        kResultOk
    }

    fn tell(&self, name: &'static str, event: HandlerEvent) -> tresult {
        door(name, kInternalError, || self.push(event))
    }

    fn refuse(&self, what: &'static str) -> tresult {
        self.push(HandlerEvent::Refused(what));
        kInvalidArgument
    }
}

impl IComponentHandlerTrait for ComponentHandler {
    unsafe fn beginEdit(&self, id: ParamID) -> tresult {
        self.tell("IComponentHandler::beginEdit", HandlerEvent::BeginEdit(id))
    }

    unsafe fn performEdit(&self, id: ParamID, value: ParamValue) -> tresult {
        door("IComponentHandler::performEdit", kInternalError, || {
            if !value.is_finite() {
                return self.refuse("performEdit with a value that is not a number");
            }
            self.push(HandlerEvent::PerformEdit(id, value.clamp(0.0, 1.0)))
        })
    }

    unsafe fn endEdit(&self, id: ParamID) -> tresult {
        self.tell("IComponentHandler::endEdit", HandlerEvent::EndEdit(id))
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        self.tell("IComponentHandler::restartComponent", HandlerEvent::Restart(flags))
    }
}

impl IComponentHandler2Trait for ComponentHandler {
    unsafe fn setDirty(&self, state: TBool) -> tresult {
        self.tell("IComponentHandler2::setDirty", HandlerEvent::Dirty(state != 0))
    }

    unsafe fn requestOpenEditor(&self, name: FIDString) -> tresult {
        door("IComponentHandler2::requestOpenEditor", kInternalError, || {
            // SAFETY: null, or terminated text, as the interface obliges the plugin.
            let name = unsafe { strings::from_char8_ptr(name) }.unwrap_or_default();
            self.push(HandlerEvent::OpenEditor(name))
        })
    }

    unsafe fn startGroupEdit(&self) -> tresult {
        self.tell("IComponentHandler2::startGroupEdit", HandlerEvent::GroupBegan)
    }

    unsafe fn finishGroupEdit(&self) -> tresult {
        self.tell("IComponentHandler2::finishGroupEdit", HandlerEvent::GroupEnded)
    }
}

impl IComponentHandler3Trait for ComponentHandler {
    unsafe fn createContextMenu(&self, _view: *mut IPlugView, _param: *const ParamID) -> *mut IContextMenu {
        door("IComponentHandler3::createContextMenu", null_mut(), ContextMenu::hand_over)
    }
}

impl IComponentHandlerBusActivationTrait for ComponentHandler {
    unsafe fn requestBusActivation(
        &self,
        media: MediaType,
        direction: BusDirection,
        index: int32,
        state: TBool,
    ) -> tresult {
        let event = HandlerEvent::BusActivation { media, direction, index, active: state != 0 };
        self.tell("IComponentHandlerBusActivation::requestBusActivation", event)
    }
}

/// `[any]` The clock plugins are shown, in nanoseconds from an arbitrary start: the one and only source of `systemTime`.
pub fn system_time_ns() -> i64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Three hundred years fit.
    START.elapsed().as_nanos() as i64
}

impl IComponentHandlerSystemTimeTrait for ComponentHandler {
    unsafe fn getSystemTime(&self, time: *mut int64) -> tresult {
        door("IComponentHandlerSystemTime::getSystemTime", kInternalError, || {
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            unsafe { answer(time, system_time_ns()) }
        })
    }
}

impl IUnitHandlerTrait for ComponentHandler {
    unsafe fn notifyUnitSelection(&self, unit: UnitID) -> tresult {
        self.tell("IUnitHandler::notifyUnitSelection", HandlerEvent::UnitSelected(unit))
    }

    unsafe fn notifyProgramListChange(&self, list: ProgramListID, program: int32) -> tresult {
        self.tell("IUnitHandler::notifyProgramListChange", HandlerEvent::ProgramListChanged { list, program })
    }
}

impl IUnitHandler2Trait for ComponentHandler {
    unsafe fn notifyUnitByBusChange(&self) -> tresult {
        self.tell("IUnitHandler2::notifyUnitByBusChange", HandlerEvent::UnitByBusChanged)
    }
}

/// Names work across all instances of the process.
static NEXT_PROGRESS: AtomicU64 = AtomicU64::new(1);

impl IProgressTrait for ComponentHandler {
    unsafe fn start(&self, _kind: IProgress_::ProgressType, text: *const tchar, id: *mut IProgress_::ID) -> tresult {
        door("IProgress::start", kInternalError, || {
            // SAFETY: null, or terminated text, as the interface obliges the plugin.
            let text = unsafe { strings::from_utf16_ptr(text) }.unwrap_or_default();
            let new = NEXT_PROGRESS.fetch_add(1, Ordering::Relaxed);
            // SAFETY: null, or memory for the result, as the interface obliges the plugin.
            let told = unsafe { answer(id, new) };
            if told != kResultOk {
                return told;
            }
            let mut progress = lock(&self.progress);
            if progress.len() >= MAX_PROGRESS {
                return kOutOfMemory;
            }
            progress.insert(new, text.clone());
            drop(progress);
            self.push(HandlerEvent::Progress { id: new, share: Some(0.0), text })
        })
    }

    unsafe fn update(&self, id: IProgress_::ID, value: ParamValue) -> tresult {
        door("IProgress::update", kInternalError, || {
            let Some(text) = lock(&self.progress).get(&id).cloned() else { return kInvalidArgument };
            if !value.is_finite() {
                return self.refuse("a progress that is not a number");
            }
            self.push(HandlerEvent::Progress { id, share: Some(value.clamp(0.0, 1.0)), text })
        })
    }

    unsafe fn finish(&self, id: IProgress_::ID) -> tresult {
        door("IProgress::finish", kInternalError, || {
            let Some(text) = lock(&self.progress).remove(&id) else { return kInvalidArgument };
            self.push(HandlerEvent::Progress { id, share: None, text })
        })
    }
}

#[cfg(test)]
mod tests;
