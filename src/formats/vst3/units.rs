//! L2 · units (groups of parameters) and program lists, read once.
//!
//! Thread: main to read, any afterwards. Invariant: counts, parents and names are the plugin's and may be nonsense: loops end
//! at the root, counts are capped, lists that cannot be read are shorter. Deliberately absent: choosing a program, which is
//! setting its parameter.
#![allow(unsafe_code)]

use super::{
    com::query,
    consts::{NO_PROGRAM_LIST, ROOT_UNIT},
    strings::from_utf16,
};
use crate::{model::ParamId, plugin::controller::ProgramList};
use std::{collections::HashMap, mem::zeroed};
use vst3::{
    ComPtr,
    Steinberg::{
        Vst::{IEditController, IUnitInfo, IUnitInfoTrait, ProgramListInfo, UnitInfo},
        kResultOk,
    },
};

const MAX_UNITS: i32 = 16_384;
const MAX_LISTS: i32 = 4096;
/// Programs of one list, and of all lists together.
const MAX_PROGRAMS: i32 = 65_536;
/// Units inside units.
const MAX_DEPTH: usize = 32;

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
    /// Units in the plugin's order.
    pub units: Vec<Unit>,
    /// Program lists, without selectors.
    pub lists: Vec<ProgramList>,
}

impl Units {
    /// `[main]` Reads everything; empty for a plugin without units.
    pub fn read(controller: &ComPtr<IEditController>) -> Self {
        query::<IUnitInfo>(controller).map(|info| Self::from_info(&info)).unwrap_or_default()
    }

    /// `[main]` The same from the interface, without looking for others.
    pub fn from_info(info: &ComPtr<IUnitInfo>) -> Self {
        Self { units: read_units(info), lists: read_lists(info) }
    }

    /// `[any]` Path of a unit; empty for the root and unknown units.
    pub fn path(&self, unit: i32) -> &str {
        self.units.iter().find(|known| known.id == unit).map_or("", |known| &known.path)
    }

    /// `[any]` The paths of all units, for whoever asks for many; of two units with one id the first counts.
    pub fn by_id(&self) -> HashMap<i32, &str> {
        self.units.iter().rev().map(|unit| (unit.id, unit.path.as_str())).collect()
    }

    /// `[any]` All paths, root excluded.
    pub fn paths(&self) -> Vec<String> {
        self.units.iter().filter(|unit| !unit.path.is_empty()).map(|unit| unit.path.clone()).collect()
    }

    /// `[any]` Program lists with their selectors: `program_params` are the program-change parameters as (unit, id).
    pub fn program_lists(&self, program_params: &[(i32, ParamId)]) -> Vec<ProgramList> {
        let selector = |list: &ProgramList| {
            let owns = |unit: i32| self.units.iter().any(|known| known.id == unit && known.program_list == list.id);
            program_params.iter().find(|(unit, _)| owns(*unit)).map(|(_, param)| *param)
        };
        self.lists.iter().map(|list| ProgramList { selector: selector(list), ..list.clone() }).collect()
    }
}

fn read_units(info: &ComPtr<IUnitInfo>) -> Vec<Unit> {
    // SAFETY: a live object.
    let count = unsafe { info.getUnitCount() }.min(MAX_UNITS);
    let mut rows: Vec<UnitInfo> = Vec::new();
    for index in 0..count {
        // SAFETY: a structure of integers, for which zero is a value.
        let mut row: UnitInfo = unsafe { zeroed() };
        // SAFETY: a live object, memory for the result.
        if unsafe { info.getUnitInfo(index, &mut row) } == kResultOk {
            rows.push(row);
        }
    }
    let by_id: HashMap<i32, &UnitInfo> = rows.iter().map(|row| (row.id, row)).collect();
    let path = |row: &UnitInfo| {
        let mut parts = Vec::new();
        let mut at = Some(row);
        while let Some(unit) = at.filter(|unit| unit.id != ROOT_UNIT && parts.len() < MAX_DEPTH) {
            let name = from_utf16(&unit.name).trim().to_owned();
            // A nameless unit still is a unit of its own.
            parts.push(if name.is_empty() { unit.id.to_string() } else { name });
            at = by_id.get(&unit.parentUnitId).copied().filter(|parent| parent.id != unit.id);
        }
        parts.reverse();
        parts.join("/")
    };
    rows.iter().map(|row| Unit { id: row.id, path: path(row), program_list: row.programListId }).collect()
}

fn read_lists(info: &ComPtr<IUnitInfo>) -> Vec<ProgramList> {
    // SAFETY: a live object.
    let count = unsafe { info.getProgramListCount() }.min(MAX_LISTS);
    let mut left = MAX_PROGRAMS;
    let mut lists = Vec::new();
    for index in 0..count {
        // SAFETY: a structure of integers, for which zero is a value.
        let mut row: ProgramListInfo = unsafe { zeroed() };
        // SAFETY: a live object, memory for the result.
        if unsafe { info.getProgramListInfo(index, &mut row) } != kResultOk || row.id == NO_PROGRAM_LIST {
            continue;
        }
        let programs = row.programCount.clamp(0, left);
        left -= programs;
        let name = |program| {
            let mut name = [0; 128];
            // SAFETY: a live object, memory for the result.
            let answer = unsafe { info.getProgramName(row.id, program, &mut name) };
            // A program without a name keeps its place: the selector counts.
            if answer == kResultOk { from_utf16(&name) } else { String::new() }
        };
        lists.push(ProgramList {
            id: row.id,
            name: from_utf16(&row.name),
            programs: (0..programs).map(name).collect(),
            selector: None,
        });
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::vst3::strings::string128;
    use vst3::{
        Class, ComWrapper,
        Steinberg::{
            IBStream,
            Vst::{BusDirection, CString, MediaType, ProgramListID, String128, UnitID},
            int16, int32, kNotImplemented, kResultFalse, tresult,
        },
    };

    /// (id, parent, name, program list) and (list, claimed programs, names).
    struct Fake {
        units: Vec<(i32, i32, &'static str, i32)>,
        lists: Vec<(i32, i32, Vec<&'static str>)>,
        claimed_units: i32,
    }

    impl Class for Fake {
        type Interfaces = (IUnitInfo,);
    }

    #[rustfmt::skip]
    impl IUnitInfoTrait for Fake {
        unsafe fn getUnitCount(&self) -> int32 { self.claimed_units }
        unsafe fn getUnitInfo(&self, index: int32, info: *mut UnitInfo) -> tresult {
            let Some(&(id, parent, name, list)) = self.units.get(index as usize) else { return kResultFalse };
            // SAFETY: the host passes memory for the result.
            unsafe { *info = UnitInfo { id, parentUnitId: parent, name: string128(name), programListId: list } };
            kResultOk
        }
        unsafe fn getProgramListCount(&self) -> int32 { self.lists.len() as int32 }
        unsafe fn getProgramListInfo(&self, index: int32, info: *mut ProgramListInfo) -> tresult {
            let (id, count, _) = self.lists[index as usize];
            // SAFETY: the host passes memory for the result.
            unsafe { *info = ProgramListInfo { id, name: string128("Bank"), programCount: count } };
            kResultOk
        }
        unsafe fn getProgramName(&self, list: ProgramListID, program: int32, name: *mut String128) -> tresult {
            let (_, _, names) = self.lists.iter().find(|(id, ..)| *id == list).unwrap();
            let Some(text) = names.get(program as usize) else { return kResultFalse };
            // SAFETY: the host passes memory for the result.
            unsafe { *name = string128(text) };
            kResultOk
        }
        unsafe fn getProgramInfo(&self, _: ProgramListID, _: int32, _: CString, _: *mut String128) -> tresult { kNotImplemented }
        unsafe fn hasProgramPitchNames(&self, _: ProgramListID, _: int32) -> tresult { kResultFalse }
        unsafe fn getProgramPitchName(&self, _: ProgramListID, _: int32, _: int16, _: *mut String128) -> tresult { kNotImplemented }
        unsafe fn getSelectedUnit(&self) -> UnitID { 0 }
        unsafe fn selectUnit(&self, _: UnitID) -> tresult { kResultOk }
        unsafe fn getUnitByBus(&self, _: MediaType, _: BusDirection, _: int32, _: int32, _: *mut UnitID) -> tresult { kNotImplemented }
        unsafe fn setUnitProgramData(&self, _: int32, _: int32, _: *mut IBStream) -> tresult { kNotImplemented }
    }

    fn read(fake: Fake) -> Units {
        Units::from_info(&ComWrapper::new(fake).to_com_ptr::<IUnitInfo>().unwrap())
    }

    #[test]
    fn units_are_paths_and_lists_find_their_selector() {
        let units = read(Fake {
            units: vec![(0, -1, "Root", 1), (5, 0, "Osc", -1), (6, 5, "Filter", 2), (7, 6, "", -1)],
            lists: vec![(1, 2, vec!["Init", "Warm"]), (2, 1, vec!["LP"])],
            claimed_units: 4,
        });
        assert_eq!(units.paths(), ["Osc", "Osc/Filter", "Osc/Filter/7"]);
        assert_eq!((units.path(6), units.path(0), units.path(99)), ("Osc/Filter", "", ""));
        assert!(units.units.iter().all(|unit| units.by_id()[&unit.id] == units.path(unit.id)));
        let lists = units.program_lists(&[(6, ParamId(60)), (0, ParamId(10))]);
        assert_eq!(lists[0].programs, ["Init", "Warm"]);
        assert_eq!((lists[0].selector, lists[1].selector), (Some(ParamId(10)), Some(ParamId(60))));
    }

    #[test]
    fn loops_and_nonsense_counts_end() {
        let units = read(Fake {
            units: vec![(1, 2, "a", -1), (2, 1, "b", -1), (3, 3, "self", -1), (4, 77, "orphan", -1)],
            lists: vec![(1, -5, vec![]), (2, i32::MAX, vec!["one"])],
            claimed_units: i32::MAX,
        });
        assert_eq!(units.units.len(), 4);
        assert_eq!(units.path(1).split('/').count(), MAX_DEPTH);
        assert_eq!((units.path(3), units.path(4)), ("self", "orphan"));
        assert_eq!(units.lists[0].programs.len(), 0);
        assert_eq!(units.lists[1].programs.len(), MAX_PROGRAMS as usize);
        assert_eq!(units.lists[1].programs[..2], ["one", ""]);
    }
}
