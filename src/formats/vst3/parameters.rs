//! L2 · parameters as the controller shows them.
//!
//! Thread: main. Invariant: values that leave here are finite and within 0…1, texts are bounded and printable.
#![allow(unsafe_code)]

use super::{consts, strings, units::Units};
use crate::{
    model::{ParamFlags, ParamId, ParamInfo},
    plugin::PluginError,
};
use std::collections::HashMap;
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{
            IEditController, IEditControllerHostEditing, IEditControllerHostEditingTrait, IEditControllerTrait,
            ParameterInfo, String128,
        },
        kResultOk,
    },
};

/// More parameters than any plugin has; a larger count is cut here and said.
const MAX_PARAMS: i32 = 1 << 18;

/// The parameters of one instance.
pub(super) struct Parameters {
    plugin: String,
    controller: Option<ComPtr<IEditController>>,
    list: Vec<ParamInfo>,
    by_id: HashMap<ParamId, usize>,
    unit_of: HashMap<ParamId, i32>,
}

impl Parameters {
    /// `[main]` Reads all of them.
    pub fn read(plugin: &str, controller: Option<ComPtr<IEditController>>, units: &Units) -> Self {
        let mut parameters = Self {
            plugin: plugin.to_owned(),
            controller,
            list: Vec::new(),
            by_id: HashMap::new(),
            unit_of: HashMap::new(),
        };
        parameters.refresh(units);
        parameters
    }

    /// `[main]` Drops what was known and reads anew.
    pub fn refresh(&mut self, units: &Units) {
        self.list.clear();
        self.by_id.clear();
        self.unit_of.clear();
        let Some(controller) = &self.controller else { return };
        // SAFETY: a live interface on the main thread; so in the whole of this function.
        let count = unsafe { controller.getParameterCount() }.clamp(0, MAX_PARAMS);
        self.list.reserve(count as usize);
        let paths = units.by_id();
        for index in 0..count {
            // SAFETY: plain data; all zeros is a value.
            let mut raw: ParameterInfo = unsafe { std::mem::zeroed() };
            // SAFETY: live interface, live local to write to.
            if unsafe { controller.getParameterInfo(index, &mut raw) } != kResultOk {
                continue;
            }
            let id = ParamId(raw.id);
            if self.by_id.contains_key(&id) {
                continue; // Two parameters with one id: the first one counts.
            }
            // SAFETY: live interface.
            let low = unsafe { controller.normalizedParamToPlain(raw.id, 0.0) };
            // SAFETY: live interface.
            let high = unsafe { controller.normalizedParamToPlain(raw.id, 1.0) };
            let flag = |bit| raw.flags & bit != 0;
            self.by_id.insert(id, self.list.len());
            self.unit_of.insert(id, raw.unitId);
            self.list.push(ParamInfo {
                id,
                name: strings::from_utf16(&raw.title),
                short: strings::from_utf16(&raw.shortTitle),
                unit: strings::from_utf16(&raw.units),
                group: paths.get(&raw.unitId).copied().unwrap_or_default().to_owned(),
                steps: u32::try_from(raw.stepCount).unwrap_or(0),
                default: unit_interval(raw.defaultNormalizedValue),
                range: (finite(low, 0.0), finite(high, 1.0)),
                flags: ParamFlags {
                    automatable: flag(consts::PARAM_CAN_AUTOMATE),
                    read_only: flag(consts::PARAM_READ_ONLY),
                    wrap: flag(consts::PARAM_WRAP),
                    list: flag(consts::PARAM_LIST),
                    hidden: flag(consts::PARAM_HIDDEN),
                    program_change: flag(consts::PARAM_PROGRAM_CHANGE),
                    bypass: flag(consts::PARAM_BYPASS),
                },
            });
        }
    }

    /// `[main]` All, in the plugin's order.
    pub fn list(&self) -> &[ParamInfo] {
        &self.list
    }

    /// `[main]` Which unit a parameter belongs to.
    pub fn unit_of(&self, param: ParamId) -> Option<i32> {
        self.unit_of.get(&param).copied()
    }

    fn known(&self, param: ParamId) -> Result<(&ParamInfo, &ComPtr<IEditController>), PluginError> {
        let info = self.by_id.get(&param).map(|at| &self.list[*at]);
        info.zip(self.controller.as_ref())
            .ok_or_else(|| PluginError::NoSuchParam { plugin: self.plugin.clone(), param })
    }

    /// `[main]` Present normalized value.
    pub fn normalized(&self, param: ParamId) -> Result<f64, PluginError> {
        let (_, controller) = self.known(param)?;
        // SAFETY: a live interface on the main thread.
        Ok(unit_interval(unsafe { controller.getParamNormalized(param.0) }))
    }

    /// `[main]` Sets the controller's value for the host.
    pub fn set(&self, param: ParamId, value: f64) -> Result<(), PluginError> {
        let (info, controller) = self.known(param)?;
        if info.flags.read_only || info.flags.hidden {
            return Err(PluginError::ReadOnly { plugin: self.plugin.clone(), param: info.name.clone() });
        }
        if !(0.0..=1.0).contains(&value) {
            return Err(self.out_of_range(info, value, "normalized 0 to 1".to_owned()));
        }
        // Edits of what cannot be automated are announced where the plugin wants to know (VST 3.8).
        let announce = (!info.flags.automatable).then(|| controller.cast::<IEditControllerHostEditing>()).flatten();
        if let Some(editing) = &announce {
            // SAFETY: a live interface on the main thread.
            unsafe { editing.beginEditFromHost(param.0) };
        }
        // SAFETY: a live interface on the main thread.
        unsafe { controller.setParamNormalized(param.0, value) };
        if let Some(editing) = &announce {
            // SAFETY: a live interface on the main thread.
            unsafe { editing.endEditFromHost(param.0) };
        }
        Ok(())
    }

    /// `[main]` Tells the controller what the audio half did. False when there is no such parameter.
    pub fn follow(&self, param: ParamId, value: f64) -> bool {
        let Ok((_, controller)) = self.known(param) else { return false };
        // SAFETY: a live interface on the main thread.
        unsafe { controller.setParamNormalized(param.0, unit_interval(value)) };
        true
    }

    /// `[main]` Whether there is such a parameter.
    pub fn has(&self, param: ParamId) -> bool {
        self.by_id.contains_key(&param)
    }

    /// `[main]` Plain of normalized.
    pub fn to_plain(&self, param: ParamId, normalized: f64) -> Result<f64, PluginError> {
        let (info, controller) = self.known(param)?;
        if !(0.0..=1.0).contains(&normalized) {
            return Err(self.out_of_range(info, normalized, "normalized 0 to 1".to_owned()));
        }
        // SAFETY: a live interface on the main thread.
        Ok(finite(unsafe { controller.normalizedParamToPlain(param.0, normalized) }, normalized))
    }

    /// `[main]` Normalized of plain.
    pub fn normalized_from_plain(&self, param: ParamId, plain: f64) -> Result<f64, PluginError> {
        let (info, controller) = self.known(param)?;
        let (low, high) = (info.range.0.min(info.range.1), info.range.0.max(info.range.1));
        // A hair of slack: 0.1 + 0.2 must not be refused where 0.3 is the end.
        let slack = (high - low) * 1e-9;
        if !(low - slack..=high + slack).contains(&plain) {
            let unit = if info.unit.is_empty() { String::new() } else { format!(" {}", info.unit) };
            return Err(self.out_of_range(info, plain, format!("{low} to {high}{unit}")));
        }
        // SAFETY: a live interface on the main thread.
        let normalized = unsafe { controller.plainParamToNormalized(param.0, plain.clamp(low, high)) };
        Ok(unit_interval(normalized))
    }

    /// `[main]` The plugin's text for a value.
    pub fn to_text(&self, param: ParamId, normalized: f64) -> Result<String, PluginError> {
        let (info, controller) = self.known(param)?;
        if !(0.0..=1.0).contains(&normalized) {
            return Err(self.out_of_range(info, normalized, "normalized 0 to 1".to_owned()));
        }
        let mut text: String128 = [0; 128];
        // SAFETY: a live interface on the main thread, and a live local to write to.
        let result = unsafe { controller.getParamStringByValue(param.0, normalized, &mut text) };
        if result == kResultOk {
            return Ok(strings::from_utf16(&text));
        }
        // A plugin without texts: its plain value is better than nothing.
        let plain = self.to_plain(param, normalized)?;
        Ok(match info.steps {
            0 => format!("{plain:.4}"),
            _ => format!("{plain}"),
        })
    }

    /// `[main]` What the plugin makes of a text.
    pub fn normalized_from_text(&self, param: ParamId, text: &str) -> Result<f64, PluginError> {
        let (info, controller) = self.known(param)?;
        let mut value = f64::NAN;
        let mut wide = strings::utf16z(text);
        // SAFETY: a live interface on the main thread; a terminated buffer and a live local.
        let result = unsafe { controller.getParamValueByString(param.0, wide.as_mut_ptr(), &mut value) };
        if result == kResultOk && value.is_finite() {
            return Ok(unit_interval(value));
        }
        let hint = if (1..=12).contains(&info.steps) {
            let texts: Vec<String> =
                (0..=info.steps).filter_map(|step| self.to_text(param, info.normalized_of_step(step)).ok()).collect();
            format!("; it knows: {}", texts.join(", "))
        } else {
            String::new()
        };
        Err(PluginError::BadText { plugin: self.plugin.clone(), param: info.name.clone(), text: text.to_owned(), hint })
    }

    fn out_of_range(&self, info: &ParamInfo, value: f64, range: String) -> PluginError {
        PluginError::OutOfRange {
            plugin: self.plugin.clone(),
            param: info.name.clone(),
            value: value.to_string(),
            range,
        }
    }
}

/// What a plugin says, made fit: NaN is 0.
fn unit_interval(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn finite(value: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value } else { otherwise }
}
