//! The rest of the controller half: units and programs, controllers, note expression, data blocks. Thread: main, but data blocks
//! where they were asked for.

use crate::{
    behaviour::BACKGROUND,
    buses::Buses,
    editor::Editor,
    life::Call,
    params::{BEND, WHEEL, program_name},
    thread,
};
use plugin_rig::{
    call::answer,
    text::{put16, text16_at},
};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use vst3::Steinberg::{
    IBStream,
    Vst::{
        DataExchangeBlock, KeyswitchInfo, Midi1ControllerParamIDAssignment, Midi1ControllerParamIDAssignmentList,
        NoteExpressionTypeInfo, ProgramListInfo, String128, UnitInfo,
    },
    kInvalidArgument, kResultFalse, kResultOk, tresult,
};

/// The list of factory programs.
const LIST: i32 = 1;
/// Its length.
const PROGRAMS: i32 = 8;
/// Controllers and the parameters they are assigned to.
const ASSIGNED: [(i16, u32); 2] = [(1, WHEEL), (129, BEND)];

impl Editor {
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
