//! L4 · what is written for readers and editors, made from the API's one table and from the shipped declarations.

/// `[any]` Files by their path in the source tree.
pub fn generated() -> Vec<(&'static str, String)> {
    Vec::new()
}
