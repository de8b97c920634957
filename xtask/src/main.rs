//! Development tasks: `cargo xtask run`, `cargo xtask test` and their parts.
fn main() {}
