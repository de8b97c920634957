//! The COM object: one struct, shown to the host as component, controller or both.
//!
//! Thread: the interfaces are split by thread (see each file); what both sides touch is atomic. Locks guard only what the
//! main thread holds (handler, peer, host) and are never taken in `process`, nor held while calling out.
//! Invariant: which interfaces an object answers to depends on its kind alone.
#![allow(unsafe_code)]

use crate::{door::door, exclusive::Exclusive, plugin::Plugin, runner::Runner};
use std::{
    marker::PhantomData,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};
use vst3::{
    Class, ComPtr, ComRef,
    Steinberg::{
        FUnknown, IPluginBaseTrait,
        Vst::{
            IAudioProcessor, IComponent, IComponentHandler, IConnectionPoint, IEditController, IEditController2,
            IMidiMapping, INoteExpressionController, IProcessContextRequirements, IUnitInfo,
        },
        kInternalError, kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

/// Kinds of object.
pub(crate) mod kind {
    /// Only the sound; its controller is another object.
    pub(crate) struct Component;
    /// Only the knobs.
    pub(crate) struct Controller;
    /// Sound and knobs of an effect.
    pub(crate) struct Effect;
    /// Sound and knobs of an instrument.
    pub(crate) struct Instrument;
}

impl Class for Object<kind::Component> {
    type Interfaces = (IComponent, IAudioProcessor, IProcessContextRequirements, IConnectionPoint);
}

impl Class for Object<kind::Controller> {
    type Interfaces = (IEditController, IEditController2, IUnitInfo, IConnectionPoint);
}

impl Class for Object<kind::Effect> {
    type Interfaces =
        (IComponent, IAudioProcessor, IProcessContextRequirements, IEditController, IEditController2, IUnitInfo);
}

impl Class for Object<kind::Instrument> {
    type Interfaces = (
        IComponent,
        IAudioProcessor,
        IProcessContextRequirements,
        IEditController,
        IEditController2,
        IUnitInfo,
        IMidiMapping,
        INoteExpressionController,
    );
}

/// How a host wants to run the sound.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) rate: f64,
    pub(crate) max_block: usize,
    pub(crate) wide: bool,
}

/// What only the main thread uses.
pub(crate) struct Main {
    pub(crate) initialized: bool,
    pub(crate) host: Option<ComPtr<FUnknown>>,
    pub(crate) handler: Option<ComPtr<IComponentHandler>>,
    pub(crate) peer: Option<ComPtr<IConnectionPoint>>,
    pub(crate) setup: Option<Setup>,
    /// Speaker masks.
    pub(crate) inputs: Vec<u64>,
    pub(crate) outputs: Vec<u64>,
    pub(crate) unit: i32,
}

/// Both halves of a plugin instance.
pub(crate) struct Object<K> {
    pub(crate) plugin: &'static Plugin,
    pub(crate) runner: Exclusive<Runner>,
    /// Normalized values of the sound, as bits.
    pub(crate) values: Box<[AtomicU64]>,
    /// `values` were loaded; the runner takes them at its next block.
    pub(crate) loaded: AtomicBool,
    pub(crate) tail: AtomicU32,
    pub(crate) active: AtomicBool,
    /// Blocks are 64-bit.
    pub(crate) wide: AtomicBool,
    /// Normalized values of the knobs, as bits.
    pub(crate) knobs: Box<[AtomicU64]>,
    main: Mutex<Main>,
    kind: PhantomData<K>,
}

impl<K> Object<K> {
    pub(crate) fn new(plugin: &'static Plugin) -> Self {
        let stereo = |bus: &crate::plugin::Bus| if bus.name.is_empty() { 0 } else { 3 };
        let defaults = || plugin.params.iter().map(|p| AtomicU64::new(p.default_normalized().to_bits())).collect();
        Self {
            plugin,
            runner: Exclusive::new(Runner::new(plugin)),
            values: defaults(),
            loaded: AtomicBool::new(false),
            tail: AtomicU32::new(0),
            active: AtomicBool::new(false),
            wide: AtomicBool::new(false),
            knobs: defaults(),
            main: Mutex::new(Main {
                initialized: false,
                host: None,
                handler: None,
                peer: None,
                setup: None,
                inputs: plugin.inputs.iter().map(stereo).collect(),
                outputs: plugin.outputs.iter().map(stereo).collect(),
                unit: 0,
            }),
            kind: PhantomData,
        }
    }

    /// `[main]` What only the main thread uses. Let go of it before calling the host.
    pub(crate) fn main(&self) -> MutexGuard<'_, Main> {
        self.main.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn knob(&self, index: usize) -> f64 {
        f64::from_bits(self.knobs[index].load(Ordering::Relaxed))
    }

    pub(crate) fn set_knob(&self, index: usize, value: f64) {
        self.knobs[index].store(value.to_bits(), Ordering::Relaxed);
    }
}

/// `[any]` `kResultOk` or `kResultFalse`.
pub(crate) fn ok(yes: bool) -> tresult {
    if yes { kResultOk } else { kResultFalse }
}

/// `[any]` Writes an answer where the host wants it.
///
/// # Safety
/// `target` is null or writable.
pub(crate) unsafe fn put<T>(target: *mut T, value: T) -> tresult {
    if target.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: not null, and writable as the caller promises.
    unsafe { target.write(value) };
    kResultOk
}

impl<K> IPluginBaseTrait for Object<K> {
    unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live object or null.
            let host = unsafe { ComRef::from_raw(context) }.map(|host| host.to_com_ptr());
            let mut main = self.main();
            if main.initialized {
                return kResultFalse;
            }
            main.initialized = true;
            main.host = host;
            kResultOk
        })
    }

    unsafe fn terminate(&self) -> tresult {
        door(kInternalError, || {
            self.active.store(false, Ordering::Release);
            self.runner.visit(Runner::release);
            let mut main = self.main();
            main.initialized = false;
            let kept = (main.host.take(), main.handler.take(), main.peer.take());
            drop(main);
            drop(kept);
            kResultOk
        })
    }
}
