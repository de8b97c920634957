//! L2 · data of single programs and units, as presets (`Prog` chunks), and parameters of a plugin that was replaced.
//!
//! Thread: main, in any state of the plugin. Invariant: data goes to the component first and, when it took them, to the
//! controller with the same id and program, as for whole states.
#![allow(unsafe_code)]

use super::{
    com::{query, result_name},
    objects::Objects,
    stream::{MemoryStream, StateType, StreamAttributes},
    uid::Uid,
};
use crate::{
    model::{ParamId, PluginId},
    plugin::{PluginError, ProgramPlace},
};
use vst3::{
    ComPtr, Interface,
    Steinberg::{
        Vst::{
            IProgramListData, IProgramListDataTrait, IRemapParamID, IRemapParamIDTrait, IUnitData, IUnitDataTrait,
            IUnitInfo, IUnitInfoTrait,
        },
        kResultOk,
    },
};

/// `[main]` Gives a plugin the data of a `Prog` chunk. `program` tells which program of a list is selected.
pub(super) fn load(
    objects: &Objects,
    name: &str,
    chunk: &[u8],
    program: impl FnOnce(i32) -> i32,
) -> Result<(), PluginError> {
    let refused = |reason: String| PluginError::State { plugin: name.to_owned(), reason };
    let Some((id, data)) = chunk.split_first_chunk::<4>() else {
        return Err(refused("a program in the preset has no number".to_owned()));
    };
    let id = i32::from_le_bytes(*id);
    let about = StreamAttributes { state: StateType::Preset, file: None };
    let stream = MemoryStream::reader(data.to_vec(), &about);
    let (result, program) = if let Some(lists) = list_data(objects, id) {
        let program = program(id);
        // SAFETY: a live interface on the main thread; the stream lives past the call.
        (unsafe { lists.setProgramData(id, program, MemoryStream::raw(&stream)) }, program)
    } else if let Some(units) = unit_data(objects, id) {
        // SAFETY: as above.
        (unsafe { units.setUnitData(id, MemoryStream::raw(&stream)) }, -1)
    } else {
        return Err(refused(format!("the preset holds a program for list or unit {id}, which it does not take")));
    };
    if result != kResultOk {
        return Err(refused(format!("it refused the program with {}", result_name(result))));
    }
    if let Some(info) = objects.controller.as_ref().and_then(query::<IUnitInfo>).filter(|_| !objects.single) {
        let stream = MemoryStream::reader(data.to_vec(), &about);
        // SAFETY: as above. Refusal only means that the controller learns its values in another way.
        unsafe { info.setUnitProgramData(id, program, MemoryStream::raw(&stream)) };
    }
    Ok(())
}

/// `[main]` The data of one program or unit as a `Prog` chunk.
pub(super) fn save(objects: &Objects, name: &str, place: ProgramPlace) -> Result<Vec<u8>, PluginError> {
    let refused = |reason: String| PluginError::State { plugin: name.to_owned(), reason };
    let stream = MemoryStream::writer(&StreamAttributes { state: StateType::Preset, file: None });
    let (id, result) = match place {
        ProgramPlace::Program { list, program } => list_data(objects, list).map(|lists| {
            // SAFETY: a live interface on the main thread; the stream lives past the call.
            (list, unsafe { lists.getProgramData(list, program as i32, MemoryStream::raw(&stream)) })
        }),
        ProgramPlace::Unit(unit) => unit_data(objects, unit).map(|units| {
            // SAFETY: as above.
            (unit, unsafe { units.getUnitData(unit, MemoryStream::raw(&stream)) })
        }),
    }
    .ok_or_else(|| refused("it does not give out single programs or units of this number".to_owned()))?;
    if result != kResultOk || stream.overflowed() {
        return Err(refused(format!("saving its program failed with {}", result_name(result))));
    }
    Ok([&id.to_le_bytes()[..], &stream.take()].concat())
}

/// `[main]` The parameter that stands for one of a plugin that this one replaces.
pub(super) fn successor(objects: &Objects, predecessor: &PluginId, old: ParamId) -> Option<ParamId> {
    let class = Uid::from_plugin_id(predecessor)?.to_tuid();
    let remap = either::<IRemapParamID>(objects)?;
    let mut fresh = 0;
    // SAFETY: a live interface on the main thread, pointers to live locals.
    let result = unsafe { remap.getCompatibleParamID(&class, old.0, &mut fresh) };
    (result == kResultOk).then_some(ParamId(fresh))
}

/// Belongs to the component by the book; some put it on the controller.
fn either<I: Interface>(objects: &Objects) -> Option<ComPtr<I>> {
    query(&objects.component).or_else(|| objects.controller.as_ref().and_then(query))
}

fn list_data(objects: &Objects, list: i32) -> Option<ComPtr<IProgramListData>> {
    either::<IProgramListData>(objects).filter(|lists| {
        // SAFETY: a live interface on the main thread.
        unsafe { lists.programDataSupported(list) == kResultOk }
    })
}

fn unit_data(objects: &Objects, unit: i32) -> Option<ComPtr<IUnitData>> {
    either::<IUnitData>(objects).filter(|units| {
        // SAFETY: a live interface on the main thread.
        unsafe { units.unitDataSupported(unit) == kResultOk }
    })
}
