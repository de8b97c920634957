//! `IEditController` and `IEditController2`: the knobs. Thread: main.
#![allow(unsafe_code)]

use crate::{
    door::door,
    object::{Object, ok, put},
    param::{Param, Role, Taper},
    state, wide,
};
use vst3::{
    ComRef,
    Steinberg::{
        FIDString, IBStream, IPlugView, TBool,
        Vst::{
            IComponentHandler, IComponentHandlerTrait, IEditController2Trait, IEditControllerTrait, KnobMode, ParamID,
            ParamValue, ParameterInfo, ParameterInfo_::ParameterFlags_, RestartFlags_, String128, TChar,
        },
        int32, kInternalError, kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};

const STATE: &[u8; 8] = b"SNICctl1";

impl<K> Object<K> {
    fn find(&self, id: ParamID) -> Option<(usize, &'static Param)> {
        let index = self.plugin.index_of(id)?;
        Some((index, &self.plugin.params[index]))
    }

    fn info(&self, param: &Param) -> ParameterInfo {
        let mut flags = match param.role {
            Role::Knob => ParameterFlags_::kCanAutomate,
            Role::Bypass => ParameterFlags_::kCanAutomate | ParameterFlags_::kIsBypass,
            Role::Program => ParameterFlags_::kIsProgramChange,
            Role::Meter | Role::SampleRate => ParameterFlags_::kIsReadOnly,
        };
        if matches!(param.taper, Taper::List(_)) {
            flags |= ParameterFlags_::kIsList;
        }
        let mut info = ParameterInfo {
            id: param.id,
            title: [0; 128],
            shortTitle: [0; 128],
            units: [0; 128],
            stepCount: param.step_count() as i32,
            defaultNormalizedValue: param.default_normalized(),
            unitId: self.plugin.groups().iter().position(|g| *g == param.group).map_or(0, |at| at as i32 + 1),
            flags,
        };
        wide::write16(&mut info.title, &param.name);
        wide::write16(&mut info.shortTitle, &param.short);
        wide::write16(&mut info.units, param.unit);
        info
    }

    /// `[main]` Tells the host to ask for all values again.
    pub(crate) fn values_changed(&self) {
        let handler = self.main().handler.clone();
        if let Some(handler) = handler {
            // SAFETY: the handler is kept alive by our reference; no lock of ours is held.
            unsafe { handler.restartComponent(RestartFlags_::kParamValuesChanged) };
        }
    }
}

impl<K> IEditControllerTrait for Object<K> {
    unsafe fn setComponentState(&self, stream: *mut IBStream) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live stream or null.
            let Some(bytes) = (unsafe { state::stream::read(stream) }) else { return kInvalidArgument };
            let Some(values) = state::read(self.plugin, &bytes) else { return kResultFalse };
            for (index, value) in values.into_iter().enumerate() {
                if let Some(value) = value {
                    self.set_knob(index, value);
                }
            }
            kResultOk
        })
    }

    unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live stream or null.
            let Some(bytes) = (unsafe { state::stream::read(stream) }) else { return kInvalidArgument };
            match bytes.get(STATE.len()..).and_then(|rest| rest.get(..4)) {
                Some(unit) if bytes.starts_with(STATE) => {
                    self.main().unit = i32::from_le_bytes(unit.try_into().unwrap_or_default());
                    kResultOk
                }
                _ => kResultFalse,
            }
        })
    }

    unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
        door(kInternalError, || {
            let bytes = [&STATE[..], &self.main().unit.to_le_bytes()].concat();
            // SAFETY: the host lends a live stream or null.
            ok(unsafe { state::stream::write(stream, &bytes) })
        })
    }

    unsafe fn getParameterCount(&self) -> int32 {
        self.plugin.params.len() as int32
    }

    unsafe fn getParameterInfo(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        door(kInternalError, || {
            match usize::try_from(index).ok().and_then(|index| self.plugin.params.get(index)) {
                // SAFETY: the host gives room for the answer, or null.
                Some(param) => unsafe { put(info, self.info(param)) },
                None => kInvalidArgument,
            }
        })
    }

    unsafe fn getParamStringByValue(&self, id: ParamID, value: ParamValue, text: *mut String128) -> tresult {
        door(kInternalError, || {
            let Some((_, param)) = self.find(id) else { return kInvalidArgument };
            let mut written = [0; 128];
            wide::write16(&mut written, &param.format(value));
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(text, written) }
        })
    }

    unsafe fn getParamValueByString(&self, id: ParamID, text: *mut TChar, value: *mut ParamValue) -> tresult {
        door(kInternalError, || {
            let Some((_, param)) = self.find(id) else { return kInvalidArgument };
            // SAFETY: the host lends a zero-terminated string or null.
            let Some(text) = (unsafe { wide::read16(text) }) else { return kInvalidArgument };
            match param.parse(&text) {
                // SAFETY: the host gives room for the answer, or null.
                Some(parsed) => unsafe { put(value, parsed) },
                None => kResultFalse,
            }
        })
    }

    unsafe fn normalizedParamToPlain(&self, id: ParamID, value: ParamValue) -> ParamValue {
        door(value, || self.find(id).map_or(value, |(_, param)| param.plain(value)))
    }

    unsafe fn plainParamToNormalized(&self, id: ParamID, value: ParamValue) -> ParamValue {
        door(value, || self.find(id).map_or(value, |(_, param)| param.normalized(value)))
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        door(0.0, || self.find(id).map_or(0.0, |(index, _)| self.knob(index)))
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        door(kInternalError, || {
            let Some((index, param)) = self.find(id) else { return kInvalidArgument };
            if !value.is_finite() {
                return kInvalidArgument;
            }
            let value = value.clamp(0.0, 1.0);
            let before = param.plain(self.knob(index));
            self.set_knob(index, value);
            let after = param.plain(value);
            if param.role == Role::Program && before != after {
                // The sound does the same when the change reaches it.
                for (other, value) in self.plugin.program_values(after as usize).enumerate() {
                    if let Some(value) = value {
                        self.set_knob(other, value);
                    }
                }
                self.values_changed();
            }
            kResultOk
        })
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        door(kInternalError, || {
            // SAFETY: the host lends a live object or null.
            let handler = unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
            let old = std::mem::replace(&mut self.main().handler, handler);
            drop(old);
            kResultOk
        })
    }

    unsafe fn createView(&self, _name: FIDString) -> *mut IPlugView {
        std::ptr::null_mut()
    }
}

impl<K> IEditController2Trait for Object<K> {
    unsafe fn setKnobMode(&self, _mode: KnobMode) -> tresult {
        kResultOk
    }

    unsafe fn openHelp(&self, _only_check: TBool) -> tresult {
        kResultFalse
    }

    unsafe fn openAboutBox(&self, _only_check: TBool) -> tresult {
        kResultFalse
    }
}
