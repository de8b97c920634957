//! A VST3 module with a factory but without the exit function that Linux and macOS require.

fn entry(_handle: *mut std::ffi::c_void) -> bool {
    true
}

plugin_rig::export_entry!(entry);
plugin_rig::export_factory!(plugin_rig::bare::factory);
