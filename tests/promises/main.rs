//! Promises about the code base itself, one module each.

mod docs_current;
mod file_length;
mod fixtures;
mod layers;
mod licences;
mod no_machine_names;
mod paths;
mod source;
mod unsafe_list;

#[path = "../support/mod.rs"]
mod support;
