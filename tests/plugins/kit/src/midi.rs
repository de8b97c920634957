//! `IMidiMapping` and `INoteExpressionController`: what a player's hands do. Thread: main.
#![allow(unsafe_code)]

use crate::{
    door::door,
    object::{Object, put},
    plugin::Expression,
    wide,
};
use vst3::Steinberg::{
    Vst::{
        CtrlNumber, IMidiMappingTrait, INoteExpressionControllerTrait, NoteExpressionTypeID, NoteExpressionTypeIDs_,
        NoteExpressionTypeInfo, NoteExpressionTypeInfo_::NoteExpressionTypeFlags_, NoteExpressionValue,
        NoteExpressionValueDescription, ParamID, String128, TChar, kRootUnitId,
    },
    int16, int32, kInternalError, kInvalidArgument, kResultFalse, tresult,
};

impl<K> IMidiMappingTrait for Object<K> {
    unsafe fn getMidiControllerAssignment(
        &self,
        bus: int32,
        channel: int16,
        controller: CtrlNumber,
        id: *mut ParamID,
    ) -> tresult {
        let row = self.plugin.midi.iter().find(|&&(number, _)| number == controller);
        match row {
            // SAFETY: the host gives room for the answer, or null.
            Some(&(_, param)) if bus == 0 && (0..16).contains(&channel) => unsafe { put(id, param) },
            _ => kResultFalse,
        }
    }
}

impl Expression {
    fn id(self) -> NoteExpressionTypeID {
        match self {
            Expression::Volume => NoteExpressionTypeIDs_::kVolumeTypeID,
            Expression::Tuning => NoteExpressionTypeIDs_::kTuningTypeID,
        }
    }

    fn format(self, value: f64) -> String {
        match self {
            Expression::Volume if value <= 0.0 => "-inf dB".into(),
            Expression::Volume => format!("{:.2} dB", 20.0 * (4.0 * value).log10()),
            Expression::Tuning => format!("{:.2} st", 240.0 * (value - 0.5)),
        }
    }

    fn parse(self, text: &str) -> Option<f64> {
        let text = text.trim().to_lowercase();
        let number = |unit: &str| text.strip_suffix(unit).unwrap_or(&text).trim().parse::<f64>().ok();
        let value = match self {
            Expression::Volume => 10f64.powf(number("db")? / 20.0) / 4.0,
            Expression::Tuning => number("st")? / 240.0 + 0.5,
        };
        (value.is_finite() && (-1e-4..=1.0001).contains(&value)).then(|| value.clamp(0.0, 1.0))
    }

    #[allow(clippy::unnecessary_cast)] // the C enums are signed on Windows
    fn info(self) -> NoteExpressionTypeInfo {
        let (title, short, unit, default, flags) = match self {
            Expression::Volume => ("Volume", "Vol", "dB", 0.25, NoteExpressionTypeFlags_::kIsAbsolute),
            Expression::Tuning => ("Tuning", "Tun", "st", 0.5, NoteExpressionTypeFlags_::kIsBipolar),
        };
        let mut info = NoteExpressionTypeInfo {
            typeId: self.id(),
            title: [0; 128],
            shortTitle: [0; 128],
            units: [0; 128],
            unitId: kRootUnitId,
            valueDesc: NoteExpressionValueDescription {
                defaultValue: default,
                minimum: 0.0,
                maximum: 1.0,
                stepCount: 0,
            },
            associatedParameterId: u32::MAX,
            flags: flags as i32,
        };
        wide::write16(&mut info.title, title);
        wide::write16(&mut info.shortTitle, short);
        wide::write16(&mut info.units, unit);
        info
    }
}

impl<K> Object<K> {
    fn expression(&self, bus: int32, channel: int16, id: NoteExpressionTypeID) -> Option<Expression> {
        let here = bus == 0 && (0..16).contains(&channel);
        self.plugin.expressions.iter().copied().find(|expression| here && expression.id() == id)
    }
}

impl<K> INoteExpressionControllerTrait for Object<K> {
    unsafe fn getNoteExpressionCount(&self, bus: int32, channel: int16) -> int32 {
        if bus == 0 && (0..16).contains(&channel) { self.plugin.expressions.len() as int32 } else { 0 }
    }

    unsafe fn getNoteExpressionInfo(
        &self,
        bus: int32,
        channel: int16,
        index: int32,
        info: *mut NoteExpressionTypeInfo,
    ) -> tresult {
        door(kInternalError, || {
            let row = usize::try_from(index).ok().and_then(|index| self.plugin.expressions.get(index));
            match row {
                // SAFETY: the host gives room for the answer, or null.
                Some(row) if bus == 0 && (0..16).contains(&channel) => unsafe { put(info, row.info()) },
                _ => kInvalidArgument,
            }
        })
    }

    unsafe fn getNoteExpressionStringByValue(
        &self,
        bus: int32,
        channel: int16,
        id: NoteExpressionTypeID,
        value: NoteExpressionValue,
        text: *mut String128,
    ) -> tresult {
        door(kInternalError, || {
            let Some(expression) = self.expression(bus, channel, id) else { return kInvalidArgument };
            let mut written = [0; 128];
            wide::write16(&mut written, &expression.format(value));
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(text, written) }
        })
    }

    unsafe fn getNoteExpressionValueByString(
        &self,
        bus: int32,
        channel: int16,
        id: NoteExpressionTypeID,
        text: *const TChar,
        value: *mut NoteExpressionValue,
    ) -> tresult {
        door(kInternalError, || {
            let Some(expression) = self.expression(bus, channel, id) else { return kInvalidArgument };
            // SAFETY: the host lends a zero-terminated string or null.
            match unsafe { wide::read16(text) }.and_then(|text| expression.parse(&text)) {
                // SAFETY: the host gives room for the answer, or null.
                Some(parsed) => unsafe { put(value, parsed) },
                None => kResultFalse,
            }
        })
    }
}
