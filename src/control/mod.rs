//! L3 · the only door to the core.
