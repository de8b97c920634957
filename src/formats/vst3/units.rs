//! L2 · units.
#![allow(unsafe_code)]
use crate::{model::ParamId, plugin::controller::ProgramList};
use vst3::{
    ComPtr,
    Steinberg::Vst::{IEditController, IUnitInfo},
};

/// A group of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The plugin's number.
    pub id: i32,
    /// "parent/child" from the root, which is empty.
    pub path: String,
    /// Its program list or −1.
    pub program_list: i32,
}
/// Units and program lists of a controller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Units, root first.
    pub units: Vec<Unit>,
    /// Program lists without selectors.
    pub lists: Vec<ProgramList>,
    /// The plugin implements `IUnitData`.
    pub unit_data: bool,
    /// The plugin implements `IProgramListData`.
    pub program_list_data: bool,
}
impl Units {
    /// `[main]` Reads everything; empty for a plugin without units.
    pub fn read(_controller: &ComPtr<IEditController>) -> Self {
        Self::default()
    }
    /// `[main]` The same from the interface.
    pub fn from_info(_info: &ComPtr<IUnitInfo>) -> Self {
        Self::default()
    }
    /// `[any]` Path of a unit; empty for the root and unknown units.
    pub fn path(&self, _unit: i32) -> &str {
        ""
    }
    /// `[any]` All paths, root excluded.
    pub fn paths(&self) -> Vec<String> {
        Vec::new()
    }
    /// `[any]` Program lists with their selectors: `program_params` are the program-change parameters as (unit, id).
    pub fn program_lists(&self, _program_params: &[(i32, ParamId)]) -> Vec<ProgramList> {
        self.lists.clone()
    }
}
