//! A `.vstpreset` file.

use crate::memory;
use sonic_bridge::formats::vst3::preset::Preset;

/// Whatever the file says: no panic, at most a copy of what it holds, and what is accepted survives being written.
pub fn check(data: &[u8]) {
    // Text that is no UTF-8 takes three bytes for one.
    let read = memory::within(4 * data.len() + 64 * 1024, || Preset::parse(data));
    match read {
        Ok(preset) => {
            let held = preset.component.len()
                + preset.controller.as_ref().map_or(0, Vec::len)
                + preset.programs.iter().map(Vec::len).sum::<usize>();
            assert!(held <= data.len(), "{held} bytes out of a file of {}", data.len());
            let again = Preset::parse(&preset.to_bytes()).expect("what was written");
            assert_eq!(again, preset);
            assert_eq!(Preset::parse_for(preset.class, data), Ok(preset));
        }
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 500, "{message}");
            assert!(!error.code().name.is_empty());
        }
    }
}
