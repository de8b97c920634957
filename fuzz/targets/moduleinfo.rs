#![no_main]
#[path = "../../tests/hostile/checks/moduleinfo.rs"]
mod check;
#[path = "../../tests/hostile/memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(data));
