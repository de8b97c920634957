//! `IUnitInfo`: groups of parameters, and the program list. Thread: main.
#![allow(unsafe_code)]

use crate::{
    door::door,
    object::{Object, put},
    wide,
};
use vst3::Steinberg::{
    IBStream,
    Vst::{
        BusDirection, CString, IUnitInfoTrait, MediaType, ProgramListID, ProgramListInfo, String128, UnitID, UnitInfo,
        kNoParentUnitId, kNoProgramListId, kRootUnitId,
    },
    int16, int32, kInternalError, kInvalidArgument, kNotImplemented, kResultFalse, kResultOk, tresult,
};

/// The only program list, of the root unit.
const PROGRAMS: ProgramListID = 1;

impl<K> Object<K> {
    fn unit(&self, index: usize) -> Option<UnitInfo> {
        let mut info =
            UnitInfo { id: index as i32, parentUnitId: kRootUnitId, name: [0; 128], programListId: kNoProgramListId };
        if index == 0 {
            info.parentUnitId = kNoParentUnitId;
            wide::write16(&mut info.name, self.plugin.name);
            if !self.plugin.programs.is_empty() {
                info.programListId = PROGRAMS;
            }
        } else {
            wide::write16(&mut info.name, self.plugin.groups().get(index - 1)?);
        }
        Some(info)
    }
}

impl<K> IUnitInfoTrait for Object<K> {
    unsafe fn getUnitCount(&self) -> int32 {
        door(1, || self.plugin.groups().len() as int32 + 1)
    }

    unsafe fn getUnitInfo(&self, index: int32, info: *mut UnitInfo) -> tresult {
        door(kInternalError, || match usize::try_from(index).ok().and_then(|index| self.unit(index)) {
            // SAFETY: the host gives room for the answer, or null.
            Some(unit) => unsafe { put(info, unit) },
            None => kInvalidArgument,
        })
    }

    unsafe fn getProgramListCount(&self) -> int32 {
        int32::from(!self.plugin.programs.is_empty())
    }

    unsafe fn getProgramListInfo(&self, index: int32, info: *mut ProgramListInfo) -> tresult {
        door(kInternalError, || {
            if index != 0 || self.plugin.programs.is_empty() {
                return kInvalidArgument;
            }
            let mut list =
                ProgramListInfo { id: PROGRAMS, name: [0; 128], programCount: self.plugin.programs.len() as i32 };
            wide::write16(&mut list.name, "Factory");
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(info, list) }
        })
    }

    unsafe fn getProgramName(&self, list: ProgramListID, index: int32, name: *mut String128) -> tresult {
        door(kInternalError, || {
            let program = usize::try_from(index).ok().and_then(|index| self.plugin.programs.get(index));
            let Some(program) = program.filter(|_| list == PROGRAMS) else { return kInvalidArgument };
            let mut text = [0; 128];
            wide::write16(&mut text, program.name);
            // SAFETY: the host gives room for the answer, or null.
            unsafe { put(name, text) }
        })
    }

    unsafe fn getProgramInfo(&self, _: ProgramListID, _: int32, _: CString, _: *mut String128) -> tresult {
        kNotImplemented
    }

    unsafe fn hasProgramPitchNames(&self, _: ProgramListID, _: int32) -> tresult {
        kResultFalse
    }

    unsafe fn getProgramPitchName(&self, _: ProgramListID, _: int32, _: int16, _: *mut String128) -> tresult {
        kNotImplemented
    }

    unsafe fn getSelectedUnit(&self) -> UnitID {
        door(kRootUnitId, || self.main().unit)
    }

    unsafe fn selectUnit(&self, unit: UnitID) -> tresult {
        door(kInternalError, || {
            if !(0..=self.plugin.groups().len() as i32).contains(&unit) {
                return kInvalidArgument;
            }
            self.main().unit = unit;
            kResultOk
        })
    }

    unsafe fn getUnitByBus(&self, _: MediaType, _: BusDirection, _: int32, _: int32, unit: *mut UnitID) -> tresult {
        // SAFETY: the host gives room for the answer, or null.
        unsafe { put(unit, kRootUnitId) }
    }

    unsafe fn setUnitProgramData(&self, _: int32, _: int32, _: *mut IBStream) -> tresult {
        kNotImplemented
    }
}
