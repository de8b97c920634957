#![no_main]
#[path = "../../tests/hostile/checks/ws_handshake.rs"]
mod check;
#[path = "../../tests/hostile/served.rs"]
mod served;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(data));
