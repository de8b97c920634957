//! Promises about the code base itself, one module each.
