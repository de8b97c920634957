//! L3 · what only a plugin can say of its parameters: texts, plain values, and what a text means.
//!
//! Thread: main. Invariant: what is set here goes the same way as everything that is set, through [`super::Live`].

use super::{CoreError, ParamInput, ParamRecord, ParamRef, ParamValue, instance::Instance};
use crate::{
    control::param_text,
    model::{ParamId, ParamInfo},
    plugin::{Controller, PluginError},
};

/// Parameters with more steps have no list of texts.
const MOST_LABELS: u32 = 64;
/// Parameters in one answer.
const MOST_PARAMS: usize = 2000;

/// `[main]` A value in all ways to say it.
pub(super) fn value(controller: &dyn Controller, param: ParamId, normalized: f64) -> Result<ParamValue, PluginError> {
    Ok(ParamValue {
        normalized,
        plain: controller.to_plain(param, normalized)?,
        text: param_text::tidy(&controller.to_text(param, normalized)?),
    })
}

fn labels(controller: &dyn Controller, info: &ParamInfo) -> Vec<String> {
    if !(1..MOST_LABELS).contains(&info.steps) {
        return Vec::new();
    }
    (0..=info.steps)
        .map(|step| {
            controller
                .to_text(info.id, info.normalized_of_step(step))
                .map(|text| param_text::tidy(&text))
                .unwrap_or_default()
        })
        .collect()
}

/// What was written, as a normalized value.
fn read(controller: &dyn Controller, info: &ParamInfo, input: &ParamInput) -> Result<f64, CoreError> {
    let out_of_range = |value: f64| PluginError::OutOfRange {
        plugin: controller.plugin().name.clone(),
        param: info.name.clone(),
        value: value.to_string(),
        range: "normalized 0 to 1".to_owned(),
    };
    match input {
        ParamInput::Normalized(value) if (0.0..=1.0).contains(value) => Ok(*value),
        ParamInput::Normalized(value) => Err(out_of_range(*value).into()),
        ParamInput::Plain(plain) => Ok(controller.normalized_from_plain(info.id, *plain)?),
        ParamInput::Text(text) => Ok(param_text::value(controller, info, text)?),
    }
}

impl Instance {
    fn find(&self, member: usize, param: &ParamRef) -> Result<(&dyn Controller, ParamInfo), CoreError> {
        let controller = self.controller(member)?;
        Ok((controller, self.line.live().find(member, param)?))
    }

    /// `[main]` Parameters with their values, and how many there are.
    pub fn params(&self, member: usize, from: usize, count: usize) -> Result<(Vec<ParamRecord>, usize), CoreError> {
        let controller = self.controller(member)?;
        let members = self.line.members();
        let Some(plugin) = members.get(member) else { return Ok((Vec::new(), 0)) };
        let visible = || plugin.params.iter().enumerate().filter(|(_, info)| !info.flags.hidden);
        let records = visible().skip(from).take(count.min(MOST_PARAMS)).map(|(index, info)| {
            Ok(ParamRecord {
                value: value(controller, info.id, plugin.value(index))?,
                labels: labels(controller, info),
                info: info.clone(),
            })
        });
        Ok((records.collect::<Result<_, PluginError>>()?, visible().count()))
    }

    /// `[main]` A value in all ways; of `input` if given, else the present one.
    pub fn param_value(
        &self,
        member: usize,
        param: &ParamRef,
        input: Option<&ParamInput>,
    ) -> Result<ParamValue, CoreError> {
        let (controller, info) = self.find(member, param)?;
        let normalized = match input {
            Some(input) => read(controller, &info, input)?,
            None => self.line.live().normalized(member, info.id)?,
        };
        Ok(value(controller, info.id, normalized)?)
    }

    /// `[main]` Sets a value, and answers what was applied and whether a step was nearest.
    pub fn set_param(
        &mut self,
        member: usize,
        param: &ParamRef,
        input: &ParamInput,
    ) -> Result<(ParamValue, bool), CoreError> {
        let (controller, info) = self.find(member, param)?;
        let wanted = read(controller, &info, input)?;
        let applied = self.line.live().set_normalized(member, info.id, wanted)?;
        self.follow();
        Ok((value(self.controller(member)?, info.id, applied.normalized)?, applied.snapped))
    }
}
