#![no_main]
#[path = "../../tests/hostile/checks/lua_source.rs"]
mod check;
#[path = "../../tests/hostile/disk.rs"]
mod disk;
#[path = "../../tests/hostile/memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(data));
