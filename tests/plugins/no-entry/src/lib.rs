//! A VST3 module with a factory but without the entry function that Linux and macOS require.

fn exit() -> bool {
    true
}

plugin_rig::export_exit!(exit);
plugin_rig::export_factory!(plugin_rig::bare::factory);
