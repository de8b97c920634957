//! The audio path under the real-time sanitizer.
//!
//! `rtsan` runs it and answers success when nothing in it allocates, locks or waits. `rtsan --violate KIND` does one
//! of these things on purpose, which the sanitizer must stop: that shows that it works.
//! Invariant: everything that runs as audio goes through [`as_audio`].
#![feature(sanitize)]

mod path;

use std::process::ExitCode;

/// Runs `audio` the way an audio thread would: the sanitizer ends the program at the first allocation, lock or wait.
#[sanitize(realtime = "nonblocking")]
pub fn as_audio(audio: &mut dyn FnMut()) {
    audio();
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            println!("{} blocks without a violation", path::run());
            ExitCode::SUCCESS
        }
        ["--violate", kind] => {
            violate(kind);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("Usage: rtsan [--violate allocate|lock|file]");
            ExitCode::from(2)
        }
    }
}

/// One known violation.
fn violate(kind: &str) {
    match kind {
        "allocate" => as_audio(&mut || drop(std::hint::black_box(vec![0_u8; 64]))),
        "lock" => {
            // A contended lock waits in the kernel; an uncontended one is two instructions nobody can see.
            let lock = std::sync::Arc::new(std::sync::Mutex::new(()));
            let held = lock.lock();
            let other = std::sync::Arc::clone(&lock);
            let waiting = std::thread::spawn(move || as_audio(&mut || drop(std::hint::black_box(other.lock()))));
            std::thread::sleep(std::time::Duration::from_millis(200));
            drop(held);
            let _ = waiting.join();
        }
        "file" => as_audio(&mut || drop(std::hint::black_box(std::fs::File::open("Cargo.toml")))),
        _ => eprintln!("unknown violation {kind}"),
    }
}
