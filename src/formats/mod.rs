//! L2 · plugin formats; all foreign function interfaces live below here.
//!
//! Door: one [`crate::plugin::Format`] per format. Nobody else names a format's crate.

pub mod vst3;
