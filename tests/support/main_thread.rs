//! One thread of the test program plays the main thread, the one that plugins belong to: tests run on many, one after the
//! other here.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{OnceLock, mpsc};

type Job = Box<dyn FnOnce() + Send>;

/// Runs a piece of a test on the plugins' thread and brings back its answer, or its panic.
pub fn on_main<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    static JOBS: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (jobs, todo) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("main of plugins".to_owned())
            .stack_size(8 << 20)
            .spawn(move || todo.iter().for_each(|job| job()))
            .unwrap();
        jobs
    });
    let (answer, wait) = mpsc::channel();
    jobs.send(Box::new(move || {
        let _ = answer.send(catch_unwind(AssertUnwindSafe(work)));
    }))
    .unwrap();
    match wait.recv().expect("the plugins' thread answers") {
        Ok(value) => value,
        Err(panic) => resume_unwind(panic),
    }
}
