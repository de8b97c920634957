#![no_main]
#[path = "../../tests/hostile/checks/wav_in.rs"]
mod check;
#[path = "../../tests/hostile/disk.rs"]
mod disk;
#[path = "../../tests/hostile/memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(
    init: {
        // A panic of the library that decodes becomes an error of the file; the fuzzer's own hook would end here.
        let _ = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| {
            if info.location().is_some_and(|place| place.file().contains("hostile")) {
                eprintln!("{info}");
            }
        }));
    },
    |data: &[u8]| check::check(data)
);
