//! The controller half: IEditController and what belongs to it. Thread: main for everything.

use crate::{
    life::{Call, Life},
    links::{Links, put},
    params::{BYPASS, METER, PARAMS, Param, Values},
    processor,
};
use plugin_rig::{
    call::answer,
    text::{put16, text16, text16_at},
};
use std::{
    ffi::{CStr, c_char},
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicU64, Ordering::SeqCst},
    },
};
use vst3::{
    ComRef,
    Steinberg::{
        IBStream, TUID,
        Vst::{IAttributeList, IAttributeListTrait, IComponentHandler, ParameterInfo, String128},
        kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

/// What the controller's state begins with.
pub const MAGIC: [u8; 4] = *b"SBRK";
/// The controller half of an object.
pub struct Editor {
    /// Its ties.
    pub links: Arc<Links>,
    values: Arc<Values>,
    /// Parameter under edit from the host, + 1; 0 for none.
    edited: AtomicU64,
    /// The unit that is selected.
    pub selected_unit: AtomicI32,
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

    /// `[any]` Its life.
    pub fn life(&self) -> &Life {
        &self.links.life
    }

    fn known(call: &mut Call, id: u32) -> Option<&'static Param> {
        let param = Param::with_id(id);
        call.arg("id", id).rule(param.is_some(), (41, "an unknown parameter"));
        param
    }

    /// `[main]` Notes a normalized value; whether it is one.
    pub fn in_range(call: &mut Call, value: f64) -> bool {
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
}

fn c_text(text: *const c_char) -> String {
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}
