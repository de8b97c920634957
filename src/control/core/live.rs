//! L3 · the live side of an instance: what can be known and set at once, whatever its plugins' main thread is doing.
//!
//! Thread: any. Invariant: what [`Live::set_normalized`] stored is what [`Live::normalized`] answers, at once; the audio half and
//! the controller hear of it in order. Deliberately absent: texts and plain values, which only the plugin knows.

use super::{
    CoreError, InstanceId, Owner, ParamRef,
    line::{Command, Line},
};
use crate::{
    control::param_text,
    model::{ParamId, ParamInfo, PluginInfo},
    plugin::PluginError,
};
use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{AcqRel, Relaxed, Release},
    },
};

/// What was really set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied {
    /// 0…1.
    pub normalized: f64,
    /// A step was nearest, not the value itself.
    pub snapped: bool,
}

/// One plugin of the chain.
#[derive(Debug)]
pub struct LiveMember {
    /// What it is.
    pub plugin: PluginInfo,
    /// Its parameters as they were last read.
    pub params: Vec<ParamInfo>,
    /// Ids with positions, sorted.
    order: Box<[(ParamId, u32)]>,
    values: Box<[Value]>,
}

#[derive(Debug)]
struct Value {
    bits: AtomicU64,
    /// The main thread was told that it changed and has not looked yet.
    touched: AtomicBool,
}

impl LiveMember {
    /// `[main]` With the present values, in the order of the parameters.
    pub(super) fn new(plugin: PluginInfo, params: Vec<ParamInfo>, values: impl Iterator<Item = f64>) -> Self {
        let mut order: Vec<_> = params.iter().enumerate().map(|(at, info)| (info.id, at as u32)).collect();
        order.sort_unstable();
        let value = |value: f64| Value { bits: AtomicU64::new(value.to_bits()), touched: AtomicBool::new(false) };
        Self { plugin, params, order: order.into(), values: values.map(value).collect() }
    }

    /// `[audio]` Position of a parameter.
    pub(super) fn position(&self, param: ParamId) -> Option<usize> {
        let found = self.order.binary_search_by_key(&param, |(id, _)| *id).ok()?;
        Some(self.order[found].1 as usize)
    }

    /// `[audio]` The value at a position.
    pub(super) fn value(&self, index: usize) -> f64 {
        self.values.get(index).map_or(0.0, |value| f64::from_bits(value.bits.load(Relaxed)))
    }

    /// `[audio]` Sets it; true when the main thread has to be told.
    pub(super) fn set_value(&self, index: usize, new: f64) -> bool {
        let Some(value) = self.values.get(index) else { return false };
        value.bits.store(new.to_bits(), Relaxed);
        !value.touched.swap(true, AcqRel)
    }

    /// `[main]` Sets it without a word.
    pub(super) fn follow(&self, index: usize, new: f64) {
        if let Some(value) = self.values.get(index) {
            value.bits.store(new.to_bits(), Relaxed);
        }
    }

    /// `[any]` The main thread is going to look (or, if it could not be told, has not been told).
    pub(super) fn seen(&self, index: usize) {
        if let Some(value) = self.values.get(index) {
            value.touched.store(false, Release);
        }
    }
}

/// The live side of an instance.
#[derive(Debug)]
pub struct Live {
    /// Its number.
    pub id: InstanceId,
    /// Whose it is.
    pub owner: Owner,
    line: Arc<Line>,
}

impl Live {
    pub(super) fn new(line: Arc<Line>) -> Self {
        Self { id: line.id, owner: line.owner, line }
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// `[any]` Its plugins; a snapshot, replaced when a plugin changes its parameters.
    pub fn members(&self) -> Arc<Vec<LiveMember>> {
        self.line.members()
    }

    /// `[any]` Finds a parameter by number or by what a person writes, without asking the plugin.
    pub fn find(&self, member: usize, param: &ParamRef) -> Result<ParamInfo, CoreError> {
        let members = self.members();
        let plugin = of(&members, member)?;
        match param {
            ParamRef::Id(id) => Ok(plugin.params[known(plugin, *id)?].clone()),
            ParamRef::Name(name) => Ok(param_text::find_among(&plugin.plugin.name, &plugin.params, name)?.clone()),
        }
    }

    /// `[any]` Present normalized value.
    pub fn normalized(&self, member: usize, param: ParamId) -> Result<f64, CoreError> {
        let members = self.members();
        let plugin = of(&members, member)?;
        Ok(plugin.value(known(plugin, param)?))
    }

    /// `[any]` Sets it: refuses what is not finite, outside 0…1, read-only or hidden, and changes nothing then. A parameter
    /// with steps takes the nearest step. Takes effect at the start of the next block.
    pub fn set_normalized(&self, member: usize, param: ParamId, value: f64) -> Result<Applied, CoreError> {
        let members = self.members();
        let plugin = of(&members, member)?;
        let index = known(plugin, param)?;
        let info = &plugin.params[index];
        let name = || plugin.plugin.name.clone();
        if info.flags.read_only || info.flags.hidden {
            return Err(PluginError::ReadOnly { plugin: name(), param: info.name.clone() }.into());
        }
        if !(0.0..=1.0).contains(&value) {
            let range = "normalized 0 to 1".to_owned();
            let error =
                PluginError::OutOfRange { plugin: name(), param: info.name.clone(), value: value.to_string(), range };
            return Err(error.into());
        }
        let normalized = nearest_step(info, value);
        let command = Command::Param { member: member as u8, param, value: normalized };
        let mut tell = false;
        self.line.send([command].into_iter(), || tell = plugin.set_value(index, normalized))?;
        if tell {
            self.line.touch(member, index);
        }
        Ok(Applied { normalized, snapped: normalized != value })
    }
}

fn of(members: &[LiveMember], member: usize) -> Result<&LiveMember, CoreError> {
    members.get(member).ok_or(CoreError::NoMember { member, plugins: members.len() })
}

fn known(plugin: &LiveMember, param: ParamId) -> Result<usize, CoreError> {
    let unknown = || PluginError::NoSuchParam { plugin: plugin.plugin.name.clone(), param };
    plugin.position(param).ok_or_else(|| unknown().into())
}

/// The step that is nearest, as a normalized value.
fn nearest_step(info: &ParamInfo, value: f64) -> f64 {
    match info.steps {
        0 => value,
        steps => info.normalized_of_step((value * f64::from(steps)).round() as u32),
    }
}

/// `[any]` Whether a parameter may be set from outside.
pub(super) fn is_free(info: &ParamInfo) -> bool {
    !info.flags.read_only && !info.flags.hidden
}
