//! The controller half of the objects as the host sees them: thin covers over [`crate::editor::Editor`].

use crate::objects::{Controller, Single, main_call};
use plugin_rig::call::guarded;
use std::ffi::c_char;
use vst3::Steinberg::{
    IBStream, IPlugView, TUID,
    Vst::{
        BusDirections, ChannelContext, DataExchangeBlock, IAttributeList, IAutomationStateTrait, IComponentHandler,
        IDataExchangeReceiverTrait, IEditController2Trait, IEditControllerHostEditingTrait, IEditControllerTrait,
        IKeyswitchControllerTrait, IMidiLearnTrait, IMidiMapping2Trait, IMidiMappingTrait,
        INoteExpressionControllerTrait, IParameterFunctionNameTrait, IRemapParamIDTrait, IUnitInfoTrait, KeyswitchInfo,
        Midi1ControllerParamIDAssignmentList, Midi2ControllerParamIDAssignmentList, NoteExpressionTypeInfo,
        ParameterInfo, ProgramListInfo, String128, UnitInfo,
    },
    kInternalError, kResultFalse, tresult,
};

macro_rules! controller_half {
    ($($object:ty),*) => {
        $(
            impl IEditControllerTrait for $object {
                unsafe fn setComponentState(&self, stream: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.editor.set_component_state(stream))
                }
                unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.editor.set_state(stream))
                }
                unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.editor.get_state(stream))
                }
                unsafe fn getParameterCount(&self) -> i32 {
                    main_call(0, || self.editor.count())
                }
                unsafe fn getParameterInfo(&self, index: i32, info: *mut ParameterInfo) -> tresult {
                    main_call(kInternalError, || self.editor.info(index, info))
                }
                unsafe fn getParamStringByValue(&self, id: u32, value: f64, text: *mut String128) -> tresult {
                    main_call(kInternalError, || self.editor.text(id, value, text))
                }
                unsafe fn getParamValueByString(&self, id: u32, text: *mut u16, value: *mut f64) -> tresult {
                    main_call(kInternalError, || self.editor.parse(id, text, value))
                }
                unsafe fn normalizedParamToPlain(&self, id: u32, value: f64) -> f64 {
                    main_call(0.0, || self.editor.plain(id, value))
                }
                unsafe fn plainParamToNormalized(&self, id: u32, plain: f64) -> f64 {
                    main_call(0.0, || self.editor.normalized(id, plain))
                }
                unsafe fn getParamNormalized(&self, id: u32) -> f64 {
                    main_call(0.0, || self.editor.get(id))
                }
                unsafe fn setParamNormalized(&self, id: u32, value: f64) -> tresult {
                    main_call(kInternalError, || self.editor.set(id, value))
                }
                unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
                    main_call(kInternalError, || self.editor.set_handler(handler))
                }
                unsafe fn createView(&self, name: *const c_char) -> *mut IPlugView {
                    main_call((), || self.editor.create_view(name));
                    std::ptr::null_mut()
                }
            }

            impl IEditController2Trait for $object {
                unsafe fn setKnobMode(&self, mode: i32) -> tresult {
                    main_call(kInternalError, || self.editor.second("setKnobMode", mode))
                }
                unsafe fn openHelp(&self, only_check: u8) -> tresult {
                    main_call(kInternalError, || self.editor.second("openHelp", i32::from(only_check)))
                }
                unsafe fn openAboutBox(&self, only_check: u8) -> tresult {
                    main_call(kInternalError, || self.editor.second("openAboutBox", i32::from(only_check)))
                }
            }

            impl IEditControllerHostEditingTrait for $object {
                unsafe fn beginEditFromHost(&self, id: u32) -> tresult {
                    main_call(kInternalError, || self.editor.host_edit(true, id))
                }
                unsafe fn endEditFromHost(&self, id: u32) -> tresult {
                    main_call(kInternalError, || self.editor.host_edit(false, id))
                }
            }

            impl IUnitInfoTrait for $object {
                unsafe fn getUnitCount(&self) -> i32 {
                    main_call(0, || {
                        self.editor.call("getUnitCount").done();
                        2
                    })
                }
                unsafe fn getUnitInfo(&self, index: i32, info: *mut UnitInfo) -> tresult {
                    main_call(kInternalError, || self.editor.unit(index, info))
                }
                unsafe fn getProgramListCount(&self) -> i32 {
                    main_call(0, || {
                        self.editor.call("getProgramListCount").done();
                        1
                    })
                }
                unsafe fn getProgramListInfo(&self, index: i32, info: *mut ProgramListInfo) -> tresult {
                    main_call(kInternalError, || self.editor.list(index, info))
                }
                unsafe fn getProgramName(&self, list: i32, index: i32, name: *mut String128) -> tresult {
                    main_call(kInternalError, || self.editor.program_name(list, index, name))
                }
                unsafe fn getProgramInfo(&self, list: i32, index: i32, _: *const c_char, _: *mut String128) -> tresult {
                    main_call(kInternalError, || self.editor.program_detail("getProgramInfo", list, index))
                }
                unsafe fn hasProgramPitchNames(&self, list: i32, index: i32) -> tresult {
                    main_call(kInternalError, || self.editor.program_detail("hasProgramPitchNames", list, index))
                }
                unsafe fn getProgramPitchName(&self, list: i32, index: i32, _: i16, _: *mut String128) -> tresult {
                    main_call(kInternalError, || self.editor.program_detail("getProgramPitchName", list, index))
                }
                unsafe fn getSelectedUnit(&self) -> i32 {
                    main_call(0, || self.editor.selected_unit())
                }
                unsafe fn selectUnit(&self, unit: i32) -> tresult {
                    main_call(kInternalError, || self.editor.select_unit(unit))
                }
                unsafe fn getUnitByBus(
                    &self,
                    media: i32,
                    direction: i32,
                    index: i32,
                    channel: i32,
                    unit: *mut i32,
                ) -> tresult {
                    main_call(kInternalError, || self.editor.unit_by_bus(media, direction, index, channel, unit))
                }
                unsafe fn setUnitProgramData(&self, id: i32, index: i32, data: *mut IBStream) -> tresult {
                    main_call(kInternalError, || self.editor.set_unit_program(id, index, data))
                }
            }

            impl IMidiMappingTrait for $object {
                unsafe fn getMidiControllerAssignment(
                    &self,
                    bus: i32,
                    channel: i16,
                    controller: i16,
                    id: *mut u32,
                ) -> tresult {
                    main_call(kInternalError, || self.editor.midi(bus, channel, controller, id))
                }
            }

            impl INoteExpressionControllerTrait for $object {
                unsafe fn getNoteExpressionCount(&self, bus: i32, channel: i16) -> i32 {
                    main_call(0, || self.editor.count_at("getNoteExpressionCount", bus, channel, 2))
                }
                unsafe fn getNoteExpressionInfo(
                    &self,
                    bus: i32,
                    channel: i16,
                    index: i32,
                    info: *mut NoteExpressionTypeInfo,
                ) -> tresult {
                    main_call(kInternalError, || self.editor.expression(bus, channel, index, info))
                }
                unsafe fn getNoteExpressionStringByValue(
                    &self,
                    _: i32,
                    _: i16,
                    id: u32,
                    value: f64,
                    text: *mut String128,
                ) -> tresult {
                    main_call(kInternalError, || self.editor.expression_text(id, value, text))
                }
                unsafe fn getNoteExpressionValueByString(
                    &self,
                    _: i32,
                    _: i16,
                    id: u32,
                    text: *const u16,
                    value: *mut f64,
                ) -> tresult {
                    main_call(kInternalError, || self.editor.expression_value(id, text, value))
                }
            }

            impl IDataExchangeReceiverTrait for $object {
                unsafe fn queueOpened(&self, user: u32, block: u32, background: *mut u8) {
                    main_call((), || self.editor.queue_opened(user, block, background));
                }
                unsafe fn queueClosed(&self, user: u32) {
                    main_call((), || self.editor.queue_closed(user));
                }
                unsafe fn onDataExchangeBlocksReceived(
                    &self,
                    user: u32,
                    count: u32,
                    blocks: *mut DataExchangeBlock,
                    background: u8,
                ) {
                    guarded((), || self.editor.blocks_received(user, count, blocks, background != 0));
                }
            }
        )*
    };
}

controller_half!(Controller, Single);

impl IMidiMapping2Trait for Controller {
    unsafe fn getNumMidi2ControllerAssignments(&self, direction: BusDirections) -> u32 {
        main_call(0, || self.editor.midi_count("getNumMidi2ControllerAssignments", direction as i32))
    }
    unsafe fn getMidi2ControllerAssignments(
        &self,
        direction: BusDirections,
        _: *const Midi2ControllerParamIDAssignmentList,
    ) -> tresult {
        main_call((), || {
            self.editor.midi_count("getMidi2ControllerAssignments", direction as i32);
        });
        kResultFalse
    }
    unsafe fn getNumMidi1ControllerAssignments(&self, direction: BusDirections) -> u32 {
        main_call(0, || self.editor.midi_count("getNumMidi1ControllerAssignments", direction as i32))
    }
    unsafe fn getMidi1ControllerAssignments(
        &self,
        direction: BusDirections,
        list: *const Midi1ControllerParamIDAssignmentList,
    ) -> tresult {
        main_call(kInternalError, || self.editor.midi_list(direction as i32, list))
    }
}

impl IKeyswitchControllerTrait for Controller {
    unsafe fn getKeyswitchCount(&self, bus: i32, channel: i16) -> i32 {
        main_call(0, || self.editor.count_at("getKeyswitchCount", bus, channel, 1))
    }
    unsafe fn getKeyswitchInfo(&self, bus: i32, channel: i16, index: i32, info: *mut KeyswitchInfo) -> tresult {
        main_call(kInternalError, || self.editor.keyswitch(bus, channel, index, info))
    }
}

impl IMidiLearnTrait for Controller {
    unsafe fn onLiveMIDIControllerInput(&self, bus: i32, channel: i16, controller: i16) -> tresult {
        main_call(kInternalError, || self.editor.learn(bus, channel, controller))
    }
}

impl IParameterFunctionNameTrait for Controller {
    unsafe fn getParameterIDFromFunctionName(&self, unit: i32, name: *const c_char, id: *mut u32) -> tresult {
        main_call(kInternalError, || self.editor.function(unit, name, id))
    }
}

impl IRemapParamIDTrait for Controller {
    unsafe fn getCompatibleParamID(&self, class: *const TUID, old: u32, id: *mut u32) -> tresult {
        main_call(kInternalError, || self.editor.remap(class, old, id))
    }
}

impl IAutomationStateTrait for Controller {
    unsafe fn setAutomationState(&self, state: i32) -> tresult {
        main_call(kInternalError, || self.editor.automation(state))
    }
}

impl ChannelContext::IInfoListenerTrait for Controller {
    unsafe fn setChannelContextInfos(&self, list: *mut IAttributeList) -> tresult {
        main_call(kInternalError, || self.editor.channel_infos(list))
    }
}
