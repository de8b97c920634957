//! L2 · the COM objects of one instance: made in the prescribed order, unmade in the reverse one.
//!
//! Thread: main. Invariant: whatever state creation stopped in, dropping undoes exactly what was done: disconnect,
//! handler off, controller terminated, component terminated, references released, and only then the module.
#![allow(unsafe_code)]

use super::{
    com::result_name,
    consts, factory,
    handler::ComponentHandler,
    host_app::HostApp,
    module::Module,
    proxy::Connection,
    quiet::quietly,
    stream::{MemoryStream, StreamAttributes},
    uid::Uid,
    units::Units,
};
use crate::plugin::PluginError;
use std::{path::Path, rc::Rc};
use vst3::{
    ComPtr, ComWrapper,
    Steinberg::{
        IPluginBaseTrait, TUID,
        Vst::{
            IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentTrait, IEditController, IEditControllerTrait,
            IProcessContextRequirements, IProcessContextRequirementsTrait,
        },
        kNotImplemented, kResultOk, tresult,
    },
};

/// Component, processor and controller of one instance, connected.
pub(super) struct Objects {
    name: String,
    /// Absent for the rare plugin without parameters of any kind.
    pub controller: Option<ComPtr<IEditController>>,
    /// Component and controller are one object.
    pub single: bool,
    /// Between component and controller, when they are two.
    connection: Option<Connection>,
    pub handler: ComWrapper<ComponentHandler>,
    component_up: bool,
    controller_up: bool,
    /// Released before the component: DPF warns otherwise.
    pub processor: ComPtr<IAudioProcessor>,
    pub component: ComPtr<IComponent>,
    /// Last: the code must outlive the objects.
    pub module: Rc<Module>,
}

impl Objects {
    /// `[main]` Creates, initializes and connects everything.
    pub fn create(path: &Path, class: &Uid, name: &str, offline: bool) -> Result<Self, PluginError> {
        let module = Module::load(path)?;
        let component: ComPtr<IComponent> = factory::create(&module, *class, name)?;
        if offline {
            // Asked before initialize; plugins that do not care answer kNotImplemented. DPF's older ones print a red
            // "assertion failure" that means nothing.
            // SAFETY: a live interface on the main thread.
            quietly(|| unsafe { component.setIoMode(consts::IO_OFFLINE) });
        }
        check(name, "IComponent::initialize", initialize(&component))?;
        let Some(processor) = component.cast::<IAudioProcessor>() else {
            // SAFETY: initialized above, and nothing else was done to it.
            unsafe { component.terminate() };
            return Err(PluginError::Load {
                plugin: name.to_owned(),
                step: "query for IAudioProcessor",
                result: "kNoInterface: the component cannot process audio".to_owned(),
            });
        };
        let mut objects = Self {
            name: name.to_owned(),
            controller: component.cast::<IEditController>(),
            component,
            processor,
            single: false,
            connection: None,
            handler: ComponentHandler::new(),
            component_up: true,
            controller_up: false,
            module,
        };
        objects.single = objects.controller.is_some();
        if !objects.single {
            objects.create_controller()?;
        }
        objects.attach()?;
        Ok(objects)
    }

    fn create_controller(&mut self) -> Result<(), PluginError> {
        let mut class: TUID = [0; 16];
        // SAFETY: a live interface on the main thread, and a live local to write to.
        let result = unsafe { self.component.getControllerClassId(&mut class) };
        if result != kResultOk || class == [0; 16] {
            return Ok(());
        }
        let controller: ComPtr<IEditController> = factory::create(&self.module, Uid::from_tuid(&class), &self.name)?;
        check(&self.name, "IEditController::initialize", initialize(&controller))?;
        self.controller = Some(controller);
        self.controller_up = true;
        Ok(())
    }

    /// Handler, connection, first state: in this order.
    fn attach(&mut self) -> Result<(), PluginError> {
        let Some(controller) = self.controller.clone() else { return Ok(()) };
        // SAFETY: a live interface on the main thread; the handler is kept in `self` until it is taken back.
        unsafe { controller.setComponentHandler(ComponentHandler::raw(&self.handler)) };
        HostApp::get().exchange().register(&self.processor, &controller);
        if self.single {
            return Ok(());
        }
        self.connection = Connection::connect(&self.component, &controller, &self.name)?;
        let state = MemoryStream::writer(&StreamAttributes::default());
        // SAFETY: a live interface on the main thread; the stream lives past the call.
        let result = unsafe { self.component.getState(MemoryStream::raw(&state)) };
        if result == kResultOk && !state.overflowed() {
            state.rewind();
            // SAFETY: as above.
            unsafe { controller.setComponentState(MemoryStream::raw(&state)) };
        }
        Ok(())
    }

    /// `[main]` Units and program lists as they are now.
    pub fn units(&self) -> Units {
        self.controller.as_ref().map(Units::read).unwrap_or_default()
    }

    /// `[main]` What the component needs of the process context; asked once, after initialize and before it is active.
    pub fn context_needs(&self) -> u32 {
        self.processor.cast::<IProcessContextRequirements>().map_or(0, |needs| {
            // SAFETY: a live interface on the main thread.
            unsafe { needs.getProcessContextRequirements() }
        })
    }

    /// `[main]` Calls that came from other threads than the main one so far, and were queued.
    pub fn off_main(&self) -> u64 {
        self.handler.off_main() + self.connection.as_ref().map_or(0, Connection::off_main)
    }

    /// `[main]` Stops the active component. Nobody is in process() any more.
    pub fn stop(&self) {
        // SAFETY: a live interface on the main thread; the processor is gone, so nobody is in process().
        unsafe { self.processor.setProcessing(0) };
        self.set_exchange_active(false);
        // SAFETY: as above.
        unsafe { self.component.setActive(0) };
    }

    /// `[main]` Delivers what arrived off the main thread: messages between the halves, blocks of data.
    pub fn deliver(&self) {
        if let Some(connection) = &self.connection {
            connection.deliver();
        }
        HostApp::get().exchange().deliver(&self.processor);
    }

    /// `[main]` Data exchange follows the component's activity.
    pub fn set_exchange_active(&self, active: bool) {
        let exchange = HostApp::get().exchange();
        if !active {
            exchange.deliver(&self.processor);
        }
        exchange.set_active(&self.processor, active);
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        HostApp::get().exchange().unregister(&self.processor);
        if let Some(mut connection) = self.connection.take() {
            connection.disconnect();
        }
        if let Some(controller) = &self.controller {
            // SAFETY: a live interface on the main thread; null takes the handler back.
            unsafe { controller.setComponentHandler(std::ptr::null_mut()) };
            if self.controller_up {
                // SAFETY: initialized by us exactly once, not yet terminated.
                unsafe { controller.terminate() };
            }
        }
        if self.component_up {
            // SAFETY: initialized by us exactly once, inactive (the instance sees to that), not yet terminated.
            unsafe { self.component.terminate() };
        }
        self.controller = None;
    }
}

fn initialize(object: &impl IPluginBaseTrait) -> tresult {
    // SAFETY: a fresh object on the main thread; the host context is never freed.
    unsafe { object.initialize(HostApp::context()) }
}

/// An error unless the answer is kResultOk.
pub(super) fn check(plugin: &str, step: &'static str, result: tresult) -> Result<(), PluginError> {
    if result == kResultOk {
        return Ok(());
    }
    Err(PluginError::Load { plugin: plugin.to_owned(), step, result: result_name(result) })
}

/// An error unless the answer is kResultOk or kNotImplemented, which many plugins give where there is nothing to do.
pub(super) fn check_call(plugin: &str, step: &'static str, result: tresult) -> Result<(), PluginError> {
    if result == kResultOk || result == kNotImplemented {
        return Ok(());
    }
    Err(PluginError::Call { plugin: plugin.to_owned(), step, result: result_name(result) })
}
