//! One function per target: takes any bytes, and panics where a promise is broken.

pub mod config;
pub mod lua_source;
pub mod moduleinfo;
pub mod vstpreset;
pub mod wav_in;
