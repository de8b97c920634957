//! L3 · the only door to the core: everything above asks here, and nowhere else.
//!
//! Thread: main. Invariant: an operation either succeeds whole or leaves nothing behind.

pub mod last_words;
pub mod param_text;

pub use param_text::ParamError;
