//! One function per target: takes any bytes, and panics where a promise is broken.

pub mod binary_frame;
pub mod config;
pub mod identify_flow;
pub mod jsonrpc_message;
pub mod lua_source;
pub mod moduleinfo;
pub mod vstpreset;
pub mod wav_in;
pub mod ws_handshake;
