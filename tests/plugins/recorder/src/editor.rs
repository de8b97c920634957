//! The controller half: IEditController and what belongs to it. Thread: main for everything.

use crate::{
    behaviour::BACKGROUND,
    buses::Buses,
    life::{Call, Life},
    links::{Links, put},
    params::{BEND, BYPASS, METER, PARAMS, Param, Values, WHEEL, program_name},
    processor, thread,
};
use plugin_rig::{
    call::answer,
    text::{put16, text16, text16_at},
};
use std::{
    ffi::{CStr, c_char},
    sync::{
        Arc,
        atomic::{
            AtomicI32, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
};
use vst3::{
    ComRef,
    Steinberg::{
        IBStream, TUID,
        Vst::{
            DataExchangeBlock, IAttributeList, IAttributeListTrait, IComponentHandler, KeyswitchInfo,
            Midi1ControllerParamIDAssignment, Midi1ControllerParamIDAssignmentList, NoteExpressionTypeInfo,
            ParameterInfo, ProgramListInfo, String128, UnitInfo,
        },
        kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

/// What the controller's state begins with.
pub const MAGIC: [u8; 4] = *b"SBRK";
/// The list of factory programs.
const LIST: i32 = 1;
/// Its length.
const PROGRAMS: i32 = 8;
/// Controllers and the parameters they are assigned to.
const ASSIGNED: [(i16, u32); 2] = [(1, WHEEL), (129, BEND)];

/// The controller half of an object.
pub struct Editor {
    /// Its ties.
    pub links: Arc<Links>,
    values: Arc<Values>,
    /// Parameter under edit from the host, + 1; 0 for none.
    edited: AtomicU64,
    selected_unit: AtomicI32,
}

impl Editor {
    /// `[main]` At rest.
    pub fn new(links: Arc<Links>, values: Arc<Values>) -> Self {
        Self { links, values, edited: AtomicU64::new(0), selected_unit: AtomicI32::new(0) }
    }

    /// `[main]` Begins to write down a call.
    pub fn call(&self, name: &'static str) -> Call {
        self.life().call(name)
    }

    fn life(&self) -> &Life {
        &self.links.life
    }

    fn known(call: &mut Call, id: u32) -> Option<&'static Param> {
        let param = Param::with_id(id);
        call.arg("id", id).rule(param.is_some(), (41, "an unknown parameter"));
        param
    }

    fn in_range(call: &mut Call, value: f64) -> bool {
        let inside = (0.0..=1.0).contains(&value);
        call.arg("value", value).rule(inside, (44, "a value outside 0…1"));
        inside
    }

    /// `[main]` IEditController::setComponentState.
    pub fn set_component_state(&self, stream: *mut IBStream) -> tresult {
        let mut call = self.call("setComponentState");
        call.rule(self.life().had_handler.load(SeqCst), (10, "setComponentState before setComponentHandler"));
        let bytes = self.links.read_state(&mut call, stream, processor::MAGIC);
        if let Some(instance) = bytes.as_ref().and_then(|bytes| bytes.get(8..12)) {
            call.arg("from", u32::from_le_bytes(instance.try_into().expect("four bytes")));
        }
        call.done();
        self.life().had_component_state.store(true, SeqCst);
        let Some(bytes) = bytes else { return kResultFalse };
        self.values.load(bytes.get(12..).unwrap_or_default());
        kResultOk
    }

    /// `[main]` IEditController::setState.
    pub fn set_state(&self, stream: *mut IBStream) -> tresult {
        let mut call = self.call("setControllerState");
        call.rule(self.life().had_component_state.load(SeqCst), (60, "the controller's state before the component's"));
        let bytes = self.links.read_state(&mut call, stream, MAGIC);
        call.done();
        let Some(unit) = bytes.as_ref().and_then(|bytes| bytes.get(8..12)) else { return kResultFalse };
        self.selected_unit.store(i32::from_le_bytes(unit.try_into().expect("four bytes")), SeqCst);
        kResultOk
    }

    /// `[main]` IEditController::getState.
    pub fn get_state(&self, stream: *mut IBStream) -> tresult {
        let mut call = self.call("getControllerState");
        let mut bytes = MAGIC.to_vec();
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(self.selected_unit.load(SeqCst).to_le_bytes());
        let result = self.links.write_state(&mut call, stream, &bytes);
        call.done();
        result
    }

    /// `[main]` IEditController::getParameterCount.
    pub fn count(&self) -> i32 {
        self.call("getParameterCount").done();
        PARAMS.len() as i32
    }

    /// `[main]` IEditController::getParameterInfo.
    pub fn info(&self, index: i32, info: *mut ParameterInfo) -> tresult {
        let mut call = self.call("getParameterInfo");
        let param = usize::try_from(index).ok().and_then(|index| PARAMS.get(index));
        call.arg("index", index).rule(param.is_some(), (41, "a parameter index out of range")).done();
        let (Some(param), Some(info)) = (param, unsafe { info.as_mut() }) else { return kInvalidArgument };
        info.id = param.id;
        put16(&mut info.title, &param.present_title());
        put16(&mut info.shortTitle, param.title.get(..4).unwrap_or(param.title));
        put16(&mut info.units, param.units);
        info.stepCount = param.steps;
        info.defaultNormalizedValue = param.default;
        info.unitId = param.unit;
        info.flags = param.flags;
        kResultOk
    }

    /// `[main]` IEditController::getParamStringByValue.
    pub fn text(&self, id: u32, value: f64, text: *mut String128) -> tresult {
        let mut call = self.call("getParamStringByValue");
        let param = Self::known(&mut call, id);
        let inside = Self::in_range(&mut call, value);
        call.done();
        let (Some(param), Some(text)) = (param, unsafe { text.as_mut() }) else { return kInvalidArgument };
        put16(text, &param.text(if inside { value } else { 0.0 }));
        kResultOk
    }

    /// `[main]` IEditController::getParamValueByString.
    pub fn parse(&self, id: u32, text: *mut u16, value: *mut f64) -> tresult {
        let mut call = self.call("getParamValueByString");
        let param = Self::known(&mut call, id);
        let text = unsafe { text16_at(text, 128) };
        call.arg("text", text.as_str()).done();
        match param.and_then(|param| param.parse(&text)) {
            Some(parsed) if unsafe { answer(value, parsed) } => kResultOk,
            _ => kResultFalse,
        }
    }

    /// `[main]` IEditController::normalizedParamToPlain.
    pub fn plain(&self, id: u32, value: f64) -> f64 {
        let mut call = self.call("normalizedParamToPlain");
        let param = Self::known(&mut call, id);
        Self::in_range(&mut call, value);
        call.done();
        param.map_or(value, |param| param.plain(value))
    }

    /// `[main]` IEditController::plainParamToNormalized.
    pub fn normalized(&self, id: u32, plain: f64) -> f64 {
        let mut call = self.call("plainParamToNormalized");
        let param = Self::known(&mut call, id);
        call.arg("plain", plain).done();
        param.map_or(0.0, |param| param.normalized(plain))
    }

    /// `[main]` IEditController::getParamNormalized.
    pub fn get(&self, id: u32) -> f64 {
        let mut call = self.call("getParamNormalized");
        Self::known(&mut call, id);
        call.done();
        self.values.get(id)
    }

    /// `[main]` IEditController::setParamNormalized.
    pub fn set(&self, id: u32, value: f64) -> tresult {
        let mut call = self.call("setParamNormalized");
        let known = Self::known(&mut call, id).is_some();
        let inside = Self::in_range(&mut call, value);
        call.done();
        if known && inside && self.values.set(id, value) { kResultOk } else { kInvalidArgument }
    }

    /// `[main]` IEditController::setComponentHandler.
    pub fn set_handler(&self, handler: *mut IComponentHandler) -> tresult {
        let mut call = self.call("setComponentHandler");
        let handler = unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
        call.arg("handler", handler.is_some()).done();
        self.life().has_handler.store(handler.is_some(), SeqCst);
        if handler.is_some() {
            self.life().had_handler.store(true, SeqCst);
        }
        put(&self.links.handler, handler);
        kResultOk
    }

    /// `[main]` IEditController::createView: there is none.
    pub fn create_view(&self, name: *const c_char) {
        let mut call = self.call("createView");
        call.arg("name", c_text(name).as_str()).done();
    }

    /// `[main]` IEditController2: knob mode, help, about box.
    pub fn second(&self, name: &'static str, value: i32) -> tresult {
        let mut call = self.call(name);
        call.arg("value", value).done();
        kResultFalse
    }

    /// `[main]` IEditControllerHostEditing.
    pub fn host_edit(&self, begins: bool, id: u32) -> tresult {
        let mut call = self.call(if begins { "beginEditFromHost" } else { "endEditFromHost" });
        Self::known(&mut call, id);
        let before = self.edited.swap(if begins { u64::from(id) + 1 } else { 0 }, SeqCst);
        let right = if begins { before == 0 } else { before == u64::from(id) + 1 };
        call.rule(right, (44, "edits from the host are not in pairs")).done();
        kResultOk
    }

    /// `[main]` IUnitInfo::getUnitInfo.
    pub fn unit(&self, index: i32, info: *mut UnitInfo) -> tresult {
        let mut call = self.call("getUnitInfo");
        call.arg("index", index).rule((0..2).contains(&index), (59, "a unit index out of range")).done();
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| (0..2).contains(&index)) else {
            return kInvalidArgument;
        };
        info.id = index;
        info.parentUnitId = index - 1;
        put16(&mut info.name, if index == 0 { "Root" } else { "Wheels" });
        info.programListId = if index == 0 { LIST } else { -1 };
        kResultOk
    }

    /// `[main]` IUnitInfo::getProgramListInfo.
    pub fn list(&self, index: i32, info: *mut ProgramListInfo) -> tresult {
        let mut call = self.call("getProgramListInfo");
        call.arg("index", index).rule(index == 0, (59, "a list index out of range")).done();
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| index == 0) else { return kInvalidArgument };
        info.id = LIST;
        put16(&mut info.name, "Programs");
        info.programCount = PROGRAMS;
        kResultOk
    }

    fn program(call: &mut Call, list: i32, index: i32) -> bool {
        let right = list == LIST && (0..PROGRAMS).contains(&index);
        call.arg("list", list).arg("index", index).rule(right, (59, "no such program"));
        right
    }

    /// `[main]` IUnitInfo::getProgramName.
    pub fn program_name(&self, list: i32, index: i32, name: *mut String128) -> tresult {
        let mut call = self.call("getProgramName");
        let right = Self::program(&mut call, list, index);
        call.done();
        match unsafe { name.as_mut() } {
            Some(name) if right => {
                put16(name, &program_name(index));
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    /// `[main]` Other questions about a program: nothing more is known.
    pub fn program_detail(&self, name: &'static str, list: i32, index: i32) -> tresult {
        let mut call = self.call(name);
        Self::program(&mut call, list, index);
        call.done();
        kResultFalse
    }

    /// `[main]` IUnitInfo::getSelectedUnit.
    pub fn selected_unit(&self) -> i32 {
        self.call("getSelectedUnit").done();
        self.selected_unit.load(SeqCst)
    }

    /// `[main]` IUnitInfo::selectUnit.
    pub fn select_unit(&self, unit: i32) -> tresult {
        let mut call = self.call("selectUnit");
        let right = (0..2).contains(&unit);
        call.arg("unit", unit).rule(right, (59, "no such unit")).done();
        if right {
            self.selected_unit.store(unit, SeqCst);
        }
        if right { kResultOk } else { kInvalidArgument }
    }

    /// `[main]` IUnitInfo::getUnitByBus.
    pub fn unit_by_bus(&self, media: i32, direction: i32, index: i32, channel: i32, unit: *mut i32) -> tresult {
        let mut call = self.call("getUnitByBus");
        call.arg("media", media).arg("direction", direction).arg("index", index).arg("channel", channel);
        call.rule(Buses::exists(media, direction, index), (21, "no such bus")).done();
        if unsafe { answer(unit, 0) } { kResultOk } else { kInvalidArgument }
    }

    /// `[main]` IUnitInfo::setUnitProgramData.
    pub fn set_unit_program(&self, id: i32, index: i32, stream: *mut IBStream) -> tresult {
        let mut call = self.call("setUnitProgramData");
        call.arg("id", id).arg("index", index);
        let taken = self.links.read_state(&mut call, stream, *b"SBRP").is_some();
        call.done();
        if taken { kResultOk } else { kResultFalse }
    }

    fn midi_place(call: &mut Call, bus: i32, channel: i16) {
        call.arg("bus", bus).arg("channel", channel);
        call.rule(Buses::exists(1, 0, bus), (55, "no such event bus"));
        call.rule((0..16).contains(&channel), (55, "a channel outside 0…15"));
    }

    /// `[main]` IMidiMapping::getMidiControllerAssignment.
    pub fn midi(&self, bus: i32, channel: i16, controller: i16, id: *mut u32) -> tresult {
        let mut call = self.call("getMidiControllerAssignment");
        Self::midi_place(&mut call, bus, channel);
        // Beside the 130 there are pseudo numbers up to 134 for messages without a value of their own.
        call.arg("controller", controller).rule((0..=134).contains(&controller), (55, "no such controller")).done();
        let found = ASSIGNED.iter().find(|(number, _)| *number == controller && bus == 0);
        match found {
            Some((_, param)) if unsafe { answer(id, *param) } => kResultOk,
            _ => kResultFalse,
        }
    }

    /// `[main]` IMidiMapping2: how many assignments there are.
    pub fn midi_count(&self, name: &'static str, direction: i32) -> u32 {
        let mut call = self.call(name);
        call.arg("direction", direction).done();
        if name == "getNumMidi1ControllerAssignments" && direction == 0 { ASSIGNED.len() as u32 } else { 0 }
    }

    /// `[main]` IMidiMapping2::getMidi1ControllerAssignments.
    pub fn midi_list(&self, direction: i32, list: *const Midi1ControllerParamIDAssignmentList) -> tresult {
        let mut call = self.call("getMidi1ControllerAssignments");
        let list = unsafe { list.as_ref() };
        let right =
            list.is_some_and(|list| list.count as usize == ASSIGNED.len() && !list.map.is_null()) && direction == 0;
        call.arg("direction", direction).rule(right, (55, "not the list that was announced")).done();
        let Some(list) = list.filter(|_| right) else { return kInvalidArgument };
        for (index, (controller, param)) in ASSIGNED.iter().enumerate() {
            let assignment =
                Midi1ControllerParamIDAssignment { pId: *param, busIndex: 0, channel: 0, controller: *controller };
            unsafe { list.map.add(index).write(assignment) };
        }
        kResultOk
    }

    /// `[main]` IMidiLearn::onLiveMIDIControllerInput.
    pub fn learn(&self, bus: i32, channel: i16, controller: i16) -> tresult {
        let mut call = self.call("onLiveMIDIControllerInput");
        Self::midi_place(&mut call, bus, channel);
        call.arg("controller", controller).done();
        kResultOk
    }

    /// `[main]` INoteExpressionController::getNoteExpressionCount and the like: how many there are at a place.
    pub fn count_at(&self, name: &'static str, bus: i32, channel: i16, count: i32) -> i32 {
        let mut call = self.call(name);
        Self::midi_place(&mut call, bus, channel);
        call.done();
        count
    }

    /// `[main]` INoteExpressionController::getNoteExpressionInfo: volume and tuning.
    pub fn expression(&self, bus: i32, channel: i16, index: i32, info: *mut NoteExpressionTypeInfo) -> tresult {
        let mut call = self.call("getNoteExpressionInfo");
        Self::midi_place(&mut call, bus, channel);
        call.arg("index", index).rule((0..2).contains(&index), (58, "a note expression out of range")).done();
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| (0..2).contains(&index)) else {
            return kInvalidArgument;
        };
        *info = unsafe { std::mem::zeroed() };
        // 0 is volume and 2 is tuning.
        info.typeId = if index == 0 { 0 } else { 2 };
        put16(&mut info.title, if index == 0 { "Volume" } else { "Tuning" });
        put16(&mut info.shortTitle, if index == 0 { "Vol" } else { "Tun" });
        info.valueDesc.defaultValue = if index == 0 { 0.25 } else { 0.5 };
        info.valueDesc.maximum = 1.0;
        info.flags = i32::from(index == 1);
        kResultOk
    }

    /// `[main]` INoteExpressionController::getNoteExpressionStringByValue.
    pub fn expression_text(&self, id: u32, value: f64, text: *mut String128) -> tresult {
        let mut call = self.call("getNoteExpressionStringByValue");
        call.arg("id", id);
        Self::in_range(&mut call, value);
        call.done();
        let Some(text) = (unsafe { text.as_mut() }) else { return kInvalidArgument };
        put16(text, &format!("{value:.3}"));
        kResultOk
    }

    /// `[main]` INoteExpressionController::getNoteExpressionValueByString.
    pub fn expression_value(&self, id: u32, text: *const u16, value: *mut f64) -> tresult {
        let mut call = self.call("getNoteExpressionValueByString");
        let text = unsafe { text16_at(text, 128) };
        call.arg("id", id).arg("text", text.as_str()).done();
        match text.trim().parse() {
            Ok(parsed) if unsafe { answer(value, parsed) } => kResultOk,
            _ => kResultFalse,
        }
    }

    /// `[main]` IKeyswitchController::getKeyswitchInfo: one.
    pub fn keyswitch(&self, bus: i32, channel: i16, index: i32, info: *mut KeyswitchInfo) -> tresult {
        let mut call = self.call("getKeyswitchInfo");
        Self::midi_place(&mut call, bus, channel);
        call.arg("index", index).rule(index == 0, (58, "a keyswitch out of range")).done();
        let Some(info) = (unsafe { info.as_mut() }).filter(|_| index == 0) else { return kInvalidArgument };
        *info = unsafe { std::mem::zeroed() };
        put16(&mut info.title, "Legato");
        put16(&mut info.shortTitle, "Leg");
        (info.keyswitchMin, info.keyswitchMax, info.keyRemapped) = (24, 25, -1);
        kResultOk
    }

    /// `[main]` IParameterFunctionName::getParameterIDFromFunctionName.
    pub fn function(&self, unit: i32, name: *const c_char, id: *mut u32) -> tresult {
        let mut call = self.call("getParameterIDFromFunctionName");
        let name = c_text(name);
        call.arg("unit", unit).arg("name", name.as_str()).done();
        let found = match name.as_str() {
            "Comp:GainReduction" => METER,
            "Randomize" | "LowLatencyMode" => BYPASS,
            _ => return kResultFalse,
        };
        if unsafe { answer(id, found) } { kResultOk } else { kInvalidArgument }
    }

    /// `[main]` IRemapParamID::getCompatibleParamID: the predecessor numbered its parameters from 0.
    pub fn remap(&self, class: *const TUID, old: u32, id: *mut u32) -> tresult {
        let mut call = self.call("getCompatibleParamID");
        let predecessor = !class.is_null() && unsafe { class.read_unaligned() } == crate::factory::predecessor();
        call.arg("old", old).arg("predecessor", predecessor).done();
        match PARAMS.get(old as usize) {
            Some(param) if predecessor && unsafe { answer(id, param.id) } => kResultOk,
            _ => kResultFalse,
        }
    }

    /// `[main]` IAutomationState::setAutomationState.
    pub fn automation(&self, state: i32) -> tresult {
        let mut call = self.call("setAutomationState");
        call.arg("automation", state).rule((0..=3).contains(&state), (44, "an unknown automation state")).done();
        kResultOk
    }

    /// `[main]` IInfoListener::setChannelContextInfos.
    pub fn channel_infos(&self, list: *mut IAttributeList) -> tresult {
        let mut call = self.call("setChannelContextInfos");
        if let Some(list) = unsafe { ComRef::from_raw(list) } {
            let mut name: String128 = [0; 128];
            if unsafe { list.getString(c"channel name".as_ptr(), name.as_mut_ptr(), 256) } == kResultOk {
                call.arg("name", text16(&name).as_str());
            }
        }
        call.done();
        kResultOk
    }

    /// `[main]` IDataExchangeReceiver::queueOpened.
    pub fn queue_opened(&self, user: u32, block: u32, background: *mut u8) {
        let mut call = self.call("queueOpened");
        call.arg("user", user).arg("block", block).done();
        unsafe { answer(background, u8::from(BACKGROUND.load(Relaxed))) };
    }

    /// `[main]` IDataExchangeReceiver::queueClosed.
    pub fn queue_closed(&self, user: u32) {
        let mut call = self.call("queueClosed");
        call.arg("user", user).done();
    }

    /// `[main or the thread it asked for]` IDataExchangeReceiver::onDataExchangeBlocksReceived.
    pub fn blocks_received(&self, user: u32, count: u32, blocks: *mut DataExchangeBlock, background: bool) {
        let wanted = BACKGROUND.load(Relaxed);
        let mut call = if wanted {
            self.life().free_call("onDataExchangeBlocksReceived")
        } else {
            self.call("onDataExchangeBlocksReceived")
        };
        call.arg("user", user).arg("count", count).arg("background", background);
        call.rule(background == wanted, (53, "another thread than was asked for"));
        call.rule(!background || thread::current() != thread::entered(), (53, "background work on the main thread"));
        call.rule(count > 0 && !blocks.is_null(), (53, "no blocks"));
        if !blocks.is_null() {
            call.args().nested(Some("blocks"), '[', |line| {
                for index in 0..count.min(16) as usize {
                    let block = unsafe { &*blocks.add(index) };
                    line.nested(None, '{', |line| {
                        line.member("id", block.blockID);
                        line.member("size", block.size);
                        if !block.data.is_null() && block.size >= 4 {
                            line.member("first", unsafe { block.data.cast::<u32>().read_unaligned() });
                        }
                    });
                }
            });
        }
        call.done();
    }
}

fn c_text(text: *const c_char) -> String {
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}
