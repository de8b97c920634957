//! L3 · the parameters of a loaded chain, reachable from any thread while its plugins are busy.
//!
//! Thread: any but audio. Invariant: a value that was set is what [`Live::normalized`] answers, at once; the audio half and
//! the controller hear of it in order. Deliberately absent: texts and plain values, which only the plugin knows.

use super::{CoreError, InstanceId, Owner};
use crate::model::{ParamId, ParamInfo, PluginInfo};

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
}

/// The live side of an instance.
#[derive(Debug)]
pub struct Live {
    /// Its number.
    pub id: InstanceId,
    /// Whose it is.
    pub owner: Owner,
}

impl Live {
    /// `[any]` Its plugins; a snapshot, replaced when a plugin changes its parameters.
    pub fn members(&self) -> std::sync::Arc<Vec<LiveMember>> {
        todo!()
    }

    /// `[any]` Finds a parameter by number or by what a person writes, without asking the plugin.
    pub fn find(&self, member: usize, param: &super::ParamRef) -> Result<ParamInfo, CoreError> {
        let _ = (member, param);
        todo!()
    }

    /// `[any]` Present normalized value.
    pub fn normalized(&self, member: usize, param: ParamId) -> Result<f64, CoreError> {
        let _ = (member, param);
        todo!()
    }

    /// `[any]` Sets it: refuses what is not finite, outside 0…1, read-only or hidden, and changes nothing then. A parameter
    /// with steps takes the nearest step. Takes effect at the start of the next block.
    pub fn set_normalized(&self, member: usize, param: ParamId, value: f64) -> Result<Applied, CoreError> {
        let _ = (member, param, value);
        todo!()
    }
}
