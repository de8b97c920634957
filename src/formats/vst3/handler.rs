//! L2 · the component handler.
#![allow(unsafe_code)]
use vst3::{Class, ComWrapper, Steinberg::FUnknown, Steinberg::Vst::IComponentHandler};

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
pub struct ComponentHandler {}
impl Class for ComponentHandler {
    type Interfaces = (FUnknown,);
}
impl ComponentHandler {
    /// `[main]` A handler with an empty queue; this thread is its main thread.
    pub fn new() -> ComWrapper<Self> {
        ComWrapper::new(Self {})
    }
    /// `[any]` What `setComponentHandler` takes; lent.
    pub fn raw(_this: &ComWrapper<Self>) -> *mut IComponentHandler {
        std::ptr::null_mut()
    }
    /// `[main]` Everything since the last call, in order.
    pub fn drain(&self) -> Vec<Received> {
        Vec::new()
    }
    /// `[any]` Calls that arrived off the main thread so far.
    pub fn off_main(&self) -> u64 {
        0
    }
    /// `[any]` Events that found the queue full.
    pub fn dropped(&self) -> u64 {
        0
    }
}
