//! The plugin side of VST3, just large enough for our demo and fault plugins.
