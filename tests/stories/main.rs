//! User stories, one module each.

#[path = "../support/mod.rs"]
mod support;
