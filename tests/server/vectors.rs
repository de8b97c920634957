//! Golden frames, shared with the browser library.
