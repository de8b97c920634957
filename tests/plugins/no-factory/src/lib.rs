//! A VST3 module that can be entered and left but has no factory.

fn entry(_handle: *mut std::ffi::c_void) -> bool {
    true
}

fn exit() -> bool {
    true
}

plugin_rig::export_entry!(entry);
plugin_rig::export_exit!(exit);
