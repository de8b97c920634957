//! The objects as the host sees them: thin covers that pass each call to [`Processor`] or [`Editor`].
//! Invariant: no panic leaves, and commands that wait for the main thread run after the call that brought it here.

use crate::{command, editor::Editor, links::Links, processor::Processor};
use plugin_rig::call::guarded;
use vst3::{
    Class,
    Steinberg::{
        FUnknown, IBStream, IPluginBaseTrait, TUID,
        Vst::{
            BusInfo, ChannelContext, IAudioPresentationLatency, IAudioPresentationLatencyTrait, IAudioProcessor,
            IAudioProcessorTrait, IAutomationState, IComponent, IComponentTrait, IConnectionPoint,
            IConnectionPointTrait, IDataExchangeReceiver, IEditController, IEditController2,
            IEditControllerHostEditing, IKeyswitchController, IMessage, IMidiLearn, IMidiMapping, IMidiMapping2,
            INoteExpressionController, IParameterFunctionName, IPrefetchableSupport, IPrefetchableSupportTrait,
            IProcessContextRequirements, IProcessContextRequirementsTrait, IProgramListData, IProgramListDataTrait,
            IRemapParamID, IUnitData, IUnitDataTrait, IUnitInfo, ProcessData, ProcessSetup, RoutingInfo,
        },
        kInternalError, tresult,
    },
};

/// The component of the plugin in two parts.
pub struct Component {
    /// All there is to it.
    pub processor: Processor,
}

/// The controller of the plugin in two parts.
pub struct Controller {
    /// All there is to it.
    pub editor: Editor,
}

/// The plugin in one part.
pub struct Single {
    /// Its component half.
    pub processor: Processor,
    /// Its controller half.
    pub editor: Editor,
}

impl Class for Component {
    type Interfaces = (
        IComponent,
        IAudioProcessor,
        IConnectionPoint,
        IProcessContextRequirements,
        IAudioPresentationLatency,
        IPrefetchableSupport,
        IProgramListData,
        IUnitData,
    );
}

impl Class for Controller {
    type Interfaces = (
        IEditController,
        IEditController2,
        IEditControllerHostEditing,
        IUnitInfo,
        IMidiMapping,
        IMidiMapping2,
        INoteExpressionController,
        IKeyswitchController,
        IConnectionPoint,
        IMidiLearn,
        IParameterFunctionName,
        IRemapParamID,
        IAutomationState,
        ChannelContext::IInfoListener,
        IDataExchangeReceiver,
    );
}

// Fifteen are the most the bindings can list: the rest is tried on the plugin in two parts.
impl Class for Single {
    type Interfaces = (
        IComponent,
        IAudioProcessor,
        IConnectionPoint,
        IProcessContextRequirements,
        IAudioPresentationLatency,
        IPrefetchableSupport,
        IProgramListData,
        IUnitData,
        IEditController,
        IEditController2,
        IEditControllerHostEditing,
        IUnitInfo,
        IMidiMapping,
        INoteExpressionController,
        IDataExchangeReceiver,
    );
}

impl Component {
    fn links(&self) -> &Links {
        &self.processor.links
    }
}

impl Controller {
    fn links(&self) -> &Links {
        &self.editor.links
    }
}

impl Single {
    fn links(&self) -> &Links {
        &self.processor.links
    }
}

/// `[main]` Passes a call on, then does what waits for the main thread.
pub fn main_call<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    let result = guarded(otherwise, body);
    guarded((), command::run_pending);
    result
}

macro_rules! every_object {
    ($($object:ty),*) => {
        $(
            impl IPluginBaseTrait for $object {
                unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
                    main_call(kInternalError, || self.links().initialize(context))
                }
                unsafe fn terminate(&self) -> tresult {
                    guarded(kInternalError, || self.links().terminate())
                }
            }

            impl IConnectionPointTrait for $object {
                unsafe fn connect(&self, other: *mut IConnectionPoint) -> tresult {
                    main_call(kInternalError, || self.links().connect(other))
                }
                unsafe fn disconnect(&self, other: *mut IConnectionPoint) -> tresult {
                    main_call(kInternalError, || self.links().disconnect(other))
                }
                unsafe fn notify(&self, message: *mut IMessage) -> tresult {
                    guarded(kInternalError, || self.links().notify(message))
                }
            }

            impl Drop for $object {
                fn drop(&mut self) {
                    guarded((), || self.links().forget());
                }
            }
        )*
    };
}

every_object!(Component, Controller, Single);

macro_rules! component_half {
    ($($object:ty),*) => {
        $(
            impl IComponentTrait for $object {
                unsafe fn getControllerClassId(&self, class: *mut TUID) -> tresult {
                    main_call(kInternalError, || self.processor.controller_class(class))
                }
                unsafe fn setIoMode(&self, mode: i32) -> tresult {
                    main_call(kInternalError, || self.processor.set_io_mode(mode))
                }
                unsafe fn getBusCount(&self, media: i32, direction: i32) -> i32 {
                    main_call(0, || self.processor.bus_count(media, direction))
                }
                unsafe fn getBusInfo(&self, media: i32, direction: i32, index: i32, info: *mut BusInfo) -> tresult {
                    main_call(kInternalError, || self.processor.bus_info(media, direction, index, info))
                }
                unsafe fn getRoutingInfo(&self, from: *mut RoutingInfo, to: *mut RoutingInfo) -> tresult {
                    main_call(kInternalError, || self.processor.routing(from, to))
                }
                unsafe fn activateBus(&self, media: i32, direction: i32, index: i32, on: u8) -> tresult {
                    main_call(kInternalError, || self.processor.activate_bus(media, direction, index, on != 0))
                }
                unsafe fn setActive(&self, on: u8) -> tresult {
                    main_call(kInternalError, || self.processor.set_active(on != 0))
                }
                unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.processor.set_state(stream))
                }
                unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.processor.get_state(stream))
                }
            }

            impl IAudioProcessorTrait for $object {
                unsafe fn setBusArrangements(
                    &self,
                    inputs: *mut u64,
                    input_count: i32,
                    outputs: *mut u64,
                    output_count: i32,
                ) -> tresult {
                    main_call(kInternalError, || self.processor.arrange(inputs, input_count, outputs, output_count))
                }
                unsafe fn getBusArrangement(&self, direction: i32, index: i32, arrangement: *mut u64) -> tresult {
                    main_call(kInternalError, || self.processor.arrangement(direction, index, arrangement))
                }
                unsafe fn canProcessSampleSize(&self, size: i32) -> tresult {
                    main_call(kInternalError, || self.processor.can_process(size))
                }
                unsafe fn getLatencySamples(&self) -> u32 {
                    main_call(0, || self.processor.latency())
                }
                unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
                    main_call(kInternalError, || self.processor.set_up(setup))
                }
                unsafe fn setProcessing(&self, on: u8) -> tresult {
                    guarded(kInternalError, || self.processor.set_processing(on != 0))
                }
                unsafe fn process(&self, data: *mut ProcessData) -> tresult {
                    guarded(kInternalError, || self.processor.process(data))
                }
                unsafe fn getTailSamples(&self) -> u32 {
                    main_call(0, || self.processor.tail())
                }
            }

            impl IProcessContextRequirementsTrait for $object {
                unsafe fn getProcessContextRequirements(&self) -> u32 {
                    main_call(0, || self.processor.requirements())
                }
            }

            impl IAudioPresentationLatencyTrait for $object {
                unsafe fn setAudioPresentationLatencySamples(&self, direction: i32, index: i32, samples: u32) -> tresult {
                    main_call(kInternalError, || self.processor.presentation_latency(direction, index, samples))
                }
            }

            impl IPrefetchableSupportTrait for $object {
                unsafe fn getPrefetchableSupport(&self, support: *mut u32) -> tresult {
                    main_call(kInternalError, || self.processor.prefetchable(support))
                }
            }

            impl IProgramListDataTrait for $object {
                unsafe fn programDataSupported(&self, list: i32) -> tresult {
                    main_call(kInternalError, || self.processor.data_supported("programDataSupported", list))
                }
                unsafe fn getProgramData(&self, list: i32, index: i32, data: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.processor.get_data("getProgramData", list, index, data))
                }
                unsafe fn setProgramData(&self, list: i32, index: i32, data: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.processor.set_data("setProgramData", list, index, data))
                }
            }

            impl IUnitDataTrait for $object {
                unsafe fn unitDataSupported(&self, unit: i32) -> tresult {
                    main_call(kInternalError, || self.processor.data_supported("unitDataSupported", unit))
                }
                unsafe fn getUnitData(&self, unit: i32, data: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.processor.get_data("getUnitData", unit, 0, data))
                }
                unsafe fn setUnitData(&self, unit: i32, data: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.processor.set_data("setUnitData", unit, 0, data))
                }
            }
        )*
    };
}

component_half!(Component, Single);
