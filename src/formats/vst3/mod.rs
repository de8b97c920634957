//! VST 3.
