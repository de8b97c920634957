//! L0 · what can be configured: every option with its type, default, limits and description, in one table.
//!
//! Thread: any. Invariant: a [`Config`] holds only values that have an effect today; one that is planned and not built
//! is refused as such. Deliberately absent: Lua, files, and what an option means to whoever obeys it.

mod options;
mod rules;
mod value;

pub use options::*;
pub use rules::{ConfigError, Rule, section};
pub use value::Value;
