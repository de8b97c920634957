//! L2 · graph spec → compile → verify → schedule, and the one function that runs it.
