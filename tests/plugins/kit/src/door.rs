//! The one way from C into Rust. Thread: any. Invariant: no panic crosses the border.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// `[any]` Runs `f`; a panic becomes `fallback`.
pub(crate) fn door<R>(fallback: R, f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or(fallback)
}
