//! Data of programs and units, of the component half. Thread: main.

use crate::processor::Processor;
use vst3::Steinberg::{IBStream, kResultFalse, kResultOk, tresult};

impl Processor {
    /// `[main]` IProgramListData and IUnitData: whether data of a list or unit are supported.
    pub fn data_supported(&self, name: &'static str, id: i32) -> tresult {
        let mut call = self.life().call(name);
        call.arg("id", id).done();
        if id == 1 { kResultOk } else { kResultFalse }
    }

    /// `[main]` getProgramData and getUnitData.
    pub fn get_data(&self, name: &'static str, id: i32, index: i32, stream: *mut IBStream) -> tresult {
        let mut call = self.life().call(name);
        call.arg("id", id)
            .arg("index", index)
            .rule(id == 1 && (0..8).contains(&index), (59, "no such program or unit"));
        let result = self.links.write_state(&mut call, stream, &[b'S', b'B', b'R', b'P', index as u8]);
        call.done();
        result
    }

    /// `[main]` setProgramData and setUnitData.
    pub fn set_data(&self, name: &'static str, id: i32, index: i32, stream: *mut IBStream) -> tresult {
        let mut call = self.life().call(name);
        call.arg("id", id)
            .arg("index", index)
            .rule(id == 1 && (0..8).contains(&index), (59, "no such program or unit"));
        let taken = self.links.read_state(&mut call, stream, *b"SBRP").is_some();
        call.done();
        if taken { kResultOk } else { kResultFalse }
    }
}
